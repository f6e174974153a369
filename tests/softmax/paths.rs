//! The fused kernels and the composed formulas, both held against the same naive loop in `f64`: on
//! rows of all lengths, strided and broadcast inputs, half precision.

use crate::support::{
    Dtype, Layout, Method, Site, differentiable_sites, differentiable_sites_and_gpu,
    softmax::{FORMS, RowCall, RowCase, Targets, check_rows, row_cases, share_cases},
    tensors::repeat_first_row,
};
use burn_losses::Reduction;

const MEAN: Method = Method::Reduced(Reduction::Mean);
const SUM: Method = Method::Reduced(Reduction::Sum);

/// Runs a call and holds the outcome against the oracle.
#[track_caller]
fn assert_right(case: &RowCase, call: &RowCall, sites: &[Site]) {
    let expected = call.expected(&case.oracle(call.classes()));
    let loss = case.loss(call);
    let what = format!(
        "{} {:?} {:?} {:?}",
        case.name, call.method, call.shape, call.layouts
    );
    for site in sites {
        check_rows(&what, site, call, &call.run(&loss, site), &expected);
    }
}

/// Both kinds of targets the case takes.
fn calls(
    case: &RowCase,
    method: Method,
    shape: &[usize],
    weighted: bool,
    dtype: Dtype,
) -> Vec<RowCall> {
    let mut calls = vec![case.full_call(method, shape, weighted, dtype)];
    if case.oracle(1).takes_shares() {
        calls.push(case.share_call(method, shape, weighted, dtype));
    }
    calls
}

#[test]
fn every_shape_is_right_on_every_path() {
    let shapes: [&[usize]; 12] = [
        &[1, 1],
        &[3, 1],
        &[1, 2],
        &[3, 2],
        &[3, 15],
        &[3, 16],
        &[3, 17],
        &[5, 33],
        &[2, 5, 3],
        &[3, 17, 1],
        &[2, 4, 3, 5],
        &[1, 33, 1, 7],
    ];
    let sites = differentiable_sites();
    for case in row_cases() {
        for shape in shapes {
            for (method, weighted) in FORMS {
                for call in calls(&case, method, shape, weighted, Dtype::F32) {
                    assert_right(&case, &call, &sites);
                }
            }
        }
    }
}

#[test]
fn every_number_of_rows_and_of_classes_is_right_on_every_path() {
    let sites = differentiable_sites();
    for case in row_cases() {
        for shape in [&[100, 17][..], &[100, 100], &[3, 1000], &[7, 33, 65]] {
            for (method, weighted) in [(MEAN, true), (Method::NoReduction, false)] {
                for call in calls(&case, method, shape, weighted, Dtype::F32) {
                    assert_right(&case, &call, &sites);
                }
            }
        }
    }
}

#[test]
fn rows_that_several_threads_share_are_right_on_every_path() {
    let sites = differentiable_sites();
    for name in ["ce, weights, smoothing, ignoring 255", "softmax focal"] {
        let case = crate::support::softmax::cases::row_case(name);
        for shape in [&[2001, 40][..], &[4, 19, 31, 33], &[3, 30_011]] {
            for (method, weighted) in [(MEAN, true), (Method::NoReduction, false)] {
                for call in calls(&case, method, shape, weighted, Dtype::F32) {
                    assert_right(&case, &call, &sites);
                }
            }
        }
    }
}

#[test]
fn a_few_calls_of_every_loss_are_right_on_every_device() {
    let sites = differentiable_sites_and_gpu();
    for case in row_cases() {
        for (method, weighted) in [(MEAN, true), (Method::NoReduction, false)] {
            for call in calls(&case, method, &[3, 17], weighted, Dtype::F32) {
                assert_right(&case, &call, &sites);
            }
        }
    }
}

#[test]
fn tensors_of_any_layout_are_right_on_every_path() {
    use Layout::{Contiguous, Expanded, Flipped, Sliced, Transposed};
    let layouts = [
        [Transposed; 3],
        [Sliced; 3],
        [Expanded; 3],
        [Flipped; 3],
        [Transposed, Contiguous, Sliced],
        [Contiguous, Transposed, Expanded],
        [Sliced, Flipped, Contiguous],
        [Flipped, Expanded, Transposed],
    ];
    let sites = differentiable_sites();
    for case in row_cases() {
        for layouts in layouts {
            for shape in [&[9, 4][..], &[2, 3, 5], &[2, 17, 2, 3]] {
                for (method, weighted) in FORMS {
                    for mut call in calls(&case, method, shape, weighted, Dtype::F32) {
                        call.layouts = layouts;
                        repeat_expanded(&mut call);
                        assert_right(&case, &call, &sites);
                    }
                }
            }
        }
    }
}

/// Makes all rows along the first dimension the same where they are to be one row in memory.
fn repeat_expanded(call: &mut RowCall) {
    let batch = call.shape[0];
    let [logits, targets, weights] = call.layouts.map(|layout| layout == Layout::Expanded);
    if logits {
        repeat_first_row(&mut call.logits, batch);
    }
    match &mut call.targets {
        Targets::Classes(classes) if targets => repeat_first_row(classes, batch),
        Targets::Shares(shares) if targets => repeat_first_row(shares, batch),
        _ => {}
    }
    if let Some(list) = call.weights.as_mut().filter(|_| weights) {
        repeat_first_row(list, batch);
    }
}

/// Computed in `f32` and rounded: no further from the truth about the rounded inputs than that.
#[test]
fn half_precision_costs_one_rounding() {
    let sites = differentiable_sites();
    let sites: Vec<Site> = sites.into_iter().filter(|site| site.is_flex()).collect();
    for case in row_cases() {
        for dtype in [Dtype::F16, Dtype::BF16] {
            for shape in [&[5, 33][..], &[3, 350], &[2, 5, 2, 3]] {
                for (method, weighted) in FORMS {
                    for call in calls(&case, method, shape, weighted, dtype) {
                        assert_right(&case, &call, &sites);
                    }
                }
            }
            let mut call = case.full_call(MEAN, &[3, 5, 4], true, dtype);
            call.layouts = [Layout::Transposed, Layout::Sliced, Layout::Contiguous];
            assert_right(&case, &call, &sites);
        }
    }
}

/// Training in half precision multiplies the loss by a large number, so that small gradients are
/// not lost; they must not be lost before.
#[test]
fn half_precision_gradients_survive_loss_scaling() {
    let sites = differentiable_sites();
    let sites: Vec<Site> = sites.into_iter().filter(|site| site.is_flex()).collect();
    for case in share_cases() {
        for method in [MEAN, SUM] {
            for dtype in [Dtype::F16, Dtype::BF16] {
                let mut call = case.full_call(method, &[64, 3], false, dtype);
                for (row, logits) in call.logits.chunks_mut(3).enumerate() {
                    logits.copy_from_slice(&[0.0, -(row as f64) / 4.0, -8.0]);
                }
                call.targets = Targets::Classes(vec![0; 64]);
                call.upstream = vec![4096.0];
                assert_right(&case, &call, &sites);
            }
        }
    }
}

#[test]
fn losses_of_f64_tensors_have_the_precision_of_f64() {
    let sites = differentiable_sites();
    for case in row_cases() {
        for shape in [&[20, 7][..], &[2, 17, 3]] {
            for (method, weighted) in FORMS {
                for mut call in calls(&case, method, shape, weighted, Dtype::F64) {
                    call.tracked.weights = weighted;
                    assert_right(&case, &call, &sites);
                }
            }
        }
    }
}
