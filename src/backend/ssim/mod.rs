//! The structural similarity of images, by whichever path they can take.

#[cfg(feature = "kernels")]
mod call;
mod composed;
#[cfg(feature = "kernels")]
mod extension;
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused;

use super::served::expect_served;
use crate::formula::Ssim;
use burn::tensor::Tensor;
use std::sync::Arc;

#[cfg(feature = "kernels")]
pub(super) use {
    call::{FusedSsim, SsimCall, SsimDifferentiated},
    extension::SsimBackend,
};

/// What each plane `[H, W]` of images `[N, C, H, W]` lacks of similarity, the mean over all places of the window: `[N, C]`.
///
/// `reference`, `[N * C]`, is what has been taken off the pixels of each plane.
pub(crate) fn ssim(
    ssim: &Arc<Ssim>,
    prediction: Tensor<4>,
    target: Tensor<4>,
    reference: Option<Tensor<1>>,
) -> Tensor<2> {
    expect_served(&prediction.device());
    let [images, channels, ..] = prediction.dims();
    let losses = of_planes(ssim, prediction, target, reference);
    losses.reshape([images, channels])
}

fn of_planes(
    ssim: &Arc<Ssim>,
    prediction: Tensor<4>,
    target: Tensor<4>,
    reference: Option<Tensor<1>>,
) -> Tensor<1> {
    #[cfg(feature = "kernels")]
    if is_fused(ssim, &prediction) {
        return run_fused(ssim, prediction, target, reference);
    }
    composed::ssim(ssim, prediction, target, reference)
}

/// Kernels of GPUs hold the sums of a tile next to each other, so their window is not of any size.
#[cfg(feature = "kernels")]
fn is_fused(_ssim: &Ssim, prediction: &Tensor<4>) -> bool {
    #[cfg(feature = "cube")]
    if _ssim.window.len() > crate::kernel::gpu::LARGEST_WINDOW
        && super::served::is_cube(&prediction.device())
    {
        return false;
    }
    super::path::has_kernels(prediction)
}

#[cfg(feature = "kernels")]
fn run_fused(
    ssim: &Arc<Ssim>,
    prediction: Tensor<4>,
    target: Tensor<4>,
    reference: Option<Tensor<1>>,
) -> Tensor<1> {
    use burn::{backend::Dispatch, tensor::DType};

    let [images, channels, height, width] = prediction.dims();
    let none = || Tensor::zeros([images * channels], (&prediction.device(), DType::F32));
    let reference = reference.unwrap_or_else(none);
    // A gradient of rows is multiplied with what comes from upstream for each.
    let [prediction, target] = [prediction, target].map(|image| {
        image
            .reshape([images * channels, height * width, 1])
            .into_dispatch()
    });
    Tensor::from_dispatch(<Dispatch as SsimBackend>::ssim(
        ssim.clone(),
        [height, width],
        prediction,
        target,
        reference.into_dispatch(),
    ))
}

#[cfg(all(test, feature = "flex", feature = "wgpu"))]
mod tests;
