//! Views of digits: a digit drawn anew on a cluttered canvas.
//!
//! Two views of a digit share nothing but the digit. Place, size, turn, brightness, clutter and noise are drawn
//! independently, so they are what a network learns not to look at.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    canvas::{self, Canvas},
    clutter::{Clutter, add_noise},
    digits::Digit,
};

/// Width and height of a canvas in pixels.
pub const SIDE: usize = 32;

/// The longer side of the digit, in pixels.
const DIGIT_SIDE: Range<f32> = 13.0..22.0;

/// A digit is turned by up to this angle, either way: 20 degrees.
const TURN: f32 = 0.35;

const CLUTTER: Clutter = Clutter {
    blobs: 1..4,
    radius: 2.0..6.0,
    strokes: 1..4,
    length: 4..18,
    fragments: 1..3,
    sides: DIGIT_SIDE,
};

/// Images that go through a network at once.
const CHUNK: usize = 256;

/// Draws a digit somewhere on a canvas; the clutter has parts of the other digits.
pub fn draw(digit: &Digit, digits: &[Digit], rng: &mut impl Rng) -> Canvas {
    let side = SIDE as u32;
    let mut view = canvas::filled(side, side, rng.random_range(0.0..0.15));
    CLUTTER.draw(&mut view, digits, rng);
    let glyph = canvas::resize_randomly(&digit.glyph, DIGIT_SIDE, rng);
    let glyph = canvas::rotate(&glyph, rng.random_range(-TURN..TURN));
    let mut place = |length: u32| rng.random_range(0..=SIDE - length as usize) as i32;
    let (x, y) = (place(glyph.width()), place(glyph.height()));
    canvas::draw(&mut view, &glyph, x, y, rng.random_range(0.7..1.0));
    let noise = rng.random_range(0.02..0.10);
    add_noise(&mut view, noise, rng);
    view
}

/// Canvases of one size as a tensor, `[N, 1, height, width]`.
pub fn images<'a>(
    canvases: impl ExactSizeIterator<Item = &'a Canvas>,
    device: &Device,
) -> Tensor<4> {
    let count = canvases.len();
    let mut size = (0, 0);
    let mut pixels: Vec<f32> = Vec::new();
    for canvas in canvases {
        size = canvas.dimensions();
        pixels.extend_from_slice(canvas.as_raw());
    }
    let shape = [count, 1, size.1 as usize, size.0 as usize];
    Tensor::from_data(TensorData::new(pixels, shape), device)
}

/// Fixed views of digits, and which digits they are; the views of one digit follow each other.
pub struct Sample {
    images: Tensor<4>,
    pub labels: Vec<usize>,
}

impl Sample {
    /// As many views of each digit. The same seed gives the same views.
    pub fn new(digits: &[Digit], views: usize, seed: u64, device: &Device) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let shown = digits
            .iter()
            .flat_map(|one| std::iter::repeat_n(one, views));
        let shown: Vec<&Digit> = shown.collect();
        let drawn = shown.iter().map(|digit| draw(digit, digits, &mut rng));
        let drawn: Vec<Canvas> = drawn.collect();
        Self {
            images: images(drawn.iter(), device),
            labels: shown.iter().map(|digit| digit.class).collect(),
        }
    }

    /// The brightnesses themselves, `[N, SIDE * SIDE]`.
    pub fn pixels(&self) -> Tensor<2> {
        self.images.clone().flatten(1, 3)
    }

    /// What a network makes of the images.
    pub fn through(&self, network: impl Fn(Tensor<4>) -> Tensor<2>) -> Tensor<2> {
        let chunks = self.images.clone().split(CHUNK, 0);
        Tensor::cat(chunks.into_iter().map(network).collect(), 0)
    }
}

#[test]
fn the_views_of_a_digit_follow_each_other() {
    let (device, _) = crate::run::RunArgs::default().device().expect("a device");
    let digits = crate::digits::bundled().expect("a sound file");
    let sample = Sample::new(&digits[..200], 2, 1, &device);
    for (pair, digit) in sample.labels.chunks(2).zip(&digits) {
        assert_eq!(pair, [digit.class; 2]);
    }
    // In two chunks, and in their order.
    let through = sample.through(|images| images.flatten(1, 3));
    assert!((through - sample.pixels()).abs().max().into_scalar::<f32>() == 0.0);
}
