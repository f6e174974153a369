//! Weights, reductions, layouts, data types, empty batches: the same for every loss of tuples.

use super::{On, assert_close, evaluate, list, loss, tensors};
use crate::support::{Random, differentiable_sites, differentiable_sites_and_gpu, tensors::Layout};
use burn::tensor::{DType, Device, Tensor};
use burn_losses::{
    formula::{Real, TupleFormula},
    *,
};
use serde_json::json;
use std::slice;

/// A loss, and numbers of samples: those predicted, and those of the target.
type Case = (&'static str, On, Vec<Vec<f64>>, Vec<Vec<f64>>);

/// Every loss, with numbers of so many samples.
fn all(samples: usize) -> Vec<Case> {
    let mut random = Random::of("tuples");
    let mut numbers = |low: f64, high: f64| -> Vec<f64> {
        let number = |_| f64::from(random.uniform(low, high) as f32);
        (0..samples).map(number).collect()
    };
    let mut box_of = || -> Vec<Vec<f64>> {
        vec![
            numbers(0.0, 1.0),
            numbers(0.0, 1.0),
            numbers(1.1, 2.0),
            numbers(1.1, 2.0),
        ]
    };
    let (x, t) = (box_of(), box_of());
    let one = |mut list: Vec<Vec<f64>>| vec![list.remove(0)];
    let of = |name, x, t| (name, loss(name, &json!({})), x, t);
    let mut cases = vec![of("iou", x.clone(), t.clone())];
    let ciou = loss("iou", &json!({"kind": "ciou"}));
    cases.push(("ciou", ciou, x.clone(), t.clone()));
    cases.push(of("gaussian_nll", x[..2].to_vec(), one(t.clone())));
    cases.push(of("laplace_nll", x[1..3].to_vec(), one(t.clone())));
    cases.push(of("student_t_nll", x[..3].to_vec(), one(t.clone())));
    let evidence = vec![x[0].clone(), x[1].clone(), x[2].clone(), x[3].clone()];
    cases.push(of("evidential", evidence, one(t.clone())));
    cases.push(of("margin_ranking", x[..2].to_vec(), one(t)));
    cases
}

/// Numbers of samples around a lane, a block, and a task.
const SAMPLES: [usize; 7] = [1, 15, 17, 1023, 1025, 4097, 9000];

#[test]
fn every_reduction_is_that_of_the_losses_of_all_samples() {
    for samples in SAMPLES {
        for (name, on, x, t) in all(samples) {
            for site in differentiable_sites() {
                let what = format!("{name} of {samples} on {site}");
                let weights: Vec<f64> = (0..samples).map(|i| [1.0, 0.5, 0.0, 2.0][i % 4]).collect();
                let run = |form: &dyn Fn(TupleEvaluation) -> Tensor<1>| {
                    evaluate(&|x, t| form(on(x, t)), [&x, &t], None, DType::F32, &site)
                };
                let weigh = || tensors(slice::from_ref(&weights), DType::F32, &site).remove(0);
                let each = run(&|call| call.each());
                let weighted = run(&|call| call.weights(weigh()).each());
                let sum: f64 = each.losses.iter().sum();
                let weighted_sum: f64 = weighted.losses.iter().sum();
                let weight: f64 = weights.iter().sum();
                let precision = 1e-5;
                for (form, got, expected) in [
                    ("mean", run(&|call| call.reduce()), sum / samples as f64),
                    (
                        "sum",
                        run(&|call| call.reduction(Reduction::Sum).reduce()),
                        sum,
                    ),
                    ("divided", run(&|call| call.divided_by(7)), sum / 7.0),
                    (
                        "weighted",
                        run(&|call| call.weights(weigh()).reduce()),
                        weighted_sum / weight,
                    ),
                ] {
                    let what = format!("{what}: {form}");
                    assert_close(&what, &got.losses, &[expected], precision, precision);
                    let whole = if form == "weighted" {
                        weighted_sum
                    } else {
                        sum
                    };
                    let factor = if whole == 0.0 { 0.0 } else { expected / whole };
                    let slopes = if form == "weighted" { &weighted } else { &each };
                    for (got, slopes) in got.dx.iter().zip(&slopes.dx) {
                        let expected: Vec<_> = slopes.iter().map(|slope| slope * factor).collect();
                        assert_close(&what, got, &expected, 1e-4, 1e-6);
                    }
                }
                for (place, weight) in weights.iter().enumerate() {
                    let expected = each.losses[place] * weight;
                    assert!(
                        (weighted.losses[place] - expected).abs() < 1e-5 * expected.abs().max(0.1)
                    );
                }
            }
        }
    }
}

/// Whatever a sample of weight 0 holds, and whatever another holds that is no number.
#[test]
fn nan_stays_where_it_is() {
    for (name, on, mut x, mut t) in all(40) {
        for (place, number) in x.iter_mut().chain(&mut t).enumerate() {
            number[3 + place] = [f64::NAN, f64::INFINITY][place % 2];
        }
        let counts: Vec<f64> = (0..40)
            .map(|i| if (3..12).contains(&i) { 0.0 } else { 1.5 })
            .collect();
        for site in differentiable_sites_and_gpu() {
            let what = format!("{name} on {site}");
            let weights = || tensors(slice::from_ref(&counts), DType::F32, &site).remove(0);
            let form = |x, t| on(x, t).weights(weights()).reduce();
            let ignored = evaluate(&form, [&x, &t], None, DType::F32, &site);
            assert!(ignored.losses[0].is_finite(), "{what}");
            let each = evaluate(&|x, t| on(x, t).each(), [&x, &t], None, DType::F32, &site);
            for (i, count) in counts.iter().enumerate() {
                let gradients = || ignored.dx.iter().chain(&ignored.dt).map(|slopes| slopes[i]);
                match *count {
                    0.0 => assert!(gradients().all(|slope| slope == 0.0), "{what}: {i}"),
                    _ => {
                        assert!(gradients().all(f64::is_finite), "{what}: {i}");
                        assert!(each.losses[i].is_finite(), "{what}: {i}");
                    }
                }
            }
            // NaN shows.
            for place in (0..x.len() + t.len()).step_by(2) {
                assert!(
                    each.losses[3 + place].is_nan(),
                    "{what}: {place} {:?}",
                    each.losses
                );
            }
        }
    }
}

#[test]
fn no_samples_cost_nothing() {
    for (name, on, x, t) in all(0) {
        for site in differentiable_sites_and_gpu() {
            let what = format!("{name} on {site}");
            for form in [
                (|call: TupleEvaluation| call.reduce()) as fn(TupleEvaluation) -> Tensor<1>,
                |call| call.divided_by(3),
            ] {
                let outcome = evaluate(&|x, t| form(on(x, t)), [&x, &t], None, DType::F32, &site);
                assert_eq!(outcome.losses, [0.0], "{what}");
            }
            if !site.is_gpu() {
                let each = evaluate(&|x, t| on(x, t).each(), [&x, &t], None, DType::F32, &site);
                assert!(each.losses.is_empty(), "{what}");
            }
        }
    }
}

/// Fused and composed, of half precision.
#[test]
fn half_precision_is_that_of_f32_rounded() {
    for (name, on, x, t) in all(50) {
        for site in differentiable_sites() {
            if !site.is_flex() {
                continue;
            }
            for (dtype, precision) in [(DType::F16, 2e-3), (DType::BF16, 1.6e-2)] {
                let what = format!("{name} in {dtype:?} on {site}");
                let rounded = |lists: &[Vec<f64>]| -> Vec<Vec<f64>> {
                    tensors(lists, dtype, &site).into_iter().map(list).collect()
                };
                let (x, t) = (rounded(&x), rounded(&t));
                let form = |x, t| on(x, t).each();
                let wide = evaluate(&form, [&x, &t], None, DType::F32, &site);
                let half = evaluate(&form, [&x, &t], None, dtype, &site);
                assert_eq!(half.losses, wide.losses, "{what}");
                for (half, wide) in half.dx.iter().zip(&wide.dx) {
                    assert_close(&what, half, wide, precision, 1e-3);
                }
            }
        }
    }
}

/// Boxes in every layout, with a gradient by the tensor itself; kept, or handed over.
#[test]
fn any_layout_has_the_same_bits() {
    let samples = 37;
    let (_, _, x, t) = all(samples).remove(1);
    let rows = |columns: &[Vec<f64>]| -> Vec<f64> {
        (0..samples * 4).map(|i| columns[i % 4][i / 4]).collect()
    };
    let loss = IouLossConfig::new().with_kind(IouKind::Ciou).init();
    for site in differentiable_sites() {
        let tensor = |layout: Layout, values: &[f64]| {
            layout.floats::<2>(values, &[samples, 4], crate::support::Dtype::F32, &site)
        };
        let run = |layouts: [Layout; 2], is_kept: bool| {
            let (x, t) = (tensor(layouts[0], &rows(&x)), tensor(layouts[1], &rows(&t)));
            let x = x.require_grad();
            let given = if is_kept {
                x.clone()
            } else {
                x.clone().add_scalar(0.0)
            };
            let value = site.path.run(|| loss.forward(given, t));
            let gradient = x.grad(&value.backward()).expect("a gradient");
            [list(value), list(gradient)]
        };
        let plain = run([Layout::Contiguous; 2], true);
        for layouts in [
            [Layout::Contiguous, Layout::Transposed],
            [Layout::Transposed, Layout::Contiguous],
            [Layout::Transposed, Layout::Transposed],
            [Layout::Sliced, Layout::Flipped],
            [Layout::Flipped, Layout::Sliced],
        ] {
            for is_kept in [true, false] {
                assert_eq!(run(layouts, is_kept), plain, "{layouts:?} on {site}");
            }
        }
    }
}

/// The squared distance of two points, and the loss of both as an ordinary function.
#[derive(Clone, Debug)]
struct Apart;

impl TupleFormula<2, 2> for Apart {
    #[inline(always)]
    fn value<R: Real>(&self, [x, y]: [R; 2], [t, u]: [R; 2]) -> R {
        (x - t).powi(2) + (y - u).powi(2)
    }
}

#[test]
fn a_formula_of_ones_own_is_a_loss() {
    for site in differentiable_sites_and_gpu() {
        let loss = TupleLoss::new(Apart, Reduction::Sum);
        let points =
            Tensor::<2>::from_floats([[1.0, 2.0], [0.0, 3.0]], &site.device).require_grad();
        let targets = Tensor::<2>::from_floats([[0.0, 1.0], [1.0, 1.0]], &site.device);
        let value = site.path.run(|| loss.forward(points.clone(), targets));
        assert_eq!(list(value.clone()), [7.0], "{site}");
        let gradient = points.grad(&value.backward()).expect("a gradient");
        assert_eq!(list(gradient), [2.0, 2.0, -2.0, 4.0], "{site}");
    }
    assert!(
        TupleLoss::new(Apart, Reduction::Sum)
            .to_string()
            .contains("Apart")
    );
}

#[test]
fn weights_may_have_a_gradient() {
    let device = Device::flex().autodiff();
    let loss = GaussianNllLossConfig::new().init();
    let tensor = |numbers: [f32; 2]| Tensor::<1>::from_floats(numbers, &device);
    let weights = tensor([1.0, 2.0]).require_grad();
    let [mean, variance, target] = [[0.0, 1.0], [1.0, 1.0], [2.0, 2.0]].map(tensor);
    let call = loss.on([mean, variance], target).weights(weights.clone());
    let value = call.reduction(Reduction::Sum).reduce();
    assert_eq!(
        list(weights.grad(&value.backward()).expect("a gradient")),
        [2.0, 0.5]
    );
}

#[test]
fn bits_do_not_depend_on_threads() {
    let (_, on, x, t) = all(50_000).remove(1);
    for site in differentiable_sites() {
        if !site.sums_in_f64(crate::support::Dtype::F32) {
            continue;
        }
        let run = |threads: usize| {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let pool = builder.build().expect("a pool");
            pool.install(|| {
                let form = |x, t| on(x, t).reduce();
                let outcome = evaluate(&form, [&x, &t], None, DType::F32, &site);
                (outcome.losses, outcome.dx)
            })
        };
        assert_eq!(run(1), run(3), "{site}");
    }
}
