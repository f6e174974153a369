//! What holds of the losses of rows on any input.

use crate::support::{
    Dtype, Method, Site, sites,
    softmax::{
        Kind, RowCall, RowLoss, RowOracle, Targets,
        cases::{entropy, focal, generalized, poly, row_cases},
    },
};
use burn_losses::Reduction;
use proptest::prelude::*;

const ULP: f64 = f32::EPSILON as f64;

fn site() -> Site {
    sites().into_iter().next().expect("a device")
}

/// Rows of logits, each with the index of a class.
#[derive(Clone, Debug)]
struct Batch {
    classes: usize,
    rows: Vec<(Vec<f64>, i64)>,
}

/// Logits in steps of 1/16, so that shifts and sums of them are exact.
fn batches() -> impl Strategy<Value = Batch> {
    (1usize..40).prop_flat_map(|classes| {
        let logit = prop_oneof![
            6 => (-128i32..128).prop_map(|n| n as f64 / 16.0),
            1 => (-4000i32..4000).prop_map(|n| n as f64),
        ];
        let row = (prop::collection::vec(logit, classes), 0..classes as i64);
        let rows = prop::collection::vec(row, 1..8);
        rows.prop_map(move |rows| Batch { classes, rows })
    })
}

impl Batch {
    fn call(&self, method: Method) -> RowCall {
        let logits = self.rows.iter().flat_map(|(row, _)| row.clone()).collect();
        let targets = self.rows.iter().map(|(_, class)| *class).collect();
        let shape = [self.rows.len(), self.classes];
        RowCall::new(method, &shape, logits, Targets::Classes(targets))
    }

    fn losses(&self, oracle: &RowOracle) -> Vec<f64> {
        let loss = RowLoss::like(oracle, Reduction::Mean);
        self.call(Method::NoReduction).run(&loss, &site()).value
    }

    fn reduced(&self, oracle: &RowOracle, reduction: Reduction) -> f64 {
        let loss = RowLoss::like(oracle, reduction);
        self.call(Method::Reduced(reduction))
            .run(&loss, &site())
            .value[0]
    }

    /// Each row changed.
    fn map(&self, change: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        let rows = self.rows.iter().map(|(row, class)| (change(row), *class));
        Self {
            classes: self.classes,
            rows: rows.collect(),
        }
    }

    /// Without rows whose class the oracle ignores.
    fn of(&self, oracle: &RowOracle) -> Self {
        let mut batch = self.clone();
        if oracle.ignored == Some(0) {
            batch.rows.retain(|(_, class)| *class != 0);
        }
        batch
    }

