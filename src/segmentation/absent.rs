//! Classes of which there is no pixel.

use crate::config::Named;
use burn::serde::{Deserialize, Serialize};

/// What a class costs of which the target of a sample (of the batch, where that is one sample) has no pixel.
///
/// In a configuration file it is `"left_out"`, `"zero"` or `"kept"`. The libraries disagree:
///
/// | library | absent classes | what is wrong with it |
/// |---|---|---|
/// | segmentation-models-pytorch | [`Zero`](Self::Zero) | the mean falls with every absent class |
/// | MONAI | [`Kept`](Self::Kept) | with `smooth` 1e-5 a constant 1 with a gradient of about 1e-8; with `smooth` 0 NaN without a predicted pixel (here 0) |
/// | kornia, `macro` | [`LeftOut`](Self::LeftOut) | of no class at all it is 0/0 (here 0) |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum AbsentClasses {
    /// It is left out of the mean over classes. A sample of absent classes alone has loss 0 and does not count in a mean.
    #[default]
    LeftOut,
    /// It costs 0, and counts in the mean over classes.
    Zero,
    /// It costs what the formula says: of Dice `P / (P + smooth)`, for the sum `P` of its probabilities.
    Kept,
}

impl Named for AbsentClasses {
    const NAMES: &'static [(Self, &'static str)] = &[
        (AbsentClasses::LeftOut, "left_out"),
        (AbsentClasses::Zero, "zero"),
        (AbsentClasses::Kept, "kept"),
    ];
}
