//! Hard input and the right answer to it.

use super::loss::{LOSSES, MaskCall, assert_close, loss, mask_sites};
use crate::{
    panics::message,
    support::{Dtype, Path, Site, sites},
};
use burn::tensor::{Int, Tensor};
use burn_losses::*;
use serde_json::{Value, json};

/// One sample of each row of logits, `[N, C, 1, K]`, and its classes.
fn call(logits: &[&[f64]], classes: &[i64], channels: usize) -> MaskCall {
    let samples = logits.len();
    let width = logits[0].len() / channels;
    MaskCall {
        shape: vec![samples, channels, 1, width],
        logits: logits.concat(),
        classes: Some(classes.to_vec()),
        masks: None,
        pixel_weights: None,
        transposed: false,
    }
}

/// Runs every loss that takes a field of that name on every site.
fn everywhere(
    config: Value,
    call: &MaskCall,
    mut check: impl FnMut(&str, &Site, Vec<f64>, Vec<f64>),
) {
    for name in LOSSES {
        let loss = loss(name, config.clone());
        for site in mask_sites() {
            let got = call.run(&loss, Dtype::F32, &site, None);
            check(name, &site, got.losses.values, got.gradient);
        }
    }
}

fn are_positive_zeros(numbers: &[f64]) -> bool {
    numbers.iter().all(|x| x.to_bits() == 0)
}

#[test]
fn ignored_pixels_contribute_nothing() {
    let nan = f64::NAN;
    let full = call(&[&[1.0, nan, -2.0, 0.5, nan, 1.0]], &[0, -100, 1], 2);
    let kept = call(&[&[1.0, -2.0, 0.5, 1.0]], &[0, 1], 2);
    for name in LOSSES
        .into_iter()
        .filter(|name| !["boundary", "cl_dice"].contains(name))
    {
        let loss = loss(name, json!({}));
        for site in mask_sites() {
            let [got, expected] =
                [&full, &kept].map(|call| call.run(&loss, Dtype::F32, &site, None));
            let [value, wanted] = [&got, &expected].map(|outcome| outcome.losses.values[0]);
            assert!(
                (value - wanted).abs() < 1e-6,
                "{name} on {site}: {value} and {wanted}"
            );
            let g = got.gradient;
            assert!(are_positive_zeros(&[g[1], g[4]]), "{name} on {site}: {g:?}");
            let others = [g[0], g[2], g[3], g[5]];
            for (got, expected) in others.iter().zip(&expected.gradient) {
                assert!(
                    (got - expected).abs() < 1e-6,
                    "{name} on {site}: {got} and {expected}"
                );
            }
        }
    }
}

#[test]
fn a_sample_that_is_ignored_costs_nothing() {
    let nan = f64::NAN;
    let all = call(
        &[&[nan, nan, nan, nan], &[1.0, -1.0, 0.0, 2.0]],
        &[-100, -100, 0, 1],
        2,
    );
    for absent in ["left_out", "zero", "kept"] {
        everywhere(
            json!({"absent": absent}),
            &all,
            |name, site, values, gradient| {
                // A hinge of nothing, and all else of nothing, is 0.
                assert_eq!(values[0], 0.0, "{name}, {absent} on {site}");
                assert!(
                    are_positive_zeros(&gradient[..4]),
                    "{name} on {site}: {gradient:?}"
                );
                assert!(
                    values[1].is_finite() && gradient[4..].iter().any(|g| *g != 0.0)
                        || name == "boundary"
                );
            },
        );
    }
}

#[test]
fn nan_shows_in_its_own_sample() {
    let two = call(
        &[&[f64::NAN, 0.0, 1.0, 0.0], &[1.0, -1.0, 0.0, 2.0]],
        &[0, 1, 0, 1],
        2,
    );
    everywhere(json!({}), &two, |name, site, values, gradient| {
        if site.is_gpu() && ["lovasz_softmax", "lovasz_hinge", "cl_dice"].contains(&name) {
            return;
        }
        assert!(
            values[0].is_nan() && values[1].is_finite(),
            "{name} on {site}: {values:?}"
        );
        assert!(
            gradient[4..].iter().all(|g| g.is_finite()),
            "{name} on {site}"
        );
    });
}

