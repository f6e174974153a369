//! Rows divided by their norms, and the gradient of that: some units of a cube for each row.

use super::{
    grid::grid,
    memory::empty,
    sum::{Board, UNITS},
};
use burn::{backend::TensorMetadata, tensor::Shape};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// The unit's row, its place beside the row's other units, and where these begin.
#[cube]
fn place(#[comptime] units: u32) -> (usize, u32, usize) {
    let slot = UNIT_POS as usize;
    let row = CUBE_POS * comptime!(UNITS / units as usize) + slot / comptime!(units as usize);
    (row, UNIT_POS % units, slot)
}

/// Rows are first brought near 1, so that no square is too large or too small. A norm is the product of the two numbers left
/// for its row.
#[cube(launch_unchecked, address_type = "dynamic")]
fn unit_rows_kernel(
    rows: &[f32],
    unit: &mut [f32],
    norms: &mut [f32],
    count: usize,
    width: usize,
    #[comptime] units: u32,
) {
    let mut board = Board::new();
    let (given, lane, slot) = place(units);
    let exists = given < count;
    let row = select(exists, given, count - 1);
    let mut largest = 0.0_f32;
    let mut at = lane as usize;
    while at < width {
        let size = rows[row * width + at].abs();
        largest = select(size > largest, size, largest);
        at += units as usize;
    }
    let largest = board.largest(largest, slot, lane, units);
    let largest = select(largest == 0.0_f32, 1.0_f32, largest);
    let mut square = 0.0_f32;
    let mut at = lane as usize;
    while at < width {
        let near_1 = rows[row * width + at] / largest;
        square += near_1 * near_1;
        at += units as usize;
    }
    let square = board.sum(square, slot, lane, units);
    let root = select(square == 0.0_f32, 1.0_f32, square.sqrt());
    if exists {
        let mut at = lane as usize;
        while at < width {
            unit[row * width + at] = rows[row * width + at] / largest / root;
            at += units as usize;
        }
        if lane == 0 {
            norms[row] = largest;
            norms[count + row] = root;
        }
    }
}

/// What is along a row of norm 1 is taken out of its gradient.
#[cube(launch_unchecked, address_type = "dynamic")]
fn unit_rows_backward_kernel(
    unit: &[f32],
    norms: &[f32],
    upstream: &[f32],
    gradient: &mut [f32],
    count: usize,
    width: usize,
    #[comptime] units: u32,
) {
    let mut board = Board::new();
    let (given, lane, slot) = place(units);
    let exists = given < count;
    let row = select(exists, given, count - 1);
    let mut along = 0.0_f32;
    let mut at = lane as usize;
    while at < width {
        along += unit[row * width + at] * upstream[row * width + at];
        at += units as usize;
    }
    let along = board.sum(along, slot, lane, units);
    if exists {
        let mut at = lane as usize;
        while at < width {
            let across = upstream[row * width + at] - unit[row * width + at] * along;
            gradient[row * width + at] = across / norms[count + row] / norms[row];
            at += units as usize;
        }
    }
}

/// How many units work on a row of that width, and how many cubes on all rows.
fn plan(count: usize, width: usize) -> (u32, u32) {
    let units = width.div_ceil(4).next_power_of_two().clamp(1, UNITS);
    (units as u32, count.div_ceil(UNITS / units) as u32)
}

/// Rows `[N, D]` of norm 1, at least one number, and for each the two factors of the norm it had, `[2, N]`.
pub(crate) fn unit_rows(rows: CubeTensor) -> [CubeTensor; 2] {
    let rows = into_contiguous(rows);
    let [count, width] = rows.shape().dims();
    let (units, cubes) = plan(count, width);
    let unit = empty(&rows, rows.shape());
    let norms = empty(&rows, Shape::new([2, count]));
    let client = rows.client.clone();
    // SAFETY: all have `count` rows, those with coordinates `width` of them; no row beyond these is visited.
    unsafe {
        unit_rows_kernel::launch_unchecked(
            &client,
            grid(cubes),
            CubeDim::new_1d(UNITS as u32),
            rows.required_address_type(),
            rows.into_buffer_arg(),
            unit.clone().into_buffer_arg(),
            norms.clone().into_buffer_arg(),
            count,
            width,
            units,
        );
    }
    [unit, norms]
}

/// What an upstream gradient of these is to the rows.
pub(crate) fn unit_rows_backward(
    [unit, norms]: [CubeTensor; 2],
    upstream: CubeTensor,
) -> CubeTensor {
    let [unit, upstream] = [unit, upstream].map(into_contiguous);
    let [count, width] = unit.shape().dims();
    let (units, cubes) = plan(count, width);
    let gradient = empty(&unit, unit.shape());
    let client = unit.client.clone();
    // SAFETY: as above.
    unsafe {
        unit_rows_backward_kernel::launch_unchecked(
            &client,
            grid(cubes),
            CubeDim::new_1d(UNITS as u32),
            unit.required_address_type(),
            unit.into_buffer_arg(),
            norms.into_buffer_arg(),
            upstream.into_buffer_arg(),
            gradient.clone().into_buffer_arg(),
            count,
            width,
            units,
        );
    }
    gradient
}
