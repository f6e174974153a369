//! No probability is kept: the gradient is all the memory a loss of overlaps needs.

use crate::{
    acceptance::memory::{MEMORY, is_alone},
    support::{Path, differentiable_sites},
};
use burn::tensor::{DType, Int, Tensor};
use burn_losses::*;

/// Bytes of the logits, and of their gradient.
const LOGITS: usize = 4 * 2 * 21 * 256 * 256;

#[test]
fn overlaps_need_the_memory_of_the_gradient() {
    if !is_alone("segmentation::memory::overlaps_need_the_memory_of_the_gradient") {
        return;
    }
    for site in differentiable_sites() {
        if site.path == Path::Composed {
            continue;
        }
        let options = (&site.device, DType::F32);
        let targets = Tensor::<3, Int>::ones([2, 256, 256], &site.device);
        let losses: [SegmentationLoss; 2] = [
            DiceLossConfig::new().init().into_any(),
            CombinedLossConfig::new().with_gamma(2.0).init().into_any(),
        ];
        for loss in losses {
            for is_kept in [true, false] {
                let leaf = Tensor::<4>::ones([2, 21, 256, 256], options).require_grad();
                let logits = match is_kept {
                    true => leaf.clone(),
                    // Nobody else has the result of an operation.
                    false => leaf.clone().add_scalar(0.5),
                };
                MEMORY.reset_peak_usage();
                let before = MEMORY.current_usage();
                let gradients = loss.forward(logits, targets.clone()).backward();
                let peak = MEMORY.peak_usage().saturating_sub(before);
                drop(gradients);
                let gradient = if is_kept { LOGITS } else { 0 };
                // Lanes of a few thousand pixels of each thread besides.
                let most = gradient + LOGITS / 8;
                assert!(
                    peak <= most,
                    "{loss} on {site}, {is_kept}: {peak} bytes, at most {most}"
                );
            }
        }
    }
}
