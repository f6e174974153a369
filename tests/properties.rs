//! What holds of the losses on any input.

use crate::support::{
    Call, Inputs, Loss, Method, Oracle, Site, cases::cases_of, cases::focal, sites,
};
use burn_losses::Reduction;
use proptest::prelude::*;

const ULP: f64 = f32::EPSILON as f64;

fn site() -> Site {
    sites().into_iter().next().expect("a device")
}

fn exact(range: core::ops::Range<f32>) -> impl Strategy<Value = f64> {
    range.prop_map(|number| number as f64)
}

/// Predictions with real targets.
fn reals() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let number = || prop_oneof![4 => exact(-5.0..5.0), 1 => exact(-1e6..1e6), 1 => Just(0.0)];
    prop::collection::vec((number(), number()), 1..40)
}

/// Logits with targets of which both `t` and `1 - t` are exact.
fn logits() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let logit = prop_oneof![4 => exact(-8.0..8.0), 1 => exact(-200.0..200.0), 1 => Just(0.0)];
    let target = prop_oneof![
        Just(0.0),
        Just(1.0),
        (0..=256).prop_map(|n| n as f64 / 256.0)
    ];
    prop::collection::vec((logit, target), 1..40)
}

fn run(oracle: &Oracle, method: Method, pairs: &[(f64, f64)]) -> Vec<f64> {
    let (x, t) = pairs.iter().copied().unzip();
    let call = Call::new(method, &[pairs.len()], x, t);
    call.run(&Loss::like(oracle, method.reduction()), &site())
        .value
}

fn losses(oracle: &Oracle, pairs: &[(f64, f64)]) -> Vec<f64> {
    run(oracle, Method::NoReduction, pairs)
}

fn reduced(oracle: &Oracle, reduction: Reduction, pairs: &[(f64, f64)]) -> f64 {
    run(oracle, Method::Reduced(reduction), pairs)[0]
}

/// The oracles of all cases with these inputs, for one column.
fn oracles(inputs: Inputs) -> Vec<Oracle> {
    cases_of(inputs)
        .iter()
        .map(|case| case.oracle(&[1]))
        .collect()
}

fn entropy() -> Oracle {
    Oracle::Binary {
        logits: true,
        pos_weight: None,
        smoothing: 0.0,
    }
}

fn swapped(pairs: &[(f64, f64)]) -> Vec<(f64, f64)> {
    pairs.iter().map(|&(x, t)| (t, x)).collect()
}