#[test]
fn far_logits_are_right_or_wrong() {
    let far = 1e4;
    // The first sample is right, the second wrong.
    let two = call(
        &[&[far, -far, -far, far], &[-far, far, far, -far]],
        &[0, 1, 0, 1],
        2,
    );
    everywhere(json!({}), &two, |name, site, values, gradient| {
        assert!(
            gradient.iter().all(|g| g.is_finite()),
            "{name} on {site}: {gradient:?}"
        );
        let [right, wrong] = values[..] else {
            panic!("two samples")
        };
        let expected = match name {
            "mcc" => [0.0, 2.0],
            "combined" => [0.0, 1.0 + 2.0 * far],
            "lovasz_hinge" => [0.0, far + 1.0],
            "boundary" | "cl_dice" => return,
            _ => [0.0, 1.0],
        };
        for (got, expected) in [right, wrong].into_iter().zip(expected) {
            let near = (got - expected).abs() <= 1e-4 * expected.max(0.01);
            assert!(near, "{name} on {site}: {values:?}");
        }
    });
}

#[test]
fn empty_masks_predicted_empty_cost_nothing() {
    let empty = call(&[&[-1e4, -1e4]], &[0, 0], 1);
    for smooth in [0.0, 1e-5] {
        for name in [
            "dice",
            "jaccard",
            "tversky",
            "focal_tversky",
            "generalized_dice",
            "combined",
        ] {
            for absent in ["left_out", "zero", "kept"] {
                let loss = loss(name, json!({"smooth": smooth, "absent": absent}));
                for site in mask_sites() {
                    let got = empty.run(&loss, Dtype::F32, &site, None);
                    assert_eq!(got.losses.values, [0.0], "{name}, {absent} on {site}");
                    assert!(
                        got.gradient.iter().all(|g| *g == 0.0),
                        "{name}, {absent} on {site}"
                    );
                }
            }
        }
    }
}

/// What a sure pixel of a mask lacks of 1 is -0.
#[test]
fn errors_of_0_come_in_the_order_of_their_pixels() {
    let two = call(&[&[1.0, 0.0, 0.5, 1.0]], &[1, 0, 1, 1], 1);
    let loss = loss("lovasz_softmax", json!({"from_logits": false}));
    for site in mask_sites().into_iter().filter(|site| !site.is_gpu()) {
        let got = two.run(&loss, Dtype::F32, &site, None);
        // The third pixel is wrong first, then the others in turn.
        let expected = [-1.0 / 3.0, 1.0 / 12.0, -1.0 / 3.0, -1.0 / 4.0];
        assert_close(&format!("on {site}"), &got.gradient, &expected, 1e-6);
    }
}

#[test]
fn an_empty_mask_kept_costs_what_is_predicted() {
    let call = call(&[&[0.0, 0.0, 0.0, 0.0]], &[0, 0, 0, 0], 1);
    for site in mask_sites() {
        let loss = loss("dice", json!({"absent": "kept", "smooth": 1.0}));
        let got = call.run(&loss, Dtype::F32, &site, None);
        assert!((got.losses.values[0] - 2.0 / 3.0).abs() < 1e-6, "{site}");
        assert!(got.gradient.iter().all(|g| *g > 0.0), "{site}");
    }
}

#[test]
fn easy_samples_keep_their_digits() {
    // What the prediction lacks is e^-20 at each pixel.
    let x = 20.0f64;
    let miss = 1.0 / (1.0 + x.exp());
    let easy = call(&[&[x, 0.0, 0.0, x]], &[0, 1], 2);
    for name in [
        "dice",
        "jaccard",
        "tversky",
        "combined",
        "mcc",
        "lovasz_softmax",
    ] {
        let loss = loss(
            name,
            json!({"smooth": 0.0})
                .as_object()
                .filter(|_| !["mcc", "lovasz_softmax"].contains(&name))
                .map_or(json!({}), |fields| json!(fields)),
        );
        let expected = match name {
            "dice" => miss,
            "jaccard" => 2.0 * miss,
            "tversky" => miss,
            "combined" => 2.0 * miss,
            // Each side lacks half of the share.
            "mcc" => 2.0 * miss,
            _ => miss + miss / 2.0,
        };
        for site in mask_sites() {
            let got = easy.run(&loss, Dtype::F32, &site, None);
            let value = got.losses.values[0];
            let bound = if site.is_gpu() { 1e-4 } else { 1e-5 };
            if name == "lovasz_softmax" {
                assert!(
                    (value / expected - 1.0).abs() < 0.4,
                    "{name} on {site}: {value:e}"
                );
            } else {
                assert!(
                    (value / expected - 1.0).abs() < bound,
                    "{name} on {site}: {value:e}, {expected:e}"
                );
            }
            for g in got.gradient {
                assert!(
                    g.abs() > 0.1 * miss && g.abs() < 10.0 * miss,
                    "{name} on {site}: {g:e}"
                );
            }
        }
    }
}

