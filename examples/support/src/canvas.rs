//! Grey pictures whose brightness is a number: the glyphs of digits, and what they are drawn on.
//!
//! Pixels are bit for bit the same on every machine, as the figures of the examples depend on them; so scaling and turning
//! are done here and not by a library, whose rounding may change.

use std::ops::Range;

use image::{ImageBuffer, Luma, imageops};
use rand::{Rng, RngExt};

/// Pixels in rows from the top left, 0 black and 1 white.
pub type Canvas = ImageBuffer<Luma<f32>, Vec<f32>>;

/// A canvas of one grey value.
pub fn filled(width: u32, height: u32, value: f32) -> Canvas {
    Canvas::from_pixel(width, height, Luma([value]))
}

/// Makes a pixel at least as bright as `value`. Does nothing outside the canvas.
pub fn brighten(canvas: &mut Canvas, x: i32, y: i32, value: f32) {
    if let (Ok(x), Ok(y)) = (x.try_into(), y.try_into())
        && let Some(Luma([pixel])) = canvas.get_pixel_mut_checked(x, y)
    {
        *pixel = pixel.max(value);
    }
}

/// Draws an image with its top left corner at `(x, y)`, scaled in brightness.
pub fn draw(canvas: &mut Canvas, image: &Canvas, x: i32, y: i32, brightness: f32) {
    for (column, row, Luma([value])) in image.enumerate_pixels() {
        let (x, y) = (x + column as i32, y + row as i32);
        brighten(canvas, x, y, value * brightness);
    }
}

/// The part of an image that starts at `(x, y)`.
pub fn crop(image: &Canvas, x: u32, y: u32, width: u32, height: u32) -> Canvas {
    imageops::crop_imm(image, x, y, width, height).to_image()
}

/// The smallest part of an image that holds every pixel brighter than `threshold`, if there is such a pixel.
pub fn crop_to_ink(image: &Canvas, threshold: f32) -> Option<Canvas> {
    let inked = || {
        let pixels = image.enumerate_pixels();
        pixels.filter(|(.., pixel)| pixel.0[0] > threshold)
    };
    let (left, right) = (inked().map(|p| p.0).min()?, inked().map(|p| p.0).max()?);
    let (top, bottom) = (inked().map(|p| p.1).min()?, inked().map(|p| p.1).max()?);
    Some(crop(image, left, top, right + 1 - left, bottom + 1 - top))
}

/// The image at another size, by bilinear interpolation between pixel centres.
fn resize(image: &Canvas, width: u32, height: u32) -> Canvas {
    let place = |index: u32, old: u32, new: u32| {
        let place = (index as f32 + 0.5) * old as f32 / new as f32 - 0.5;
        place.clamp(0.0, (old - 1) as f32)
    };
    Canvas::from_fn(width, height, |x, y| {
        let x = place(x, image.width(), width);
        let y = place(y, image.height(), height);
        between(image, x, y)
    })
}

/// The image with its longer side drawn log-uniformly from `sides`, a little squeezed or stretched.
pub fn resize_randomly(image: &Canvas, sides: Range<f32>, rng: &mut impl Rng) -> Canvas {
    let side = rng.random_range(sides.start.ln()..sides.end.ln()).exp();
    let width = image.width() as f32 * rng.random_range(0.85..1.15);
    let height = image.height() as f32;
    let scale = side / width.max(height);
    let pixels = |length: f32| (length * scale).round().max(3.0) as u32;
    resize(image, pixels(width), pixels(height))
}

/// The image turned clockwise by an angle in radians, on a black canvas just large enough.
pub fn rotate(image: &Canvas, angle: f32) -> Canvas {
    let (sin, cos) = angle.sin_cos();
    let (old_width, old_height) = (image.width() as f32, image.height() as f32);
    let extent = |a: f32, b: f32| (a.abs() + b.abs() - 1e-3).ceil() as u32;
    let width = extent(old_width * cos, old_height * sin);
    let height = extent(old_width * sin, old_height * cos);
    Canvas::from_fn(width, height, |column, row| {
        let x = column as f32 + 0.5 - width as f32 / 2.0;
        let y = row as f32 + 0.5 - height as f32 / 2.0;
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        between(image, u + old_width / 2.0 - 0.5, v + old_height / 2.0 - 0.5)
    })
}

/// The brightness between pixel centres, by bilinear interpolation; black outside.
fn between(image: &Canvas, x: f32, y: f32) -> Luma<f32> {
    let pixel = |x: f32, y: f32| match x < 0.0 || y < 0.0 {
        true => 0.0,
        false => image
            .get_pixel_checked(x as u32, y as u32)
            .map_or(0.0, |pixel| pixel.0[0]),
    };
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let row = |y: f32| pixel(left, y) * (1.0 - u) + pixel(left + 1.0, y) * u;
    Luma([row(top) * (1.0 - v) + row(top + 1.0) * v])
}

#[test]
fn scaling_and_turning_interpolate_between_pixel_centres() {
    let image = Canvas::from_raw(2, 1, vec![0.0, 1.0]).expect("two pixels");
    assert_eq!(resize(&image, 4, 1).as_raw(), &[0.0, 0.25, 0.75, 1.0]);
    let ink: f32 = rotate(&filled(20, 10, 1.0), 0.5).as_raw().iter().sum();
    assert!((ink - 200.0).abs() < 4.0, "{ink}");
}
