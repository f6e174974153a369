//! What the slopes by the moments are to the pixels: a cube for a tile of pixels, which looks at the places that see them.

use super::images::{Images, SIDE, least, unit, weight};
use crate::{formula::Ssim, kernel::gpu::formula::Named};
use burn_cubecl::cubecl::{self, prelude::*};

/// How many places of the continued image a pixel stands at, at most: its own and its reflections.
fn copies(ssim: &Ssim) -> usize {
    if ssim.padding() == 0 { 1 } else { 3 }
}

/// A place of the continued image at which a pixel stands, and whether it does.
#[cube]
fn copy_of(
    pixel: i32,
    last: i32,
    #[comptime] copy: usize,
    #[comptime] padding: i32,
) -> (i32, bool) {
    match comptime!(copy) {
        0 => (pixel + padding, true.runtime()),
        1 => (padding - pixel, pixel >= 1 && pixel <= padding),
        _ => {
            let beyond = last - pixel;
            (padding + last + beyond, beyond >= 1 && beyond <= padding)
        }
    }
}

/// The gradients of planes, where they are wanted.
#[cube(launch_unchecked, address_type = "dynamic")]
pub(super) fn tiles_of_pixels<E: Float>(
    images: Images<E>,
    by_moments: &[f32],
    mut by_prediction: ComptimeOption<&mut [f32]>,
    mut by_target: ComptimeOption<&mut [f32]>,
    tiles: usize,
    #[comptime] ssim: Named<Ssim>,
    #[comptime] slopes: usize,
    #[define(E)] _dtype: ElemType,
) {
    let size = comptime!(ssim.formula.window.len());
    let padding = comptime!(ssim.formula.padding() as i32);
    let copies = comptime!(copies(&ssim.formula));
    let unit = comptime!(unit(&ssim.formula));
    let lines = comptime!((SIDE + size - 1) * SIDE);
    let mut sums = Shared::<[f32]>::new_slice(comptime!(slopes * lines));
    let side = comptime!(SIDE as u32);
    let (down, across) = (images.places_down as i32, images.places_across as i32);
    let (last_row, last_column) = (images.height as i32 - 1, images.width as i32 - 1);
    let tiles_across = images.width.div_ceil(side) as usize;
    let mut task = CUBE_POS;
    while task < images.planes * tiles {
        let (of_block, tile) = (task / tiles, task % tiles);
        let plane = images.first + of_block;
        let (top, left) = (
            (tile / tiles_across) as u32 * side,
            (tile % tiles_across) as u32 * side,
        );
        // The first row of places that sees a pixel of the tile.
        let first = top as i32 + comptime!(padding + 1 - size as i32);
        // Along the rows.
        sync_cube();
        let mut at = UNIT_POS as usize;
        while at < lines {
            let row = first + (at / SIDE) as i32;
            let column = least(left + (at % SIDE) as u32, images.width - 1) as i32;
            let is_row = row >= 0 && row < down;
            #[unroll]
            for slope in 0..slopes {
                let mut sum = 0.0_f32;
                if is_row {
                    let plane = comptime!(slope) * images.planes + of_block;
                    let line = (plane * down as usize + row as usize) * across as usize;
                    #[unroll]
                    for copy in 0..copies {
                        let (stands, does) = copy_of(column, last_column, copy, padding);
                        if does {
                            #[unroll]
                            for place in 0..size {
                                let seen = stands - comptime!(place as i32);
                                if seen >= 0 && seen < across {
                                    let weight = comptime!(weight(&ssim.formula, place));
                                    sum += by_moments[line + seen as usize] * weight;
                                }
                            }
                        }
                    }
                }
                sums[comptime!(slope * lines) + at] = sum;
            }
            at += comptime!(SIDE * SIDE);
        }
        sync_cube();
        // Down the columns.
        let unit_pos = UNIT_POS as usize;
        let (row, column) = (
            top + (unit_pos / SIDE) as u32,
            left + (unit_pos % SIDE) as u32,
        );
        if row < images.height && column < images.width {
            let mut handed_back = Sequence::<f32>::new();
            #[unroll]
            for slope in 0..slopes {
                let mut sum = 0.0_f32;
                #[unroll]
                for copy in 0..copies {
                    let (stands, does) = copy_of(row as i32, last_row, copy, padding);
                    if does {
                        #[unroll]
                        for place in 0..size {
                            // Within the lines above: a row that sees a reflection sees the pixel, too.
                            let seen = stands - comptime!(place as i32);
                            if seen >= first && seen < down && seen >= 0 {
                                let line = (seen - first) as usize * SIDE + unit_pos % SIDE;
                                let weight = comptime!(weight(&ssim.formula, place));
                                sum += sums[comptime!(slope * lines) + line] * weight;
                            }
                        }
                    }
                }
                handed_back.push(sum);
            }
            let both = images.at(plane, row, column, images.middles[plane], unit);
            let line = plane * images.height as usize + row as usize;
            let at = line * images.width as usize + column as usize;
            let (by_squares, by_gap) = (handed_back[1], 2.0_f32 * both.gap * handed_back[2]);
            #[comptime]
            if let ComptimeOption::Some(ref mut by_prediction) = by_prediction {
                let slope = handed_back[0] + 2.0_f32 * both.x * by_squares + by_gap;
                by_prediction[at] = slope * unit;
            }
            #[comptime]
            if let ComptimeOption::Some(ref mut by_target) = by_target {
                let slope = 2.0_f32 * both.y * by_squares - by_gap - handed_back[3];
                by_target[at] = slope * unit;
            }
        }
        task += CUBE_COUNT;
    }
}
