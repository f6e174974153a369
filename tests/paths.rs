//! The fused kernels and the composed formulas, both held against the same naive loop in `f64`: on
//! all ranks, odd lengths, strided and broadcast inputs, half precision.

use crate::support::{
    Call, Case, Dtype, Expected, Layout, Loss, Method, Site, Tracked, cases, compare,
    differentiable_sites, tensors::repeat_first_row,
};
use burn_losses::Reduction;

const MEAN: Method = Method::Reduced(Reduction::Mean);
const SUM: Method = Method::Reduced(Reduction::Sum);

/// Runs a call and holds the outcome against the oracle.
#[track_caller]
fn assert_right(case: &Case, call: &Call, sites: &[Site]) {
    let oracle = case.oracle(&call.shape);
    let expected = Expected::of(&oracle, call);
    let loss = Loss::to_run(call.method, &oracle);
    let what = format!(
        "{} {:?} {:?} {:?}",
        case.name, call.method, call.shape, call.layouts
    );
    for site in sites {
        compare::check(&what, site, call, &call.run(&loss, site), &expected);
    }
}

#[test]
fn every_shape_is_right_on_every_path() {
    let shapes: [&[usize]; 12] = [
        &[1],
        &[17],
        &[1023],
        &[1, 1],
        &[7, 1],
        &[3, 5],
        &[129, 31],
        &[2, 3, 4],
        &[5, 1, 33],
        &[2, 3, 1, 5],
        &[1, 2, 3, 4],
        &[4, 1, 16, 1],
    ];
    let sites = differentiable_sites();
    for case in cases() {
        for shape in shapes {
            for (method, weighted) in case.forms() {
                let call = case.full_call(method, shape, weighted, Dtype::F32);
                assert_right(&case, &call, &sites);
            }
        }
    }
}

#[test]
fn lengths_that_several_threads_share_are_right_on_every_path() {
    let sites = differentiable_sites();
    for case in cases() {
        for shape in [&[40_000][..], &[3277, 5]] {
            for (method, weighted) in [(MEAN, true), (Method::NoReduction, false)] {
                let call = case.full_call(method, shape, weighted, Dtype::F32);
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
    for case in cases() {
        for layouts in layouts {
            for shape in [&[9, 4][..], &[2, 3, 5], &[2, 2, 3, 17]] {
                for (method, weighted) in case.forms() {
                    let mut call = case.full_call(method, shape, weighted, Dtype::F32);
                    call.layouts = layouts;
                    let lists = [&mut call.prediction, &mut call.target];
                    for (list, layout) in lists.into_iter().chain(&mut call.weights).zip(layouts) {
                        if layout == Expanded {
                            repeat_first_row(list, shape[0]);
                        }
                    }
                    assert_right(&case, &call, &sites);
                }
            }
        }
    }
}

#[test]
fn tensors_of_rank_1_of_any_layout_are_right_on_every_path() {
    let sites = differentiable_sites();
    for case in cases() {
        for layout in [Layout::Sliced, Layout::Flipped] {
            for (method, weighted) in case.forms() {
                let mut call = case.full_call(method, &[35], weighted, Dtype::F32);
                call.layouts = [layout; 3];
                assert_right(&case, &call, &sites);
            }
        }
    }
}

/// Computed in `f32` and rounded: no further from the truth about the rounded inputs than that.
#[test]
fn half_precision_costs_one_rounding() {
    let sites = differentiable_sites();
    let sites: Vec<Site> = sites.into_iter().filter(|site| site.is_flex()).collect();
    for case in cases() {
        for dtype in [Dtype::F16, Dtype::BF16] {
            for shape in [&[33][..], &[1025], &[3, 350], &[2, 3, 5]] {
                for (method, weighted) in case.forms() {
                    let call = case.full_call(method, shape, weighted, dtype);
                    assert_right(&case, &call, &sites);
                }
            }
            let mut call = case.full_call(MEAN, &[3, 5], true, dtype);
            call.tracked = Tracked::PREDICTION;
            call.layouts = [Layout::Transposed, Layout::Sliced, Layout::Contiguous];
            assert_right(&case, &call, &sites);
        }
    }
}

/// Training in half precision multiplies the loss by a large number, so that small gradients are
/// not lost; they must not be lost before.
#[test]
fn half_precision_gradients_survive_loss_scaling() {
    let logits = vec![-5.0, -10.0, -15.0, -17.0, -18.0, -19.0, 0.5];
    let sites = differentiable_sites();
    let sites: Vec<Site> = sites.into_iter().filter(|site| site.is_flex()).collect();
    for name in ["bce", "focal"] {
        let case = cases()
            .into_iter()
            .find(|case| case.name == name)
            .expect(name);
        for method in [MEAN, SUM] {
            for dtype in [Dtype::F16, Dtype::BF16] {
                let mut call = Call::new(method, &[7], logits.clone(), vec![0.0; 7]);
                call.dtype = dtype;
                call.upstream = vec![4096.0];
                call.tracked = Tracked::PREDICTION;
                assert_right(&case, &call, &sites);
            }
        }
    }
}
