//! What images lack of similarity at each place of the window, and the slopes of that by the moments: a cube for a tile of places.

use super::images::{Images, SIDE, least, reflected, unit, weight};
use crate::{
    formula::{Dual, Moments, Ssim},
    kernel::gpu::{
        formula::Named,
        sum::Board,
        traced::{Traced, Words},
    },
};
use burn_cubecl::cubecl::{self, prelude::*};

/// How many moments there are.
pub(super) const MOMENTS: usize = 4;

/// What is lacking, then the slopes that are asked for, as a pixel of the prediction takes part: by `x` and the gap together, by the
/// squares, by the square of the gap, by the gap.
#[cube]
#[allow(unused_variables)]
fn lacking(
    given: Sequence<f32>,
    reference: f32,
    words: &Words,
    #[comptime] ssim: Named<Ssim>,
    #[comptime] slopes: usize,
) -> Sequence<f32> {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let numbers = given.into_iter();
        let numbers: Vec<_> = numbers.map(|number| Traced::new(&sheet, number)).collect();
        let reference = Traced::new(&sheet, reference);
        let ssim = &*ssim.formula;
        let mut all = Sequence::<f32>::__expand_new(scope);
        if slopes == 0 {
            let [x, gap, squares, square_gap] = numbers[..] else {
                unreachable!("four moments");
            };
            let moments = Moments {
                x,
                gap,
                squares,
                square_gap,
            };
            let value = ssim.value(moments, reference);
            all.__expand_push_method(scope, value.into_scalar());
        } else {
            let duals = (0..MOMENTS).map(|place| {
                let dual = |index: usize| match index == place {
                    true => Dual::variable(numbers[index]),
                    false => Dual::constant(numbers[index]),
                };
                let moments = Moments {
                    x: dual(0),
                    gap: dual(1),
                    squares: dual(2),
                    square_gap: dual(3),
                };
                ssim.value(moments, Dual::constant(reference))
            });
            let duals: Vec<_> = duals.collect();
            let [x, gap, squares, square_gap] = [0, 1, 2, 3].map(|place| duals[place].derivative());
            let wanted = [duals[0].value, x + gap, squares, square_gap, gap];
            for number in &wanted[..1 + slopes] {
                all.__expand_push_method(scope, number.into_scalar());
            }
        }
        all
    })
}

/// The parts of each tile in the loss of its plane, and the slopes of that at each place, `[slopes, planes, places]`.
#[cube(launch_unchecked, address_type = "dynamic")]
#[allow(clippy::collapsible_if)] // One of two is decided when the kernel is built.
pub(super) fn tiles_of_places<E: Float>(
    images: Images<E>,
    parts: &mut [f32],
    mut by_moments: ComptimeOption<&mut [f32]>,
    // What each place is of the mean.
    share: f32,
    tiles: usize,
    #[comptime] ssim: Named<Ssim>,
    #[comptime] slopes: usize,
    #[define(E)] _dtype: ElemType,
) {
    let size = comptime!(ssim.formula.window.len());
    let padding = comptime!(ssim.formula.padding());
    let unit = comptime!(unit(&ssim.formula));
    let lines = comptime!((SIDE + size - 1) * SIDE);
    let mut sums = Shared::<[f32]>::new_slice(comptime!(MOMENTS * lines));
    let mut board = Board::new();
    let side = comptime!(SIDE as u32);
    let (down, across) = (images.places_down, images.places_across);
    let tiles_across = across.div_ceil(side) as usize;
    let places = down as usize * across as usize;
    let mut task = CUBE_POS;
    while task < images.planes * tiles {
        let (of_block, tile) = (task / tiles, task % tiles);
        let plane = images.first + of_block;
        let (top, left) = (
            (tile / tiles_across) as u32 * side,
            (tile % tiles_across) as u32 * side,
        );
        let middle = images.middles[plane];
        // Along the rows.
        sync_cube();
        let mut at = UNIT_POS as usize;
        while at < lines {
            let line = top + (at / SIDE) as u32;
            let line = least(line, down + comptime!(size as u32) - 2);
            let row = reflected(line, images.height - 1, padding);
            let column = least(left + (at % SIDE) as u32, across - 1);
            let mut x = 0.0_f32;
            let mut gap = 0.0_f32;
            let mut squares = 0.0_f32;
            let mut square_gap = 0.0_f32;
            #[unroll]
            for place in 0..size {
                let weight = comptime!(weight(&ssim.formula, place));
                let pixel = column + comptime!(place as u32);
                let pixel = reflected(pixel, images.width - 1, padding);
                let both = images.at(plane, row, pixel, middle, unit);
                x += both.x * weight;
                gap += both.gap * weight;
                squares += (both.x * both.x + both.y * both.y) * weight;
                square_gap += both.gap * both.gap * weight;
            }
            sums[at] = x;
            sums[lines + at] = gap;
            sums[comptime!(2 * lines) + at] = squares;
            sums[comptime!(3 * lines) + at] = square_gap;
            at += comptime!(SIDE * SIDE);
        }
        sync_cube();
        // Down the columns.
        let unit_pos = UNIT_POS as usize;
        let mut moments = Sequence::<f32>::new();
        #[unroll]
        for moment in 0..MOMENTS {
            let mut sum = 0.0_f32;
            #[unroll]
            for place in 0..size {
                let weight = comptime!(weight(&ssim.formula, place));
                sum += sums[comptime!(moment * lines + place * SIDE) + unit_pos] * weight;
            }
            moments.push(sum);
        }
        let reference = (images.references[plane] + middle) * unit;
        let found = lacking(moments, reference, &images.words, ssim.clone(), slopes);
        let (row, column) = (
            top + (unit_pos / SIDE) as u32,
            left + (unit_pos % SIDE) as u32,
        );
        let exists = row < down && column < across;
        #[comptime]
        if let ComptimeOption::Some(ref mut by_moments) = by_moments {
            if exists {
                let place = row as usize * across as usize + column as usize;
                #[unroll]
                for slope in 0..slopes {
                    let plane = comptime!(slope) * images.planes + of_block;
                    by_moments[plane * places + place] = found[comptime!(1 + slope)] * share;
                }
            }
        }
        let sum = board.sum_of_cube(select(exists, found[0] * share, 0.0_f32));
        if UNIT_POS == 0 {
            parts[plane * tiles + tile] = sum;
        }
        task += CUBE_COUNT;
    }
}
