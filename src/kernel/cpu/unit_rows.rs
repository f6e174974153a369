//! Rows divided by their Euclidean norm, and their gradient.

use super::{fresh::with_room, threads::map};
use crate::summed::summed;

/// How many numbers one task takes.
const NUMBERS: usize = 16_384;

/// Rows of norm 1, and the norms they had; 1 for a row of zeros, which stays one.
pub(crate) struct UnitRows {
    pub rows: Vec<f32>,
    pub norms: Vec<f64>,
}

/// Divides every row by its norm. No square is too large or too small: they are `f64`. A row that holds infinity has no
/// direction, so it is NaN.
pub(crate) fn unit_rows(rows: &[f32], width: usize) -> UnitRows {
    let parts = map(rows.chunks(per_task(width)), &|_, rows| {
        let mut units: Vec<f32> = Vec::with_capacity(rows.len());
        let mut norms = Vec::with_capacity(rows.len() / width.max(1));
        for row in rows.chunks(width.max(1)) {
            let norm = norm(row);
            let divided = |&x: &f32| (f64::from(x) / norm) as f32;
            match norm.is_finite() {
                true => units.extend(row.iter().map(divided)),
                false => units.extend(core::iter::repeat_n(f32::NAN, row.len())),
            }
            norms.push(norm);
        }
        (units, norms)
    });
    let mut all = UnitRows {
        rows: with_room(rows.len()),
        norms: Vec::new(),
    };
    for (units, norms) in parts {
        all.rows.extend(units);
        all.norms.extend(norms);
    }
    all
}

/// What an upstream gradient `g` of rows `u` of norm 1 is to the rows they come from: `(g - u (u · g)) / norm`.
///
/// # Panics
/// If the lengths differ.
pub(crate) fn unit_rows_gradient(
    units: &[f32],
    norms: &[f64],
    upstream: &[f32],
    width: usize,
) -> Vec<f32> {
    assert_eq!(units.len(), upstream.len(), "a gradient for each number");
    let chunks = units
        .chunks(per_task(width))
        .zip(upstream.chunks(per_task(width)));
    let chunks = chunks.zip(norms.chunks(per_task(width) / width.max(1)));
    let parts = map(chunks, &|_, ((units, upstream), norms)| {
        let mut out: Vec<f32> = Vec::with_capacity(units.len());
        let rows = units.chunks(width).zip(upstream.chunks(width));
        for ((unit, upstream), norm) in rows.zip(norms) {
            let along = dot(unit, upstream);
            let slope =
                |(&u, &g): (&f32, &f32)| ((f64::from(g) - f64::from(u) * along) / norm) as f32;
            out.extend(unit.iter().zip(upstream).map(slope));
        }
        out
    });
    parts.concat()
}

/// How many numbers a task takes: whole rows.
fn per_task(width: usize) -> usize {
    let width = width.max(1);
    (NUMBERS / width).max(1) * width
}

fn norm(row: &[f32]) -> f64 {
    match dot(row, row).sqrt() {
        0.0 => 1.0,
        norm => norm,
    }
}

/// The sum of the products, in `f64`.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    summed::<8, _, _, _>(a, b, |a, b| f64::from(a) * f64::from(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_size_have_norm_1() {
        let rows = [3e38, -2e38, 0.0, 0.0, 3e-45, -4e-45, 0.6, 0.8];
        let unit = unit_rows(&rows, 2);
        assert_eq!(unit.norms[1], 1.0);
        assert_eq!(unit.rows[2..4], [0.0, 0.0]);
        for row in [0, 2, 3] {
            let row = &unit.rows[2 * row..][..2];
            assert!((dot(row, row) - 1.0).abs() < 1e-6, "{row:?}");
        }
        assert!(unit_rows(&[f32::INFINITY, 1.0], 2).rows[1].is_nan());
        assert!(unit_rows(&[], 3).rows.is_empty());
    }

    #[test]
    fn the_gradient_is_that_of_differences() {
        let (row, upstream) = ([0.3, -1.2, 2.0], [1.0, 0.5, -0.25]);
        let unit = unit_rows(&row, 3);
        let gradient = unit_rows_gradient(&unit.rows, &unit.norms, &upstream, 3);
        for (place, slope) in gradient.iter().enumerate() {
            let value = |step: f64| {
                let moved: Vec<f64> = (0..3)
                    .map(|i| f64::from(row[i]) + if i == place { step } else { 0.0 })
                    .collect();
                let norm = moved.iter().map(|x| x * x).sum::<f64>().sqrt();
                let terms = moved.iter().zip(&upstream);
                terms.map(|(x, &g)| x / norm * f64::from(g)).sum::<f64>()
            };
            let expected = (value(1e-6) - value(-1e-6)) / 2e-6;
            assert!((f64::from(*slope) - expected).abs() < 1e-6);
        }
    }
}
