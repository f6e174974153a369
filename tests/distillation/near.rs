//! Students that nearly agree with their teachers: the divergence is far below the rounding of its terms.

use crate::support::{differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::Tensor;
use burn_losses::{DistillationLossConfig, Reduction};

/// Of two classes with logits 0 and x, whose teacher has 0 and x + d.
fn divergence(x: f64, d: f64) -> (f64, f64) {
    let share = |x: f64| 1.0 / (1.0 + (-x).exp());
    let [t, s] = [x + d, x].map(share);
    // t ln(t/s) + (1 - t) ln((1 - t)/(1 - s)), by its series in d.
    let (slope, curve) = (s * (1.0 - s), s * (1.0 - s) * (1.0 - 2.0 * s));
    let value = d * d / 2.0 * (slope + d * (2.0 / 3.0) * curve);
    (value, s - t)
}

#[test]
fn a_small_divergence_keeps_its_digits() {
    let loss = DistillationLossConfig::new()
        .with_temperature(1.0)
        .with_alpha(1.0)
        .with_reduction(Reduction::Sum)
        .init();
    for (x, d) in [(0.0, 1.0), (1.0, 1.0), (-2.0, 2.0), (0.5, -1.0)] {
        for d in [d * 2f64.powi(-8), d * 2f64.powi(-10)] {
            let (value, slope) = divergence(x, d);
            for site in differentiable_sites_and_gpu() {
                let what = format!("{x} {d} on {site}");
                let logits = |x: f64| Tensor::<2>::from_floats([[0.0, x as f32]], &site.device);
                // Without a gradient to be computed, and with one.
                let plain = site
                    .path
                    .run(|| loss.on_unlabeled(logits(x), logits(x + d)).reduce());
                let student = logits(x).require_grad();
                let tracked = site
                    .path
                    .run(|| loss.on_unlabeled(student.clone(), logits(x + d)).reduce());
                let gradient = student.grad(&tracked.clone().backward()).expect("tracked");
                // Logarithms of probabilities are rounded by 1e-7, and so is their difference, of about d.
                let tolerance = 1e-6 / d.abs();
                for got in [plain, tracked] {
                    let got = Read::of(got).values[0];
                    let off = (got - value).abs();
                    assert!(
                        off <= tolerance * value,
                        "{what}: {got:e} and not {value:e}"
                    );
                }
                let got = Read::of(gradient).values[1];
                let off = (got - slope).abs();
                assert!(
                    off <= tolerance * slope.abs(),
                    "{what}: {got:e} and not {slope:e}"
                );
            }
        }
    }
}

/// A class that the teacher thinks next to impossible, and the student far more so: the logarithm of the student's share
/// is beyond what its exponential holds.
#[test]
fn a_class_that_a_student_rules_out_keeps_its_small_divergence() {
    let loss = DistillationLossConfig::new()
        .with_temperature(1.0)
        .with_alpha(1.0)
        .with_reduction(Reduction::Sum)
        .init();
    for (student, teacher) in [(-172.0, -79.0), (-1000.0, -60.0), (-90.0, -70.0)] {
        let [t, s] = [teacher, student].map(f64::exp);
        // Of the other class, whose share is 1 in either, s - t.
        let value = t * (teacher - student) - t + s;
        for site in differentiable_sites_and_gpu() {
            let logits = |x: f64| Tensor::<2>::from_floats([[0.0, x as f32]], &site.device);
            let plain = site
                .path
                .run(|| loss.on_unlabeled(logits(student), logits(teacher)).reduce());
            let tracked = logits(student).require_grad();
            let value_of_tracked = site
                .path
                .run(|| loss.on_unlabeled(tracked.clone(), logits(teacher)).reduce());
            let gradient = tracked
                .grad(&value_of_tracked.clone().backward())
                .expect("tracked");
            for got in [plain, value_of_tracked] {
                let got = Read::of(got).values[0];
                let off = (got - value).abs();
                assert!(
                    off <= 2e-5 * value,
                    "{student} {teacher} on {site}: {got:e} and not {value:e}"
                );
            }
            let got = Read::of(gradient).values[1];
            let off = (got - (s - t)).abs();
            assert!(
                off <= 2e-5 * t,
                "{student} {teacher} on {site}: {got:e} and not {:e}",
                s - t
            );
        }
    }
}
