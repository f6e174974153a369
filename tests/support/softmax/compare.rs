//! Comparison of what a loss of rows gave with what it has to give.

use super::RowCall;
use crate::support::{
    Expected, Outcome, Site, Tolerance,
    compare::{Form, Tolerances, check_within},
};

/// Panics unless `outcome` is what the oracle expects of the call.
#[track_caller]
pub fn check_rows(what: &str, site: &Site, call: &RowCall, outcome: &Outcome, expected: &Expected) {
    // A row is a sum over its classes; of equal shares of them, where labels are smoothed, which
    // tensor operations add up one by one.
    let classes = call.classes();
    let at = |dtype| {
        let element = Tolerance::at(site, dtype);
        if site.sums_in_f64(call.dtype) {
            let row = element.summed(dtype, classes);
            (row, row)
        } else {
            let row = element.summed_one_by_one(dtype, classes);
            (row, row.summed(dtype, call.rows()))
        }
    };
    let (row_loss, reduced) = at(call.dtype.of_loss());
    let (row, rows) = at(call.dtype);
    let gradient = match call.method.divides_by_weights() {
        true => rows,
        false => row,
    };
    let form = Form {
        shape: match call.method.reduces() {
            true => vec![1],
            false => call.row_shape(),
        },
        dtype: call.dtype.of_loss(),
        tracked: call.tracked,
    };
    let tolerances = Tolerances {
        value: if call.method.reduces() {
            reduced
        } else {
            row_loss
        },
        by_prediction: gradient,
        by_target: gradient,
        by_weights: row.summed(call.dtype, call.rows()),
    };
    let what = format!("{what} on {site}");
    check_within(&what, &form, outcome, expected, &tolerances);
}
