//! About where the pixels of a plane lie: of numbers near 0 sums of squares have more digits.

use crate::kernel::gpu::sum::{Board, UNITS};
use burn_cubecl::cubecl::{self, prelude::*};

/// How many rows of a plane are looked at, and how many pixels of each, at most.
const LOOKED_AT: usize = 64;

/// A cube for each plane.
#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn middle_of_planes<E: Float>(
    prediction: &[E],
    target: &[E],
    middles: &mut [f32],
    planes: usize,
    pixels: usize,
    width: usize,
    #[define(E)] _dtype: ElemType,
) {
    let mut board = Board::new();
    let height = pixels / width;
    let down = height.div_ceil(LOOKED_AT);
    let across = width.div_ceil(LOOKED_AT);
    let rows = height.div_ceil(down);
    let columns = width.div_ceil(across);
    let mut plane = CUBE_POS;
    while plane < planes {
        let mut sum = 0.0_f32;
        let mut count = 0.0_f32;
        let mut looked = UNIT_POS as usize;
        while looked < rows * columns {
            let at = looked / columns * down * width + looked % columns * across;
            let x = f32::cast_from(prediction[plane * pixels + at]);
            let y = f32::cast_from(target[plane * pixels + at]);
            sum += 0.5_f32 * x + 0.5_f32 * y;
            count += 1.0_f32;
            looked += UNITS;
        }
        let sum = board.sum_of_cube(sum);
        let count = board.sum_of_cube(count);
        if UNIT_POS == 0 {
            middles[plane] = sum / count;
        }
        plane += CUBE_COUNT;
    }
}
