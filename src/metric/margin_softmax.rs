//! What losses of the softmax of cosines with proxies have in common.

use super::proxies::Proxied;
use crate::{
    embeddings::RowLosses,
    formula::{CrossEntropy, Margin, SoftmaxRow},
    softmax::{RowLoss, classes},
};
use burn::{
    module::Param,
    tensor::{Int, Tensor},
};

/// The losses of embeddings by the softmax of their cosines with the proxies.
#[track_caller]
pub(super) fn row_losses<L: RowLoss<Formula = CrossEntropy>>(
    loss: &L,
    proxies: &Param<Tensor<2>>,
    embeddings: Tensor<2>,
    labels: Tensor<1, Int>,
    weights: Option<Tensor<1>>,
) -> RowLosses {
    let dtype = embeddings.dtype();
    let proxied = match Proxied::new(L::NAME, proxies, embeddings, labels, weights) {
        Ok(proxied) => proxied,
        Err(nothing) => return *nothing,
    };
    let logits = proxied.cosines();
    let target = classes(L::NAME, &logits, proxied.labels);
    RowLosses::new(loss.losses(logits, target), dtype)
}

/// Rows whose logits are scaled, those of the target with a margin.
pub(super) fn row<M: Margin>(
    loss: &'static str,
    margin: M,
    parameters: Vec<f64>,
    scale: f64,
) -> SoftmaxRow<CrossEntropy, M> {
    SoftmaxRow {
        scale,
        ..SoftmaxRow::new(loss, CrossEntropy).with_margin(margin, parameters)
    }
}

/// Gives a loss of the softmax of cosines its constructor, its display, its `forward` methods and what these
/// compute, from its [`SoftmaxRow`].
macro_rules! margin_softmax_loss {
    ($loss:ident, $config:ident, $margin:ty, shows: [$($field:ident),*]) => {
        $crate::metric::proxies::proxy_module!($loss, $config, |loss, content| {
            let [classes, dimension] = loss.proxies.dims();
            content
                .add("classes", &classes)
                .add("dimension", &dimension)
                $(.add_debug_attribute(stringify!($field), &loss.$field))*
                .add("reduction", &loss.reduction.to_string())
        });
        $crate::metric::proxies::proxy_loss!($loss);
        $crate::softmax::row_loss!($loss);

        impl $loss {
            #[track_caller]
            fn row_losses(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
                weights: Option<::burn::tensor::Tensor<1>>,
            ) -> $crate::embeddings::RowLosses {
                $crate::metric::margin_softmax::row_losses(
                    self,
                    &self.proxies,
                    embeddings,
                    labels,
                    weights,
                )
            }
        }
    };
}
pub(super) use margin_softmax_loss;
