//! Boxes that break other libraries.

use super::{Outcome, assert_close, evaluate, largest, list, loss};
use crate::{
    panics::message,
    support::{Path, Site, differentiable_sites, differentiable_sites_and_gpu},
};
use burn::tensor::{DType, Device, Tensor};
use burn_losses::*;
use serde_json::json;

const KINDS: [&str; 6] = ["iou", "giou", "diou", "ciou", "eiou", "siou"];
const FORMATS: [&str; 2] = ["xyxy", "cxcywh"];

type Boxes = Vec<[f64; 4]>;

/// The numbers of boxes, each in a list.
fn columns(boxes: &[[f64; 4]], format: &str) -> Vec<Vec<f64>> {
    let of = |&[x1, y1, x2, y2]: &[f64; 4]| match format {
        "xyxy" => [x1, y1, x2, y2],
        _ => [(x1 + x2) / 2.0, (y1 + y2) / 2.0, x2 - x1, y2 - y1],
    };
    let boxes: Vec<_> = boxes.iter().map(of).collect();
    let column = |place: usize| boxes.iter().map(|numbers| numbers[place]).collect();
    (0..4).map(column).collect()
}

fn outcome(kind: &str, format: &str, boxes: [&Boxes; 2], dtype: DType, site: &Site) -> Outcome {
    let on = loss("iou", &json!({"kind": kind, "format": format}));
    let [x, t] = boxes.map(|boxes| columns(boxes, format));
    evaluate(&|x, t| on(x, t).each(), [&x, &t], None, dtype, site)
}

