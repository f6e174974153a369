//! Rows of measures, to look at: no gradient goes through them.

use super::composed::{measures, row_blocks};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::{
    backend::path::takes_points,
    kernel::cpu::{self, Pairs, Points},
};
use crate::{
    formula::Measure,
    kernel::exact::{ExactPairs, Number, Rounding},
};
use burn::tensor::Tensor;

/// The measures of a row with all columns.
pub(crate) struct Row<'a> {
    /// As they were computed for all pairs: the last digits are rounding.
    pub measures: &'a [f32],
    rounding: Rounding,
    exact: &'a dyn Fn(usize) -> f64,
}

impl Row<'_> {
    /// The measure with a column, computed once more.
    pub fn exact(&self, column: usize) -> f64 {
        (self.exact)(column)
    }

    /// By how much the measures may be off.
    pub fn rounding(&self) -> Rounding {
        self.rounding
    }
}

/// What is done with a row.
type Work<'a, T> = dyn Fn(usize, &Row<'_>) -> T + Sync + 'a;

/// Calls `work` with every row and its measures with all columns, and returns what it returns, in order.
/// On a GPU this reads back the points, and a block of measures at a time.
pub(crate) fn pair_rows<T: Send>(
    measure: Measure,
    rows: Tensor<2>,
    columns: Option<Tensor<2>>,
    work: &Work<'_, T>,
) -> Vec<T> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if takes_points(&rows) {
        return on_slices(measure, rows, columns, work);
    }
    let numbers = |points: &Tensor<2>| -> Vec<f64> { points.to_data().iter().collect() };
    let (of_rows, of_columns) = (numbers(&rows), columns.as_ref().map(numbers));
    let of_columns = of_columns.as_ref().unwrap_or(&of_rows);
    let exact = ExactPairs::new(measure, rows.dims()[1], &of_rows, of_columns);
    let columns = columns.unwrap_or_else(|| rows.clone());
    let mut results = Vec::with_capacity(rows.dims()[0]);
    for block in row_blocks(measure, &rows, &columns, 1) {
        let some = rows.clone().slice_dim(0, block.clone());
        let measures = measures(measure, some, columns.clone());
        let measures: Vec<f32> = measures.into_data().iter::<f32>().collect();
        let of_rows = measures.chunks(columns.dims()[0].max(1));
        results.extend(
            block
                .zip(of_rows)
                .map(|(row, measures)| on_row(&exact, row, measures, work)),
        );
    }
    results
}

fn on_row<E: Number, T>(
    pairs: &ExactPairs<'_, E>,
    row: usize,
    measures: &[f32],
    work: &Work<'_, T>,
) -> T {
    let row_of_pairs = Row {
        measures,
        rounding: pairs.rounding(row),
        exact: &|column| pairs.of(row, column),
    };
    work(row, &row_of_pairs)
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn on_slices<T: Send>(
    measure: Measure,
    rows: Tensor<2>,
    columns: Option<Tensor<2>>,
    work: &Work<'_, T>,
) -> Vec<T> {
    /// Points in memory; their labels are the caller's affair.
    struct Held {
        elements: Vec<f32>,
        labels: Vec<f32>,
    }

    impl Held {
        fn new(points: Tensor<2>) -> Self {
            let labels = vec![0.0; points.dims()[0]];
            let elements = points.into_data().try_into_vec().expect("kernels take f32");
            Self { elements, labels }
        }

        fn points(&self) -> Points<'_> {
            Points {
                elements: &self.elements,
                labels: &self.labels,
            }
        }
    }

    let width = rows.dims()[1];
    let (rows, columns) = (Held::new(rows), columns.map(Held::new));
    let pairs = Pairs {
        rows: rows.points(),
        columns: columns.as_ref().map(Held::points),
        width,
        measure,
    };
    let others = pairs.columns.unwrap_or(pairs.rows).elements;
    let exact = ExactPairs::new(measure, width, pairs.rows.elements, others);
    cpu::pair_rows(&pairs, &|row, measures: &mut [f32]| {
        on_row(&exact, row, measures, work)
    })
}
