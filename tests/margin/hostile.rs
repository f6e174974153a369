//! Cosines and labels that are hostile, and what is right.

use crate::{
    configs::assert_refused,
    panics::message,
    support::{Site, differentiable_sites_and_gpu, tensors::Read},
};
use burn::tensor::{DType, Int, Tensor, TensorData};
use burn_losses::*;

fn points<const N: usize>(rows: [[f32; 2]; N], site: &Site) -> Tensor<2> {
    Tensor::<2>::from_floats(rows, &site.device).require_grad()
}

fn targets(targets: &[i64], site: &Site) -> Tensor<1, Int> {
    Tensor::<1, Int>::from_ints(targets, &site.device)
}

/// The losses of pairs and the gradients of both sides.
fn cosines<const N: usize>(
    site: &Site,
    [first, second]: [[[f32; 2]; N]; 2],
    sides: &[i64],
    margin: f64,
) -> [Vec<f64>; 3] {
    let (first, second) = (points(first, site), points(second, site));
    site.path.run(|| {
        let loss = CosineEmbeddingLossConfig::new().with_margin(margin).init();
        let each = loss.forward_no_reduction(first.clone(), second.clone(), targets(sides, site));
        let gradients = each.clone().sum().backward();
        let of = |side: &Tensor<2>| Read::of(side.grad(&gradients).expect("a gradient")).values;
        [Read::of(each).values, of(&first), of(&second)]
    })
}

#[track_caller]
fn assert_close(what: &str, got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let close = (got - expected).abs() <= 1e-5 * expected.abs() + 1e-7;
        assert!(close, "{what}: {got}, expected {expected}");
    }
}

