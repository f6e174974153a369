//! The digits that scenes are made of, split into training and test digits.

use crate::{
    error::{Error, Result},
    raster::Raster,
};

/// Number of classes: the digits 0 to 9.
pub const CLASSES: usize = 10;

/// Share of the brightness range above which a pixel counts as ink when a digit's box is taken.
const INK: f32 = 0.2;

/// 1797 digits of 8 x 8 pixels (0 to 16) and their labels: the test set of "Optical Recognition of
/// Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, CC BY
/// 4.0). See `examples/data/README.md`.
const BUNDLED: &str = include_str!("../data/digits.csv");
const BUNDLED_SIDE: usize = 8;
const BUNDLED_WHITE: f32 = 16.0;

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
}

/// Digits for training scenes and, disjoint from them, digits for test scenes.
pub struct DigitSets {
    pub train: Vec<Digit>,
    pub test: Vec<Digit>,
    /// Where the digits come from, for the report.
    pub source: String,
}

impl DigitSets {
    /// The digits that come with the example.
    pub fn bundled() -> Result<Self> {
        let mut train = parse_csv(BUNDLED)?;
        let test = train.split_off(BUNDLED_TRAINING_ROWS.min(train.len()));
        Ok(Self {
            train,
            test,
            source: "digits.csv (UCI Optical Recognition)".into(),
        })
    }
}

/// Reads rows of 64 pixels and a label, after one header row.
fn parse_csv(text: &str) -> Result<Vec<Digit>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut digits = Vec::new();
    for (index, record) in reader.deserialize::<Vec<u8>>().enumerate() {
        let wrong = |what: String| Error::new(format!("digits.csv, row {}: {what}", index + 1));
        let values = record.map_err(|error| wrong(error.to_string()))?;
        let Some((&class, pixels)) = values.split_last() else {
            return Err(wrong("is empty".into()));
        };
        if pixels.len() != BUNDLED_SIDE * BUNDLED_SIDE || usize::from(class) >= CLASSES {
            return Err(wrong(format!(
                "expected 64 pixels and a label of 0 to 9, found {} pixels and the label {class}",
                pixels.len()
            )));
        }
        let image = Raster {
            width: BUNDLED_SIDE,
            height: BUNDLED_SIDE,
            pixels: pixels
                .iter()
                .map(|&pixel| f32::from(pixel) / BUNDLED_WHITE)
                .collect(),
        };
        digits.extend(Digit::new(&image, usize::from(class)));
    }
    Ok(digits)
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

    #[test]
    fn a_bad_row_is_named() {
        let error = parse_csv("a,b\n1,2\n").expect_err("two columns are no digit");
        assert!(error.to_string().contains("row 1"), "{error}");
        assert!(error.to_string().contains("found 1 pixels"), "{error}");
    }
}
