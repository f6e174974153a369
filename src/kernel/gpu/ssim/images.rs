//! Two images as kernels have them, and where pixels lie in them.

use crate::{
    formula::Ssim,
    kernel::gpu::{sum::UNITS, traced::Words},
};
use burn_cubecl::cubecl::{self, prelude::*};

/// The side of a tile of places, or of pixels: one for each unit of a cube.
pub(super) const SIDE: usize = 16;

// A unit for each place of a tile.
const _: () = assert!(SIDE * SIDE == UNITS);

/// Planes `[P, H, W]` of two images, of which a launch looks at some.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Images<E: Float> {
    pub prediction: &'static [E],
    pub target: &'static [E],
    /// What has been taken off the pixels of each plane.
    pub references: &'static [f32],
    /// What kernels take off besides.
    pub middles: &'static [f32],
    pub height: u32,
    pub width: u32,
    /// The first plane, and how many there are.
    pub first: usize,
    pub planes: usize,
    /// The places of the window along either side.
    pub places_down: u32,
    pub places_across: u32,
    pub words: Words,
}

/// Both images at a pixel less the middle of the plane, and what is between them, in units of the range.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Both {
    pub x: f32,
    pub y: f32,
    pub gap: f32,
}

#[cube]
impl<E: Float> Images<E> {
    pub fn at(
        &self,
        plane: usize,
        row: u32,
        column: u32,
        middle: f32,
        #[comptime] unit: f32,
    ) -> Both {
        let line = plane * self.height as usize + row as usize;
        let at = line * self.width as usize + column as usize;
        let x = f32::cast_from(self.prediction[at]);
        let y = f32::cast_from(self.target[at]);
        Both {
            x: (x - middle) * unit,
            y: (y - middle) * unit,
            gap: (x - y) * unit,
        }
    }
}

/// What pixels are multiplied with.
pub(super) fn unit(ssim: &Ssim) -> f32 {
    (1.0 / ssim.range) as f32
}

/// The value of the window at a place of it.
pub(super) fn weight(ssim: &Ssim, place: usize) -> f32 {
    ssim.window[place] as f32
}

/// Where the pixel lies that stands at a place of the continued image.
#[cube]
pub(super) fn reflected(place: u32, last: u32, #[comptime] padding: usize) -> u32 {
    if comptime!(padding == 0) {
        place
    } else {
        let padding = comptime!(padding as u32);
        let inside = distance(last, distance(place, padding));
        distance(last, inside)
    }
}

#[cube]
fn distance(a: u32, b: u32) -> u32 {
    select(a < b, b - a, a - b)
}

/// The smaller of both.
#[cube]
pub(super) fn least(a: u32, b: u32) -> u32 {
    select(a < b, a, b)
}
