//! Norms of differences, which come from no product.

use super::measure::{Side, each_row};
use crate::{
    formula::Norm,
    kernel::{cpu::gemm::Workers, exact::Differences},
};

/// Writes the norms of the differences of all pairs to rows that begin some elements apart.
pub(super) fn fill_norms(
    rows: Side<'_>,
    columns: Side<'_>,
    p: f64,
    workers: Workers,
    out: (&mut [f32], usize),
) {
    each_row(out, rows.count, workers, &|i, row| {
        let a = rows.point(i);
        for (j, x) in row[..columns.count].iter_mut().enumerate() {
            *x = Differences::new(Norm::Lp(p), a, columns.point(j)).norm() as f32;
        }
    });
}

/// Adds what a gradient of the norms of all differences is to the points of one side.
pub(super) fn spread_norms(
    points: Side<'_>,
    others: Side<'_>,
    p: f64,
    workers: Workers,
    out: &mut [f32],
    slope: &(dyn Fn(usize, usize) -> f32 + Sync),
) {
    each_row((out, points.width), points.count, workers, &|i, out| {
        for j in 0..others.count {
            let slope = slope(i, j);
            // A pair that counts nothing may hold anything.
            if slope == 0.0 {
                continue;
            }
            let differences = Differences::new(Norm::Lp(p), points.point(i), others.point(j));
            let slopes = differences.slopes();
            out.iter_mut()
                .zip(slopes)
                .for_each(|(out, by)| *out += slope * by as f32);
        }
    });
}
