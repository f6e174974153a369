//! The forms of evaluation: weights, reductions, normalizers; batches without images.

use super::{
    call::{AnyImageLoss, Ask, ImageCall, assert_near},
    paths::images,
};
use crate::support::{Dtype, differentiable_sites, differentiable_sites_and_gpu};
use burn::tensor::Tensor;
use burn_losses::{GradientDifferenceForm, GradientDifferenceLossConfig};

const SHAPE: [usize; 4] = [3, 2, 10, 9];

#[test]
fn what_is_reduced_is_made_of_the_losses_of_images() {
    let images = images("forms", SHAPE, Dtype::F32, 0.1);
    let weights = [0.5, 0.0, 2.0];
    for loss in AnyImageLoss::all() {
        for site in differentiable_sites() {
            let call = ImageCall::new(SHAPE, images.clone());
            let each = call.asked(Ask::Each).run(&loss, &site);
            assert_eq!(each.shape, [3], "{loss:?}");
            let sum: f64 = each.value.iter().sum();
            let weighted = ImageCall {
                weights: Some(weights.to_vec()),
                ..call.clone()
            };
            let terms = each.value.iter().zip(weights);
            let weighted_sum: f64 = terms.map(|(loss, weight)| loss * weight).sum();
            for (call, expected) in [
                (call.clone(), sum / 3.0),
                (call.asked(Ask::DividedBy(4.0)), sum / 4.0),
                (call.asked(Ask::DividedBy(0.5)), sum),
                (weighted.clone(), weighted_sum / 2.5),
                (weighted.asked(Ask::DividedBy(5.0)), weighted_sum / 5.0),
            ] {
                let got = call.run(&loss, &site);
                assert_near(
                    &format!("{loss:?} on {site}"),
                    &got.value,
                    &[expected],
                    1e-6,
                );
            }
        }
    }
}

#[test]
fn an_image_of_weight_0_contributes_nothing_whatever_it_holds() {
    let plain = images("weightless", SHAPE, Dtype::F32, 0.1);
    let size = SHAPE[1..].iter().product::<usize>();
    for loss in AnyImageLoss::all() {
        for site in differentiable_sites_and_gpu() {
            let call = ImageCall {
                weights: Some(vec![1.0, 0.0, 3.0]),
                ..ImageCall::new(SHAPE, plain.clone())
            };
            let expected = call.run(&loss, &site);
            for (hostile, which) in [(f64::NAN, 0), (f64::INFINITY, 1), (f64::NAN, 1)] {
                let mut call = call.clone();
                call.images[which][size..2 * size].fill(hostile);
                let got = call.run(&loss, &site);
                let what = format!("{loss:?} on {site}");
                assert_near(&what, &got.value, &expected.value, 1e-6);
                for (got, expected) in got.gradients.iter().zip(&expected.gradients) {
                    let (Some(got), Some(expected)) = (got, expected) else {
                        continue;
                    };
                    assert!(
                        got[size..2 * size].iter().all(|&slope| slope == 0.0),
                        "{what}"
                    );
                    assert_near(&what, got, expected, 1e-6);
                }
            }
        }
    }
}

#[test]
fn nan_shows_in_its_own_image_alone() {
    let mut plain = images("nan", SHAPE, Dtype::F32, 0.1);
    let size = SHAPE[1..].iter().product::<usize>();
    for loss in AnyImageLoss::all() {
        for site in differentiable_sites_and_gpu() {
            let call = ImageCall::new(SHAPE, plain.clone()).asked(Ask::Each);
            let expected = call.run(&loss, &site);
            plain[0][size + 33] = f64::NAN;
            let hostile = ImageCall::new(SHAPE, plain.clone()).asked(Ask::Each);
            plain[0][size + 33] = 0.5;
            let got = hostile.run(&loss, &site);
            let what = format!("{loss:?} on {site}");
            assert!(got.value[1].is_nan(), "{what}: {:?}", got.value);
            for image in [0, 2] {
                assert_near(&what, &[got.value[image]], &[expected.value[image]], 1e-6);
            }
            let [Some(got), _] = &got.gradients else {
                panic!("{what}: no gradient");
            };
            assert!(got[..size].iter().all(|slope| slope.is_finite()), "{what}");
            assert!(
                got[2 * size..].iter().all(|slope| slope.is_finite()),
                "{what}"
            );
        }
    }
}

#[test]
fn a_batch_without_images_or_pixels_is_0() {
    for loss in AnyImageLoss::all() {
        for site in differentiable_sites_and_gpu() {
            for ask in [Ask::Reduced, Ask::Each, Ask::DividedBy(3.0)] {
                let call = ImageCall::new([0, 2, 10, 9], [vec![], vec![]]).asked(ask);
                let got = call.run(&loss, &site);
                let expected: &[f64] = if ask == Ask::Each { &[] } else { &[0.0] };
                assert_eq!(got.value, expected, "{loss:?} on {site}");
            }
            let call = ImageCall::new([2, 0, 10, 9], [vec![], vec![]]);
            assert_eq!(call.run(&loss, &site).value, [0.0], "{loss:?} on {site}");
            let each = call.asked(Ask::Each);
            assert_eq!(
                each.run(&loss, &site).value,
                [0.0, 0.0],
                "{loss:?} on {site}"
            );
        }
    }
}

/// And the gradient by both images is 0, not missing.
#[test]
fn one_pixel_differs_from_no_neighbour() {
    for form in [
        GradientDifferenceForm::Signed,
        GradientDifferenceForm::Magnitudes,
    ] {
        let loss = GradientDifferenceLossConfig::new().with_form(form).init();
        for site in differentiable_sites() {
            let images = [0.5, 1.5].map(|x| {
                let images = Tensor::<4>::full([2, 1, 1, 1], x, &site.device);
                images.require_grad()
            });
            let [prediction, target] = images.clone();
            let value = site.path.run(|| loss.forward(prediction, target));
            let gradients = value.backward();
            assert_eq!(value.into_scalar::<f32>(), 0.0, "{form:?} on {site}");
            for image in images {
                let gradient = image.grad(&gradients).expect("a gradient");
                assert_eq!(gradient.abs().sum().into_scalar::<f32>(), 0.0);
            }
        }
    }
}
