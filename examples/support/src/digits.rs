//! The handwritten digits that come with the examples.

use crate::{
    Context, Result,
    canvas::{Canvas, crop_to_ink},
};

/// Number of classes: the digits 0 to 9.
pub const CLASSES: usize = 10;

/// Width and height of an image.
pub const SIDE: usize = 8;

/// Where the digits come from, for reports.
pub const SOURCE: &str = "digits.csv (UCI Optical Recognition)";

/// 1797 digits of 8 x 8 pixels (0 to 16) and their labels: the test set of "Optical Recognition of Handwritten Digits"
/// (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, CC BY 4.0). See `examples/data/README.md`.
const BUNDLED: &str = include_str!("../../data/digits.csv");
const WHITE: f32 = 16.0;

/// A pixel that is brighter than this is ink.
const INK: f32 = 0.2;

/// The first rows of the file are for training, the rest for testing.
const TRAINING_ROWS: usize = 1400;

/// A handwritten digit.
#[derive(Debug, Clone, PartialEq)]
pub struct Digit {
    pub glyph: Canvas,
    pub class: usize,
}

/// All the digits, `SIDE` pixels wide and high, in the order of the file.
pub fn bundled() -> Result<Vec<Digit>> {
    let mut reader = csv::Reader::from_reader(BUNDLED.as_bytes());
    let digits = reader.deserialize::<Vec<u8>>().map(|row| {
        let mut row = row?;
        let class = row.pop().context("an empty row in digits.csv")?.into();
        let pixels = row.into_iter().map(|pixel| f32::from(pixel) / WHITE);
        let glyph = Canvas::from_raw(SIDE as u32, SIDE as u32, pixels.collect());
        let glyph = glyph.context("too few pixels in digits.csv")?;
        Ok(Digit { glyph, class })
    });
    digits.collect()
}

/// Digits that are cut to their ink: for training and, disjoint from them, for testing.
pub struct DigitSets {
    pub train: Vec<Digit>,
    pub test: Vec<Digit>,
}

impl DigitSets {
    pub fn bundled() -> Result<Self> {
        let cut = |digit: Digit| {
            let glyph = crop_to_ink(&digit.glyph, INK)?;
            Some(Digit { glyph, ..digit })
        };
        let mut train: Vec<Digit> = bundled()?.into_iter().filter_map(cut).collect();
        let test = train.split_off(TRAINING_ROWS.min(train.len()));
        Ok(Self { train, test })
    }
}
