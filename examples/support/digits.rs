//! The digits that pictures are made of, split into training and test digits.

use super::{
    digit_images::{self, DigitImage, SIDE},
    error::Result,
    raster::Raster,
};

#[allow(unused_imports)] // Shared; not every example counts classes.
pub use super::digit_images::CLASSES;

/// Share of the brightness range above which a pixel counts as ink when a digit's box is taken.
const INK: f32 = 0.2;

/// The first rows of the bundled file are for training, the rest for testing.
const BUNDLED_TRAINING_ROWS: usize = 1400;

/// One handwritten digit, cut to its ink.
#[derive(Debug, Clone)]
pub struct Digit {
    pub glyph: Raster,
    pub class: usize,
}

impl Digit {
    /// Cuts an image to its ink; `None` for an image without any.
    pub fn new(image: &Raster, class: usize) -> Option<Self> {
        let glyph = image.crop_to_ink(INK)?;
        Some(Self { glyph, class })
    }

    fn from_bundled(image: DigitImage) -> Option<Self> {
        let raster = Raster {
            width: SIDE,
            height: SIDE,
            pixels: image.pixels,
        };
        Self::new(&raster, image.class)
    }
}

/// Digits for training and, disjoint from them, digits for testing.
pub struct DigitSets {
    pub train: Vec<Digit>,
    pub test: Vec<Digit>,
    /// Where the digits come from, for the report.
    pub source: String,
}

impl DigitSets {
    /// The digits that come with the example.
    pub fn bundled() -> Result<Self> {
        let images = digit_images::bundled()?;
        let digits = images.into_iter().filter_map(Digit::from_bundled);
        let mut train: Vec<Digit> = digits.collect();
        let test = train.split_off(BUNDLED_TRAINING_ROWS.min(train.len()));
        Ok(Self {
            train,
            test,
            source: digit_images::SOURCE.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_digits_have_every_class_on_both_sides() {
        let sets = DigitSets::bundled().expect("the bundled file is sound");
        assert_eq!(sets.train.len() + sets.test.len(), 1797);
        for digits in [&sets.train, &sets.test] {
            for class in 0..CLASSES {
                assert!(digits.iter().filter(|digit| digit.class == class).count() > 20);
            }
        }
    }
}
