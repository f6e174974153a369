//! A view of a digit: the digit drawn anew on a cluttered canvas.
//!
//! Two views of a digit share nothing but the digit. Place, size, turn, brightness, clutter and noise
//! are drawn independently, so they are what a network learns not to look at.

use std::ops::Range;

use rand::{Rng, RngExt};

use super::{
    clutter::{Clutter, add_noise},
    digits::Digit,
    raster::Raster,
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

/// Draws a digit somewhere on a canvas; the clutter has parts of the other digits.
pub fn draw(digit: &Digit, digits: &[Digit], rng: &mut impl Rng) -> Raster {
    let mut image = Raster::filled(SIDE, SIDE, rng.random_range(0.0..0.15));
    CLUTTER.draw(&mut image, digits, rng);
    let glyph = digit.glyph.resize_randomly(DIGIT_SIDE, rng);
    let glyph = glyph.rotate(rng.random_range(-TURN..TURN));
    let mut place = |length: usize| rng.random_range(0..=SIDE - length) as i32;
    let (x, y) = (place(glyph.width), place(glyph.height));
    image.draw(&glyph, x, y, rng.random_range(0.7..1.0));
    let noise = rng.random_range(0.02..0.10);
    add_noise(&mut image, noise, rng);
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::DigitSets;
    use rand::{SeedableRng, rngs::ChaCha8Rng};

    fn views(seed: u64) -> Vec<Raster> {
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let views = digits
            .iter()
            .take(100)
            .map(|digit| draw(digit, &digits, &mut rng));
        views.collect()
    }

    #[test]
    fn a_seed_fixes_the_views() {
        assert_eq!(views(1), views(1));
        assert_ne!(views(1), views(2));
    }

    #[test]
    fn pixels_fill_the_canvas_from_black_to_white() {
        for view in views(3) {
            assert_eq!(view.pixels.len(), SIDE * SIDE);
            assert!(view.pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
            assert!(view.pixels.iter().any(|&pixel| pixel > 0.5));
        }
    }

    #[test]
    fn the_largest_turned_digit_still_fits() {
        let glyph = Raster::filled(22, 22, 1.0).rotate(TURN);
        assert!(glyph.width.max(glyph.height) <= SIDE);
    }
}
