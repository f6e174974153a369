//! What rows count in a mean: as a kernel of losses sees it, and by itself.

use super::RowWeights;
use crate::kernel::gpu::{
    memory::empty,
    sum::{Board, MOST_CUBES, UNITS, scale_of_counts},
};
use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type},
    tensor::Shape,
};
use burn_cubecl::{
    cubecl::{self, prelude::*},
    kernel::into_contiguous,
    tensor::CubeTensor,
};

/// The target of a row and what it counts.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(in crate::kernel::gpu) struct Counted {
    /// 0 where there is none.
    pub class: u32,
    /// Whether the target is a class, or none is asked for.
    pub is_valid: bool,
    pub weight: f32,
    /// By how much it counts in a mean.
    pub count: f32,
    /// Whether it does not count at all.
    pub is_left_out: bool,
}

#[cube]
impl Counted {
    #[allow(clippy::too_many_arguments)]
    pub fn new<I: Int>(
        classes: ComptimeOption<&[I]>,
        row_weights: ComptimeOption<&[f32]>,
        shift: ComptimeOption<&[f32]>,
        counts: ComptimeOption<&[f32]>,
        row: usize,
        class_count: u32,
        ignored: I,
        #[comptime] has_ignored: bool,
    ) -> Counted {
        let mut class = 0u32;
        let mut is_ignored = false;
        let mut is_valid = true;
        #[comptime]
        if let ComptimeOption::Some(classes) = classes {
            let index = classes[row];
            if comptime!(has_ignored) {
                is_ignored = index == ignored;
            }
            is_valid = index >= I::new(0) && index < I::cast_from(class_count);
            class = select(is_valid, u32::cast_from(index), 0u32);
        }
        let mut weight = 1.0_f32;
        #[comptime]
        if let ComptimeOption::Some(row_weights) = row_weights {
            weight = row_weights[row];
            #[comptime]
            if let ComptimeOption::Some(shift) = shift {
                weight *= shift[0];
            }
        }
        let mut count = weight;
        #[comptime]
        if let ComptimeOption::Some(counts) = counts {
            count = weight * counts[class as usize];
        }
        let is_left_out = is_ignored || weight == 0.0_f32;
        Counted {
            class,
            is_valid,
            weight,
            count: select(is_left_out, 0.0_f32, count),
            is_left_out,
        }
    }
}

/// The counts that a cube sees and their sizes, each summed up.
#[cube(launch_unchecked)]
fn count_kernel<I: Int>(
    classes: &[I],
    row_weights: ComptimeOption<&[f32]>,
    shift: ComptimeOption<&[f32]>,
    counts: ComptimeOption<&[f32]>,
    parts: &mut [f32],
    rows: usize,
    class_count: u32,
    ignored: InputScalar,
    #[comptime] has_ignored: bool,
    #[define(I)] _index: ElemType,
) {
    let mut sum = 0.0_f32;
    let mut size = 0.0_f32;
    let mut row = ABSOLUTE_POS;
    while row < rows {
        let counted = Counted::new::<I>(
            ComptimeOption::Some(classes),
            row_weights,
            shift,
            counts,
            row,
            class_count,
            ignored.get::<I>(),
            has_ignored,
        );
        sum += counted.count;
        size += counted.count.abs();
        row += CUBE_COUNT * (CUBE_DIM as usize);
    }
    let mut board = Board::new();
    let sum = board.sum_of_cube(sum);
    let size = board.sum_of_cube(size);
    if UNIT_POS == 0 {
        parts[CUBE_POS] = sum;
        parts[CUBE_COUNT + CUBE_POS] = size;
    }
}

/// What the gradient of a mean over rows is multiplied with, before anything is known of their logits: 1 by the sum of what
/// they count, 0 where nothing does.
pub(crate) fn scale_of_rows(
    classes: &CubeTensor,
    weights: Option<&RowWeights>,
    counts: Option<&CubeTensor>,
    class_count: usize,
    ignored: Option<i64>,
) -> CubeTensor {
    let classes = into_contiguous(classes.clone());
    let client = classes.client.clone();
    let rows = classes.shape().num_elements();
    let cubes = rows.div_ceil(UNITS);
    let cubes = cubes.clamp(1, MOST_CUBES);
    let parts = empty(&classes, Shape::new([2 * cubes]));
    let argument = |tensor: Option<&CubeTensor>| tensor.cloned().map(CubeTensor::into_buffer_arg);
    let index = dtype_to_storage_type(classes.dtype);
    // SAFETY: there is a class for each weight of a row, a count for each class, and two parts for each cube.
    unsafe {
        count_kernel::launch_unchecked(
            &client,
            CubeCount::Static(cubes as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            classes.into_buffer_arg(),
            argument(weights.map(|weights| &weights.each)).into(),
            argument(weights.and_then(|weights| weights.shift.as_ref())).into(),
            argument(counts).into(),
            parts.clone().into_buffer_arg(),
            rows,
            class_count as u32,
            InputScalar::new(ignored.unwrap_or_default(), index),
            ignored.is_some(),
            index,
        );
    }
    scale_of_counts(parts)
}
