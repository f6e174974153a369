//! The fused kernels against plain operations in `f64`, on images however they lie in memory, and half precision.

use super::call::{AnyImageLoss, Ask, ImageCall, assert_near};
use crate::support::{
    Dtype, Layout, Path, Random, Site, differentiable_sites, differentiable_sites_and_gpu,
    random::round,
};
use burn::tensor::DType;
use burn_losses::*;

/// Smooth images with some noise, exact in a type.
pub fn images(name: &str, shape: [usize; 4], dtype: Dtype, noise: f64) -> [Vec<f64>; 2] {
    let mut random = Random::of(name);
    let width = shape[3];
    let size: usize = shape.iter().product();
    let first: Vec<f64> = (0..size)
        .map(|place| {
            let (line, column) = ((place / width) as f64, (place % width) as f64);
            let smooth = 0.5 + 0.3 * (0.4 * column + 0.2 * line).sin();
            round(smooth + random.normal(0.1), dtype)
        })
        .collect();
    let second = first
        .iter()
        .map(|&x| round(x + random.normal(noise), dtype));
    let second = second.collect();
    [first, second]
}

/// The composed path of the first device, in `f64`.
fn reference(call: &ImageCall, loss: &AnyImageLoss) -> super::call::ImageOutcome {
    let mut sites = differentiable_sites().into_iter();
    let site = sites
        .find(|site| site.path == Path::Composed)
        .expect("a device");
    let call = ImageCall {
        dtype: Dtype::F64,
        layout: Layout::Contiguous,
        ..call.clone()
    };
    call.run(loss, &site)
}

fn losses() -> Vec<AnyImageLoss> {
    let ssim = |size| SsimLossConfig::new(1.0).with_window_size(size);
    let reflected = |size| ssim(size).with_padding(SsimPadding::Reflect).init();
    let mut losses = AnyImageLoss::all();
    losses.extend([
        AnyImageLoss::Ssim(ssim(11).init()),
        AnyImageLoss::Ssim(reflected(11)),
        AnyImageLoss::Ssim(reflected(1)),
        AnyImageLoss::Ssim(ssim(7).with_window(SsimWindow::Uniform).init()),
    ]);
    losses
}

#[track_caller]
fn check(call: &ImageCall, loss: &AnyImageLoss, site: &Site, share: f64) {
    let (got, expected) = (call.run(loss, site), reference(call, loss));
    let what = format!("{loss:?} of {:?} {:?} on {site}", call.shape, call.layout);
    assert_near(
        &format!("{what}: value"),
        &got.value,
        &expected.value,
        share,
    );
    let pairs = got.gradients.iter().zip(&expected.gradients);
    for (index, (got, expected)) in pairs.enumerate() {
        match (got, expected) {
            (Some(got), Some(expected)) => {
                assert_near(&format!("{what}: gradient {index}"), got, expected, share)
            }
            (got, expected) => assert_eq!(got.is_some(), expected.is_some(), "{what}"),
        }
    }
}

#[test]
fn every_loss_is_the_same_by_kernels_and_by_plain_operations() {
    for shape in [[2, 3, 40, 37], [3, 1, 16, 70], [1, 1, 11, 12]] {
        for loss in losses() {
            let images = images("paths", shape, Dtype::F32, 0.1);
            let call = ImageCall::new(shape, images).asked(Ask::Each);
            for site in differentiable_sites() {
                let exact = loss.is_fused() && site.path == Path::Chosen;
                check(&call, &loss, &site, if exact { 3e-6 } else { 5e-5 });
            }
        }
    }
}

/// A plane of many rows is walked in bands.
#[test]
fn planes_of_many_rows_are_the_same_by_kernels_and_by_plain_operations() {
    let shape = [1, 1, 211, 14];
    for loss in losses().into_iter().filter(AnyImageLoss::is_fused) {
        let call = ImageCall::new(shape, images("bands", shape, Dtype::F32, 0.1));
        for site in differentiable_sites() {
            if site.path == Path::Chosen {
                check(&call, &loss, &site, 3e-6);
                let untracked = ImageCall {
                    tracked: [false; 2],
                    ..call.clone()
                };
                assert_eq!(
                    untracked.run(&loss, &site).value,
                    call.run(&loss, &site).value
                );
            }
        }
    }
}

