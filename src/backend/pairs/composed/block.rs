//! A block of rows with all columns.

use super::measure::{measures, slopes};
use crate::{
    backend::{
        extension::{PairCall, PairOps},
        numbers::{Numbers, bool_dtype},
        pairs::NO_LABEL,
    },
    formula::{Kind, Measure},
};
use burn::{
    backend::{
        TensorMetadata, get_or_init_device_settings,
        tensor::{BoolTensor, FloatTensor, IntTensor},
    },
    tensor::{IntDType, Shape, Slice},
};
use core::ops::Range;

/// How many numbers a block has at most, unless a single row has more.
pub(super) const BLOCK: usize = if cfg!(test) { 64 } else { 4 << 20 };

/// A block of rows with all columns.
pub(super) struct Block<B: PairOps> {
    pub rows: Range<usize>,
    /// Their points, and all of those they are paired with.
    points: Numbers<B>,
    pub columns: Numbers<B>,
    measure: Measure,
    pub measures: Numbers<B>,
    /// Which pairs are not positive, and which are not negative.
    outside: [BoolTensor<B>; 2],
}

impl<B: PairOps> Block<B> {
    /// All of them, with room for `per_pair` numbers of each pair.
    pub fn all(
        call: &PairCall<B>,
        measure: Measure,
        per_pair: usize,
    ) -> impl Iterator<Item = Self> {
        let [rows, width] = [call.rows.shape()[0], call.rows.shape()[1]];
        let columns = call.columns.as_ref().unwrap_or(&call.rows).shape()[0];
        let per_pair = per_pair.max(match measure {
            Measure::Dot => 1,
            Measure::SquaredEuclidean | Measure::Lp(_) => width,
        });
        let per_block = (BLOCK / (columns * per_pair).max(1)).max(1);
        (0..rows)
            .step_by(per_block)
            .map(move |first| Self::new(call, measure, first..rows.min(first + per_block)))
    }

    fn new(call: &PairCall<B>, measure: Measure, rows: Range<usize>) -> Self {
        let columns = call.columns.clone().unwrap_or_else(|| call.rows.clone());
        let [count, width] = [columns.shape()[0], columns.shape()[1]];
        let slices = [Slice::from(rows.clone()), Slice::from(0..width)];
        let points = Numbers::<B>(B::float_slice(call.rows.clone(), &slices));
        let columns = Numbers::<B>(columns);
        let shape = Shape::new([rows.len(), count]);
        let equal = |of_rows: IntTensor<B>, of_columns: IntTensor<B>| {
            let of_rows = B::int_reshape(of_rows, Shape::new([rows.len(), 1]));
            let of_columns = B::int_reshape(of_columns, Shape::new([1, count]));
            B::int_equal(
                B::int_expand(of_rows, shape.clone()),
                B::int_expand(of_columns, shape.clone()),
                bool_dtype::<B>(&call.rows),
            )
        };
        let row_labels = B::int_slice(call.row_labels.clone(), &[Slice::from(rows.clone())]);
        let mut not_negative = equal(row_labels, call.column_labels.clone());
        let mut not_positive = B::bool_not(not_negative.clone());
        if call.columns.is_none() {
            let device = call.rows.device();
            let dtype: IntDType = get_or_init_device_settings::<B>(&device).int_dtype;
            let places = |range: Range<usize>| {
                B::int_arange(range.start as i64..range.end as i64, &device, dtype)
            };
            let itself = equal(places(rows.clone()), places(0..count));
            not_positive = B::bool_or(not_positive, itself.clone());
            not_negative = B::bool_or(not_negative, itself);
        } else {
            let empty = B::int_equal_elem(
                call.column_labels.clone(),
                NO_LABEL.into(),
                bool_dtype::<B>(&call.rows),
            );
            let empty = B::bool_reshape(empty, Shape::new([1, count]));
            let empty = B::bool_expand(empty, shape.clone());
            not_positive = B::bool_or(not_positive, empty.clone());
            not_negative = B::bool_or(not_negative, empty);
        }
        Self {
            measures: measures(measure, points.clone(), columns.clone()),
            measure,
            rows,
            points,
            columns,
            outside: [not_positive, not_negative],
        }
    }

    pub fn outside(&self, kind: Kind) -> BoolTensor<B> {
        self.outside[match kind {
            Kind::Positive => 0,
            Kind::Negative => 1,
        }]
        .clone()
    }
}

/// The gradients of points in the making.
pub(super) struct Spread<B: PairOps> {
    /// Whether rows and columns are the same points.
    same: bool,
    wanted: [bool; 2],
    by_rows: Vec<Numbers<B>>,
    by_columns: Option<Numbers<B>>,
}

impl<B: PairOps> Spread<B> {
    pub fn new(call: &PairCall<B>, [to_rows, to_columns]: [bool; 2]) -> Self {
        let same = call.columns.is_none();
        Self {
            same,
            wanted: [to_rows, to_columns || (same && to_rows)],
            by_rows: Vec::new(),
            by_columns: None,
        }
    }

    /// Adds what the gradient of a block's measures is to its points.
    pub fn add(&mut self, block: Block<B>, gradient: Numbers<B>) {
        let Block {
            points,
            columns,
            measure,
            ..
        } = block;
        let [by_rows, by_columns] = slopes(measure, gradient, points, columns, self.wanted);
        self.by_rows.extend(by_rows);
        if let Some(add) = by_columns {
            self.by_columns = Some(match self.by_columns.take() {
                Some(before) => before + add,
                None => add,
            });
        }
    }

    /// The gradients of rows and columns; of the same points there is one, the first.
    pub fn gradients(self) -> [Option<FloatTensor<B>>; 2] {
        let by_rows = self.wanted[0].then(|| Numbers::cat(self.by_rows, 0));
        match (self.same, by_rows, self.by_columns) {
            (true, Some(by_rows), Some(by_columns)) => [Some((by_rows + by_columns).0), None],
            (_, by_rows, by_columns) => [by_rows.map(|by| by.0), by_columns.map(|by| by.0)],
        }
    }
}
