//! Losses of scores that should be right by a margin.

mod cosine_embedding;
mod hinge;
mod hinge_embedding;
mod margin_ranking;
mod multi_label_margin;
mod multi_label_soft_margin;
mod multi_margin;
mod soft_margin;

pub use cosine_embedding::{CosineEmbeddingLoss, CosineEmbeddingLossConfig};
pub use hinge::{HingeLoss, HingeLossConfig};
pub use hinge_embedding::{HingeEmbeddingLoss, HingeEmbeddingLossConfig};
pub use margin_ranking::{MarginRankingLoss, MarginRankingLossConfig};
pub use multi_label_margin::{MultiLabelMarginLoss, MultiLabelMarginLossConfig};
pub use multi_label_soft_margin::{MultiLabelSoftMarginLoss, MultiLabelSoftMarginLossConfig};
pub use multi_margin::{MultiMarginLoss, MultiMarginLossConfig};
pub use soft_margin::{SoftMarginLoss, SoftMarginLossConfig};
