//! Sums whose bits do not depend on the run: a fixed number of cubes, a tree in each, one cube for what these leave.

use super::{grid::cubes_of, memory::empty};
use burn::tensor::Shape;
use burn_cubecl::{
    cubecl::{self, prelude::*},
    tensor::CubeTensor,
};

/// How many units a cube has.
pub(super) const UNITS: usize = 256;

/// How many cubes share what is summed up, at most.
pub(super) const MOST_CUBES: usize = 1024;

/// Where the units of a cube leave numbers for each other.
#[derive(CubeType, Clone)]
pub(super) struct Board {
    numbers: Shared<[f32]>,
}

#[cube]
impl Board {
    pub fn new() -> Board {
        Board {
            numbers: Shared::<[f32]>::new_slice(UNITS),
        }
    }

    /// The sum of a number of each of some units, a power of two of them, of which this is the one of that index. Their
    /// numbers are in neighbouring slots. Every unit has it.
    pub fn sum(&mut self, own: f32, slot: usize, index: u32, #[comptime] units: u32) -> f32 {
        self.together(own, slot, index, units, Operation::Sum)
    }

    /// The largest of these numbers; one that is no number is passed over.
    pub fn largest(&mut self, own: f32, slot: usize, index: u32, #[comptime] units: u32) -> f32 {
        self.together(own, slot, index, units, Operation::Largest)
    }

    /// The sum of a number of each unit of a cube of [`UNITS`].
    pub fn sum_of_cube(&mut self, own: f32) -> f32 {
        self.sum(own, UNIT_POS as usize, UNIT_POS, comptime!(UNITS as u32))
    }

    /// The largest of these numbers.
    pub fn largest_of_cube(&mut self, own: f32) -> f32 {
        self.largest(own, UNIT_POS as usize, UNIT_POS, comptime!(UNITS as u32))
    }

    fn together(
        &mut self,
        own: f32,
        slot: usize,
        index: u32,
        #[comptime] units: u32,
        #[comptime] operation: Operation,
    ) -> f32 {
        let mut all = own;
        if comptime!(units > 1) {
            sync_cube();
            self.numbers[slot] = own;
            sync_cube();
            #[unroll]
            for level in 0..comptime!(units.ilog2()) {
                let half = comptime!(units >> (level + 1));
                if index < half {
                    let other = self.numbers[slot + half as usize];
                    let here = self.numbers[slot];
                    self.numbers[slot] = match comptime!(operation) {
                        Operation::Sum => here + other,
                        Operation::Largest => select(other > here, other, here),
                    };
                }
                sync_cube();
            }
            all = self.numbers[slot - index as usize];
        }
        all
    }
}

/// What is made of the numbers of several units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    Sum,
    Largest,
}

/// A cube for each row of numbers, which adds them up.
#[cube(launch_unchecked)]
fn sums_of_rows(parts: &[f32], sums: &mut [f32], rows: usize, length: usize) {
    let mut board = Board::new();
    let mut row = CUBE_POS;
    while row < rows {
        let mut own = 0.0_f32;
        let mut at = UNIT_POS as usize;
        while at < length {
            own += parts[row * length + at];
            at += UNITS;
        }
        let sum = board.sum_of_cube(own);
        if UNIT_POS == 0 {
            sums[row] = sum;
        }
        row += CUBE_COUNT;
    }
}

/// The sums of rows of numbers that lie one after the other, in that shape.
pub(super) fn row_sums(
    parts: CubeTensor,
    rows: usize,
    length: usize,
    shape: impl Into<Shape>,
) -> CubeTensor {
    let client = parts.client.clone();
    let sums = empty(&parts, shape);
    // SAFETY: there are as many rows of parts as sums, of that length.
    unsafe {
        sums_of_rows::launch_unchecked(
            &client,
            cubes_of(rows),
            CubeDim::new_1d(UNITS as u32),
            parts.into_buffer_arg(),
            sums.clone().into_buffer_arg(),
            rows,
            length,
        );
    }
    sums
}

#[cube(launch_unchecked)]
fn fold_sums(sums: &[f32], weighed: ComptimeOption<&[f32]>, folded: &mut [f32], factor: f32) {
    let mut own = 0.0_f32;
    let mut at = UNIT_POS as usize;
    while at < sums.len() {
        own += sums[at];
        at += CUBE_DIM as usize;
    }
    let sum = Board::new().sum_of_cube(own);
    if UNIT_POS == 0 {
        #[comptime]
        match weighed {
            ComptimeOption::Some(weighed) => {
                folded[0] = sum * factor / weighed[1];
            }
            ComptimeOption::None => {
                folded[0] = sum * factor;
            }
        }
    }
}

