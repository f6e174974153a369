//! A grey image of any size: the glyphs of digits and the canvas they are drawn on.

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