#[test]
fn every_loss_is_the_same_on_a_gpu() {
    let shape = [2, 2, 14, 13];
    for loss in losses() {
        let call = ImageCall::new(shape, images("gpu", shape, Dtype::F32, 0.1)).asked(Ask::Each);
        for site in differentiable_sites_and_gpu() {
            if site.is_gpu() {
                check(&call, &loss, &site, 1e-4);
            }
        }
    }
}

/// Tiles that end anywhere, windows of any size on either side of an edge, a constant on either side, several planes.
#[test]
fn images_of_any_shape_are_right_on_a_gpu() {
    let ssim = |size| SsimLossConfig::new(1.0).with_window_size(size);
    let reflected = |size| ssim(size).with_padding(SsimPadding::Reflect).init();
    let cases = [
        ([1, 1, 1, 1], reflected(1)),
        ([1, 1, 1, 1], ssim(1).init()),
        ([1, 2, 2, 17], reflected(3)),
        ([1, 1, 11, 11], ssim(11).init()),
        ([2, 3, 40, 37], ssim(11).init()),
        ([2, 3, 40, 37], reflected(11)),
        ([1, 1, 17, 49], reflected(33)),
        ([1, 2, 70, 33], ssim(33).init()),
        // There are no kernels for larger ones.
        ([1, 1, 40, 37], ssim(35).init()),
    ];
    for (shape, loss) in cases {
        let loss = AnyImageLoss::Ssim(loss);
        let images = images("shapes", shape, Dtype::F32, 0.1);
        for tracked in [[true, true], [true, false], [false, true], [false, false]] {
            let call = ImageCall {
                tracked,
                ..ImageCall::new(shape, images.clone()).asked(Ask::Each)
            };
            for site in differentiable_sites_and_gpu() {
                if site.is_gpu() && site.path == Path::Chosen {
                    check(&call, &loss, &site, 5e-5);
                }
            }
        }
    }
}

#[test]
fn images_may_lie_in_any_way_and_one_of_them_may_be_a_constant() {
    let shape = [2, 2, 12, 13];
    let mut images = images("layouts", shape, Dtype::F32, 0.1);
    for loss in AnyImageLoss::all() {
        for layout in [
            Layout::Transposed,
            Layout::Sliced,
            Layout::Flipped,
            Layout::Expanded,
        ] {
            if layout == Layout::Expanded {
                for image in &mut images {
                    crate::support::tensors::repeat_first_row(image, shape[0]);
                }
            }
            for tracked in [[true, false], [false, true], [false, false]] {
                let call = ImageCall {
                    layout,
                    tracked,
                    ..ImageCall::new(shape, images.clone())
                };
                for site in differentiable_sites() {
                    check(&call, &loss, &site, 5e-5);
                }
            }
        }
    }
}

#[test]
fn half_precision_is_computed_in_f32() {
    let shape = [2, 2, 14, 13];
    for dtype in [Dtype::F16, Dtype::BF16] {
        let images = images("half", shape, dtype, 0.1);
        for loss in AnyImageLoss::all() {
            let call = ImageCall {
                dtype,
                ..ImageCall::new(shape, images.clone()).asked(Ask::Each)
            };
            for site in differentiable_sites().into_iter().filter(Site::is_flex) {
                let (got, expected) = (call.run(&loss, &site), reference(&call, &loss));
                let what = format!("{loss:?}, {dtype:?} on {site}");
                assert_eq!(got.dtype, DType::F32, "{what}");
                assert_near(&what, &got.value, &expected.value, 5e-5);
                assert!(got.types_of_gradients.iter().all(|&of| of == dtype.into()));
                let [Some(gradient), _] = &got.gradients else {
                    panic!("{what}: no gradient");
                };
                let [Some(expected), _] = &expected.gradients else {
                    panic!("{what}: no gradient");
                };
                assert_near(&what, gradient, expected, 5e-3);
            }
        }
    }
}
