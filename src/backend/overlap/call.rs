//! Overlap sums as one operation.

use super::{MaskTarget, OverlapInputs, OverlapSpec, OverlapSums};
use crate::{
    backend::{
        extension::{OverlapBackend, RowTarget, Weights},
        path::{has_kernels, runs_on_cpu},
        precision::widened,
        softmax::comparable,
    },
    kernel::place::SUMS,
};
use burn::{
    backend::{Backend, Dispatch, tensor::FloatTensor},
    tensor::Tensor,
};
use std::sync::Arc;

/// Everything overlap sums are computed from.
#[derive(Clone, Debug)]
pub(in crate::backend) struct OverlapCall<B: Backend> {
    pub spec: Arc<OverlapSpec>,
    /// `[N, C, K]`
    pub logits: FloatTensor<B>,
    pub target: RowTarget<B>,
    pub weights: Weights<B>,
}

impl MaskTarget {
    /// The same below the dispatch.
    pub(in crate::backend) fn into_row_target(self) -> RowTarget<Dispatch> {
        match self {
            Self::Classes(classes) if !runs_on_cpu(&classes) => {
                RowTarget::Classes(comparable(classes).into_dispatch())
            }
            Self::Classes(classes) => RowTarget::Classes(classes.into_dispatch()),
            Self::Masks(masks) => RowTarget::Shares(masks.into_dispatch()),
        }
    }
}

/// Whether there are kernels. They have a gradient to logits alone; a mask or weights that are tracked take the composed path.
pub(in crate::backend) fn is_fused(inputs: &OverlapInputs) -> bool {
    let masks_are_tracked =
        matches!(&inputs.target, MaskTarget::Masks(masks) if masks.is_tracked());
    let weights_are_tracked = inputs.weights.as_ref().is_some_and(Tensor::is_tracked);
    has_kernels(&inputs.logits) && !masks_are_tracked && !weights_are_tracked
}

/// The sums, by the operation.
pub(super) fn run(spec: OverlapSpec, inputs: OverlapInputs) -> OverlapSums {
    let [samples, classes, _] = inputs.logits.dims();
    let sums = <Dispatch as OverlapBackend>::overlap_sums(
        Arc::new(spec),
        inputs.logits.into_dispatch(),
        inputs.target.into_row_target(),
        Weights::of(inputs.weights.map(widened)),
    );
    let sums = Tensor::<3>::from_dispatch(sums);
    let mut parts = (0..SUMS).map(|place| {
        let part = sums.clone().narrow(0, place, 1);
        part.reshape([samples, classes])
    });
    let mut next = || parts.next().expect("a part for each sum");
    OverlapSums {
        both: next(),
        predicted: next(),
        missed: next(),
        target: next().detach(),
        absent: next().detach(),
        term: next(),
    }
}
