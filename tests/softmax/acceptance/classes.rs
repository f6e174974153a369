//! Class indices: ignored, out of range, and how many classes there are.

use crate::support::{
    Dtype, Method, differentiable_sites, differentiable_sites_and_gpu, sites,
    softmax::{RowCall, Targets, cases::entropy, check_rows, loss::RowLoss, row_cases},
};
use burn::tensor::{DType, Int, IntDType, Tensor, TensorData};
use burn_losses::Reduction;
use std::panic::{AssertUnwindSafe, catch_unwind};

const MEAN: Method = Method::Reduced(Reduction::Mean);
const SUM: Method = Method::Reduced(Reduction::Sum);

#[test]
fn a_class_out_of_range_is_named_on_a_cpu() {
    for case in row_cases() {
        for (class, method) in [(3, MEAN), (-1, SUM), (i32::MAX as i64, Method::NoReduction)] {
            let mut call = case.call(method, &[2, 3, 2], Dtype::F32);
            call.targets = Targets::Classes(vec![0, 1, class, 2]);
            let loss = case.loss(&call);
            for tracked in [false, true] {
                let call = match tracked {
                    true => call.clone().tracking_logits(),
                    false => call.clone(),
                };
                let sites = if tracked {
                    differentiable_sites()
                } else {
                    sites()
                };
                for site in sites {
                    let run = || call.run(&loss, &site);
                    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("a panic");
                    let text = panic.downcast_ref::<String>().expect("a text");
                    let expected = format!(
                        "{}: the target at [1, 0] is {class}, expected the index of one of 3 \
                         classes, 0 to 2",
                        loss.name()
                    );
                    assert!(
                        text.starts_with(&expected),
                        "{text} of {} on {site}",
                        case.name
                    );
                }
            }
        }
    }
}

#[test]
fn a_class_out_of_range_is_nan_on_a_gpu() {
    for case in row_cases() {
        for class in [3, -1, 77] {
            let mut call = case.full_call(Method::NoReduction, &[5, 3], false, Dtype::F32);
            call.targets = Targets::Classes(vec![0, 1, class, 2, 1]);
            let loss = case.loss(&call);
            let gpu = |site: &crate::support::Site| site.is_gpu();
            for site in differentiable_sites_and_gpu().into_iter().filter(gpu) {
                let outcome = call.run(&loss, &site);
                for (row, value) in outcome.value.iter().enumerate() {
                    assert_eq!(value.is_nan(), row == 2, "{} on {site}", case.name);
                }
            }
        }
    }
}

/// A row that is left out may hold a class that does not exist.
#[test]
fn an_ignored_index_may_be_anything() {
    for case in row_cases() {
        for ignored in [-100, -1, 255, 4, 3, 0, i32::MAX as i64, i32::MIN as i64] {
            for (method, weighted) in [(MEAN, true), (SUM, false), (Method::NoReduction, false)] {
                let mut call = case.full_call(method, &[3, 4, 2], weighted, Dtype::F32);
                call.targets = Targets::Classes(vec![1, ignored, 2, 2, ignored, 3]);
                let oracle = case.oracle(4).ignoring(Some(ignored));
                let expected = call.expected(&oracle);
                let loss = RowLoss::like(&oracle, method.reduction());
                for site in differentiable_sites_and_gpu() {
                    let what = format!("{} ignoring {ignored}", case.name);
                    check_rows(&what, &site, &call, &call.run(&loss, &site), &expected);
                }
            }
        }
    }
}

/// What cannot be stored in the type of the targets is in none of them.
#[test]
fn an_ignored_index_the_targets_cannot_hold_ignores_nothing() {
    for ignored in [i64::MIN, i64::MAX, 1 << 33, -100] {
        let oracle = entropy().ignoring(Some(ignored));
        let loss = RowLoss::like(&oracle, Reduction::Mean);
        for site in differentiable_sites() {
            let logits = || {
                let values = vec![0.5f32, -1.0, 2.0, 0.0, 0.0, 1.0];
                Tensor::<2>::from_data(TensorData::new(values, [2, 3]), &site.device)
            };
            let of = |dtype: IntDType| {
                let targets = Tensor::<1, Int>::from_ints([2, 0], &site.device).cast(dtype);
                let value = site.path.run(|| loss.forward(logits(), targets));
                value.into_scalar::<f32>()
            };
            let expected = of(IntDType::I64);
            for dtype in [IntDType::I32, IntDType::U8, IntDType::I8, IntDType::U32] {
                if site.device.supports_dtype(DType::from(dtype)) {
                    assert_eq!(of(dtype), expected, "{dtype:?}, {ignored} on {site}");
                }
            }
        }
    }
}

#[test]
fn ignored_values_with_weights_and_smoothing_together_are_finite_and_right() {
    for ignored in [-100, 255, 5] {
        let oracle = entropy()
            .weighted(vec![0.5, 2.0, 0.0, 1.0, 3.0])
            .smoothed(0.1)
            .ignoring(Some(ignored));
        for method in [MEAN, SUM, Method::NoReduction] {
            let rows = [ignored, 1, 4, ignored, 2, 0, ignored];
            let logits = (0..35).map(|i| (i * 7 % 13) as f64 / 2.0 - 3.0).collect();
            let call = RowCall::new(method, &[7, 5], logits, Targets::Classes(rows.to_vec()));
            let call = call.tracking_logits();
            let expected = call.expected(&oracle);
            let loss = RowLoss::like(&oracle, method.reduction());
            for site in differentiable_sites_and_gpu() {
                check_rows("together", &site, &call, &call.run(&loss, &site), &expected);
            }
        }
    }
}

#[test]
fn no_classes_at_all_are_refused() {
    for case in row_cases() {
        let loss = RowLoss::like(&case.oracle(1), Reduction::Mean);
        for site in sites() {
            let logits = Tensor::<2>::zeros([3, 0], &site.device);
            let targets = Tensor::<1, Int>::zeros([3], &site.device);
            let run = || site.path.run(|| loss.forward(logits, targets));
            let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("a panic");
            let text = panic.downcast_ref::<String>().expect("a text");
            let expected = format!(
                "{}: the logits have shape [3, 0], expected at least 1 class in dimension 1",
                loss.name()
            );
            assert_eq!(text, &expected, "{} on {site}", case.name);
        }
    }
}

#[test]
fn one_class_is_loss_0_with_gradient_0() {
    for case in row_cases() {
        // With class 0 ignored there would be nothing left.
        let oracle = case.oracle(1).ignoring(None);
        let logits = vec![3.0, -2.0, 1e30, 0.0];
        let call = RowCall::new(MEAN, &[4, 1], logits, Targets::Classes(vec![0; 4]));
        let call = call.tracking_logits();
        let loss = RowLoss::like(&oracle, Reduction::Mean);
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&loss, &site);
            let what = format!("{} on {site}", case.name);
            assert_eq!(outcome.value, [0.0], "{what}");
            assert_eq!(outcome.by_prediction, Some(vec![0.0; 4]), "{what}");
        }
    }
}
