//! Kernels of GPUs in shapes that matter to them: one element, odd counts, more rows than a grid is long, wide rows, narrow
//! rows, rows whose classes lie apart.
#![cfg(feature = "wgpu")]

use crate::support::{Path, Random, Site, differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{
    CrossEntropyLossConfig, LinearCrossEntropyLossConfig, MseLossConfig, OutputLayer, Reduction,
};

fn gpu_sites() -> Vec<Site> {
    let mut sites = differentiable_sites_and_gpu();
    sites.retain(Site::is_gpu);
    sites
}

fn numbers(count: usize, name: &str) -> Vec<f32> {
    let mut random = Random::of(name);
    (0..count)
        .map(|_| random.uniform(-3.0, 3.0) as f32)
        .collect()
}

/// Within 1e-5 of the largest of them: a sum of a million numbers is no better in `f32`.
#[track_caller]
fn assert_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected
        .iter()
        .fold(1e-30, |most: f64, x| most.max(x.abs()));
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(
            off <= 1e-5 * largest,
            "{what} [{place}]: got {found}, expected {expected}"
        );
    }
}

#[test]
fn any_number_of_elements_is_right() {
    for count in [1, 2, 3, 5, 255, 257, 4099, 65_537, 1_048_577] {
        let (x, t, w) = (
            numbers(count, "prediction"),
            numbers(count, "target"),
            numbers(count, "weights"),
        );
        let weights: Vec<f32> = w.iter().map(|w| w.abs() + 0.25).collect();
        let total: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        let of = |i: usize| {
            let (e, w) = (f64::from(x[i]) - f64::from(t[i]), f64::from(weights[i]));
            (w * e * e / total, w * 2.0 * e / total)
        };
        let value: f64 = (0..count).map(|i| of(i).0).sum();
        let slopes: Vec<f64> = (0..count).map(|i| of(i).1).collect();
        for site in gpu_sites() {
            let tensor = |list: &[f32]| Tensor::<1>::from_floats(list, &site.device);
            let prediction = tensor(&x).require_grad();
            let loss = site.path.run(|| {
                let loss = MseLossConfig::new().init();
                let call = loss.on(prediction.clone(), tensor(&t));
                call.weights(tensor(&weights)).reduce()
            });
            let gradient = prediction.grad(&loss.backward()).expect("tracked");
            let what = format!("{count} on {site}");
            assert_close(&what, &Read::of(loss).values, &[value]);
            assert_close(&what, &Read::of(gradient).values, &slopes);
        }
    }
}

/// Cross entropy with smoothing and a class that is ignored, in `f64`: its mean and the gradient.
fn cross_entropy(
    [outer, count, inner]: [usize; 3],
    logits: &[f32],
    classes: &[i64],
    smoothing: f64,
) -> (f64, Vec<f64>) {
    let counted = classes.iter().filter(|&&class| class >= 0).count() as f64;
    let mut value = 0.0;
    let mut gradient = vec![0.0; logits.len()];
    assert_eq!(classes.len(), outer * inner);
    for (row, &class) in classes.iter().enumerate() {
        if class < 0 {
            continue;
        }
        let at = |c: usize| (row / inner * count + c) * inner + row % inner;
        let z = |c: usize| f64::from(logits[at(c)]);
        let most = (0..count).map(z).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = (0..count).map(|c| (z(c) - most).exp()).sum();
        for c in 0..count {
            let l = z(c) - most - sum.ln();
            let own = if c as i64 == class {
                1.0 - smoothing
            } else {
                0.0
            };
            let share = own + smoothing / count as f64;
            value -= share * l / counted;
            gradient[at(c)] = (l.exp() - share) / counted;
        }
    }
    (value, gradient)
}

