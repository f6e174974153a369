//! The handwritten digits that come with the examples.

use super::error::{Error, Result};

/// Number of classes: the digits 0 to 9.
pub const CLASSES: usize = 10;

/// Width and height of an image.
pub const SIDE: usize = 8;

/// Where the digits come from, for reports.
pub const SOURCE: &str = "digits.csv (UCI Optical Recognition)";

/// 1797 digits of 8 x 8 pixels (0 to 16) and their labels: the test set of "Optical Recognition of
/// Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, CC BY
/// 4.0). See `examples/data/README.md`.
const BUNDLED: &str = include_str!("../data/digits.csv");
const WHITE: f32 = 16.0;

/// A handwritten digit.
#[derive(Debug, Clone, PartialEq)]
pub struct DigitImage {
    /// `SIDE` rows from the top, 0 black and 1 white.
    pub pixels: Vec<f32>,
    pub class: usize,
}

/// All the digits, in the order of the file.
pub fn bundled() -> Result<Vec<DigitImage>> {
    parse(BUNDLED)
}

/// Reads rows of 64 pixels and a label, after one header row.
fn parse(text: &str) -> Result<Vec<DigitImage>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.deserialize::<Vec<u8>>().enumerate();
    rows.map(|(index, record)| {
        let wrong = |what: String| Error::new(format!("digits.csv, row {}: {what}", index + 1));
        let values = record.map_err(|error| wrong(error.to_string()))?;
        let Some((&class, pixels)) = values.split_last() else {
            return Err(wrong("is empty".into()));
        };
        if pixels.len() != SIDE * SIDE || usize::from(class) >= CLASSES {
            return Err(wrong(format!(
                "expected 64 pixels and a label of 0 to 9, found {} pixels and the label {class}",
                pixels.len()
            )));
        }
        Ok(DigitImage {
            pixels: pixels.iter().map(|&p| f32::from(p) / WHITE).collect(),
            class: class.into(),
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_digits_are_images_from_black_to_white() {
        let digits = bundled().expect("the bundled file is sound");
        assert_eq!(digits.len(), 1797);
        let pixels = digits.iter().flat_map(|digit| &digit.pixels);
        let (low, high) = pixels.fold((1.0_f32, 0.0_f32), |(low, high), &pixel| {
            (low.min(pixel), high.max(pixel))
        });
        assert_eq!((low, high), (0.0, 1.0));
        assert_eq!(digits[1].class, 1);
        assert_eq!(digits[1].pixels[3], 12.0 / 16.0);
    }

    #[test]
    fn a_bad_row_is_named() {
        let error = parse("a,b\n1,2\n").expect_err("two columns are no digit");
        assert!(error.to_string().contains("row 1"), "{error}");
        assert!(error.to_string().contains("found 1 pixels"), "{error}");
    }
}