#[test]
fn many_pixels_are_added_up_like_in_f64() {
    // 2^25 pixels: a sum in f32 would stop at 2^24.
    let count = 1 << 25;
    for site in sites()
        .iter()
        .filter(|site| site.path == Path::Chosen && site.is_flex())
        .take(1)
    {
        let logits = Tensor::<3>::zeros([1, 1, count], (&site.device, burn::tensor::DType::F16));
        let targets = Tensor::<2, Int>::ones([1, count], &site.device);
        let loss = DiceLossConfig::new().with_smooth(0.0).init();
        let value = loss.forward(logits, targets).into_scalar::<f32>();
        assert!((value - 1.0 / 3.0).abs() < 1e-6, "{site}: {value}");
    }
}

#[test]
fn a_pixel_is_in_a_mask_from_one_half_on() {
    // No pixel of the first channel is: it is absent, and left out. The other loses its second pixel.
    let mut soft = call(&[&[2.0, 1.0, 1.0, -1.0]], &[], 2);
    (soft.classes, soft.masks) = (None, Some(vec![0.4, 0.1, 0.6, 0.5]));
    let mut hard = soft.clone();
    hard.masks = Some(vec![0.0, 0.0, 1.0, 1.0]);
    for name in ["lovasz_softmax", "lovasz_hinge", "boundary"] {
        for absent in ["left_out", "zero", "kept"] {
            let loss = loss(name, json!({"absent": absent}));
            for site in mask_sites() {
                let [soft, hard] =
                    [&soft, &hard].map(|call| call.run(&loss, Dtype::F32, &site, None));
                assert_eq!(soft.losses.values, hard.losses.values, "{name} on {site}");
                assert_eq!(soft.gradient, hard.gradient, "{name} on {site}");
            }
        }
    }
}

#[test]
fn lovasz_gradients_of_many_pixels_are_those_of_f64() {
    // More than a task takes. All errors are 2e-4 apart in the logits, so that their order is the same in every type.
    let count = 20_000;
    let mixed = |i: usize| i * 7919 % count;
    let logits = (0..count).map(|i| (mixed(i) as f64 + 0.25) * 4e-4 - 4.0);
    let logits: Vec<f64> = logits.chain((0..count).map(|_| 0.0)).collect();
    let classes: Vec<i64> = (0..count).map(|i| i64::from(i % 7 < 2)).collect();
    let softmax = call(&[&logits], &classes, 2);
    let some = classes.iter().zip(0..);
    let some = some.map(|(&class, i)| if i % 11 == 0 { -100 } else { class });
    let hinge = call(&[&logits[..count]], &some.collect::<Vec<_>>(), 1);
    for (name, call) in [("lovasz_softmax", softmax), ("lovasz_hinge", hinge)] {
        let loss = loss(name, json!({}));
        let all = mask_sites();
        let exact = all.iter().find(|site| !site.is_gpu()).expect("a CPU");
        let exact = call.run(&loss, Dtype::F64, exact, None);
        for site in mask_sites() {
            let got = call.run(&loss, Dtype::F32, &site, None);
            assert_close(
                &format!("{name} on {site}"),
                &got.losses.values,
                &exact.losses.values,
                1e-5,
            );
            let largest = exact.gradient.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
            for (got, wanted) in got.gradient.iter().zip(&exact.gradient) {
                assert!(
                    (got - wanted).abs() < 1e-5 * largest,
                    "{name} on {site}: {got}, {wanted}"
                );
            }
        }
    }
}

