//! What the similarity of images holds.

use super::paths::images;
use crate::{
    acceptance::memory::{is_alone, peak},
    support::{Dtype, Layout, Path, differentiable_sites},
};
use burn_losses::SsimLossConfig;

/// The moments would be five images, and convolutions keep more.
#[test]
fn the_similarity_keeps_the_gradient_and_some_rows() {
    if !is_alone("image::memory::the_similarity_keeps_the_gradient_and_some_rows") {
        return;
    }
    let shape = [2, 3, 128, 128];
    let [x, t] = images("memory", shape, Dtype::F32, 0.1);
    let bytes = 4 * x.len();
    let loss = SsimLossConfig::new(1.0).init();
    for site in differentiable_sites() {
        if site.path == Path::Composed {
            continue;
        }
        let image = |values: &[f64]| Layout::Contiguous.floats(values, &shape, Dtype::F32, &site);
        let target = image(&t);
        let leaf = image(&x).require_grad();
        for _ in 0..2 {
            let held = peak(|| {
                let gradients = loss.forward(leaf.clone(), target.clone()).backward();
                assert!(leaf.grad(&gradients).is_some());
            });
            // The gradient, once more where it is handed out, and less than another image of rows.
            assert!(
                held < 3 * bytes,
                "{held} bytes for images of {bytes} on {site}"
            );
        }
    }
}