    /// The size of the numbers a loss of the row is computed from.
    fn size(&self, row: usize) -> f64 {
        let row = &self.rows[row].0;
        1.0 + row.iter().fold(0.0, |size: f64, z| size.max(z.abs()))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_loss_is_never_negative(batch in batches()) {
        for case in row_cases() {
            // Poly-1 with epsilon -1 takes away at most what cross entropy gives, LDAM as well.
            let losses = batch.losses(&case.oracle(batch.classes));
            prop_assert!(losses.iter().all(|&loss| loss >= 0.0), "{}: {losses:?}", case.name);
        }
    }

    #[test]
    fn a_shift_of_all_logits_of_a_row_changes_nothing(batch in batches(), shift in -64i32..64) {
        let shifted = batch.map(|row| row.iter().map(|z| z + shift as f64).collect());
        for case in row_cases() {
            let oracle = case.oracle(batch.classes);
            let (losses, shifted) = (batch.losses(&oracle), shifted.losses(&oracle));
            let is_exact = matches!(
                oracle.kind,
                Kind::CrossEntropy | Kind::Focal { .. } | Kind::Poly { .. } | Kind::Generalized { .. }
                    | Kind::Symmetric { .. }
            );
            if is_exact {
                prop_assert_eq!(losses, shifted, "{}", case.name);
            } else {
                for (row, (loss, shifted)) in losses.iter().zip(shifted).enumerate() {
                    // Logits are adjusted, or multiplied by 30, before they are compared.
                    let slack = 64.0 * 30.0 * ULP * (batch.size(row) + shift.abs() as f64);
                    prop_assert!((loss - shifted).abs() <= slack, "{}: {loss} {shifted}", case.name);
                }
            }
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(batch in batches(), by in 0..8usize) {
        let mut turned = batch.clone();
        let by = by % batch.rows.len();
        turned.rows.rotate_left(by);
        for case in row_cases() {
            let oracle = case.oracle(batch.classes);
            let mut losses = batch.losses(&oracle);
            losses.rotate_left(by);
            prop_assert_eq!(losses, turned.losses(&oracle), "{}", case.name);
        }
    }

    #[test]
    fn the_order_of_classes_does_not_matter(batch in batches(), by in 0..40usize) {
        let by = by % batch.classes;
        let turned = Batch {
            rows: batch.rows.iter().map(|(row, class)| {
                let mut row = row.clone();
                row.rotate_left(by);
                let place = (*class as usize + batch.classes - by) % batch.classes;
                (row, place as i64)
            }).collect(),
            ..batch
        };
        for oracle in [entropy(), entropy().smoothed(0.1), focal(None, 2.0), poly(1.0), generalized(0.7)] {
            let pairs = batch.losses(&oracle).into_iter().zip(turned.losses(&oracle));
            for (row, (loss, turned)) in pairs.enumerate() {
                let slack = 8.0 * ULP * (loss.abs() + batch.size(row));
                prop_assert!((loss - turned).abs() <= slack, "{oracle:?}: {loss} {turned}");
            }
        }
    }

    #[test]
    fn the_sum_is_the_mean_times_the_weights_of_the_targets(batch in batches()) {
        for case in row_cases() {
            let oracle = case.oracle(batch.classes);
            let batch = batch.of(&oracle);
            let sum = batch.reduced(&oracle, Reduction::Sum);
            let mean = batch.reduced(&oracle, Reduction::Mean);
            let count: f64 = batch.rows.iter().map(|(_, class)| oracle.weight(*class as usize)).sum();
            let product = mean * count;
            if count > 0.0 {
                prop_assert!((sum - product).abs() <= 4.0 * ULP * sum.abs() + 1e-37, "{}: {sum} {product}", case.name);
            } else {
                prop_assert_eq!(mean, 0.0, "{}", case.name);
            }
        }
    }

    #[test]
    fn the_sum_is_that_of_the_losses_of_rows(batch in batches()) {
        for case in row_cases() {
            let oracle = case.oracle(batch.classes);
            let sum = batch.reduced(&oracle, Reduction::Sum);
            let of_rows: f64 = batch.losses(&oracle).iter().sum();
            prop_assert!((sum - of_rows).abs() <= 4.0 * ULP * sum.abs() + 1e-37, "{}", case.name);
        }
    }

    #[test]
    fn no_smoothing_is_smoothing_by_0(batch in batches()) {
        for case in row_cases() {
            let oracle = case.oracle(batch.classes);
            if oracle.smooths() && oracle.smoothing == 0.0 {
                let [value, same] = [batch.losses(&oracle), batch.losses(&oracle.clone().smoothed(-0.0))];
                prop_assert_eq!(value, same, "{}", case.name);
            }
        }
    }

    #[test]
    fn smoothing_mixes_the_loss_with_that_of_all_classes(batch in batches(), share in 0u32..=16) {
        let share = share as f64 / 16.0;
        for oracle in [entropy(), focal(None, 2.0), poly(1.0)] {
            let hard = batch.losses(&oracle);
            let smooth = batch.losses(&oracle.clone().smoothed(share));
            let even = batch.losses(&oracle.clone().smoothed(1.0));
            for row in 0..hard.len() {
                let mixed = (1.0 - share) * hard[row] + share * even[row];
                let slack = 32.0 * ULP * (mixed.abs() + batch.size(row));
                prop_assert!((smooth[row] - mixed).abs() <= slack, "{oracle:?}: {} {mixed}", smooth[row]);
            }
        }
    }

    #[test]
    fn a_class_is_the_share_of_1_of_it(batch in batches()) {
        for oracle in [entropy(), entropy().smoothed(0.1), focal(None, 2.0), focal(None, 0.5), poly(1.0)] {
            let mut call = batch.call(Method::NoReduction);
            let of_classes = batch.losses(&oracle);
            let shares = batch.rows.iter().flat_map(|(row, class)| {
                (0..row.len()).map(move |i| (i as i64 == *class) as u8 as f64)
            });
            call.targets = Targets::Shares(shares.collect());
            let of_shares = call.run(&RowLoss::like(&oracle, Reduction::Mean), &site()).value;
            for (row, (a, b)) in of_classes.iter().zip(of_shares).enumerate() {
                let slack = 8.0 * ULP * (a.abs() + batch.size(row));
                prop_assert!((a - b).abs() <= slack, "{oracle:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn the_slopes_of_a_row_cancel(batch in batches()) {
        for case in row_cases() {
            let oracle = case.oracle(batch.classes);
            let loss = RowLoss::like(&oracle, Reduction::Mean);
            let mut call = batch.call(Method::NoReduction).tracking_logits();
            call.dtype = Dtype::F32;
            let site = crate::support::differentiable_sites().remove(0);
            let gradient = call.run(&loss, &site).by_prediction.expect("a gradient");
            for row in gradient.chunks(batch.classes) {
                let (sum, size) = row.iter().fold((0.0, 0.0), |(sum, size), g| (sum + g, size + g.abs()));
                prop_assert!(sum.abs() <= 1e-5 * (1.0 + size), "{}: {sum} of {size}", case.name);
            }
        }
    }

    #[test]
    fn focal_loss_falls_with_gamma(batch in batches(), low in 0.0..4.0f64, more in 0.0..4.0f64) {
        let mild = batch.losses(&focal(None, low));
        let strict = batch.losses(&focal(None, low + more));
        for (mild, strict) in mild.iter().zip(&strict) {
            let slack = 64.0 * ULP * mild * (1.0 + low + more) + 1e-12;
            prop_assert!(*strict <= mild + slack, "{strict} after {mild}");
        }
    }
}