/// Boxes, one of whose corners or sides has nothing to it.
fn degenerate() -> Boxes {
    vec![
        [0.0, 0.0, 1.0, 1.0],
        [0.0, 0.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 1.0],
        [0.5, 0.5, 0.5, 0.5],
        [0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
        [0.25, 0.5, 0.75, 0.5],
        [0.5, -3.0, 0.5, 3.0],
        [1.0, 1.0, 2.0, 2.0],
        [1.0, 0.0, 0.0, 1.0],
        [2.0, 3.0, -1.0, -5.0],
        [-1e7, -1e7, 1e7, 1e7],
        [1e-4, 1e-4, 2e-4, 3e-4],
        [1e7, 1e7, 1.00001e7, 1.00002e7],
        [-4e4, -4e4, -4e4, 6e4],
    ]
}

#[test]
fn any_two_boxes_have_a_finite_loss_of_0_or_above_and_a_finite_gradient() {
    let boxes = degenerate();
    let count = boxes.len();
    let pairs = || (0..count * count).map(|i| (boxes[i / count], boxes[i % count]));
    let x: Boxes = pairs().map(|(x, _)| x).collect();
    let t: Boxes = pairs().map(|(_, t)| t).collect();
    for site in differentiable_sites_and_gpu() {
        for kind in KINDS {
            for format in FORMATS {
                let outcome = outcome(kind, format, [&x, &t], DType::F32, &site);
                for place in 0..x.len() {
                    let what = format!("{kind} of {:?} and {:?} on {site}", x[place], t[place]);
                    let value = outcome.losses[place];
                    assert!((0.0..6.0).contains(&value), "{what}: {value}");
                    for gradient in outcome.dx.iter().chain(&outcome.dt) {
                        let slope = gradient[place];
                        assert!(slope.is_finite(), "{what}: gradient {slope}");
                    }
                    let areas = [x[place], t[place]]
                        .map(|[x1, y1, x2, y2]| (x2 - x1).max(0.0) * (y2 - y1).max(0.0));
                    if areas == [0.0; 2] {
                        assert!(value >= 1.0, "{what}: {value}");
                    }
                }
            }
        }
    }
}

#[test]
fn boxes_that_are_the_same_cost_nothing() {
    let boxes: Boxes = (0..40)
        .map(|i| {
            let at = f64::from(i as f32 * 0.37 - 5.0);
            [
                at,
                -at,
                f64::from((at + 0.1) as f32),
                f64::from((1.3 * i as f64) as f32 + 6.0),
            ]
        })
        .collect();
    for site in differentiable_sites_and_gpu() {
        for kind in KINDS {
            for format in FORMATS {
                let what = format!("{kind}, {format} on {site}");
                let outcome = outcome(kind, format, [&boxes, &boxes], DType::F32, &site);
                assert!(outcome.losses.iter().all(|&loss| loss == 0.0), "{what}");
                assert_eq!(largest(&outcome.dx), 0.0, "{what}");
                assert_eq!(largest(&outcome.dt), 0.0, "{what}");
            }
        }
    }
}

/// Boxes of moderate size, and others nearby.
fn moderate() -> [Boxes; 2] {
    let of = |step: f64, shift: f64| {
        let boxes = (0..24).map(|i| {
            let (a, b) = ((i as f64 * step).sin(), (i as f64 * step * 1.7).cos());
            [a, b, a + 1.0 + 0.4 * b * a, b + 1.3 + shift].map(|x| f64::from(x as f32))
        });
        boxes.collect()
    };
    [of(0.7, 0.0), of(0.73, 0.2)]
}

#[test]
fn the_loss_does_not_depend_on_the_scale() {
    let [x, t] = moderate();
    let scaled = |boxes: &Boxes, factor: f64| -> Boxes {
        boxes
            .iter()
            .map(|numbers| numbers.map(|x| x * factor))
            .collect()
    };
    for site in differentiable_sites_and_gpu() {
        for kind in KINDS {
            let plain = outcome(kind, "xyxy", [&x, &t], DType::F32, &site);
            // Powers of two, so that nothing is rounded differently.
            let exponents: &[i32] = match site.path {
                Path::Chosen => &[-40, -13, 23, 33],
                // Burn divides by the square of an area.
                Path::Composed => &[-13, 23],
            };
            for &exponent in exponents {
                let factor = 2f64.powi(exponent);
                let boxes = [&scaled(&x, factor), &scaled(&t, factor)];
                let got = outcome(kind, "xyxy", boxes, DType::F32, &site);
                let what = format!("{kind} times {factor:e} on {site}");
                assert_close(&what, &got.losses, &plain.losses, 1e-5, 1e-6);
                for (got, plain) in got.dx.iter().zip(&plain.dx) {
                    let got: Vec<_> = got.iter().map(|slope| slope * factor).collect();
                    assert_close(&what, &got, plain, 1e-4, 1e-5);
                }
            }
        }
    }
}

#[test]
fn boxes_that_are_nearly_the_same_keep_their_digits() {
    let [x, _] = moderate();
    for exponent in [-8, -16, -21] {
        let t: Boxes = x
            .iter()
            .map(|numbers| {
                let mut place = -1.0;
                numbers.map(|number| {
                    place += 1.0;
                    f64::from((number + 2f64.powi(exponent) * (place - 1.7)) as f32)
                })
            })
            .collect();
        for site in differentiable_sites() {
            if !site.is_flex() {
                continue;
            }
            for kind in KINDS {
                let what = format!("{kind}, 2^{exponent} apart on {site}");
                let mut exact = site.clone();
                exact.path = Path::Composed;
                let exact = outcome(kind, "xyxy", [&x, &t], DType::F64, &exact);
                let got = outcome(kind, "xyxy", [&x, &t], DType::F32, &site);
                assert!(largest(std::slice::from_ref(&exact.losses)) < 0.1, "{what}");
                assert_close(&what, &got.losses, &exact.losses, 2e-5, 0.0);
                for (got, exact) in got.dx.iter().zip(&exact.dx) {
                    assert_close(&what, got, exact, 1e-4, 1e-5);
                }
            }
        }
    }
}

/// What differs between the sides has a slope there, whichever way the ends go.
#[test]
fn sides_have_a_slope_where_boxes_share_an_end() {
    let (x, t) = (vec![[0.0, 0.0, 2.0, 2.0]], vec![[0.0, 0.0, 3.0, 2.0]]);
    for site in differentiable_sites_and_gpu() {
        let of = |kind| outcome(kind, "xyxy", [&x, &t], DType::F32, &site).dx[0][0];
        // Of ((w - v) / c)², for a box that encloses both and grows with the end, or not.
        let slope = of("eiou") - of("diou");
        let (least, most) = (2.0 / 9.0, 8.0 / 27.0);
        assert!(
            (least - 1e-5..most + 1e-5).contains(&slope),
            "{slope} on {site}"
        );
    }
}

/// As of `torch.max` and `torch.min` of equal numbers. (CIoU is no function of which this is the slope: its factor is detached.)
#[test]
fn a_shared_end_has_the_mean_of_the_slopes_on_both_sides() {
    let x: Boxes = vec![
        [1.0, 1.0, 2.0, 3.0],
        [0.0, 0.5, 5.0, 2.0],
        [0.0, 0.0, 5.0, 5.0],
        [0.0, 0.0, 2.0, 2.0],
    ];
    let t: Boxes = vec![
        [1.0, 1.0, 3.0, 2.0],
        [0.0, 0.5, 1.0, 5.0],
        [0.0, 1.0, 1.0, 3.0],
        [0.0, 0.0, 3.0, 2.0],
    ];
    let h = 1e-6;
    let exact = differentiable_sites().remove(0);
    for kind in ["iou", "giou", "diou", "eiou", "siou"] {
        for side in 0..4 {
            let losses = |step: f64| {
                let mut x = x.clone();
                x.iter_mut().for_each(|sides| sides[side] += step);
                outcome(kind, "xyxy", [&x, &t], DType::F64, &exact).losses
            };
            let sides = losses(h).into_iter().zip(losses(-h));
            let expected: Vec<f64> = sides
                .map(|(above, below)| (above - below) / (2.0 * h))
                .collect();
            for site in differentiable_sites_and_gpu() {
                let got = outcome(kind, "xyxy", [&x, &t], DType::F32, &site).dx;
                for (place, expected) in expected.iter().enumerate() {
                    let got = got[side][place];
                    assert!(
                        (got - expected).abs() < 1e-4,
                        "{kind} {place} {side} on {site}: {got}, not {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn boxes_far_apart_have_a_gradient_unless_overlap_is_all_there_is() {
    let x: Boxes = vec![[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 2.0]];
    let t: Boxes = vec![[5.0, 0.5, 6.0, 2.0], [100.0, 200.0, 101.0, 201.0]];
    for site in differentiable_sites_and_gpu() {
        for kind in KINDS {
            let what = format!("{kind} on {site}");
            let outcome = outcome(kind, "xyxy", [&x, &t], DType::F32, &site);
            match kind {
                "iou" => {
                    assert_eq!(outcome.losses, [1.0; 2], "{what}");
                    assert_eq!(largest(&outcome.dx), 0.0, "{what}");
                }
                _ => {
                    for place in 0..2 {
                        assert!(outcome.losses[place] > 1.0, "{what}");
                        let slopes: f64 = outcome.dx.iter().map(|dx| dx[place].abs()).sum();
                        assert!(slopes > 1e-4, "{what}: {slopes}");
                    }
                }
            }
        }
    }
}

/// Coordinates whose areas are more than half precision holds.
#[test]
fn half_precision_is_computed_in_f32() {
    let x: Boxes = vec![
        [0.0, 0.0, 32768.0, 16384.0],
        [-60000.0, -60000.0, 60000.0, 60000.0],
    ];
    let t: Boxes = vec![
        [0.0, 0.0, 16384.0, 16384.0],
        [-60000.0, -60000.0, 0.0, 60000.0],
    ];
    for site in differentiable_sites() {
        if !site.is_flex() {
            continue;
        }
        for kind in KINDS {
            let what = format!("{kind} on {site}");
            let wide = outcome(kind, "xyxy", [&x, &t], DType::F32, &site);
            let half = outcome(kind, "xyxy", [&x, &t], DType::F16, &site);
            assert_eq!(half.losses, wide.losses, "{what}");
            for (half, wide) in half.dx.iter().zip(&wide.dx) {
                assert_close(&what, half, wide, 2e-2, 1e-7);
            }
        }
    }
}

#[test]
fn boxes_of_any_rank_have_a_loss_each() {
    let device = Device::flex().autodiff();
    let loss = IouLossConfig::new().with_kind(IouKind::Giou).init();
    let boxes = Tensor::<3>::from_floats(
        [
            [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 1.0, 1.0]],
            [[1.0, 1.0, 2.0, 3.0], [0.0, 0.0, 4.0, 4.0]],
            [[0.0, 0.0, 2.0, 1.0], [3.0, 3.0, 4.0, 4.0]],
        ],
        &device,
    );
    let targets = boxes.clone() + 0.25;
    let weights = Tensor::<2>::from_floats([[1.0, 0.0], [2.0, 1.0], [0.5, 1.0]], &device);
    let each: Tensor<2> = loss.forward_no_reduction(boxes.clone(), targets.clone());
    assert_eq!(each.dims(), [3, 2]);
    let flat: Tensor<1> = loss.forward_no_reduction(
        boxes.clone().reshape([6, 4]),
        targets.clone().reshape([6, 4]),
    );
    assert_eq!(list(each.clone()), list(flat));
    let weighted = loss
        .on(boxes.clone(), targets.clone())
        .weights(weights.clone());
    let expected = (each.clone() * weights.clone()).sum() / weights.sum();
    let got = list(weighted.reduce());
    assert_close("weighted", &got, &list(expected), 1e-6, 0.0);
    let batch_mean = loss.on(boxes.clone(), targets.clone());
    let batch_mean = list(batch_mean.reduction(Reduction::BatchMean).reduce());
    assert_close(
        "batch mean",
        &batch_mean,
        &list(each.sum() / 3.0),
        1e-6,
        0.0,
    );
    let one: Tensor<1> = boxes.slice([0..1, 0..1, 0..4]).reshape([4]);
    let single = loss.on(one.clone(), one.clone() + 0.25);
    assert_eq!(list(single.clone().reduce()), list(single.each::<1>()));
}

#[test]
fn messages_say_what_does_not_fit() {
    let device = Device::flex();
    let loss = IouLossConfig::new().init();
    let zeros = |shape: [usize; 2]| Tensor::<2>::zeros(shape, &device);
    let text = message(|| loss.forward(zeros([3, 5]), zeros([3, 5])));
    assert!(
        text.contains("IouLoss: the prediction has shape [3, 5], expected 4 numbers"),
        "{text}"
    );
    let text = message(|| loss.forward(zeros([3, 4]), zeros([2, 4])));
    assert!(
        text.contains("the target has shape [2, 4], expected [3, 4]"),
        "{text}"
    );
    let weights = Tensor::<1>::zeros([2], &device);
    let text = message(|| {
        loss.on(zeros([3, 4]), zeros([3, 4]))
            .weights(weights.clone())
    });
    assert!(
        text.contains("the weights have shape [2], expected [3]"),
        "{text}"
    );
    let text = message(|| loss.on(zeros([3, 4]), zeros([3, 4])).each::<2>());
    assert!(
        text.contains("as a tensor of rank 2; name their rank"),
        "{text}"
    );
}
