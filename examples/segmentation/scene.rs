//! Cluttered scenes of digits, and which digit each pixel is part of.

use std::ops::Range;

use burn::{
    data::dataloader::batcher::Batcher,
    tensor::{Device, Int, Tensor, TensorData},
};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    clutter::{Clutter, add_noise},
    digits::Digit,
    raster::Raster,
};

/// Width and height of a scene in pixels.
pub const SIDE: usize = 48;

/// The background, and the digits 0 to 9.
pub const CLASSES: usize = 11;

/// A pixel this bright is part of the digit.
const INK: f32 = 0.35;

/// How often a digit looks for a free place before the scene does without it.
const PLACEMENT_TRIES: usize = 20;

const CLUTTER: Clutter = Clutter {
    blobs: 1..4,
    radius: 2.0..8.0,
    strokes: 1..4,
    length: 6..24,
    fragments: 1..3,
    sides: 9.0..20.0,
};

/// How large the digits of a class are. Small ones have few of all pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Large,
    Medium,
    Small,
}

impl Size {
    pub const ALL: [Self; 3] = [Self::Large, Self::Medium, Self::Small];

    /// That of a digit: 0 to 3 are large, 4 to 6 medium, 7 to 9 small.
    pub fn of(digit: usize) -> Self {
        match digit {
            0..=3 => Self::Large,
            4..=6 => Self::Medium,
            _ => Self::Small,
        }
    }

    /// The longer side of its digits, in pixels.
    fn sides(self) -> Range<f32> {
        match self {
            Self::Large => 19.0..25.0,
            Self::Medium => 13.0..17.0,
            Self::Small => 9.0..12.0,
        }
    }
}

/// A picture and the class of each of its pixels, in rows from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub image: Raster,
    /// 0 is the background, the digit d is d + 1.
    pub classes: Vec<u8>,
}

impl Scene {
    /// So many scenes of the given digits; the same seed gives the same scenes.
    pub fn draw_all(digits: &[Digit], count: usize, seed: u64) -> Vec<Self> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| Self::draw(digits, &mut rng)).collect()
    }

    /// Draws clutter, then digits beside each other, then noise over both.
    fn draw(digits: &[Digit], rng: &mut impl Rng) -> Self {
        let mut scene = Self {
            image: Raster::filled(SIDE, SIDE, rng.random_range(0.0..0.15)),
            classes: vec![0; SIDE * SIDE],
        };
        CLUTTER.draw(&mut scene.image, digits, rng);
        for _ in 0..rng.random_range(2..=4) {
            let digit = &digits[rng.random_range(0..digits.len())];
            let glyph = digit
                .glyph
                .resize_randomly(Size::of(digit.class).sides(), rng);
            for _ in 0..PLACEMENT_TRIES {
                let x = rng.random_range(0..=SIDE - glyph.width);
                let y = rng.random_range(0..=SIDE - glyph.height);
                if scene.is_free(&glyph, x, y) {
                    scene.place(digit.class, &glyph, x, y, rng);
                    break;
                }
            }
        }
        add_noise(&mut scene.image, 0.06, rng);
        scene
    }

    /// Whether no digit is where this one would be.
    fn is_free(&self, glyph: &Raster, x: usize, y: usize) -> bool {
        let mut rows = self.classes.chunks(SIDE).skip(y).take(glyph.height);
        rows.all(|row| row[x..x + glyph.width].iter().all(|&class| class == 0))
    }

    fn place(&mut self, digit: usize, glyph: &Raster, x: usize, y: usize, rng: &mut impl Rng) {
        let brightness = rng.random_range(0.75..1.0);
        self.image.draw(glyph, x as i32, y as i32, brightness);
        for row in 0..glyph.height {
            for column in 0..glyph.width {
                if glyph.at(column, row) >= INK {
                    self.classes[(y + row) * SIDE + x + column] = digit as u8 + 1;
                }
            }
        }
    }
}

/// Scenes as tensors.
#[derive(Debug, Clone)]
pub struct Batch {
    /// `[N, 1, SIDE, SIDE]`
    pub images: Tensor<4>,
    /// `[N, SIDE, SIDE]`
    pub classes: Tensor<3, Int>,
}

/// Makes the batches of a data loader.
#[derive(Debug, Clone)]
pub struct SceneBatcher;

impl Batcher<Scene, Batch> for SceneBatcher {
    fn batch(&self, scenes: Vec<Scene>, device: &Device) -> Batch {
        let count = scenes.len();
        let pixels = scenes.iter().flat_map(|scene| &scene.image.pixels);
        let classes = scenes.iter().flat_map(|scene| &scene.classes);
        let pixels = TensorData::new(pixels.copied().collect(), [count, 1, SIDE, SIDE]);
        let classes: Vec<i32> = classes.map(|&class| class.into()).collect();
        Batch {
            images: Tensor::from_data(pixels, device),
            classes: Tensor::from_data(TensorData::new(classes, [count, SIDE, SIDE]), device),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::DigitSets;

    #[test]
    fn a_seed_fixes_the_scenes_and_most_of_them_is_background() {
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let scenes = Scene::draw_all(&digits, 200, 1);
        assert_eq!(scenes, Scene::draw_all(&digits, 200, 1));
        assert_ne!(scenes, Scene::draw_all(&digits, 200, 2));
        let mut pixels = [0; CLASSES];
        for &class in scenes.iter().flat_map(|scene| &scene.classes) {
            pixels[usize::from(class)] += 1;
        }
        assert!(pixels[0] > 200 * SIDE * SIDE * 8 / 10, "{pixels:?}");
        let of = |digit: usize| pixels[digit + 1];
        assert!(
            (7..10).all(|digit| of(digit) > 0 && 3 * of(digit) < of(0)),
            "{pixels:?}"
        );
    }
}
