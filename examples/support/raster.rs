//! A grey image of any size: the glyphs of digits and the canvas they are drawn on.

use std::ops::Range;

use rand::{Rng, RngExt};

/// Pixels in rows from the top left, 0 black and 1 white.
#[derive(Debug, Clone, PartialEq)]
pub struct Raster {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<f32>,
}

impl Raster {
    /// An image of one grey value.
    pub fn filled(width: usize, height: usize, value: f32) -> Self {
        Self {
            width,
            height,
            pixels: vec![value; width * height],
        }
    }

    pub fn at(&self, x: usize, y: usize) -> f32 {
        self.pixels[y * self.width + x]
    }

    /// Makes a pixel at least as bright as `value`; outside the image there is nothing to draw.
    pub fn brighten(&mut self, x: i32, y: i32, value: f32) {
        if (0..self.width as i32).contains(&x) && (0..self.height as i32).contains(&y) {
            let pixel = &mut self.pixels[y as usize * self.width + x as usize];
            *pixel = pixel.max(value);
        }
    }

    /// Draws another image with its top left corner at `(x, y)`, scaled in brightness.
    pub fn draw(&mut self, image: &Raster, x: i32, y: i32, brightness: f32) {
        for row in 0..image.height {
            for column in 0..image.width {
                let value = image.at(column, row) * brightness;
                self.brighten(x + column as i32, y + row as i32, value);
            }
        }
    }

