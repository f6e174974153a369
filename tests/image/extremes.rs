//! Images that are equal, flat, far from 0, opposite or too small.

use super::{
    call::{AnyImageLoss, Ask, ImageCall, ImageOutcome, assert_near},
    paths::images,
};
use crate::support::{Dtype, Path, differentiable_sites, differentiable_sites_and_gpu};
use burn::tensor::{Device, Tensor};
use burn_losses::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

const SHAPE: [usize; 4] = [2, 2, 12, 13];

fn gradients(outcome: &ImageOutcome) -> impl Iterator<Item = f64> + '_ {
    outcome.gradients.iter().flatten().flatten().copied()
}

fn ssim() -> SsimLossConfig {
    SsimLossConfig::new(1.0).with_window_size(5)
}

fn two_scales() -> MsSsimLossConfig {
    let config = MsSsimLossConfig::new(1.0).with_window_size(3);
    config.with_scale_weights(vec![0.4, 0.6])
}

#[test]
fn equal_images_have_the_least_loss_and_no_gradient() {
    let [image, _] = images("equal", SHAPE, Dtype::F32, 0.0);
    let flat = vec![0.1f32 as f64; image.len()];
    for image in [image, flat] {
        for loss in AnyImageLoss::all() {
            if matches!(loss, AnyImageLoss::TotalVariation(_)) {
                continue;
            }
            for site in differentiable_sites_and_gpu() {
                let call = ImageCall::new(SHAPE, [image.clone(), image.clone()]);
                let got = call.run(&loss, &site);
                let least = match loss {
                    AnyImageLoss::Psnr(_) => -100.0,
                    _ => 0.0,
                };
                let what = format!("{loss:?} on {site}");
                assert_eq!(got.value, [least], "{what}");
                assert!(gradients(&got).all(|slope| slope == 0.0), "{what}");
            }
        }
    }
}

#[test]
fn flat_images_differ_in_brightness_alone() {
    for (x, t) in [(1.0, 0.0), (0.1, 0.7), (10_000.0, 10_000.5), (-3.0, 3.0)] {
        let [x, t] = [x, t].map(|value| value as f32 as f64);
        let expected = (x - t) * (x - t) / (x * x + t * t + 1e-4);
        let loss = AnyImageLoss::Ssim(ssim().init());
        let size = SHAPE.iter().product();
        for site in differentiable_sites_and_gpu() {
            let got = ImageCall::new(SHAPE, [vec![x; size], vec![t; size]]).run(&loss, &site);
            let share = if site.path == Path::Chosen && !site.is_gpu() {
                1e-6
            } else {
                2e-4
            };
            assert_near(
                &format!("{x} and {t} on {site}"),
                &got.value,
                &[expected],
                share,
            );
            assert!(gradients(&got).all(f64::is_finite));
        }
    }
}

/// All of the loss of near images is what they differ by; half of an image far from the rest of it has no digits left for its
/// variance in `f32`.
#[test]
fn the_kernel_keeps_the_digits_of_near_images_and_of_bright_parts() {
    let [image, _] = images("digits", SHAPE, Dtype::F32, 0.0);
    let near: Vec<f64> = image
        .iter()
        .enumerate()
        .map(|(place, &x)| (x + 1e-5 * (place % 7) as f64) as f32 as f64)
        .collect();
    let lifted = |image: &[f64]| -> Vec<f64> {
        let values = image.iter().enumerate();
        let lift = |(place, &x): (usize, &f64)| match place % SHAPE[3] < 6 {
            true => x,
            false => (x + 10_000.0) as f32 as f64,
        };
        values.map(lift).collect()
    };
    let [first, second] = images("bright", SHAPE, Dtype::F32, 0.1);
    let one_scale = || AnyImageLoss::Ssim(ssim().init());
    // (Images are rounded where they are halved, so bright parts are not for several scales.)
    let two_scales = AnyImageLoss::MsSsim(two_scales().init());
    for (pair, losses) in [
        ([image, near], vec![one_scale(), two_scales]),
        ([lifted(&first), lifted(&second)], vec![one_scale()]),
    ] {
        for loss in losses {
            for site in differentiable_sites() {
                if site.path == Path::Composed {
                    continue;
                }
                let call = ImageCall::new(SHAPE, pair.clone());
                let got = call.run(&loss, &site);
                let exact = ImageCall {
                    dtype: Dtype::F64,
                    ..call
                };
                let expected = exact.run(&loss, &site);
                let what = format!("{loss:?} on {site}");
                let share = match loss {
                    AnyImageLoss::Ssim(_) => 3e-6,
                    _ => 1e-3, // Rounded where they are halved.
                };
                assert_near(&what, &got.value, &expected.value, share);
                let pairs = got.gradients.iter().zip(&expected.gradients);
                for (got, expected) in pairs {
                    let (Some(got), Some(expected)) = (got, expected) else {
                        panic!("{what}: no gradient");
                    };
                    assert_near(&what, got, expected, share);
                }
            }
        }
    }
}

