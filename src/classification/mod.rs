//! Losses of class predictions.

mod asymmetric;
mod balanced_softmax;
mod binary_cross_entropy;
mod class_balanced;
mod cross_entropy;
mod generalized_cross_entropy;
mod ldam;
mod linear_cross_entropy;
mod logit_adjusted;
mod nll;
mod output_layer;
mod poly;
mod sigmoid_focal;
mod softmax_focal;
mod symmetric_cross_entropy;

pub use asymmetric::{AsymmetricLoss, AsymmetricLossConfig};
pub use balanced_softmax::{BalancedSoftmaxLoss, BalancedSoftmaxLossConfig};
pub use binary_cross_entropy::{BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig};
pub use class_balanced::class_balanced_weights;
pub use cross_entropy::{CrossEntropyLoss, CrossEntropyLossConfig};
pub use generalized_cross_entropy::{
    GeneralizedCrossEntropyLoss, GeneralizedCrossEntropyLossConfig,
};
pub use ldam::{LdamLoss, LdamLossConfig};
pub use linear_cross_entropy::{LinearCrossEntropyLoss, LinearCrossEntropyLossConfig};
pub use logit_adjusted::{LogitAdjustedLoss, LogitAdjustedLossConfig};
pub use nll::{LogLikelihood, NllLoss, NllLossConfig};
pub use output_layer::OutputLayer;
pub use poly::{PolyLoss, PolyLossConfig};
pub use sigmoid_focal::{SigmoidFocalLoss, SigmoidFocalLossConfig};
pub use softmax_focal::{SoftmaxFocalLoss, SoftmaxFocalLossConfig};
pub use symmetric_cross_entropy::{SymmetricCrossEntropyLoss, SymmetricCrossEntropyLossConfig};
