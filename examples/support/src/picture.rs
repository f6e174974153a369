//! Pictures with scenes on them, as PNG.

use std::path::Path;

pub use image::RgbImage;

use image::{Rgb, imageops};
use imageproc::{
    drawing::{draw_filled_rect_mut, draw_hollow_rect_mut},
    pixelops::interpolate,
    rect::Rect,
};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::{
    Context, Result,
    canvas::Canvas,
    color::{Color, WHITE},
};

/// How large text is.
#[derive(Clone, Copy)]
pub enum Size {
    Small,
    Large,
}

impl Size {
    fn height(self) -> RasterHeight {
        match self {
            Self::Small => RasterHeight::Size16,
            Self::Large => RasterHeight::Size20,
        }
    }

    /// The width of a letter in pixels.
    pub fn width(self) -> i32 {
        get_raster_width(FontWeight::Regular, self.height()) as i32
    }
}

/// A picture under construction. Places are pixels from the top left corner; what lies outside is left out.
pub struct Page(RgbImage);

impl Page {
    /// A white page.
    pub fn new(width: u32, height: u32) -> Self {
        Self(RgbImage::from_pixel(width, height, Rgb(WHITE)))
    }

    /// Draws an image as a square, each pixel a square of its own.
    pub fn tile(&mut self, x: i32, y: i32, image: &RgbImage, side: u32) {
        let image = imageops::resize(image, side, side, imageops::FilterType::Nearest);
        imageops::replace(&mut self.0, &image, x.into(), y.into());
    }

    pub fn fill(&mut self, x: i32, y: i32, width: u32, height: u32, color: Color) {
        if width > 0 && height > 0 {
            let rect = Rect::at(x, y).of_size(width, height);
            draw_filled_rect_mut(&mut self.0, rect, Rgb(color));
        }
    }

    /// Draws the outline of a rectangle, on the inside.
    pub fn outline(
        &mut self,
        (x, y): (i32, i32),
        (width, height): (u32, u32),
        color: Color,
        thickness: u32,
    ) {
        for inner in 0..thickness.min(width / 2).min(height / 2) {
            let at = Rect::at(x + inner as i32, y + inner as i32);
            let rect = at.of_size(width - 2 * inner, height - 2 * inner);
            draw_hollow_rect_mut(&mut self.0, rect, Rgb(color));
        }
    }

    /// Writes text with its top left corner at `(x, y)`.
    pub fn text(&mut self, x: i32, y: i32, text: &str, size: Size, color: Color) {
        for (letter, left) in text.chars().zip((x..).step_by(size.width() as usize)) {
            let raster = get_raster(letter, FontWeight::Regular, size.height());
            let rows = raster.into_iter().flat_map(|raster| raster.rows());
            for (row, top) in rows.zip(y..) {
                for (&ink, left) in row.iter().zip(left..) {
                    if let (Ok(x), Ok(y)) = (left.try_into(), top.try_into())
                        && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
                    {
                        *pixel = interpolate(Rgb(color), *pixel, f32::from(ink) / 255.0);
                    }
                }
            }
        }
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let saved = self.0.save(path);
        saved.with_context(|| format!("cannot write {}", path.display()))
    }
}

/// A grey picture in colours.
pub fn grey(canvas: &Canvas) -> RgbImage {
    RgbImage::from_fn(canvas.width(), canvas.height(), |x, y| {
        Rgb([(canvas[(x, y)].0[0] * 255.0).round() as u8; 3])
    })
}
