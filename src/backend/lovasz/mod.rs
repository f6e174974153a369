//! Lovasz extensions: how much each error counts, by whichever path they can take, and whole losses where there is a kernel.

#[cfg(any(feature = "flex", feature = "ndarray"))]
mod call;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod extension;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

use super::overlap::{OverlapInputs, OverlapSpec};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use burn::tensor::{DType, TensorData};
use burn::tensor::{IndexingUpdateOp, Tensor};
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) use {
    call::{FusedLovasz, Ordered},
    extension::LovaszBackend,
};

/// Which errors are put in order.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(any(feature = "flex", feature = "ndarray")), allow(dead_code))]
pub(crate) struct LovaszErrors {
    /// Whether they are hinges of the logits, not what probabilities lack.
    pub hinge: bool,
    /// Whether all samples are one.
    pub batch: bool,
}

/// What each class costs, for each sample (or for all), `[R, C]`.
pub(crate) struct ClassLosses {
    pub losses: Tensor<2>,
    /// How much there is of each class.
    pub sizes: Tensor<2>,
}

/// The losses, where a kernel can take the inputs.
pub(crate) fn fused_lovasz(
    spec: &OverlapSpec,
    errors: LovaszErrors,
    inputs: &OverlapInputs,
) -> Option<ClassLosses> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    return call::run(spec, errors, inputs);
    #[cfg(not(any(feature = "flex", feature = "ndarray")))]
    {
        let _ = (spec, errors, inputs);
        None
    }
}

/// By how much each error of rows `[N, C, K]` counts in the Lovasz extension of the Jaccard loss, a constant. Errors whose `counts` is
/// 0 get 0. A target is in the mask from one half on. Equal errors come in the order of their places on a CPU.
pub(crate) fn lovasz_weights(
    errors: Tensor<3>,
    targets: Tensor<3>,
    counts: Tensor<3>,
) -> Tensor<3> {
    let [errors, targets, counts] = [errors, targets, counts].map(Tensor::detach);
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if super::path::runs_fused(&errors) {
        return on_host(errors, targets, counts);
    }
    on_device(errors, targets, counts)
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn on_host(errors: Tensor<3>, targets: Tensor<3>, counts: Tensor<3>) -> Tensor<3> {
    use crate::kernel::cpu;

    let (shape, device) = (errors.dims(), errors.device());
    let (dtype, all) = (errors.dtype(), [errors, targets, counts]);
    let all = all.map(Tensor::into_data);
    let weights = match dtype {
        DType::F64 => {
            let [errors, targets, counts] = all.each_ref().map(list::<f64>);
            let weights = cpu::lovasz_weights(errors, targets, counts, shape[2]);
            TensorData::new(weights, shape)
        }
        _ => {
            let [errors, targets, counts] = all.each_ref().map(list::<f32>);
            let weights = cpu::lovasz_weights(errors, targets, counts, shape[2]);
            TensorData::new(weights, shape)
        }
    };
    Tensor::from_data(weights, (&device, dtype))
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn list<E: burn::tensor::Element>(data: &TensorData) -> &[E] {
    data.as_slice().expect("numbers of the loss's type")
}

fn on_device(errors: Tensor<3>, targets: Tensor<3>, counts: Tensor<3>) -> Tensor<3> {
    let ones = errors.ones_like();
    // -0 becomes 0, which is as large an error.
    let errors = errors + 0.0;
    let left_out = counts.equal_scalar(0.0);
    // Behind all others, in no mask.
    let errors = errors.mask_fill(left_out.clone(), f32::MIN);
    let inside = targets.greater_equal_scalar(0.5);
    let inside = errors
        .zeros_like()
        .mask_fill(inside, 1.0)
        .mask_fill(left_out.clone(), 0.0);
    let (_, order) = errors.sort_descending_with_indices(2);
    let sorted = inside.gather(2, order.clone());
    let size = sorted.clone().sum_dim(2).expand(sorted.shape());
    let both = size.clone() - sorted.clone().cumsum(2);
    let is_in = sorted.clone().equal_scalar(1.0);
    let either = size.clone() + (ones.clone() - sorted).cumsum(2);
    // Of an empty mask the first error is all of the loss.
    let is_first = either.clone().equal_scalar(1.0);
    let outside = (either.clone() - 1.0).mask_fill(is_first.clone(), 1.0) * either.clone();
    let growth = both / outside;
    let is_all = is_first.bool_and(size.equal_scalar(0.0));
    let growth = growth
        .mask_fill(is_all, 1.0)
        .mask_where(is_in, ones / either);
    let weights = growth
        .zeros_like()
        .scatter(2, order, growth, IndexingUpdateOp::Add);
    weights.mask_fill(left_out, 0.0)
}