#[test]
fn opposite_images_have_a_large_loss_and_a_finite_gradient() {
    let shape = [2, 1, 16, 16];
    let image: Vec<f64> = (0..512)
        .map(|place| f64::from(place % 2 + place / 16 % 2) / 2.0)
        .collect();
    let opposite: Vec<f64> = image.iter().map(|x| 1.0 - x).collect();
    for site in differentiable_sites_and_gpu() {
        let call = ImageCall::new(shape, [opposite.clone(), image.clone()]).asked(Ask::Each);
        let got = call.run(&AnyImageLoss::Ssim(ssim().init()), &site);
        assert!(
            got.value.iter().all(|&loss| loss > 1.0 && loss <= 2.0),
            "{site}: {got:?}"
        );
        assert!(gradients(&got).all(f64::is_finite));
        let got = call.run(&AnyImageLoss::MsSsim(two_scales().init()), &site);
        assert_eq!(got.value, [1.0, 1.0], "{site}");
        assert!(gradients(&got).all(|slope| slope == 0.0), "{site}");
    }
}

#[test]
fn the_range_may_be_any_number() {
    let [x, t] = images("range", SHAPE, Dtype::F32, 0.1);
    let expected = ImageCall::new(SHAPE, [x.clone(), t.clone()]);
    for site in differentiable_sites() {
        let one = expected.run(&AnyImageLoss::Ssim(ssim().init()), &site);
        for range in [2f64.powi(-80), 2f64.powi(80)] {
            let scaled = |image: &[f64]| image.iter().map(|x| x * range).collect();
            let call = ImageCall::new(SHAPE, [scaled(&x), scaled(&t)]);
            let config = SsimLossConfig::new(range).with_window_size(5);
            let got = call.run(&AnyImageLoss::Ssim(config.init()), &site);
            assert_near(&format!("{range} on {site}"), &got.value, &one.value, 1e-6);
        }
    }
}

#[test]
fn equal_neighbours_and_flat_images_have_no_gradient() {
    let size = SHAPE.iter().product();
    for norm in [
        TotalVariationNorm::L1,
        TotalVariationNorm::L2,
        TotalVariationNorm::SquaredL2,
    ] {
        let config = TotalVariationLossConfig::new().with_norm(norm);
        let loss = AnyImageLoss::TotalVariation(config.init());
        for site in differentiable_sites_and_gpu() {
            let flat = vec![0.3; size];
            let got = ImageCall::new(SHAPE, [flat.clone(), flat]).run(&loss, &site);
            assert_eq!(got.value, [0.0], "{norm:?} on {site}");
            assert!(
                gradients(&got).all(|slope| slope == 0.0),
                "{norm:?} on {site}"
            );
        }
    }
}

/// The message of a panic.
fn refusal(f: impl FnOnce() -> Tensor<1>) -> String {
    let payload = catch_unwind(AssertUnwindSafe(f)).expect_err("a panic");
    *payload.downcast::<String>().expect("a message")
}

#[test]
fn an_image_that_is_too_small_is_refused_with_both_sizes() {
    let device = Device::default();
    let image = |height, width| Tensor::<4>::zeros([1, 3, height, width], &device);
    let default = SsimLossConfig::new(1.0).init();
    let text = refusal(|| default.forward(image(8, 20), image(8, 20)));
    assert_eq!(
        text,
        "SsimLoss: the images are 8 x 20 pixels (height x width), expected at least 11 x 11 for a window of 11 x 11; \
         take a smaller window, `with_window_size`, or larger images"
    );
    let reflected = SsimLossConfig::new(1.0).with_padding(SsimPadding::Reflect);
    let text = refusal(|| reflected.init().forward(image(8, 5), image(8, 5)));
    assert!(text.contains("8 x 5") && text.contains("6 x 6"), "{text}");
    let _ = reflected.init().forward(image(6, 6), image(6, 6));
    let scales = MsSsimLossConfig::new(1.0).init();
    let text = refusal(|| scales.forward(image(200, 160), image(200, 160)));
    assert!(
        text.contains("200 x 160")
            && text.contains("161 x 161 for a window of 11 x 11 at 5 scales")
            && text.contains("with_scale_weights"),
        "{text}"
    );
    let text = refusal(|| default.forward(image(12, 12), image(12, 13)));
    assert!(
        text.contains("the target has shape [1, 3, 12, 13]"),
        "{text}"
    );
}
