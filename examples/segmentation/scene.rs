//! Cluttered scenes of digits, and which digit each pixel is part of.

use std::ops::Range;

use burn::{
    data::dataloader::batcher::Batcher,
    tensor::{Device, Int, Tensor, TensorData},
};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use support::{
    canvas::{self, Canvas},
    clutter::{Clutter, add_noise},
    digits::Digit,
    view,
};

/// Width and height of a scene in pixels.
pub const SIDE: usize = 48;

/// The background, and the digits 0 to 9.
pub const CLASSES: usize = 11;

/// A pixel this bright is part of the digit.
const INK: f32 = 0.35;

const CLUTTER: Clutter = Clutter {
    blobs: 1..4,
    radius: 2.0..8.0,
    strokes: 1..4,
    length: 6..24,
    fragments: 1..3,
    sides: 9.0..20.0,
};

/// Large, medium and small digits, and their longer side in pixels. Small ones have few of all pixels.
pub const SIZES: [(Range<usize>, Range<f32>); 3] =
    [(0..4, 19.0..25.0), (4..7, 13.0..17.0), (7..10, 9.0..12.0)];

/// A picture and the class of each of its pixels, in rows from the top left.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub image: Canvas,
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
        let side = SIDE as u32;
        let mut scene = Self {
            image: canvas::filled(side, side, rng.random_range(0.0..0.15)),
            classes: vec![0; SIDE * SIDE],
        };
        CLUTTER.draw(&mut scene.image, digits, rng);
        for _ in 0..rng.random_range(2..=4) {
            let digit = &digits[rng.random_range(0..digits.len())];
            let mut sizes = SIZES.into_iter();
            let size = sizes.find(|(digits, _)| digits.contains(&digit.class));
            let (_, sides) = size.expect("each digit has a size");
            let glyph = canvas::resize_randomly(&digit.glyph, sides, rng);
            // A digit that finds no free place is left out.
            for _ in 0..20 {
                let x = rng.random_range(0..=side - glyph.width());
                let y = rng.random_range(0..=side - glyph.height());
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
    fn is_free(&self, glyph: &Canvas, x: u32, y: u32) -> bool {
        let mut pixels = glyph.enumerate_pixels();
        pixels.all(|(column, row, _)| self.classes[index(x + column, y + row)] == 0)
    }

    fn place(&mut self, digit: usize, glyph: &Canvas, x: u32, y: u32, rng: &mut impl Rng) {
        let brightness = rng.random_range(0.75..1.0);
        canvas::draw(&mut self.image, glyph, x as i32, y as i32, brightness);
        for (column, row, pixel) in glyph.enumerate_pixels() {
            if pixel.0[0] >= INK {
                self.classes[index(x + column, y + row)] = digit as u8 + 1;
            }
        }
    }
}

/// Where the class of a pixel is.
fn index(x: u32, y: u32) -> usize {
    y as usize * SIDE + x as usize
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
        let classes = scenes.iter().flat_map(|scene| &scene.classes);
        let classes: Vec<i32> = classes.map(|&class| class.into()).collect();
        let classes = TensorData::new(classes, [scenes.len(), SIDE, SIDE]);
        Batch {
            images: view::images(scenes.iter().map(|scene| &scene.image), device),
            classes: Tensor::from_data(classes, device),
        }
    }
}