/// The sum of few numbers, times a factor, and divided by the divisor of a mean.
pub(super) fn folded(sums: CubeTensor, factor: f64, weighed: Option<CubeTensor>) -> CubeTensor {
    let client = sums.client.clone();
    let folded = empty(&sums, Shape::new([1]));
    // SAFETY: each argument is read and written within its length alone.
    unsafe {
        fold_sums::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            sums.into_buffer_arg(),
            weighed.map(CubeTensor::into_buffer_arg).into(),
            folded.clone().into_buffer_arg(),
            factor as f32,
        );
    }
    folded
}

/// How sums on the device become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FoldOnDevice {
    /// Not at all: each loss is wanted.
    None,
    /// The sum times a factor.
    Sum(f64),
    /// The sum divided by that of the counts, times a factor; 0 where nothing counts.
    Mean(f64),
}

impl FoldOnDevice {
    /// What a gradient can be multiplied with before the counts are known.
    pub fn of_gradient(self) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Sum(factor) | Self::Mean(factor) => factor,
        }
    }
}

#[cube(launch_unchecked)]
fn fold_with_counts(
    sums: &[f32],
    folded: &mut [f32],
    mut scale: ComptimeOption<&mut [f32]>,
    factor: f32,
) {
    let cubes = sums.len() / 3;
    let mut losses = 0.0_f32;
    let mut counts = 0.0_f32;
    let mut sizes = 0.0_f32;
    let mut at = UNIT_POS as usize;
    while at < cubes {
        losses += sums[at];
        counts += sums[cubes + at];
        sizes += sums[2 * cubes + at];
        at += CUBE_DIM as usize;
    }
    let mut board = Board::new();
    let losses = board.sum_of_cube(losses);
    let counts = board.sum_of_cube(counts);
    let sizes = board.sum_of_cube(sizes);
    if UNIT_POS == 0 {
        #[comptime]
        match scale {
            ComptimeOption::Some(ref mut scale) => {
                // Where nothing counts there is no loss, whatever rows that do not count have.
                let is_nothing = sizes == 0.0_f32;
                folded[0] = select(is_nothing, 0.0_f32, losses * factor / counts);
                scale[0] = select(is_nothing, 0.0_f32, 1.0_f32 / counts);
            }
            ComptimeOption::None => {
                folded[0] = losses * factor;
            }
        }
    }
}

/// Sums of losses, of counts and of their sizes, one of each for each cube, as one number; and what gradients have yet to be
/// multiplied with.
pub(crate) fn folded_with_counts(
    sums: CubeTensor,
    fold: FoldOnDevice,
) -> (CubeTensor, Option<CubeTensor>) {
    let client = sums.client.clone();
    let one = || empty(&sums, Shape::new([1]));
    let folded = one();
    let scale = matches!(fold, FoldOnDevice::Mean(_)).then(one);
    // SAFETY: each argument is read and written within its length alone.
    unsafe {
        fold_with_counts::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            sums.into_buffer_arg(),
            folded.clone().into_buffer_arg(),
            scale.clone().map(CubeTensor::into_buffer_arg).into(),
            fold.of_gradient() as f32,
        );
    }
    (folded, scale)
}

#[cube(launch_unchecked)]
fn fold_counts(parts: &[f32], scale: &mut [f32]) {
    let cubes = parts.len() / 2;
    let mut counts = 0.0_f32;
    let mut sizes = 0.0_f32;
    let mut at = UNIT_POS as usize;
    while at < cubes {
        counts += parts[at];
        sizes += parts[cubes + at];
        at += CUBE_DIM as usize;
    }
    let mut board = Board::new();
    let counts = board.sum_of_cube(counts);
    let sizes = board.sum_of_cube(sizes);
    if UNIT_POS == 0 {
        scale[0] = select(sizes == 0.0_f32, 0.0_f32, 1.0_f32 / counts);
    }
}

/// What the gradient of a mean is multiplied with: 1 by the sum of counts, 0 where nothing counts. Of the counts of each cube
/// and their sizes.
pub(super) fn scale_of_counts(parts: CubeTensor) -> CubeTensor {
    let client = parts.client.clone();
    let scale = empty(&parts, Shape::new([1]));
    // SAFETY: each argument is read and written within its length alone.
    unsafe {
        fold_counts::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            parts.into_buffer_arg(),
            scale.clone().into_buffer_arg(),
        );
    }
    scale
}
