//! Lists of items on tensors, by whichever path they can take: sums over the pairs of each list, and logarithms of cumulative
//! sums of exponentials.
//!
//! Files, each of which knows those before it: `object`, `inputs`; `composed` and `scan`, the operations on tensors; `call`, the
//! inputs below the dispatch, and the choice there; `fused`, the kernels; `extension`, what the dispatch calls.
#![cfg_attr(
    not(feature = "any-backend"),
    allow(dead_code) // There are no gradients then.
)]

#[cfg(feature = "any-backend")]
pub(super) mod call;
mod composed;
#[cfg(feature = "any-backend")]
pub(super) mod extension;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod fused;
mod inputs;
mod object;
mod scan;

pub(crate) use scan::NOTHING;

use super::served::expect_served;
#[cfg(feature = "any-backend")]
use super::{path, served::is_served, softmax::comparable};
use crate::formula::ListFormula;
use burn::tensor::Tensor;
use std::sync::Arc;

pub(crate) use inputs::{ListMembers, Order};

/// What every item of lists `[B, L]` costs beside those it is compared with, `[B, L]`; where one item of each list is above
/// all others, what each list costs, `[B, 1]`. Pairs are never held all at once.
///
/// Half precision is the caller's to widen; there is at least one item.
pub(crate) fn list_pairs(
    formula: impl ListFormula,
    scores: Tensor<2>,
    members: ListMembers,
) -> Tensor<2> {
    expect_served(&scores.device());
    let formula: Arc<dyn object::ListObject> = Arc::new(formula);
    #[cfg(feature = "any-backend")]
    if is_served(&scores.device()) {
        use burn::backend::Dispatch;
        use call::{ListOperation, Members};
        use extension::ListBackend;

        let is_fused = path::has_pair_kernels(&scores);
        let length = scores.dims()[1] as i64;
        let members = match members {
            ListMembers::Relevances(relevances) => Members::Relevances(relevances.into_dispatch()),
            // Those that are none stay so in a narrower type.
            ListMembers::Class(classes) => {
                Members::Indices(comparable(classes).clamp(-1, length).into_dispatch())
            }
        };
        return Tensor::from_dispatch(<Dispatch as ListBackend>::list_operation(
            ListOperation::Pairs(formula),
            is_fused,
            scores.into_dispatch(),
            members,
        ));
    }
    composed::sums(&*formula, &scores, &members)
}

/// Of every item with a term, in ordered lists `[B, L]`, `ln(sum of e^x over all before it, and with it) - x`; 0 of the others.
///
/// Half precision is the caller's to widen; there is at least one item.
pub(crate) fn cumulative(x: Tensor<2>, order: &Order) -> Tensor<2> {
    expect_served(&x.device());
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if path::takes_points(&x) {
        use burn::{
            backend::Dispatch,
            tensor::{Int, TensorData},
        };
        use call::{ListOperation, Members};
        use extension::ListBackend;

        let sizes = TensorData::new(order.sizes.clone(), x.shape());
        let sizes = Tensor::<2, Int>::from_data(sizes, &x.device().without_autodiff());
        return Tensor::from_dispatch(<Dispatch as ListBackend>::list_operation(
            ListOperation::Cumulative {
                one_by_one: order.one_by_one,
            },
            true,
            x.into_dispatch(),
            Members::Indices(sizes.into_dispatch()),
        ));
    }
    scan::cumulative(x, order)
}
