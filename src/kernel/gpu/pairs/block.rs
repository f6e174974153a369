//! A block of rows with all columns, and what its measures' gradient is to the points.

use super::{
    labels::Labels,
    norms::{self, Direction},
};
use crate::{
    formula::Measure,
    kernel::gpu::{formula::Named, grid, memory::empty, sum},
};
use burn::{
    backend::{TensorMetadata, ops::FloatTensorOps},
    tensor::DType,
};
use burn_cubecl::{
    CubeBackend,
    cubecl::prelude::*,
    kernel::{
        into_contiguous,
        matmul::{MatmulStrategy, matmul},
        slice,
    },
    ops::numeric::add,
    tensor::CubeTensor,
};
use core::ops::Range;

/// How many numbers of pairs are held at a time, unless a single row has more: 64 MB.
const NUMBERS: usize = if cfg!(test) { 64 } else { 1 << 24 };

/// How many cubes a kernel has at most; each does the work of several then.
pub(super) const MOST_CUBES: usize = grid::ALONG as usize;

/// How many units a cube has.
pub(super) const UNITS: u32 = sum::UNITS as u32;

/// How many units look at a row of so many numbers: a power of two.
pub(super) fn units_of_row(columns: usize) -> u32 {
    (columns.div_ceil(16).next_power_of_two() as u32).clamp(32, 256)
}

/// The product of two matrices, one row after the other.
fn product(a: CubeTensor, b: CubeTensor) -> CubeTensor {
    let out = empty(&a, [a.shape()[0], b.shape()[1]]);
    let product = matmul(a, b, Some(out), MatmulStrategy::default(), DType::F32);
    product.expect("matrices that fit")
}

fn transposed(matrix: CubeTensor) -> CubeTensor {
    CubeBackend::float_transpose(matrix)
}

/// Points in pairs: `[N, D]` and `[K, D]`, both of at least one number, with their labels.
#[derive(Clone)]
pub(crate) struct Pairs {
    pub rows: CubeTensor,
    /// `None`: the rows themselves.
    pub columns: Option<CubeTensor>,
    pub labels: Labels,
    pub measure: Measure,
}

impl Pairs {
    /// The same, with numbers that lie one after the other.
    pub(super) fn contiguous(self) -> Self {
        let Labels {
            rows,
            columns,
            none,
            same,
        } = self.labels;
        Self {
            rows: into_contiguous(self.rows),
            columns: self.columns.map(into_contiguous),
            labels: Labels {
                rows: into_contiguous(rows),
                columns: into_contiguous(columns),
                none,
                same,
            },
            measure: self.measure,
        }
    }

    pub(super) fn others(&self) -> &CubeTensor {
        self.columns.as_ref().unwrap_or(&self.rows)
    }

    /// How many rows and how many columns there are.
    pub(super) fn counts(&self) -> [usize; 2] {
        [&self.rows, self.others()].map(|points| points.shape()[0])
    }

    /// All rows, some at a time, with room for so many numbers of each pair.
    pub(super) fn blocks(&self, per_pair: usize) -> impl Iterator<Item = Block> + use<'_> {
        let [rows, columns] = self.counts();
        let per_block = (NUMBERS / (columns * per_pair)).max(1);
        (0..rows)
            .step_by(per_block)
            .map(move |first| Block::new(self, first..rows.min(first + per_block)))
    }
}

/// A block of rows with all columns.
pub(super) struct Block {
    pub rows: Range<usize>,
    points: CubeTensor,
    columns: CubeTensor,
    measure: Named<Measure>,
    /// One row after the other.
    pub measures: CubeTensor,
}

impl Block {
    fn new(pairs: &Pairs, rows: Range<usize>) -> Self {
        let [count, _] = pairs.counts();
        let points = match rows == (0..count) {
            true => pairs.rows.clone(),
            false => {
                let width = pairs.rows.shape()[1];
                into_contiguous(slice(pairs.rows.clone(), &[rows.clone(), 0..width]))
            }
        };
        let columns = pairs.others().clone();
        let measure = Named::of(pairs.measure);
        let measures = match pairs.measure.norm() {
            None => product(points.clone(), transposed(columns.clone())),
            Some(_) => norms::measures(&points, &columns, measure.clone()),
        };
        Self {
            rows,
            points,
            columns,
            measure,
            measures,
        }
    }

    /// How many rows and columns.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows.len(), self.columns.shape()[0]]
    }

    pub fn address_type(&self) -> AddressType {
        self.measures.required_address_type()
    }

    /// Where slopes of the measures go: over these, unless they are needed afterwards. That argument stands behind a
    /// kernel's first, which are the measures.
    pub fn slopes(&self) -> (CubeTensor, BufferArg) {
        match norms::needs_measures(&self.measure.formula) {
            true => {
                let slopes = empty(&self.measures, self.shape());
                (slopes.clone(), slopes.into_buffer_arg())
            }
            false => {
                let alias = self.measures.as_tensor_alias(0).into_buffer_arg();
                (self.measures.clone(), alias)
            }
        }
    }
}

/// The gradients of points in the making.
pub(super) struct Spread {
    wanted: [bool; 2],
    by_rows: Vec<CubeTensor>,
    by_columns: Option<CubeTensor>,
}

impl Spread {
    /// For the gradients of rows and of columns, each where it is wanted.
    pub fn new(wanted: [bool; 2]) -> Self {
        Self {
            wanted,
            by_rows: Vec::new(),
            by_columns: None,
        }
    }

    /// Adds what the gradient of a block's measures is to its points.
    pub fn add(&mut self, block: Block, gradient: CubeTensor) {
        let Block {
            points,
            columns,
            measure,
            measures,
            ..
        } = block;
        if measure.formula.norm().is_none() {
            drop(measures);
            if self.wanted[0] {
                let by_rows = product(gradient.clone(), columns);
                self.by_rows.push(by_rows);
            }
            if self.wanted[1] {
                let more = product(transposed(gradient), points);
                self.by_columns = Some(match self.by_columns.take() {
                    Some(before) => add(before, more),
                    None => more,
                });
            }
            return;
        }
        let slopes = norms::Slopes {
            gradient,
            measures,
            measure,
        };
        if self.wanted[0] {
            let by_rows = empty(&points, points.shape());
            slopes.add(&points, &columns, &by_rows, Direction::Rows, true);
            self.by_rows.push(by_rows);
        }
        if self.wanted[1] {
            let is_first = self.by_columns.is_none();
            let by_columns = self
                .by_columns
                .get_or_insert_with(|| empty(&columns, columns.shape()));
            slopes.add(&columns, &points, by_columns, Direction::Columns, is_first);
        }
    }

    /// The gradients of rows and columns.
    pub fn gradients(mut self) -> [Option<CubeTensor>; 2] {
        let by_rows = self.wanted[0].then(|| match self.by_rows.len() {
            1 => self.by_rows.remove(0),
            _ => CubeBackend::float_cat(self.by_rows, 0),
        });
        [by_rows, self.by_columns]
    }
}