#[test]
fn rows_of_any_shape_are_right() {
    let shapes = [
        [1, 1, 1],
        [1, 2, 1],
        [3, 5, 1],
        [65_537, 3, 1],
        [257, 10, 1],
        [37, 129, 1],
        [5, 1031, 1],
        [2, 40_007, 1],
        [2, 21, 1031],
        [1, 300, 67],
        [70_001, 1, 1],
    ];
    for shape in shapes {
        let [outer, count, inner] = shape;
        let logits = numbers(outer * count * inner, "logits");
        let classes: Vec<i64> = (0..outer * inner)
            .map(|row| match row % 7 {
                3 => -100,
                _ => (row * 31 % count) as i64,
            })
            .collect();
        for smoothing in [0.0, 0.1] {
            let (value, slopes) = cross_entropy(shape, &logits, &classes, smoothing);
            for site in gpu_sites() {
                let x = TensorData::new(logits.clone(), shape);
                let x = Tensor::<3>::from_data(x, &site.device).require_grad();
                let t = TensorData::new(classes.clone(), [outer, inner]);
                let t = Tensor::<2, Int>::from_data(t, &site.device);
                let loss = site.path.run(|| {
                    let loss = CrossEntropyLossConfig::new().with_label_smoothing(smoothing);
                    let loss = loss.with_ignore_index(Some(-100)).init();
                    loss.forward(x.clone(), t)
                });
                let gradient = x.grad(&loss.backward()).expect("tracked");
                let what = format!("{shape:?}, smoothing {smoothing} on {site}");
                assert_close(&what, &Read::of(loss).values, &[value]);
                assert_close(&what, &Read::of(gradient).values, &slopes);
            }
        }
    }
}

/// No bit depends on the run.
#[test]
fn every_run_has_the_same_bits() {
    let (rows, count, width) = (4099, 67, 8);
    let (logits, points) = (
        numbers(rows * count, "logits"),
        numbers(rows * width, "hidden"),
    );
    let classes: Vec<i64> = (0..rows).map(|row| (row % count) as i64).collect();
    let matrix = numbers(count * width, "matrix");
    for site in gpu_sites() {
        let run = || {
            let tensor = |list: &[f32], shape: [usize; 2]| {
                let data = TensorData::new(list.to_vec(), shape);
                Tensor::<2>::from_data(data, &site.device).require_grad()
            };
            let x = tensor(&logits, [rows, count]);
            let hidden = tensor(&points, [rows, width]);
            let weight = tensor(&matrix, [count, width]);
            let t = || Tensor::<1, Int>::from_ints(&classes[..], &site.device);
            let loss = site.path.run(|| {
                let of_rows = CrossEntropyLossConfig::new().init().forward(x.clone(), t());
                let linear = LinearCrossEntropyLossConfig::new().init();
                let linear = linear.on(hidden.clone(), OutputLayer::with_rows(weight.clone()), t());
                of_rows + linear.reduction(Reduction::Sum).reduce() * 1e-3
            });
            let gradients = loss.backward();
            let mut bits = Read::of(loss.clone()).values;
            for leaf in [&x, &hidden, &weight] {
                bits.extend(Read::of(leaf.grad(&gradients).expect("tracked")).values);
            }
            bits
        };
        let first = run();
        for _ in 0..3 {
            assert_eq!(first, run(), "{site}");
        }
    }
}

/// Kernels of a GPU have the numbers of the CPU.
#[cfg(feature = "flex")]
#[track_caller]
fn assert_agree(what: &str, numbers: impl Fn(&burn::tensor::Device) -> Vec<f64>) {
    let expected = numbers(&burn::tensor::Device::flex().autodiff());
    for site in gpu_sites() {
        if site.path != Path::Chosen {
            continue;
        }
        let what = format!("{what} on {site}");
        let found = site.path.run(|| numbers(&site.device));
        let is_finite = found.iter().all(|number| number.is_finite());
        assert!(is_finite, "{what}: {found:?}");
        assert_close(&what, &found, &expected);
    }
}

