//! What makes a background hard to tell from digits.

use std::ops::Range;

use rand::{Rng, RngExt};

use super::{digits::Digit, raster::Raster};

/// How much clutter there is on a canvas, and how large it is in pixels.
#[derive(Debug, Clone)]
pub struct Clutter {
    /// How many soft spots there are.
    pub blobs: Range<i32>,
    pub radius: Range<f32>,
    /// How many straight lines there are.
    pub strokes: Range<i32>,
    pub length: Range<i32>,
    /// How many parts of digits there are.
    pub fragments: Range<i32>,
    /// The longer side of the digits they are parts of.
    pub sides: Range<f32>,
}

impl Clutter {
    /// Draws soft blobs, strokes and fragments of digits.
    pub fn draw(&self, image: &mut Raster, digits: &[Digit], rng: &mut impl Rng) {
        for _ in 0..rng.random_range(self.blobs.clone()) {
            self.draw_blob(image, rng);
        }
        for _ in 0..rng.random_range(self.strokes.clone()) {
            self.draw_stroke(image, rng);
        }
        for _ in 0..rng.random_range(self.fragments.clone()) {
            let digit = &digits[rng.random_range(0..digits.len())];
            self.draw_fragment(image, &digit.glyph, rng);
        }
    }

    /// A round spot that fades towards its rim.
    fn draw_blob(&self, image: &mut Raster, rng: &mut impl Rng) {
        let (x, y) = random_place(image, rng);
        let radius = rng.random_range(self.radius.clone());
        let brightness = rng.random_range(0.2..0.6);
        for row in (y - radius) as i32..=(y + radius) as i32 {
            for column in (x - radius) as i32..=(x + radius) as i32 {
                let distance = (column as f32 - x).hypot(row as f32 - y) / radius;
                image.brighten(column, row, brightness * (1.0 - distance * distance));
            }
        }
    }

    /// A straight line, one or two pixels thick.
    fn draw_stroke(&self, image: &mut Raster, rng: &mut impl Rng) {
        let (x, y) = random_place(image, rng);
        let angle = rng.random_range(0.0..std::f32::consts::TAU);
        let length = rng.random_range(self.length.clone());
        let (brightness, thickness) = (rng.random_range(0.3..0.9), rng.random_range(1..=2));
        for step in 0..length {
            let column = (x + step as f32 * angle.cos()) as i32;
            let row = (y + step as f32 * angle.sin()) as i32;
            for offset in 0..thickness {
                image.brighten(column + offset, row, brightness);
            }
        }
    }

    /// Between a quarter and two fifths of a digit, from any of its four sides: the strokes are
    /// real, yet there is no whole digit.
    fn draw_fragment(&self, image: &mut Raster, glyph: &Raster, rng: &mut impl Rng) {
        let glyph = glyph.resize_randomly(self.sides.clone(), rng);
        let share = rng.random_range(0.25..0.4);
        let part = |length: usize| ((length as f32 * share) as usize).max(2);
        let (width, height) = (glyph.width, glyph.height);
        let fragment = match rng.random_range(0..4) {
            0 => glyph.crop(0, 0, part(width), height),
            1 => glyph.crop(width - part(width), 0, part(width), height),
            2 => glyph.crop(0, 0, width, part(height)),
            _ => glyph.crop(0, height - part(height), width, part(height)),
        };
        let place = |length: usize, side: usize| length as i32 / -2..side as i32;
        let (x, y) = (
            rng.random_range(place(width, image.width)),
            rng.random_range(place(height, image.height)),
        );
        image.draw(&fragment, x, y, rng.random_range(0.5..1.0));
    }
}

/// Makes every pixel brighter or darker, each by up to `most`.
pub fn add_noise(image: &mut Raster, most: f32, rng: &mut impl Rng) {
    for pixel in &mut image.pixels {
        *pixel = (*pixel + rng.random_range(-most..most)).clamp(0.0, 1.0);
    }
}

fn random_place(image: &Raster, rng: &mut impl Rng) -> (f32, f32) {
    (
        rng.random_range(0.0..image.width as f32),
        rng.random_range(0.0..image.height as f32),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    #[test]
    fn clutter_is_drawn_on_the_canvas_it_is_given() {
        let glyph = Raster::filled(5, 8, 1.0);
        let digits = [Digit { glyph, class: 1 }];
        let clutter = Clutter {
            blobs: 1..3,
            radius: 2.0..6.0,
            strokes: 1..3,
            length: 4..20,
            fragments: 1..3,
            sides: 8.0..16.0,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for _ in 0..50 {
            let mut image = Raster::filled(24, 16, 0.0);
            clutter.draw(&mut image, &digits, &mut rng);
            add_noise(&mut image, 0.1, &mut rng);
            assert!(image.pixels.iter().any(|&pixel| pixel > 0.2));
            assert!(image.pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        }
    }
}
