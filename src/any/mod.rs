//! Any loss of a family, chosen at run time: by a file, or by a program that holds one of several.

mod classification;
mod elementwise;
mod embeddings;
mod images;
mod segmentation;
mod views;

pub use classification::{ClassificationLoss, ClassificationLossConfig};
pub use elementwise::{ElementwiseLoss, ElementwiseLossConfig};
pub use embeddings::{EmbeddingLoss, EmbeddingLossConfig};
pub use images::ImageLossConfig;
pub use segmentation::{SegmentationLoss, SegmentationLossConfig};
pub use views::{ViewLoss, ViewLossConfig};