    /// The part of the image that starts at `(x, y)`.
    pub fn crop(&self, x: usize, y: usize, width: usize, height: usize) -> Self {
        let pixels = (y..y + height)
            .flat_map(|row| &self.pixels[row * self.width + x..row * self.width + x + width])
            .copied()
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The smallest part of the image that holds every pixel brighter than `threshold`, or `None`
    /// where there is no such pixel.
    pub fn crop_to_ink(&self, threshold: f32) -> Option<Self> {
        let inked = |x: usize, y: usize| self.at(x, y) > threshold;
        let column = |x: &usize| (0..self.height).any(|y| inked(*x, y));
        let row = |y: &usize| (0..self.width).any(|x| inked(x, *y));
        let (left, right) = (
            (0..self.width).find(column)?,
            (0..self.width).rfind(column)?,
        );
        let (top, bottom) = ((0..self.height).find(row)?, (0..self.height).rfind(row)?);
        Some(self.crop(left, top, right + 1 - left, bottom + 1 - top))
    }

    /// The image at another size, by bilinear interpolation between pixel centres.
    pub fn resize(&self, width: usize, height: usize) -> Self {
        let columns = samples(self.width, width);
        let rows = samples(self.height, height);
        let mut pixels = Vec::with_capacity(width * height);
        for &(y0, y1, v) in &rows {
            for &(x0, x1, u) in &columns {
                let top = self.at(x0, y0) * (1.0 - u) + self.at(x1, y0) * u;
                let bottom = self.at(x0, y1) * (1.0 - u) + self.at(x1, y1) * u;
                pixels.push(top * (1.0 - v) + bottom * v);
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// The image with its longer side drawn log-uniformly from `sides`, a little squeezed or
    /// stretched.
    pub fn resize_randomly(&self, sides: Range<f32>, rng: &mut impl Rng) -> Self {
        let side = rng.random_range(sides.start.ln()..sides.end.ln()).exp();
        let (width, height) = (
            self.width as f32 * rng.random_range(0.85..1.15),
            self.height as f32,
        );
        let scale = side / width.max(height);
        let pixels = |length: f32| (length * scale).round().max(3.0) as usize;
        self.resize(pixels(width), pixels(height))
    }

    /// The image turned clockwise by an angle in radians, on a black canvas just large enough.
    pub fn rotate(&self, angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        let (old_width, old_height) = (self.width as f32, self.height as f32);
        let extent = |a: f32, b: f32| (a.abs() + b.abs() - 1e-3).ceil() as usize;
        let width = extent(old_width * cos, old_height * sin);
        let height = extent(old_width * sin, old_height * cos);
        let pixels = (0..height).flat_map(|row| {
            let y = row as f32 + 0.5 - height as f32 / 2.0;
            (0..width).map(move |column| {
                let x = column as f32 + 0.5 - width as f32 / 2.0;
                let (u, v) = (x * cos + y * sin, y * cos - x * sin);
                self.between(u + old_width / 2.0 - 0.5, v + old_height / 2.0 - 0.5)
            })
        });
        Self {
            width,
            height,
            pixels: pixels.collect(),
        }
    }

    /// The brightness between pixel centres, by bilinear interpolation; black outside.
    fn between(&self, x: f32, y: f32) -> f32 {
        let pixel = |x: f32, y: f32| {
            let inside = x >= 0.0 && y >= 0.0 && x < self.width as f32 && y < self.height as f32;
            if inside {
                self.at(x as usize, y as usize)
            } else {
                0.0
            }
        };
        let (left, top) = (x.floor(), y.floor());
        let (u, v) = (x - left, y - top);
        let row = |y: f32| pixel(left, y) * (1.0 - u) + pixel(left + 1.0, y) * u;
        row(top) * (1.0 - v) + row(top + 1.0) * v
    }
}

/// For each of `new` pixels along one axis: the two of `old` pixels it lies between, and how far
/// it is from the first to the second.
fn samples(old: usize, new: usize) -> Vec<(usize, usize, f32)> {
    (0..new)
        .map(|index| {
            let position = (index as f32 + 0.5) * old as f32 / new as f32 - 0.5;
            let position = position.clamp(0.0, (old - 1) as f32);
            let first = position as usize;
            (first, (first + 1).min(old - 1), position - first as f32)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resizing_interpolates_between_pixel_centres() {
        let image = Raster {
            width: 2,
            height: 1,
            pixels: vec![0.0, 1.0],
        };
        assert_eq!(image.resize(4, 1).pixels, [0.0, 0.25, 0.75, 1.0]);
        assert_eq!(image.resize(2, 1), image);
        assert_eq!(image.resize(1, 3).pixels, [0.5; 3]);
    }

    #[test]
    fn turning_by_a_right_angle_exchanges_the_sides() {
        let image = Raster {
            width: 2,
            height: 1,
            pixels: vec![0.25, 1.0],
        };
        let turned = image.rotate(std::f32::consts::FRAC_PI_2);
        assert_eq!((turned.width, turned.height), (1, 2));
        for (found, expected) in turned.pixels.iter().zip([0.25, 1.0]) {
            assert!((found - expected).abs() < 1e-5, "{turned:?}");
        }
        assert_eq!(image.rotate(0.0), image);
    }

    #[test]
    fn a_turned_image_keeps_its_ink() {
        let turned = Raster::filled(20, 10, 1.0).rotate(0.5);
        let ink: f32 = turned.pixels.iter().sum();
        assert!((ink - 200.0).abs() < 4.0, "{ink}");
    }

    #[test]
    fn cropping_to_ink_trims_every_side() {
        let mut image = Raster::filled(5, 4, 0.0);
        image.brighten(1, 1, 0.9);
        image.brighten(3, 2, 0.5);
        image.brighten(4, 3, 0.1);
        let ink = image.crop_to_ink(0.2).expect("there is ink");
        assert_eq!((ink.width, ink.height), (3, 2));
        assert_eq!(ink.pixels, [0.9, 0.0, 0.0, 0.0, 0.0, 0.5]);
        assert_eq!(Raster::filled(3, 3, 0.0).crop_to_ink(0.2), None);
    }

    #[test]
    fn drawing_keeps_the_brighter_pixel_and_clips_at_the_border() {
        let mut canvas = Raster::filled(2, 2, 0.5);
        canvas.draw(&Raster::filled(2, 2, 1.0), 1, -1, 0.8);
        assert_eq!(canvas.pixels, [0.5, 0.8, 0.5, 0.5]);
        canvas.draw(&Raster::filled(2, 2, 1.0), 0, 0, 0.2);
        assert_eq!(canvas.pixels, [0.5, 0.8, 0.5, 0.5]);
    }
}
