//! What makes a background hard to tell from digits.

use std::ops::Range;

use rand::{Rng, RngExt};

use crate::{
    canvas::{Canvas, brighten, crop, draw, resize_randomly},
    digits::Digit,
};

/// How much clutter there is on a canvas, and how large it is in pixels.
#[derive(Debug, Clone)]
pub struct Clutter {
    /// Soft spots.
    pub blobs: Range<i32>,
    pub radius: Range<f32>,
    /// Straight lines.
    pub strokes: Range<i32>,
    pub length: Range<i32>,
    /// Parts of digits, whose longer side this is.
    pub fragments: Range<i32>,
    pub sides: Range<f32>,
}

impl Clutter {
    /// Draws soft blobs, strokes and fragments of digits.
    pub fn draw(&self, canvas: &mut Canvas, digits: &[Digit], rng: &mut impl Rng) {
        for _ in 0..rng.random_range(self.blobs.clone()) {
            self.draw_blob(canvas, rng);
        }
        for _ in 0..rng.random_range(self.strokes.clone()) {
            self.draw_stroke(canvas, rng);
        }
        for _ in 0..rng.random_range(self.fragments.clone()) {
            let digit = &digits[rng.random_range(0..digits.len())];
            self.draw_fragment(canvas, &digit.glyph, rng);
        }
    }

    /// A round spot that fades towards its rim.
    fn draw_blob(&self, canvas: &mut Canvas, rng: &mut impl Rng) {
        let (x, y) = random_place(canvas, rng);
        let radius = rng.random_range(self.radius.clone());
        let brightness = rng.random_range(0.2..0.6);
        for row in (y - radius) as i32..=(y + radius) as i32 {
            for column in (x - radius) as i32..=(x + radius) as i32 {
                let distance = (column as f32 - x).hypot(row as f32 - y) / radius;
                brighten(
                    canvas,
                    column,
                    row,
                    brightness * (1.0 - distance * distance),
                );
            }
        }
    }

    /// A straight line, one or two pixels thick.
    fn draw_stroke(&self, canvas: &mut Canvas, rng: &mut impl Rng) {
        let (x, y) = random_place(canvas, rng);
        let angle = rng.random_range(0.0..std::f32::consts::TAU);
        let length = rng.random_range(self.length.clone());
        let (brightness, thickness) = (rng.random_range(0.3..0.9), rng.random_range(1..=2));
        for step in 0..length {
            let column = (x + step as f32 * angle.cos()) as i32;
            let row = (y + step as f32 * angle.sin()) as i32;
            for offset in 0..thickness {
                brighten(canvas, column + offset, row, brightness);
            }
        }
    }

    /// Between a quarter and two fifths of a digit, from any of its four sides: the strokes are real, yet there is no
    /// whole digit.
    fn draw_fragment(&self, canvas: &mut Canvas, glyph: &Canvas, rng: &mut impl Rng) {
        let glyph = resize_randomly(glyph, self.sides.clone(), rng);
        let share = rng.random_range(0.25..0.4);
        let part = |length: u32| ((length as f32 * share) as u32).max(2);
        let (width, height) = glyph.dimensions();
        let fragment = match rng.random_range(0..4) {
            0 => crop(&glyph, 0, 0, part(width), height),
            1 => crop(&glyph, width - part(width), 0, part(width), height),
            2 => crop(&glyph, 0, 0, width, part(height)),
            _ => crop(&glyph, 0, height - part(height), width, part(height)),
        };
        let place = |length: u32, side: u32| length as i32 / -2..side as i32;
        let x = rng.random_range(place(width, canvas.width()));
        let y = rng.random_range(place(height, canvas.height()));
        draw(canvas, &fragment, x, y, rng.random_range(0.5..1.0));
    }
}

/// Makes every pixel brighter or darker, each by up to `most`.
pub fn add_noise(canvas: &mut Canvas, most: f32, rng: &mut impl Rng) {
    for pixel in canvas.iter_mut() {
        *pixel = (*pixel + rng.random_range(-most..most)).clamp(0.0, 1.0);
    }
}

fn random_place(canvas: &Canvas, rng: &mut impl Rng) -> (f32, f32) {
    (
        rng.random_range(0.0..canvas.width() as f32),
        rng.random_range(0.0..canvas.height() as f32),
    )
}
