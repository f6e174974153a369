//! Gradients are where they were asked for, exactly scaled, and the same every time.

use crate::support::{
    Call, Dtype, Expected, Loss, Method, Outcome, Tracked, cases, compare, differentiable_sites,
};
use burn_losses::Reduction;

const MEAN: Method = Method::Reduced(Reduction::Mean);

/// Runs a call and holds the outcome against the oracle.
#[track_caller]
fn assert_right(case: &crate::support::Case, call: &Call) {
    let oracle = case.oracle(&call.shape);
    let expected = Expected::of(&oracle, call);
    let loss = Loss::to_run(call.method, &oracle);
    for site in differentiable_sites() {
        let outcome = call.run(&loss, &site);
        compare::check(case.name, &site, call, &outcome, &expected);
    }
}

#[test]
fn gradients_are_exactly_where_something_is_tracked() {
    for case in cases() {
        for tracked in 0..8 {
            let tracked = Tracked {
                prediction: tracked & 1 != 0,
                target: tracked & 2 != 0,
                weights: tracked & 4 != 0,
            };
            let mut call = case.full_call(MEAN, &[2, 9], true, Dtype::F32);
            call.tracked = tracked;
            assert_right(&case, &call);
            if !tracked.weights {
                let mut call = case.full_call(Method::NoReduction, &[2, 9], false, Dtype::F32);
                call.tracked = tracked;
                assert_right(&case, &call);
            }
        }
    }
}

#[test]
fn the_gradient_of_weights_is_the_loss_of_their_element_less_the_mean() {
    for case in cases() {
        let sum = Method::Reduced(Reduction::Sum);
        for method in [MEAN, sum] {
            for shape in [&[40][..], &[3, 5, 2]] {
                let mut call = case.full_call(method, shape, true, Dtype::F32);
                call.tracked = Tracked::ALL;
                assert_right(&case, &call);
            }
        }
    }
}

#[test]
fn an_upstream_gradient_scales_exactly() {
    for case in cases() {
        for upstream in [0.0, 1.0, -1.0, 3.7f32 as f64, 1e-3f32 as f64] {
            let mut call = case.full_call(MEAN, &[5, 3], true, Dtype::F32);
            call.upstream = vec![upstream];
            assert_right(&case, &call);
        }
        let call = case.full_call(Method::NoReduction, &[5, 3], false, Dtype::F32);
        assert_right(&case, &call);
    }
}

#[test]
fn lengths_around_a_vector_and_around_a_share_of_work_are_right() {
    // 16 numbers are computed at a time, 16384 by one thread.
    for case in cases() {
        for length in [0, 1, 15, 16, 17, 16_383, 16_384, 16_385] {
            assert_right(
                &case,
                &case.full_call(MEAN, &[length, 1], false, Dtype::F32),
            );
            if length < 100 {
                let call = case.full_call(Method::NoReduction, &[length], false, Dtype::F32);
                assert_right(&case, &call);
                let call = case.full_call(MEAN, &[3, length.max(1)], true, Dtype::F32);
                assert_right(&case, &call);
            }
        }
    }
}

#[test]
fn a_hundred_runs_on_one_or_two_threads_are_bitwise_equal() {
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
    };
    let pools = [pool(1), pool(2)];
    let names = ["mse", "bce, pos_weight", "focal, gamma 1.5"];
    // On a GPU, Burn tunes itself by timing, so runs may sum in different orders.
    let mut sites = differentiable_sites();
    sites.retain(|site| !site.is_gpu());
    for case in cases()
        .into_iter()
        .filter(|case| names.contains(&case.name))
    {
        let shape = [7001, 5];
        let call = case.full_call(MEAN, &shape, true, Dtype::F32);
        let loss = Loss::like(&case.oracle(&shape), Reduction::Mean);
        for site in sites.iter().step_by(2).chain(&sites[1..2]) {
            let bits = |outcome: Outcome| -> Vec<u64> {
                let lists = [
                    Some(outcome.value),
                    outcome.by_prediction,
                    outcome.by_target,
                ];
                lists
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(f64::to_bits)
                    .collect()
            };
            let first = bits(pools[0].install(|| call.run(&loss, site)));
            for run in 1..100 {
                let again = bits(pools[run % 2].install(|| call.run(&loss, site)));
                assert!(again == first, "{}, run {run} on {site}", case.name);
            }
        }
    }
}
