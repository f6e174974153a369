//! Long-tailed training digits and balanced test digits.
//!
//! The profile is the exponential one of Y. Cui et al., "Class-Balanced Loss Based on Effective Number of Samples" (2019):
//! each class has the same share fewer digits than the one before it. The order of the classes, 0 the most frequent and 9 the
//! rarest, is the same for every seed.

use burn::{
    data::dataloader::batcher::Batcher,
    tensor::{Device, Int, Tensor, TensorData},
};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};
use support::{
    digits::{CLASSES, Digit},
    view,
};

/// Training digits of the most frequent class, and how many times rarer the last class is.
const MOST: f64 = 100.0;
const IMBALANCE: f64 = 50.0;

/// Test digits of every class.
pub const TEST_DIGITS: usize = 70;

/// Training digits of each class.
pub fn class_counts() -> [usize; CLASSES] {
    std::array::from_fn(|class| {
        let position = class as f64 / (CLASSES - 1) as f64;
        (MOST * IMBALANCE.powf(-position)).round() as usize
    })
}

/// Draws digits to train with and, disjoint from them, digits to test with. The seed decides which
/// digits go where, never how many.
pub fn split(digits: &[Digit], seed: u64) -> (Vec<Digit>, Vec<Digit>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (class, count) in class_counts().into_iter().enumerate() {
        let of_class = digits.iter().filter(|digit| digit.class == class);
        let mut of_class: Vec<&Digit> = of_class.collect();
        of_class.shuffle(&mut rng);
        let mut drawn = of_class.into_iter().cloned();
        test.extend(drawn.by_ref().take(TEST_DIGITS));
        train.extend(drawn.take(count));
    }
    (train, test)
}

/// What the network is given and what it should answer.
#[derive(Debug, Clone)]
pub struct DigitBatch {
    /// `[N, 1, SIDE, SIDE]`
    pub images: Tensor<4>,
    /// `[N]`
    pub targets: Tensor<1, Int>,
}

impl DigitBatch {
    pub fn new(digits: &[Digit], device: &Device) -> Self {
        let classes: Vec<i32> = digits.iter().map(|digit| digit.class as i32).collect();
        Self {
            images: view::images(digits.iter().map(|digit| &digit.glyph), device),
            targets: Tensor::from_data(TensorData::new(classes, [digits.len()]), device),
        }
    }
}

/// Makes the batches of a data loader.
#[derive(Debug, Clone)]
pub struct DigitBatcher;

impl Batcher<Digit, DigitBatch> for DigitBatcher {
    fn batch(&self, digits: Vec<Digit>, device: &Device) -> DigitBatch {
        DigitBatch::new(&digits, device)
    }
}
