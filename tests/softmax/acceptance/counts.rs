//! Classes that do not occur in the training set.

use crate::{
    acceptance::extremes::exact_numbers,
    configs::assert_refused,
    support::{
        Dtype, Tolerance, differentiable_sites_and_gpu,
        softmax::{Kind, RowCall, RowLoss, RowOracle},
    },
};
use burn_losses::*;

const COUNTS: [usize; 6] = [310, 2489, 114, 17, 0, 725];
const ROW: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

/// A class that does not occur has the probability 0.
#[test]
fn a_class_without_samples_takes_no_part() {
    let kinds = [
        Kind::BalancedSoftmax {
            counts: COUNTS.to_vec(),
        },
        Kind::LogitAdjusted {
            counts: COUNTS.to_vec(),
            tau: 1.0,
        },
    ];
    let terms: Vec<f64> = ROW
        .iter()
        .zip(COUNTS)
        .map(|(z, count)| count as f64 * z.exp())
        .collect();
    let sum: f64 = terms.iter().sum();
    let mut slopes: Vec<f64> = terms.iter().map(|term| term / sum).collect();
    slopes[0] -= 1.0;
    let call = RowCall::of_rows(&[(&ROW, 0), (&ROW, 4)]).tracking_logits();
    for kind in kinds {
        let oracle = RowOracle::new(kind);
        let loss = RowLoss::like(&oracle, Reduction::Mean);
        for site in differentiable_sites_and_gpu() {
            let outcome = call.run(&loss, &site);
            let what = format!("{oracle:?} on {site}");
            let tolerance = Tolerance {
                relative: 1e-6,
                ..Tolerance::at(&site, Dtype::F32)
            };
            let losses = exact_numbers(&[5.9235582, f64::INFINITY]);
            tolerance.check(&what, &outcome.value, &losses);
            let gradient = outcome.by_prediction.expect("a gradient");
            tolerance.check(&what, &gradient[..6], &exact_numbers(&slopes));
            assert_eq!(gradient[4], 0.0, "{what}");
            assert!(
                gradient[6..].iter().all(|slope| slope.is_finite()),
                "{what}: {gradient:?}"
            );
        }
    }
}

/// Without an adjustment the counts are not looked at.
#[test]
fn a_class_without_samples_counts_as_any_other_without_an_adjustment() {
    let oracle = RowOracle::new(Kind::LogitAdjusted {
        counts: COUNTS.to_vec(),
        tau: 0.0,
    });
    let loss = RowLoss::like(&oracle, Reduction::Mean);
    let plain = RowLoss::like(&RowOracle::new(Kind::CrossEntropy), Reduction::Mean);
    let call = RowCall::of_rows(&[(&ROW, 0), (&ROW, 4)]).tracking_logits();
    for site in differentiable_sites_and_gpu() {
        assert_eq!(call.run(&loss, &site), call.run(&plain, &site), "on {site}");
    }
}

#[test]
fn counts_that_are_all_0_are_refused() {
    assert_refused!(
        BalancedSoftmaxLossConfig::new(vec![0, 0]),
        "BalancedSoftmaxLossConfig",
        "class_counts",
        "[0, 0]"
    );
    assert_refused!(
        LogitAdjustedLossConfig::new(vec![0, 0]),
        "LogitAdjustedLossConfig",
        "class_counts",
        "[0, 0]"
    );
    // Its margin would be infinite.
    assert_refused!(
        LdamLossConfig::new(vec![3, 0]),
        "LdamLossConfig",
        "class_counts"[1],
        "0"
    );
}