/// Value and gradient of rows of four logits.
#[cfg(feature = "flex")]
fn of_rows(
    device: &burn::tensor::Device,
    upstream: &[f32],
    loss: impl Fn(Tensor<2>) -> Tensor<1>,
) -> Vec<f64> {
    let x = Tensor::<1>::from_floats(&numbers(12, "rows")[..], device);
    let x = x.reshape([3, 4]).require_grad();
    let losses = loss(x.clone());
    let upstream = Tensor::<1>::from_floats(upstream, device);
    let gradient = x.grad(&(losses.clone() * upstream).sum().backward());
    let mut numbers = Read::of(losses).values;
    numbers.extend(Read::of(gradient.expect("tracked")).values);
    numbers
}

#[cfg(feature = "flex")]
#[test]
fn what_counts_in_a_mean_is_what_counts_on_a_cpu() {
    let weighted = CrossEntropyLossConfig::new().with_class_weights(Some(vec![2.0, 0.0, 1.0, 3.0]));
    let smoothed = weighted.clone().with_label_smoothing(0.1);
    assert_agree(
        "a mean over probabilities counts no class weights",
        |device| {
            let shares = [[0.1, 0.2, 0.3, 0.4]; 3];
            let loss = weighted.clone().init();
            of_rows(device, &[1.0], |x| {
                loss.on_probabilities(x, Tensor::from_floats(shares, device))
                    .reduce()
            })
        },
    );
    assert_agree("rows of a class that counts nothing", |device| {
        let loss = smoothed.clone().init();
        of_rows(device, &[1.0], |x| {
            loss.forward(x, Tensor::<1, Int>::from_ints([1, 1, 1], device))
        })
    });
    assert_agree("an ignored index beyond 32 bits", |device| {
        let loss = CrossEntropyLossConfig::new()
            .with_ignore_index(Some(1 << 32))
            .init();
        of_rows(device, &[1.0], |x| {
            loss.forward(x, Tensor::<1, Int>::from_ints([0, 3, 0], device))
        })
    });
}

#[cfg(feature = "flex")]
#[test]
fn a_gradient_of_0_stays_0_whatever_comes_from_upstream() {
    assert_agree("an ignored row", |device| {
        let loss = CrossEntropyLossConfig::new()
            .with_ignore_index(Some(-1))
            .init();
        let mut numbers = of_rows(device, &[1.0, f32::INFINITY, 2.0], |x| {
            let t = Tensor::<1, Int>::from_ints([0, -1, 2], device);
            loss.on(x, t).each()
        });
        numbers.retain(|number| number.is_finite());
        numbers
    });
    assert_agree("an element without an error", |device| {
        let x = Tensor::<1>::from_floats([1.0, 2.0, 3.0], device).require_grad();
        let t = Tensor::<1>::from_floats([1.0, 2.5, 5.0], device);
        let losses = MseLossConfig::new().init().on(x.clone(), t).each();
        let upstream = Tensor::<1>::from_floats([f32::INFINITY, 1.0, 2.0], device);
        // (The value times infinity is NaN; its gradient is not looked at.)
        let gradients = (losses * upstream).sum().backward();
        Read::of(x.grad(&gradients).expect("tracked")).values
    });
}

/// The places beyond the last point of a tile hold no point, and a high power of what is there is infinite.
#[cfg(feature = "flex")]
#[test]
fn a_norm_of_a_high_power_has_a_gradient() {
    use burn_losses::{ContrastiveLossConfig, Distance};

    assert_agree("p = 20", |device| {
        let mut points = numbers(21, "points");
        points[4] = 150.0;
        let x = Tensor::<1>::from_floats(&points[..], device);
        let x = x.reshape([7, 3]).require_grad();
        let loss = ContrastiveLossConfig::new()
            .with_distance(Distance::Lp { p: 20.0 })
            .with_normalize(false)
            .init();
        let labels = Tensor::<1, Int>::from_ints([0, 1, 0, 1, 0, 1, 0], device);
        let value = loss.forward(x.clone(), labels);
        let gradient = x.grad(&value.backward()).expect("tracked");
        let mut numbers = Read::of(value).values;
        numbers.extend(Read::of(gradient).values);
        numbers
    });
}
