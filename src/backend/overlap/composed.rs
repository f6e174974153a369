//! Overlap sums as ordinary tensor operations: any backend, any float type, gradients by autodiff.
//!
//! Pixels that do not count are replaced before anything is computed of them, so that neither their values nor their derivatives
//! can reach the result.

use super::{MaskTarget, OverlapInputs, OverlapSpec, OverlapSums, PixelTerm};
use crate::{
    backend::{log_sum_exp::LogSumExp, path::runs_on_cpu, precision::widened, softmax::Classes},
    formula::{Activation, Real, of_channel, overlaps},
};
use burn::tensor::{Bool, DType, Int, Tensor};

/// The pixels of masks as tensors `[N, C, K]`. Those that do not count are logits of 0 with weight and target 0.
#[derive(Clone, Debug)]
pub(crate) struct MaskPixels {
    pub logits: Tensor<3>,
    pub target: Tensor<3>,
    pub weights: Tensor<3>,
    /// The class of each pixel, `[N, K]`, where that is the target.
    class: Option<Tensor<2, Int>>,
}

/// Probabilities, what they lack of 1, and their logarithms where these are known.
pub(crate) struct MaskShares {
    pub shares: [Tensor<3>; 2],
    ln: Option<Tensor<3>>,
}

impl MaskPixels {
    pub fn new(spec: &OverlapSpec, inputs: OverlapInputs) -> Self {
        let logits = widened(inputs.logits);
        let shape = logits.dims();
        let [samples, classes, pixels] = shape;
        let weights = match inputs.weights {
            Some(weights) => widened(weights).cast(logits.dtype()),
            None => Tensor::ones([samples, pixels], (&logits.device(), logits.dtype())),
        };
        let weightless = weights.clone().equal_scalar(0.0);
        let spread = |mask: Tensor<2, Bool>| mask.unsqueeze_dim::<3>(1).expand(shape);
        let (skipped, target, class, weights) = match inputs.target {
            MaskTarget::Classes(indices) => {
                let indices = Classes::new(indices, spec.ignore_index, classes.max(2));
                let skipped = match &indices.ignored {
                    Some(ignored) => weightless.bool_or(ignored.clone()),
                    None => weightless,
                };
                let own = match classes {
                    // A single channel is that of class 1.
                    1 => indices.one_hot().slice([0..samples, 1..2]),
                    _ => indices.one_hot(),
                };
                let skipped = spread(skipped);
                let target = logits.zeros_like().mask_fill(own, 1.0);
                let target = target.mask_fill(skipped.clone(), 0.0);
                (
                    skipped,
                    target,
                    Some(indices.safe.clone()),
                    indices.invalidate(weights),
                )
            }
            MaskTarget::Masks(masks) => {
                let masks = widened(masks);
                let weightless = spread(weightless);
                let skipped = match spec.ignore_index {
                    Some(index) => weightless.bool_or(masks.clone().equal_scalar(index as f64)),
                    None => weightless,
                };
                let target = masks.mask_fill(skipped.clone(), 0.0);
                (skipped, target, None, weights)
            }
        };
        let mut weights = weights.unsqueeze_dim::<3>(1).expand(shape);
        if class.is_none() {
            // Like a label that is no class, NaN in a mask has the weight NaN, which shows.
            weights = weights + target.clone().detach() * 0.0;
        }
        Self {
            logits: logits.mask_fill(skipped.clone(), 0.0),
            target,
            weights: weights.mask_fill(skipped, 0.0),
            class,
        }
    }

    pub fn shares(&self, activation: Activation) -> MaskShares {
        match activation {
            Activation::Softmax => {
                let ln = LogSumExp::of_classes(self.logits.clone()).log_softmax();
                MaskShares {
                    shares: [ln.clone().exp(), -Real::exp_m1(ln.clone())],
                    ln: Some(ln),
                }
            }
            activation => MaskShares {
                shares: of_channel(self.logits.clone(), activation),
                ln: None,
            },
        }
    }
}

pub(super) fn sums(spec: &OverlapSpec, inputs: OverlapInputs) -> OverlapSums {
    let pixels = MaskPixels::new(spec, inputs);
    let MaskShares { shares, ln } = pixels.shares(spec.activation);
    let MaskPixels {
        logits,
        target,
        weights,
        class,
    } = pixels;
    let term = match (ln, class) {
        (Some(ln), Some(class)) => class_term(spec, ln, class, &target),
        _ => channel_term(spec, &logits, &target),
    };
    let [both, predicted, missed] = overlaps(shares, target.clone(), spec.squared);
    let sum = |numbers: Tensor<3>| over_pixels(numbers * weights.clone());
    let absent = -target.clone() + 1.0;
    OverlapSums {
        both: sum(both),
        predicted: sum(predicted),
        missed: sum(missed),
        target: sum(target),
        term: match term {
            Some(term) => sum(term),
            None => over_pixels(logits.zeros_like()),
        },
        absent: sum(absent),
    }
}

/// The term of each pixel, at its class.
fn class_term(
    spec: &OverlapSpec,
    ln: Tensor<3>,
    own: Tensor<2, Int>,
    target: &Tensor<3>,
) -> Option<Tensor<3>> {
    let Some(PixelTerm::Class(phi)) = &spec.term else {
        return None;
    };
    let ln = ln.gather(1, own.unsqueeze_dim::<3>(1));
    let all = phi.on_tensors(ln).expand(target.shape());
    Some(all.mask_fill(target.clone().equal_scalar(0.0), 0.0))
}

/// The term of each element.
fn channel_term(spec: &OverlapSpec, logits: &Tensor<3>, target: &Tensor<3>) -> Option<Tensor<3>> {
    let Some(PixelTerm::Element(formula)) = &spec.term else {
        return None;
    };
    let [samples, classes, pixels] = logits.dims();
    let flat = |tensor: &Tensor<3>| tensor.clone().reshape([samples * classes, pixels]);
    let (x, t) = (flat(logits), flat(target));
    let ones = x.clone().detach().ones_like();
    let term = formula.on_tensors(x, t, ones);
    Some(term.reshape([samples, classes, pixels]))
}

/// The sums over the pixels; on a CPU added up in `f64`.
pub(crate) fn over_pixels(numbers: Tensor<3>) -> Tensor<2> {
    let dtype = numbers.dtype();
    let sums = match runs_on_cpu(&numbers) && dtype != DType::F64 {
        true => numbers.cast(DType::F64).sum_dim(2).cast(dtype),
        false => numbers.sum_dim(2),
    };
    sums.squeeze_dim::<2>(2)
}
