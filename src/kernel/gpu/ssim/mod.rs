//! The structural similarity of image planes and its gradient. A cube has a tile of places of the window: it sums up the moments along
//! the rows that the window sees there, and down the columns of these. With a gradient it leaves slopes by the moments, of some
//! planes at a time, and a cube for each tile of pixels takes them the same way back.

mod gradient;
mod images;
mod middle;
mod places;

use super::{
    formula::Named,
    grid::cubes_of,
    memory::empty,
    sum::{UNITS, row_sums},
    traced::words,
};
use crate::formula::Ssim;
use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type},
    tensor::Shape,
};
use burn_cubecl::{cubecl::prelude::*, kernel::into_contiguous, tensor::CubeTensor};
use core::ops::Range;
use gradient::tiles_of_pixels;
use images::{ImagesLaunch, SIDE};
use middle::middle_of_planes;
use places::{MOMENTS, tiles_of_places};

/// The largest window there are kernels for: loops over it are unrolled, and the sums of a tile have to fit into the memory of a
/// cube.
pub(crate) const LARGEST_WINDOW: usize = 33;

/// How many slopes are held at a time, unless one plane has more: 64 MB.
const SLOPES: usize = if cfg!(test) { 1 << 12 } else { 1 << 24 };

/// Planes of two images, `[P, H * W, 1]`, at least one pixel.
pub(crate) struct SsimPlanes {
    pub ssim: Named<Ssim>,
    /// Height and width.
    pub sides: [usize; 2],
    pub images: [CubeTensor; 2],
    /// `[P]`, in `f32`.
    pub references: CubeTensor,
    /// Of which a gradient is wanted.
    pub wanted: [bool; 2],
}

/// What the planes lack of similarity, `[P]`, and the gradients that are wanted, in `f32`.
pub(crate) struct SsimFound {
    pub losses: CubeTensor,
    pub gradients: [Option<CubeTensor>; 2],
}

fn cubes(tasks: usize) -> (CubeCount, CubeDim) {
    (cubes_of(tasks), CubeDim::new_1d(UNITS as u32))
}

fn tiles([down, across]: [usize; 2]) -> usize {
    down.div_ceil(SIDE) * across.div_ceil(SIDE)
}

impl SsimPlanes {
    fn planes(&self) -> usize {
        self.references.shape()[0]
    }

    /// Where the window stands.
    fn places(&self) -> [usize; 2] {
        self.sides.map(|side| self.ssim.formula.places(side))
    }

    /// What kernels are launched with for some planes.
    fn of<E: Float>(&self, middles: &CubeTensor, planes: Range<usize>) -> ImagesLaunch<E> {
        let [prediction, target] = self.images.clone().map(CubeTensor::into_buffer_arg);
        let [height, width] = self.sides.map(|side| side as u32);
        let [down, across] = self.places().map(|places| places as u32);
        ImagesLaunch::new(
            prediction,
            target,
            self.references.clone().into_buffer_arg(),
            middles.clone().into_buffer_arg(),
            height,
            width,
            planes.start,
            planes.len(),
            down,
            across,
            words(),
        )
    }

    fn middles(&self) -> CubeTensor {
        let planes = self.planes();
        let pixels = self.sides[0] * self.sides[1];
        let middles = empty(&self.references, Shape::new([planes]));
        let [prediction, target] = self.images.clone();
        let address = prediction.required_address_type();
        let dtype = dtype_to_storage_type(prediction.dtype);
        let (count, dim) = cubes(planes);
        // SAFETY: each plane has as many pixels, and one number is written for each.
        unsafe {
            middle_of_planes::launch_unchecked(
                &self.references.client,
                count,
                dim,
                address,
                prediction.into_buffer_arg(),
                target.into_buffer_arg(),
                middles.clone().into_buffer_arg(),
                planes,
                pixels,
                self.sides[1],
                dtype,
            );
        }
        middles
    }
}

/// What planes lack of similarity, with the gradients that are wanted.
pub(crate) fn ssim(call: SsimPlanes) -> SsimFound {
    let call = SsimPlanes {
        images: call.images.map(into_contiguous),
        references: into_contiguous(call.references),
        ..call
    };
    let middles = call.middles();
    let (planes, places) = (call.planes(), call.places());
    let share = 1.0 / (places[0] * places[1]) as f64;
    let of_places = tiles(places);
    let parts = empty(&call.references, Shape::new([planes, of_places]));
    let slopes = match call.wanted {
        [false, false] => 0,
        [_, false] => MOMENTS - 1,
        [_, true] => MOMENTS,
    };
    let numbers = slopes * places[0] * places[1];
    let blocks = match slopes {
        0 => 1,
        _ => planes.div_ceil((SLOPES / numbers).max(1)),
    };
    let shape = call.images[0].shape();
    let gradient = |wanted: bool| wanted.then(|| empty(&call.references, shape.clone()));
    let gradients = call.wanted.map(gradient);
    let argument = |tensor: &Option<CubeTensor>| tensor.clone().map(CubeTensor::into_buffer_arg);
    let client = &call.references.client;
    let dtype = dtype_to_storage_type(call.images[0].dtype);
    // There may be more slopes of a plane than pixels in all.
    let address = AddressType::from_len(numbers).max(call.images[0].required_address_type());
    for block in 0..blocks {
        let block = block * planes / blocks..(block + 1) * planes / blocks;
        let count = block.len();
        let by_moments =
            (slopes > 0).then(|| empty(&call.references, Shape::new([count, numbers])));
        let (cube_count, dim) = cubes(count * of_places);
        // SAFETY: pixels and places are held within the sides of a plane, planes within their number; a part and slopes are written for
        // each tile and place.
        unsafe {
            tiles_of_places::launch_unchecked(
                client,
                cube_count,
                dim,
                address,
                call.of(&middles, block.clone()),
                parts.clone().into_buffer_arg(),
                argument(&by_moments).into(),
                share as f32,
                of_places,
                call.ssim.clone(),
                slopes,
                dtype,
            );
        }
        let Some(by_moments) = by_moments else {
            continue;
        };
        let of_pixels = tiles(call.sides);
        let (cube_count, dim) = cubes(count * of_pixels);
        let [by_prediction, by_target] = gradients.each_ref().map(argument);
        // SAFETY: as above; a slope is read where there is a place, a gradient written for each pixel.
        unsafe {
            tiles_of_pixels::launch_unchecked(
                client,
                cube_count,
                dim,
                address,
                call.of(&middles, block),
                by_moments.into_buffer_arg(),
                by_prediction.into(),
                by_target.into(),
                of_pixels,
                call.ssim.clone(),
                slopes,
                dtype,
            );
        }
    }
    SsimFound {
        losses: row_sums(parts, planes, of_places, Shape::new([planes])),
        gradients,
    }
}
