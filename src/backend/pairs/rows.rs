//! Rows of measures, to look at: no gradient goes through them.

use super::composed::{measures, row_blocks};
use crate::formula::Measure;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::{
    backend::path::takes_points,
    kernel::cpu::{self, Pairs, Points},
};
use burn::tensor::Tensor;

/// Calls `work` with every row and its measures with all columns, and returns what it returns, in order.
/// On a GPU this reads back a block of measures at a time.
pub(crate) fn pair_rows<T: Send>(
    measure: Measure,
    rows: Tensor<2>,
    columns: Option<Tensor<2>>,
    work: &(dyn Fn(usize, &[f32]) -> T + Sync),
) -> Vec<T> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if takes_points(&rows) {
        return on_slices(measure, rows, columns, work);
    }
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
                .map(|(row, measures)| work(row, measures)),
        );
    }
    results
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn on_slices<T: Send>(
    measure: Measure,
    rows: Tensor<2>,
    columns: Option<Tensor<2>>,
    work: &(dyn Fn(usize, &[f32]) -> T + Sync),
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
    cpu::pair_rows(&pairs, &|row, measures: &mut [f32]| work(row, measures))
}