#[test]
fn nan_in_a_mask_and_an_infinite_logit_show() {
    let nan = |name: &str, call: &MaskCall| {
        for site in mask_sites() {
            let got = call.run(&loss(name, json!({})), Dtype::F32, &site, None);
            assert!(
                got.losses.values[0].is_nan(),
                "{name} on {site}: {:?}",
                got.losses.values
            );
        }
    };
    let mut masks = call(&[&[2.0, 1.0]], &[], 1);
    (masks.classes, masks.masks) = (None, Some(vec![f64::NAN, 1.0]));
    for name in LOSSES {
        nan(name, &masks);
    }
    // Of a class that is absent, and left out.
    let infinite = call(&[&[f64::INFINITY, 0.0, 0.0]], &[1], 3);
    for name in LOSSES {
        if !["lovasz_hinge", "boundary", "cl_dice"].contains(&name) {
            nan(name, &infinite);
        }
    }
}

#[test]
fn ignored_numbers_in_masks_have_no_gradient() {
    let mut masks = call(&[&[2.0, 1.0]], &[], 1);
    (masks.classes, masks.masks) = (None, Some(vec![-100.0, 1.0]));
    for name in ["lovasz_softmax", "lovasz_hinge", "dice", "combined"] {
        let loss = loss(name, json!({}));
        for upstream in [1.0, -1.0, f64::INFINITY] {
            for site in mask_sites() {
                let got = masks.run(&loss, Dtype::F32, &site, Some(&[upstream]));
                assert_eq!(
                    got.gradient[0].to_bits(),
                    0,
                    "{name} on {site}, times {upstream}"
                );
            }
        }
    }
}

#[test]
fn pixels_of_any_other_weight_count_as_one_for_lovasz_losses() {
    let mut weighted = call(&[&[0.0, 0.0]], &[1, 1], 1);
    let plain = weighted.clone();
    weighted.pixel_weights = Some(vec![1.0, -1.0]);
    let loss = loss("lovasz_softmax", json!({}));
    for site in mask_sites() {
        let [weighted, plain] =
            [&weighted, &plain].map(|call| call.run(&loss, Dtype::F32, &site, None));
        assert_eq!(weighted.losses.values, plain.losses.values, "{site}");
    }
}

#[test]
fn a_class_that_is_nearly_everywhere_keeps_its_true_negatives() {
    // Of 300,000 pixels ten are of class 0, half of them found; three others are taken for it.
    let count = 300_000;
    let classes: Vec<i64> = (0..count).map(|place| i64::from(place >= 10)).collect();
    let is_found = |place: usize| place < 5 || (10..13).contains(&place);
    let of_class_0 = (0..count).map(|place| if is_found(place) { 40.0 } else { -40.0 });
    let logits: Vec<f64> = of_class_0.chain((0..count).map(|_| 0.0)).collect();
    let [tp, fp, fn_, tn] = [count as f64 - 13.0, 5.0, 3.0, 5.0];
    let root = ((tp + fp) * (tp + fn_) * (tn + fp) * (tn + fn_)).sqrt();
    let expected = 1.0 - (tp * tn - fp * fn_) / root;
    let mut call = call(&[&logits], &classes, 2);
    // Not whole, so that sums are rounded. As a factor of all sums it changes nothing.
    call.pixel_weights = Some(vec![1.0 / 3.0; count]);
    for site in mask_sites() {
        let got = call.run(&loss("mcc", json!({})), Dtype::F32, &site, None);
        let value = got.losses.values[0];
        // A GPU sums up in f32.
        let bound = if site.is_gpu() { 1e-5 } else { 1e-6 };
        assert!(
            (value - expected).abs() < bound,
            "{site}: {value}, {expected}"
        );
    }
}

#[test]
fn a_class_out_of_range_is_named() {
    for site in sites() {
        let logits = Tensor::<4>::zeros([1, 3, 1, 2], &site.device);
        let targets = Tensor::<3, Int>::from_ints([[[1, 3]]], &site.device);
        let loss = DiceLossConfig::new().init();
        let text = message(|| {
            site.path
                .run(|| loss.forward(logits.clone(), targets.clone()))
        });
        assert!(
            text.contains("DiceLoss: the target at [0, 0, 1] is 3"),
            "{text}"
        );
        // Unless it does not count.
        let weights = Tensor::<3>::from_floats([[[1.0, 0.0]]], &site.device);
        let value = site
            .path
            .run(|| loss.on(logits, targets).pixel_weights(weights).reduce());
        assert!(value.into_scalar::<f32>().is_finite());
    }
}

