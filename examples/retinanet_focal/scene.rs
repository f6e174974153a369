//! Cluttered canvases with a few digits on them, drawn from a seeded generator.

use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};

use crate::{
    boxes::BoundingBox,
    clutter::{Clutter, add_noise},
    digits::Digit,
    raster::Raster,
};

/// Width and height of a canvas in pixels; a multiple of the coarsest anchor stride.
pub const SIDE: usize = 96;

/// How many digits a scene tries to place.
const DIGITS: std::ops::RangeInclusive<usize> = 1..=4;

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

/// How often a digit looks for a free place before the scene does without it.
const PLACEMENT_TRIES: usize = 20;

/// A digit in a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    pub bounds: BoundingBox,
    pub class: usize,
}

/// A canvas and the digits on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    pub image: Raster,
    pub objects: Vec<Object>,
}

/// An endless, reproducible stream of scenes made of the given digits.
pub struct SceneGenerator<'a> {
    digits: &'a [Digit],
    rng: ChaCha8Rng,
}

impl<'a> SceneGenerator<'a> {
    /// The same digits and seed give the same scenes on every machine.
    pub fn new(digits: &'a [Digit], seed: u64) -> Self {
        Self {
            digits,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }
}

impl Iterator for SceneGenerator<'_> {
    type Item = Scene;

    fn next(&mut self) -> Option<Scene> {
        Some(compose(self.digits, &mut self.rng))
    }
}

/// Draws clutter, then digits, then noise over both.
fn compose(digits: &[Digit], rng: &mut impl Rng) -> Scene {
    let mut image = Raster::filled(SIDE, SIDE, rng.random_range(0.0..0.15));
    CLUTTER.draw(&mut image, digits, rng);
    let mut objects: Vec<Object> = Vec::new();
    for _ in 0..rng.random_range(DIGITS) {
        let digit = &digits[rng.random_range(0..digits.len())];
        let glyph = digit.glyph.resize_randomly(DIGIT_SIDE, rng);
        let Some((x, y)) = find_place(&glyph, &objects, rng) else {
            continue;
        };
        image.draw(&glyph, x as i32, y as i32, rng.random_range(0.7..1.0));
        objects.push(Object {
            bounds: bounds_at(&glyph, x, y),
            class: digit.class,
        });
    }
    let noise = rng.random_range(0.02..0.10);
    add_noise(&mut image, noise, rng);
    Scene { image, objects }
}

/// A corner at which the glyph lies inside the canvas and beside the objects already there.
fn find_place(glyph: &Raster, objects: &[Object], rng: &mut impl Rng) -> Option<(usize, usize)> {
    (0..PLACEMENT_TRIES).find_map(|_| {
        let x = rng.random_range(0..=SIDE.checked_sub(glyph.width)?);
        let y = rng.random_range(0..=SIDE.checked_sub(glyph.height)?);
        let bounds = bounds_at(glyph, x, y);
        let free = objects
            .iter()
            .all(|object| object.bounds.iou(&bounds) <= MAX_OVERLAP);
        free.then_some((x, y))
    })
}

fn bounds_at(glyph: &Raster, x: usize, y: usize) -> BoundingBox {
    BoundingBox {
        left: x as f32,
        top: y as f32,
        right: (x + glyph.width) as f32,
        bottom: (y + glyph.height) as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::DigitSets;

    fn scenes(seed: u64) -> Vec<Scene> {
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        SceneGenerator::new(&digits, seed).take(50).collect()
    }

    #[test]
    fn a_seed_fixes_the_scenes() {
        assert_eq!(scenes(1), scenes(1));
        assert_ne!(scenes(1), scenes(2));
    }

    #[test]
    fn objects_lie_inside_and_apart() {
        for scene in scenes(3) {
            assert!(!scene.objects.is_empty());
            for (index, object) in scene.objects.iter().enumerate() {
                assert_eq!(object.bounds, object.bounds.clip(SIDE as f32));
                for other in &scene.objects[..index] {
                    assert!(object.bounds.iou(&other.bounds) <= MAX_OVERLAP);
                }
            }
        }
    }

    #[test]
    fn pixels_stay_between_black_and_white() {
        for scene in scenes(4) {
            assert_eq!(scene.image.pixels.len(), SIDE * SIDE);
            assert!(
                scene
                    .image
                    .pixels
                    .iter()
                    .all(|pixel| (0.0..=1.0).contains(pixel))
            );
        }
    }
}
