//! Gradients are where they were asked for, exactly scaled, and the same every time.

use crate::support::{
    Dtype, Method, Outcome, Tracked, differentiable_sites, differentiable_sites_and_gpu,
    softmax::{RowCall, RowCase, Targets, check_rows, row_cases, share_cases},
};
use burn_losses::Reduction;

const MEAN: Method = Method::Reduced(Reduction::Mean);
const SUM: Method = Method::Reduced(Reduction::Sum);

/// Runs a call and holds the outcome against the oracle.
#[track_caller]
fn assert_right(case: &RowCase, call: &RowCall) {
    let expected = call.expected(&case.oracle(call.classes()));
    let loss = case.loss(call);
    for site in differentiable_sites() {
        let what = format!("{} {:?} {:?}", case.name, call.shape, call.tracked);
        check_rows(&what, &site, call, &call.run(&loss, &site), &expected);
    }
}

#[test]
fn gradients_are_exactly_where_something_is_tracked() {
    for case in row_cases() {
        for bits in 0..8 {
            let tracked = Tracked {
                prediction: bits & 1 != 0,
                target: bits & 2 != 0,
                weights: bits & 4 != 0,
            };
            for (method, weighted) in [(MEAN, true), (SUM, true), (Method::NoReduction, false)] {
                if tracked.weights && !weighted {
                    continue;
                }
                let shape = [3, 5, 2];
                let mut calls = Vec::new();
                if !tracked.target {
                    calls.push(case.full_call(method, &shape, weighted, Dtype::F32));
                }
                if case.oracle(5).takes_shares() {
                    calls.push(case.share_call(method, &shape, weighted, Dtype::F32));
                }
                for mut call in calls {
                    call.tracked = tracked;
                    assert_right(&case, &call);
                }
            }
        }
    }
}

#[test]
fn everything_tracked_is_right_on_every_device() {
    for case in share_cases() {
        for method in [MEAN, SUM] {
            let mut call = case.share_call(method, &[5, 7], true, Dtype::F32);
            call.tracked = Tracked::ALL;
            let expected = call.expected(&case.oracle(7));
            let loss = case.loss(&call);
            for site in differentiable_sites_and_gpu() {
                let outcome = call.run(&loss, &site);
                check_rows(case.name, &site, &call, &outcome, &expected);
            }
        }
    }
}

#[test]
fn an_upstream_gradient_scales_exactly() {
    for case in row_cases() {
        for upstream in [0.0, 1.0, -1.0, 3.7f32 as f64, 1e-3f32 as f64] {
            for weighted in [false, true] {
                let mut call = case.full_call(MEAN, &[5, 3], weighted, Dtype::F32);
                call.upstream = vec![upstream];
                assert_right(&case, &call);
            }
        }
        let mut call = case.full_call(Method::NoReduction, &[5, 3, 2], false, Dtype::F32);
        assert_right(&case, &call);
        call.upstream = vec![1.0; 10];
        assert_right(&case, &call);
    }
}

#[test]
fn rows_around_a_vector_and_around_a_share_of_work_are_right() {
    for case in row_cases() {
        for classes in [1, 15, 16, 17, 31, 32, 33, 63, 64, 65] {
            for rows in [0, 1, 3] {
                let call = case.full_call(MEAN, &[rows, classes], true, Dtype::F32);
                assert_right(&case, &call);
            }
        }
        for rows in [15, 16, 17, 1023, 1024, 1025] {
            assert_right(&case, &case.full_call(MEAN, &[rows, 16], false, Dtype::F32));
        }
        for inner in [15, 16, 17, 33] {
            assert_right(
                &case,
                &case.full_call(MEAN, &[2, 3, inner], false, Dtype::F32),
            );
        }
    }
    let mut case = crate::support::softmax::cases::row_case("ce, smoothing");
    for classes in [16_383, 16_384, 16_385] {
        assert_right(
            &case,
            &case.full_call(MEAN, &[2, classes], false, Dtype::F32),
        );
    }
    case = crate::support::softmax::cases::row_case("softmax focal");
    for rows in [16_383, 16_385] {
        assert_right(&case, &case.full_call(MEAN, &[rows, 3], false, Dtype::F32));
        assert_right(
            &case,
            &case.full_call(MEAN, &[1, 3, rows], false, Dtype::F32),
        );
    }
}

fn bits(outcome: Outcome) -> Vec<u64> {
    let lists = [
        Some(outcome.value),
        outcome.by_prediction,
        outcome.by_target,
    ];
    let numbers = lists.into_iter().flatten().flatten();
    numbers.map(f64::to_bits).collect()
}

#[test]
fn a_hundred_runs_on_one_or_two_threads_are_bitwise_equal() {
    let pool = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
    };
    let pools = [pool(1), pool(2), pool(5)];
    let names = [
        "ce, weights, smoothing, ignoring 255",
        "softmax focal, gamma 1.5, alpha",
    ];
    for name in names {
        let case = crate::support::softmax::cases::row_case(name);
        for shape in [&[2003, 33][..], &[5, 17, 601], &[3, 40_001]] {
            let mut calls = vec![case.full_call(MEAN, shape, true, Dtype::F32)];
            calls.push(case.share_call(MEAN, shape, true, Dtype::F32));
            for call in calls {
                let loss = case.loss(&call);
                for site in differentiable_sites() {
                    let is_fused = site.sums_in_f64(Dtype::F32);
                    let runs = if is_fused { 100 } else { 6 };
                    let first = bits(pools[0].install(|| call.run(&loss, &site)));
                    for run in 1..runs {
                        let again = bits(pools[run % 3].install(|| call.run(&loss, &site)));
                        assert!(again == first, "{name} {shape:?}, run {run} on {site}");
                    }
                }
            }
        }
    }
}

/// What is computed of a row does not depend on the rows around it: of the kernels not a bit, of
/// tensor operations, which may sum in another order elsewhere in memory, not more than rounding.
#[test]
fn a_row_has_the_same_bits_wherever_it_lies() {
    for case in row_cases() {
        for classes in [3, 17, 40] {
            let whole = case.full_call(Method::NoReduction, &[7, classes], false, Dtype::F32);
            let loss = case.loss(&whole);
            let Targets::Classes(targets) = &whole.targets else {
                panic!("classes");
            };
            let expected = whole.expected(&case.oracle(classes));
            for site in differentiable_sites() {
                let outcome = whole.run(&loss, &site);
                let is_fused = site.sums_in_f64(Dtype::F32);
                if !is_fused {
                    check_rows(case.name, &site, &whole, &outcome, &expected);
                }
                for row in 0..7 {
                    let mut call = RowCall::of_rows(&[(
                        &whole.logits[row * classes..][..classes],
                        targets[row],
                    )]);
                    call.upstream = vec![whole.upstream[row]];
                    let call = call.tracking_logits();
                    let alone = call.run(&loss, &site);
                    let what = format!("{} on {site}, row {row}", case.name);
                    if !is_fused {
                        let expected = call.expected(&case.oracle(classes));
                        check_rows(&what, &site, &call, &alone, &expected);
                        continue;
                    }
                    assert_eq!(alone.value, [outcome.value[row]], "{what}");
                    let gradient = outcome.by_prediction.as_ref().expect("a gradient");
                    let of_row = &gradient[row * classes..][..classes];
                    let alone = alone.by_prediction.expect("a gradient");
                    assert_eq!(alone, of_row, "{what}");
                }
            }
        }
    }
}
