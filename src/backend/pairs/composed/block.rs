//! A block of rows with all columns.

use super::{measure, parts::joined};
use crate::{
    backend::pairs::inputs::{NO_LABEL, PairInputs},
    formula::{Kind, Measure},
};
use burn::tensor::{Bool, Int, Tensor};
use core::ops::Range;

/// How many numbers a block has at most, unless a single row has more.
pub(super) const BLOCK: usize = if cfg!(test) { 64 } else { 4 << 20 };

/// The rows of blocks whose measures with all columns can be held at a time, with room for `per_pair` numbers
/// of each pair.
pub(crate) fn row_blocks(
    measure: Measure,
    rows: &Tensor<2>,
    columns: &Tensor<2>,
    per_pair: usize,
) -> impl Iterator<Item = Range<usize>> + use<> {
    let [count, width] = rows.dims();
    let per_pair = per_pair.max(match measure.norm() {
        None => 1,
        Some(_) => width,
    });
    let per_block = (BLOCK / (columns.dims()[0] * per_pair).max(1)).max(1);
    (0..count)
        .step_by(per_block)
        .map(move |first| first..count.min(first + per_block))
}

/// A block of rows with all columns.
pub(crate) struct Block {
    pub rows: Range<usize>,
    /// Their points, and all of those they are paired with.
    points: Tensor<2>,
    pub columns: Tensor<2>,
    measure: Measure,
    pub measures: Tensor<2>,
    /// Which pairs are not positive, and which are not negative.
    outside: [Tensor<2, Bool>; 2],
}

impl Block {
    /// All of them, with room for `per_pair` numbers of each pair.
    pub fn all(
        inputs: &PairInputs,
        measure: Measure,
        per_pair: usize,
    ) -> impl Iterator<Item = Self> {
        row_blocks(measure, &inputs.rows, inputs.others(), per_pair)
            .map(move |rows| Self::new(inputs, measure, rows))
    }

    fn new(inputs: &PairInputs, measure: Measure, rows: Range<usize>) -> Self {
        let points = inputs.rows.clone().slice_dim(0, rows.clone());
        let columns = inputs.others().clone();
        Self {
            outside: outside(inputs, &rows),
            measures: measure::measures(measure, points.clone(), columns.clone()),
            measure,
            rows,
            points,
            columns,
        }
    }

    /// Which pairs are not of a kind.
    pub fn outside(&self, kind: Kind) -> Tensor<2, Bool> {
        self.outside[match kind {
            Kind::Positive => 0,
            Kind::Negative => 1,
        }]
        .clone()
    }
}

/// Which pairs of some rows with all columns are not positive, and which are not negative.
fn outside(inputs: &PairInputs, rows: &Range<usize>) -> [Tensor<2, Bool>; 2] {
    let shape = [rows.len(), inputs.others().dims()[0]];
    let equal = |of_rows: Tensor<1, Int>, of_columns: Tensor<1, Int>| {
        let of_rows = of_rows.unsqueeze_dim::<2>(1).expand(shape);
        of_rows.equal(of_columns.unsqueeze::<2>().expand(shape))
    };
    let labels = inputs.row_labels.clone().slice_dim(0, rows.clone());
    let alike = equal(labels.clone(), inputs.column_labels.clone());
    let unlabelled = |labels: &Tensor<1, Int>| labels.clone().equal_scalar(NO_LABEL);
    let of_rows = unlabelled(&labels).unsqueeze_dim::<2>(1).expand(shape);
    let of_columns = unlabelled(&inputs.column_labels).unsqueeze::<2>();
    let mut none = of_rows.bool_or(of_columns.expand(shape));
    if inputs.columns.is_none() {
        // A row is not paired with itself.
        let device = inputs.rows.device();
        let places =
            |range: Range<usize>| Tensor::arange(range.start as i64..range.end as i64, &device);
        none = none.bool_or(equal(places(rows.clone()), places(0..shape[1])));
    }
    [alike.clone().bool_not(), alike].map(|others| others.bool_or(none.clone()))
}

/// The gradients of points in the making.
pub(super) struct Spread {
    /// Whether rows and columns are the same points.
    same: bool,
    wanted: [bool; 2],
    by_rows: Vec<Tensor<2>>,
    by_columns: Option<Tensor<2>>,
}

impl Spread {
    pub fn new(inputs: &PairInputs, [to_rows, to_columns]: [bool; 2]) -> Self {
        let same = inputs.columns.is_none();
        Self {
            same,
            wanted: [to_rows, to_columns || (same && to_rows)],
            by_rows: Vec::new(),
            by_columns: None,
        }
    }

    /// Adds what the gradient of a block's measures is to its points.
    pub fn add(&mut self, block: Block, gradient: Tensor<2>) {
        let Block {
            points,
            columns,
            measure,
            ..
        } = block;
        let [by_rows, by_columns] =
            measure::slopes(measure, gradient, points, columns, self.wanted);
        self.by_rows.extend(by_rows);
        if let Some(add) = by_columns {
            self.by_columns = Some(match self.by_columns.take() {
                Some(before) => before + add,
                None => add,
            });
        }
    }

    /// The gradients of rows and columns; of the same points there is one, the first.
    pub fn gradients(self) -> [Option<Tensor<2>>; 2] {
        let by_rows = self.wanted[0].then(|| joined(self.by_rows, 0));
        match (self.same, by_rows, self.by_columns) {
            (true, Some(by_rows), Some(by_columns)) => [Some(by_rows + by_columns), None],
            (_, by_rows, by_columns) => [by_rows, by_columns],
        }
    }
}
