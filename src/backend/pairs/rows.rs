//! Rows of measures, to look at: no gradient goes through them.

use super::plain::measures;
use crate::formula::Measure;
use burn::tensor::Tensor;
use core::ops::Range;

/// How many numbers a block has at most, unless a single row has more.
const BLOCK: usize = 4 << 20;

/// Calls `work` with every row and its measures with all columns, and returns what it returns, in order.
/// On a GPU this reads back a block of measures at a time.
pub(crate) fn pair_rows<T: Send>(
    measure: Measure,
    rows: Tensor<2>,
    columns: Option<Tensor<2>>,
    work: impl Fn(usize, &[f32]) -> T + Sync,
) -> Vec<T> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if super::takes_kernels(&rows) {
        return on_slices(measure, rows, columns, work);
    }
    let columns = columns.unwrap_or_else(|| rows.clone());
    let mut results = Vec::with_capacity(rows.dims()[0]);
    for block in row_blocks(measure, &rows, &columns) {
        let measures = measures(
            measure,
            rows.clone().slice_dim(0, block.clone()),
            columns.clone(),
        );
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

/// Blocks of rows whose measures with all columns can be held at a time.
pub(crate) fn row_blocks(
    measure: Measure,
    rows: &Tensor<2>,
    columns: &Tensor<2>,
) -> impl Iterator<Item = Range<usize>> + use<> {
    let [count, width] = rows.dims();
    let per_pair = match measure {
        Measure::Dot => 1,
        Measure::SquaredEuclidean | Measure::Lp(_) => width,
    };
    let per_block = (BLOCK / (columns.dims()[0] * per_pair).max(1)).max(1);
    (0..count)
        .step_by(per_block)
        .map(move |first| first..count.min(first + per_block))
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn on_slices<T: Send>(
    measure: Measure,
    rows: Tensor<2>,
    columns: Option<Tensor<2>>,
    work: impl Fn(usize, &[f32]) -> T + Sync,
) -> Vec<T> {
    use crate::kernel::cpu::{self, Pairs, Points};

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
    cpu::pair_rows(&pairs, |row, measures| work(row, measures))
}