#[test]
fn a_vector_of_zeros_has_the_cosine_0_and_a_bounded_gradient() {
    let first = [[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [0.0, 0.0]];
    let second = [[3.0, 4.0], [3.0, 4.0], [0.0, 0.0], [0.0, 0.0]];
    for site in differentiable_sites_and_gpu() {
        let [each, of_first, of_second] = cosines(&site, [first, second], &[1, -1, 1, 1], 0.0);
        assert_close(&format!("losses on {site}"), &each, &[1.0, 0.0, 1.0, 1.0]);
        for gradient in of_first.iter().chain(&of_second) {
            assert!(gradient.abs() <= 1.0, "{gradient} on {site}");
        }
    }
}

/// `1 - cos` of nearly parallel vectors is half the square of their angle, and its slope that angle over the norm.
#[test]
fn nearly_parallel_vectors_keep_their_digits() {
    let angle = 1.0f64 / 4096.0;
    let first = [[2.0, 0.0], [2.0, 0.0], [3e20, 4e20], [3e-20, 4e-20]];
    let second = [
        [2.0, 2.0 * angle as f32],
        [4.0, 0.0],
        [3e20, 4e20],
        [3e-20, 4e-20],
    ];
    for site in differentiable_sites_and_gpu() {
        let [each, of_first, _] = cosines(&site, [first, second], &[1, 1, 1, 1], 0.0);
        let turned = angle.atan();
        let what = format!("on {site}");
        let exact = 1.0 - turned.cos();
        assert!(
            (each[0] - exact).abs() <= 1e-3 * exact,
            "{what}: {}, {exact}",
            each[0]
        );
        assert_close(&what, &each[1..], &[0.0, 0.0, 0.0]);
        let slope = -turned.sin() / 2.0;
        assert!(
            (of_first[1] - slope).abs() <= 1e-3 * slope.abs(),
            "{what}: {}",
            of_first[1]
        );
        assert_eq!(of_first[2..4], [0.0, 0.0], "{what}");
    }
}

#[test]
fn a_cosine_at_the_margin_has_slope_0() {
    let (first, second) = ([[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [-1.0, 0.0]]);
    for site in differentiable_sites_and_gpu() {
        let [each, of_first, of_second] = cosines(&site, [first, second], &[-1, -1], 0.0);
        let what = format!("on {site}");
        assert_eq!(each, [0.0, 0.0], "{what}");
        assert_eq!(
            (of_first, of_second),
            (vec![0.0; 4], vec![0.0; 4]),
            "{what}"
        );
    }
}

#[test]
fn a_target_that_is_no_side_is_nan_and_one_of_weight_0_nothing() {
    for site in differentiable_sites_and_gpu() {
        let first = points([[f32::NAN, 1.0], [1.0, 0.0], [1.0, 1.0]], &site);
        let second = points([[1.0, f32::INFINITY], [0.0, 1.0], [1.0, -1.0]], &site);
        let loss = CosineEmbeddingLossConfig::new().init();
        let weights = Tensor::<1>::from_floats([0.0, 1.0, 3.0], &site.device);
        let (value, each, gradient) = site.path.run(|| {
            let on = |sides: &[i64]| loss.on(first.clone(), second.clone(), targets(sides, &site));
            let value = on(&[7, 1, 1]).weights(weights).reduce();
            let gradient = first.grad(&value.clone().backward()).expect("a gradient");
            (value, on(&[1, 0, -1]).each(), gradient)
        });
        assert_close("the mean", &Read::of(value).values, &[1.0]);
        let gradient = Read::of(gradient).values;
        assert_eq!(gradient[..2], [0.0, 0.0], "on {site}");
        assert!(gradient.iter().all(|g| g.is_finite()), "on {site}");
        let each = Read::of(each).values;
        assert!(each[0].is_nan() && each[1].is_nan(), "{each:?} on {site}");
        assert_close("no side", &each[2..], &[0.0]);
    }
}

fn labels<const N: usize, const C: usize>(rows: [[f32; C]; N], site: &Site) -> Tensor<2> {
    Tensor::from_floats(rows, &site.device)
}

#[test]
fn labels_of_samples_and_classes_of_weight_0_are_nothing() {
    for site in differentiable_sites_and_gpu() {
        let hostile = [
            [f32::NAN, 1.0, 0.5],
            [1e4, f32::NAN, -1e4],
            [0.0, f32::INFINITY, 0.0],
        ];
        let logits = labels(hostile, &site).require_grad();
        let targets = labels([[7.0, 1.0, 0.0], [1.0, 0.5, 0.0], [0.0, 1.0, 1.0]], &site);
        let weights = Tensor::<1>::from_floats([0.0, 1.0, 2.0], &site.device);
        let class_weights = Some(vec![1.0, 0.0, 0.5]);
        let loss = MultiLabelSoftMarginLossConfig::new().with_class_weights(class_weights);
        let (value, gradient) = site.path.run(|| {
            let value = loss
                .init()
                .on(logits.clone(), targets)
                .weights(weights)
                .reduce();
            let gradient = logits.grad(&value.clone().backward()).expect("a gradient");
            (Read::of(value).values, Read::of(gradient).values)
        });
        // Of the third sample 3/2 ln 2 / 3, with two of three shares of the weights.
        let expected = 2.0 / 3.0 * 0.5 * 2f64.ln();
        assert_close(&format!("on {site}"), &value, &[expected]);
        let slope = 2.0 / 3.0 * 0.5 / 3.0;
        let expected = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, slope, 0.0, -0.5 * slope];
        assert_close(&format!("gradient on {site}"), &gradient, &expected);
    }
}

#[test]
fn labels_that_are_all_or_none_and_exactly_right_cost_nothing() {
    for site in differentiable_sites_and_gpu() {
        let logits = labels([[1e4, 1e4], [-1e4, -1e4], [1e4, -1e4]], &site);
        let targets = labels([[1.0, 1.0], [0.0, 0.0], [0.0, 1.0]], &site);
        let loss = MultiLabelSoftMarginLossConfig::new().init();
        let each = site.path.run(|| loss.forward_no_reduction(logits, targets));
        assert_eq!(Read::of(each).values, [0.0, 0.0, 1e4], "on {site}");
    }
}

#[test]
fn no_samples_are_loss_0_in_f32() {
    for site in differentiable_sites_and_gpu() {
        for dtype in [DType::F32, DType::F16] {
            if !site.device.supports_dtype(dtype) {
                continue;
            }
            let nothing = || TensorData::new(Vec::<f32>::new(), [0, 3]);
            let none = || Tensor::<2>::from_data(nothing(), (&site.device, dtype)).require_grad();
            let (first, second) = (none(), none());
            let no_targets = Tensor::<1, Int>::zeros([0], &site.device);
            let [a, b] = site.path.run(|| {
                let cosine = CosineEmbeddingLossConfig::new().init();
                let labels = MultiLabelSoftMarginLossConfig::new().init();
                [
                    cosine.forward(first.clone(), second.clone(), no_targets),
                    labels.forward(first.clone(), second.clone()),
                ]
            });
            for loss in [a, b] {
                if !site.is_gpu() {
                    let gradient = first.grad(&loss.backward()).expect("a gradient");
                    assert_eq!(gradient.dims(), [0, 3], "on {site}");
                }
                let loss = Read::of(loss);
                assert_eq!(
                    (loss.values, loss.dtype),
                    (vec![0.0], DType::F32),
                    "on {site}"
                );
            }
        }
    }
}

#[test]
fn half_precision_is_computed_in_f32() {
    for site in differentiable_sites_and_gpu() {
        for dtype in [DType::F16, DType::BF16] {
            if !site.device.supports_dtype(dtype) {
                continue;
            }
            let first = Tensor::<2>::from_data([[6e4f32, 0.0], [0.5, 0.5]], (&site.device, dtype));
            let second = Tensor::<2>::from_data([[1.0f32, 0.0], [0.5, 0.0]], (&site.device, dtype));
            let (first, second) = (first.require_grad(), second.require_grad());
            let each = site.path.run(|| {
                let loss = CosineEmbeddingLossConfig::new().init();
                loss.forward_no_reduction(first.clone(), second, targets(&[1, 1], &site))
            });
            let gradient = first
                .grad(&each.clone().sum().backward())
                .expect("a gradient");
            assert_eq!(
                (each.dtype(), gradient.dtype()),
                (DType::F32, dtype),
                "on {site}"
            );
            assert_close(
                &format!("on {site}"),
                &Read::of(each).values,
                &[0.0, 1.0 - 0.5f64.sqrt()],
            );
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let site = differentiable_sites_and_gpu().remove(0);
    let loss = CosineEmbeddingLossConfig::new().init();
    let two = || points([[1.0, 0.0], [0.0, 1.0]], &site);
    let text =
        message(|| loss.forward(two(), points([[1.0, 0.0]], &site), targets(&[1, 1], &site)));
    assert!(text.starts_with("CosineEmbeddingLoss: "), "{text}");
    let text = message(|| loss.forward(two(), two(), targets(&[1], &site)));
    assert!(text.starts_with("CosineEmbeddingLoss: "), "{text}");
    for count in [1, 3] {
        let loss = MultiLabelSoftMarginLossConfig::new();
        let loss = loss.with_class_weights(Some(vec![1.0; count])).init();
        let text = message(|| loss.forward(two(), two()));
        let start = format!("MultiLabelSoftMarginLoss: {count} value");
        assert!(text.starts_with(&start), "{text}");
        assert!(text.contains("logits of 2 classes"), "{text}");
    }
    let cosine = |margin| CosineEmbeddingLossConfig::new().with_margin(margin);
    assert_refused!(cosine(1.5), "CosineEmbeddingLossConfig", "margin", "1.5");
    assert_refused!(
        cosine(f64::NAN),
        "CosineEmbeddingLossConfig",
        "margin",
        "NaN"
    );
}

/// Class indices of any integer type, as cross entropy takes them.
#[test]
fn classes_have_any_integer_type() {
    use burn::tensor::IntDType;
    for site in differentiable_sites_and_gpu() {
        let scores = Tensor::<2>::from_floats([[1.0, 0.5, -1.0]], &site.device);
        let of = |classes: Tensor<1, Int>| {
            let weights = Some(vec![1.0, 2.0, 0.0]);
            let loss = MultiMarginLossConfig::new()
                .with_class_weights(weights)
                .init();
            let rows = classes.clone().reshape([1, 1]);
            let labels = Tensor::cat(vec![rows.clone(), rows.clone(), rows], 1);
            let several = MultiLabelMarginLossConfig::new().init();
            site.path.run(|| {
                let one = loss.forward(scores.clone(), classes.clone());
                let all = several.forward(scores.clone(), labels.clone());
                [one, all].map(|loss| loss.into_scalar::<f32>())
            })
        };
        let expected = of(targets(&[1], &site));
        assert!((expected[0] - 1.5 / 3.0 * 2.0).abs() < 1e-6, "{expected:?}");
        for dtype in [IntDType::U8, IntDType::I16, IntDType::U32, IntDType::I64] {
            if site.is_gpu() && dtype != IntDType::U32 {
                continue; // Not every device has these.
            }
            assert_eq!(
                of(targets(&[1], &site).cast(dtype)),
                expected,
                "{dtype:?} on {site}"
            );
        }
    }
}
