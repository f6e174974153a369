//! Losses of masks: segmentation of images and volumes.
//!
//! Losses of overlaps see the pixels once: what they need of them are six sums for each sample and class, made in one pass over the
//! logits, and once more in the backward pass. What follows from the sums are a few operations on `[N, C]` numbers.

mod absent;
mod boundary;
mod cl_dice;
mod combined;
mod dice;
mod evaluation;
mod focal_tversky;
mod generalized_dice;
mod jaccard;
mod loss;
mod lovasz;
mod mcc;
mod object;
mod settings;
mod tversky;

pub use absent::AbsentClasses;
pub use boundary::{BoundaryLoss, BoundaryLossConfig, SignedDistance};
pub use cl_dice::{ClDice, ClDiceLoss, ClDiceLossConfig};
pub use combined::{CombinedLoss, CombinedLossConfig, DiceAndPixels};
pub use dice::{DiceLoss, DiceLossConfig};
pub use evaluation::Masks;
pub use focal_tversky::{FocalTverskyLoss, FocalTverskyLossConfig};
pub use generalized_dice::{
    GeneralizedDice, GeneralizedDiceLoss, GeneralizedDiceLossConfig, VolumeWeights,
};
pub use jaccard::{JaccardLoss, JaccardLossConfig};
pub use loss::{AnyMaskFormula, MaskLoss};
pub use lovasz::{
    LovaszHinge, LovaszHingeLoss, LovaszHingeLossConfig, LovaszSoftmax, LovaszSoftmaxLoss,
    LovaszSoftmaxLossConfig,
};
pub use mcc::{MccLoss, MccLossConfig};
pub use tversky::{TverskyLoss, TverskyLossConfig};
