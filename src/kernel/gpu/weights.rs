//! What weights of a mean are multiplied with and divided by, found out on the device.

use super::{
    memory::empty,
    sum::{Board, MOST_CUBES, UNITS},
};
use burn::{backend::TensorMetadata, tensor::Shape};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// Powers of two for weights at the ends of `f32`, and where these ends begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shifts {
    /// Weights that are all below this...
    pub small: f64,
    /// ... are multiplied by this.
    pub of_small: f64,
    /// Finite weights one of which is above this...
    pub large: f64,
    /// ... are multiplied by this.
    pub of_large: f64,
}

#[derive(CubeType, CubeLaunch)]
struct Ends {
    small: f32,
    of_small: f32,
    large: f32,
    of_large: f32,
}

/// Of the weights a cube sees the largest, and their sum, multiplied with each shift.
#[cube(launch_unchecked, address_type = "dynamic")]
fn weigh_parts(weights: &[f32], parts: &mut [f32], ends: Ends, count: usize) {
    let mut largest = 0.0_f32;
    let mut small = 0.0_f32;
    let mut plain = 0.0_f32;
    let mut large = 0.0_f32;
    let mut at = ABSOLUTE_POS;
    while at < count {
        let weight = weights[at];
        let size = weight.abs();
        largest = select(size > largest, size, largest);
        small += weight * ends.of_small;
        plain += weight;
        large += weight * ends.of_large;
        at += CUBE_COUNT * (CUBE_DIM as usize);
    }
    let mut board = Board::new();
    let largest = board.largest_of_cube(largest);
    let small = board.sum_of_cube(small);
    let plain = board.sum_of_cube(plain);
    let large = board.sum_of_cube(large);
    if UNIT_POS == 0 {
        parts[CUBE_POS] = largest;
        parts[CUBE_COUNT + CUBE_POS] = small;
        parts[2 * CUBE_COUNT + CUBE_POS] = plain;
        parts[3 * CUBE_COUNT + CUBE_POS] = large;
    }
}

#[cube(launch_unchecked)]
fn weigh_all(parts: &[f32], shift_and_divisor: &mut [f32], ends: Ends) {
    let cubes = parts.len() / 4;
    let mut largest = 0.0_f32;
    let mut small = 0.0_f32;
    let mut plain = 0.0_f32;
    let mut large = 0.0_f32;
    let mut at = UNIT_POS as usize;
    while at < cubes {
        let size = parts[at];
        largest = select(size > largest, size, largest);
        small += parts[cubes + at];
        plain += parts[2 * cubes + at];
        large += parts[3 * cubes + at];
        at += CUBE_DIM as usize;
    }
    let mut board = Board::new();
    let largest = board.largest_of_cube(largest);
    let small = board.sum_of_cube(small);
    let plain = board.sum_of_cube(plain);
    let large = board.sum_of_cube(large);
    if UNIT_POS == 0 {
        let is_small = largest < ends.small;
        let is_large = largest > ends.large && largest <= f32::max_value();
        let shift = select(
            is_small,
            ends.of_small,
            select(is_large, ends.of_large, 1.0_f32),
        );
        let divisor = select(is_small, small, select(is_large, large, plain));
        // Nothing counts, so nothing is divided. What is no number is not the largest.
        let is_nothing = largest == 0.0_f32 && plain == 0.0_f32;
        shift_and_divisor[0] = shift;
        shift_and_divisor[1] = select(is_nothing, 1.0_f32, divisor);
    }
}

/// What weights are multiplied with, a power of two, and the sum of the weights then; 1 where all are 0.
pub(super) fn shift_and_divisor(weights: &CubeTensor, shifts: Shifts) -> CubeTensor {
    let weights = into_contiguous(weights.clone());
    let count = weights.shape().num_elements();
    let cubes = count.div_ceil(UNITS);
    let cubes = cubes.clamp(1, MOST_CUBES);
    let (parts, outcome) = (
        empty(&weights, Shape::new([4 * cubes])),
        empty(&weights, Shape::new([2])),
    );
    let ends = || {
        EndsLaunch::new(
            shifts.small as f32,
            shifts.of_small as f32,
            shifts.large as f32,
            shifts.of_large as f32,
        )
    };
    let client = weights.client.clone();
    let units = CubeDim::new_1d(UNITS as u32);
    // SAFETY: each argument is read and written within its length; there are four parts for each cube.
    unsafe {
        weigh_parts::launch_unchecked(
            &client,
            CubeCount::Static(cubes as u32, 1, 1),
            units,
            weights.required_address_type(),
            weights.into_buffer_arg(),
            parts.clone().into_buffer_arg(),
            ends(),
            count,
        );
        weigh_all::launch_unchecked(
            &client,
            CubeCount::Static(1, 1, 1),
            units,
            parts.into_buffer_arg(),
            outcome.clone().into_buffer_arg(),
            ends(),
        );
    }
    outcome
}