/// Losses of pairs whose last dimension is one column.
fn in_one_column(oracle: &Oracle, pairs: &[(f64, f64)]) -> Vec<f64> {
    let (x, t) = pairs.iter().copied().unzip();
    let call = Call::new(Method::NoReduction, &[pairs.len(), 1], x, t);
    call.run(&Loss::like(oracle, Reduction::Mean), &site())
        .value
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_loss_is_never_negative(reals in reals(), logits in logits()) {
        for (inputs, pairs) in [(Inputs::Real, &reals), (Inputs::Logits, &logits)] {
            for oracle in oracles(inputs) {
                let losses = in_one_column(&oracle, pairs);
                prop_assert!(losses.iter().all(|&loss| loss >= 0.0), "{oracle:?}: {losses:?}");
            }
        }
    }

    #[test]
    fn a_prediction_equal_to_its_target_costs_nothing(pairs in reals()) {
        let same: Vec<_> = pairs.iter().map(|&(x, _)| (x, x)).collect();
        for oracle in oracles(Inputs::Real) {
            if matches!(oracle, Oracle::Charbonnier { .. }) {
                continue;
            }
            let losses = in_one_column(&oracle, &same);
            prop_assert!(losses.iter().all(|&loss| loss == 0.0), "{oracle:?}: {losses:?}");
        }
    }

    #[test]
    fn a_symmetric_loss_does_not_care_which_side_is_the_target(pairs in reals()) {
        for oracle in oracles(Inputs::Real) {
            if !matches!(oracle, Oracle::Quantile { .. }) {
                prop_assert_eq!(losses(&oracle, &pairs), losses(&oracle, &swapped(&pairs)));
            }
        }
    }

    #[test]
    fn a_quantile_seen_from_the_other_side_is_its_complement(pairs in reals()) {
        // Both 1/4 and 3/4 are exact.
        let quantile = |q| Oracle::Quantile { quantiles: vec![q] };
        prop_assert_eq!(
            losses(&quantile(0.25), &pairs),
            losses(&quantile(0.75), &swapped(&pairs))
        );
    }

    #[test]
    fn huber_is_smooth_l1_times_its_width(pairs in reals(), width in exact(0.1..5.0)) {
        let huber = losses(&Oracle::Huber { delta: width }, &pairs);
        let smooth = losses(&Oracle::SmoothL1 { beta: width }, &pairs);
        for (huber, smooth) in huber.iter().zip(smooth) {
            prop_assert!((huber - width * smooth).abs() <= 8.0 * ULP * huber, "{huber} {smooth}");
        }
    }

    #[test]
    fn smooth_l1_is_at_most_the_absolute_error(pairs in reals(), beta in exact(0.0..5.0)) {
        let absolute = losses(&Oracle::Mae, &pairs);
        let smooth = losses(&Oracle::SmoothL1 { beta }, &pairs);
        prop_assert!(smooth.iter().zip(&absolute).all(|(s, a)| s <= a), "{smooth:?} {absolute:?}");
    }

    #[test]
    fn the_median_loss_is_half_the_absolute_error(pairs in reals()) {
        let median = losses(&Oracle::Quantile { quantiles: vec![0.5] }, &pairs);
        let absolute = losses(&Oracle::Mae, &pairs);
        prop_assert!(median.iter().zip(&absolute).all(|(m, a)| 2.0 * m == *a));
    }

    #[test]
    fn log_cosh_and_charbonnier_stay_near_the_absolute_error(pairs in reals()) {
        let absolute = losses(&Oracle::Mae, &pairs);
        let log_cosh = losses(&Oracle::LogCosh, &pairs);
        let charbonnier = losses(&Oracle::Charbonnier { epsilon: 0.25 }, &pairs);
        for (i, a) in absolute.iter().enumerate() {
            let slack = 4.0 * ULP * (a + 1.0);
            prop_assert!(log_cosh[i] <= *a);
            prop_assert!(log_cosh[i] >= a - core::f64::consts::LN_2 - slack);
            prop_assert!(charbonnier[i] >= *a);
            prop_assert!(charbonnier[i] <= a + 0.25 + slack);
        }
    }

    #[test]
    fn cross_entropy_does_not_care_which_class_is_positive(pairs in logits()) {
        let turned: Vec<_> = pairs.iter().map(|&(x, t)| (-x, 1.0 - t)).collect();
        prop_assert_eq!(losses(&entropy(), &pairs), losses(&entropy(), &turned));
    }

    #[test]
    fn focal_loss_without_gamma_and_alpha_is_cross_entropy(pairs in logits()) {
        let focal = focal(None, 0.0, 0.0);
        prop_assert_eq!(losses(&focal, &pairs), losses(&entropy(), &pairs));
        let mean = |oracle: &Oracle| reduced(oracle, Reduction::Mean, &pairs).to_bits();
        prop_assert_eq!(mean(&focal), mean(&entropy()));
    }

    #[test]
    fn focal_loss_falls_with_gamma(pairs in logits(), low in 0.0..4.0f64, more in 0.0..4.0f64) {
        let mild = losses(&focal(None, low, 0.0), &pairs);
        let strict = losses(&focal(None, low + more, 0.0), &pairs);
        for ((mild, strict), (x, _)) in mild.iter().zip(&strict).zip(&pairs) {
            let slack = 8.0 * ULP * mild * (1.0 + (low + more) * x.abs()) + 1e-37;
            prop_assert!(*strict <= mild + slack, "{strict} after {mild} at {x}");
        }
    }

    #[test]
    fn the_sum_is_the_mean_times_the_count(reals in reals(), logits in logits()) {
        for (inputs, pairs) in [(Inputs::Real, &reals), (Inputs::Logits, &logits)] {
            for oracle in oracles(inputs) {
                let sum = reduced(&oracle, Reduction::Sum, pairs);
                let mean = reduced(&oracle, Reduction::Mean, pairs);
                let product = mean * pairs.len() as f64;
                prop_assert!((sum - product).abs() <= 2.0 * ULP * sum + 1e-37, "{oracle:?}");
            }
        }
    }

    #[test]
    fn elements_do_not_see_their_neighbours(reals in reals(), logits in logits(), by in 0..40usize) {
        for (inputs, pairs) in [(Inputs::Real, &reals), (Inputs::Logits, &logits)] {
            for oracle in oracles(inputs) {
                let by = by % pairs.len();
                let mut turned = pairs.clone();
                turned.rotate_left(by);
                let mut losses = in_one_column(&oracle, pairs);
                losses.rotate_left(by);
                prop_assert_eq!(losses, in_one_column(&oracle, &turned), "{:?}", oracle);
            }
        }
    }

    #[test]
    fn a_batch_twice_over_has_the_same_mean(reals in reals(), logits in logits()) {
        for (inputs, pairs) in [(Inputs::Real, &reals), (Inputs::Logits, &logits)] {
            for oracle in oracles(inputs) {
                let once = reduced(&oracle, Reduction::Mean, pairs);
                let twice = reduced(&oracle, Reduction::Mean, &pairs.repeat(2));
                prop_assert!((once - twice).abs() <= ULP * once + 1e-37, "{oracle:?}");
            }
        }
    }
}