/// Sums that are next to nothing have a square of 0, by which a backward pass of a division divides.
#[test]
fn a_class_that_is_next_to_nowhere_has_a_finite_gradient() {
    let hidden = [-60.0f64; 16];
    let logits = [[3.0f64; 16], hidden, [0.5; 16]].concat();
    let call = call(&[&logits], &[0; 16], 3);
    for absent in ["left_out", "zero", "kept"] {
        let without = ["mcc", "lovasz_softmax", "lovasz_hinge", "boundary"];
        for name in LOSSES {
            let mut config = json!({"absent": absent});
            if !without.contains(&name) {
                config["smooth"] = 0.0.into();
            }
            let loss = loss(name, config);
            for site in mask_sites() {
                let got = call.run(&loss, Dtype::F32, &site, None);
                let all = got.losses.values.iter().chain(&got.gradient);
                let is_finite = all.clone().all(|x| x.is_finite());
                assert!(is_finite, "{name}, {absent} on {site}: {:?}", got.gradient);
            }
        }
    }
}

#[test]
fn a_correlation_is_finite_where_all_is_predicted_or_nothing() {
    let classes: Vec<i64> = (0..100).map(|pixel| i64::from(pixel < 10)).collect();
    let loss = loss("mcc", json!({}));
    for logit in [-100.0, -60.0, 60.0] {
        let call = call(&[&[logit; 100]], &classes, 1);
        for site in mask_sites() {
            let got = call.run(&loss, Dtype::F32, &site, None);
            let what = format!("{logit} on {site}");
            let value = got.losses.values[0];
            assert!((value - 1.0).abs() < 1e-5, "{what}: {value}");
            let gradient = &got.gradient;
            assert!(
                gradient.iter().all(|g| g.is_finite()),
                "{what}: {gradient:?}"
            );
        }
    }
    // A class that is everywhere has no other side to correlate with.
    for logit in [8.0, 14.0] {
        let call = call(&[&[logit; 1000]], &[1; 1000], 1);
        for site in mask_sites() {
            let got = call.run(&loss, Dtype::F32, &site, None);
            assert_eq!(got.losses.values, [1.0], "{logit} on {site}");
            assert!(got.gradient.iter().all(|g| *g == 0.0), "{logit} on {site}");
        }
    }
}

#[test]
fn a_skeleton_that_is_nowhere_found_costs_1() {
    let config = json!({"smooth": 0.0, "from_logits": false});
    let loss = loss("cl_dice", config);
    for site in mask_sites() {
        let image = |rows: [[f32; 3]; 2]| Tensor::<4>::from_floats([[rows]], &site.device);
        let (above, below) = ([[1.0; 3], [0.0; 3]], [[0.0; 3], [1.0; 3]]);
        let value = site
            .path
            .run(|| loss.on_masks(image(above), image(below)).reduce());
        assert_eq!(value.into_scalar::<f32>(), 1.0, "{site}");
    }
}

/// Where the host does not look.
#[test]
fn a_class_out_of_range_is_nan_on_a_gpu() {
    let two = call(
        &[&[1.0, 0.0, 2.0, 0.0], &[1.0, -1.0, 0.0, 2.0]],
        &[0, 7, 0, 1],
        2,
    );
    for name in LOSSES {
        let loss = loss(name, json!({}));
        for site in mask_sites() {
            if !site.is_gpu() || ["boundary", "cl_dice"].contains(&name) {
                continue;
            }
            let got = two.run(&loss, Dtype::F32, &site, None).losses.values;
            assert!(
                got[0].is_nan() && got[1].is_finite(),
                "{name} on {site}: {got:?}"
            );
        }
    }
}

/// Debug builds look at what counts alone.
#[test]
fn a_pixel_that_is_ignored_may_hold_anything() {
    for site in sites() {
        let floats = |numbers: [f32; 2]| Tensor::<3>::from_floats([[numbers]], &site.device);
        let weights = Tensor::<2>::from_floats([[1.0, 0.0]], &site.device);
        let loss = DiceLossConfig::new().with_from_logits(false).init();
        let masked = loss
            .on_masks(floats([0.5, 7.0]), floats([1.0, 255.0]))
            .pixel_weights(weights);
        let value = site.path.run(|| masked.reduce()).into_scalar::<f32>();
        assert!((value - 1.0 / 3.0).abs() < 1e-4, "{site}: {value}");
    }
}
