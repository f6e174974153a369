//! Cluttered canvases with a few digits on them, drawn from a seeded generator.

use burn::tensor::{Device, Tensor};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use support::{
    canvas::{self, Canvas},
    clutter::{Clutter, add_noise},
    digits::Digit,
    view,
};

use crate::boxes::BoundingBox;

/// Width and height of a canvas in pixels; a multiple of the coarsest anchor stride.
pub const SIDE: usize = 96;

/// The longer side of a placed digit, in pixels.
const DIGIT_SIDE: std::ops::Range<f32> = 13.0..44.0;

const CLUTTER: Clutter = Clutter {
    blobs: 2..6,
    radius: 2.0..12.0,
    strokes: 2..6,
    length: 8..50,
    fragments: 3..8,
    sides: DIGIT_SIDE,
};

/// Digits whose boxes overlap more than this would be hard to tell apart for a person too.
const MAX_OVERLAP: f32 = 0.05;

/// A digit in a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub bounds: BoundingBox,
    pub class: usize,
}

/// A canvas and the digits on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub image: Canvas,
    pub objects: Vec<Object>,
}

/// An endless stream of scenes made of the given digits. The same digits and seed give the same scenes on every machine.
pub fn scenes(digits: &[Digit], seed: u64) -> impl Iterator<Item = Scene> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    std::iter::repeat_with(move || compose(digits, &mut rng))
}

/// The scenes' images, `[B, 1, SIDE, SIDE]`, with grey at 0.
pub fn images(scenes: &[Scene], device: &Device) -> Tensor<4> {
    view::images(scenes.iter().map(|scene| &scene.image), device) * 2.0 - 1.0
}

/// Draws clutter, then digits, then noise over both.
fn compose(digits: &[Digit], rng: &mut impl Rng) -> Scene {
    let side = SIDE as u32;
    let mut image = canvas::filled(side, side, rng.random_range(0.0..0.15));
    CLUTTER.draw(&mut image, digits, rng);
    let mut objects: Vec<Object> = Vec::new();
    for _ in 0..rng.random_range(1..=4usize) {
        let digit = &digits[rng.random_range(0..digits.len())];
        let glyph = canvas::resize_randomly(&digit.glyph, DIGIT_SIDE, rng);
        let Some(bounds) = find_place(&glyph, &objects, rng) else {
            continue;
        };
        let [x, y, ..] = bounds.0.map(|place| place as i32);
        canvas::draw(&mut image, &glyph, x, y, rng.random_range(0.7..1.0));
        let class = digit.class;
        objects.push(Object { bounds, class });
    }
    let noise = rng.random_range(0.02..0.10);
    add_noise(&mut image, noise, rng);
    Scene { image, objects }
}

/// A box for the glyph that lies inside the canvas and beside the objects already there.
fn find_place(glyph: &Canvas, objects: &[Object], rng: &mut impl Rng) -> Option<BoundingBox> {
    let (width, height) = glyph.dimensions();
    // After so many tries the scene does without the digit.
    (0..20).find_map(|_| {
        let left = rng.random_range(0..=SIDE.checked_sub(width as usize)?) as f32;
        let top = rng.random_range(0..=SIDE.checked_sub(height as usize)?) as f32;
        let bounds = BoundingBox([left, top, left + width as f32, top + height as f32]);
        let beside = |object: &Object| object.bounds.iou(&bounds) <= MAX_OVERLAP;
        objects.iter().all(beside).then_some(bounds)
    })
}
