//! Losses that pull embeddings together or push them apart, with or without labels.
//!
//! Losses over all pairs never store all similarities: memory grows with the number of embeddings, not with its
//! square, forward and backward.

mod barlow_twins;
mod clip;
mod dcl;
mod hard_negative;
pub(crate) mod info_nce;
mod negative_cosine;
mod nt_xent;
mod queue;
mod sig_lip;
mod sup_con;
mod vic_reg;
mod views;

pub use barlow_twins::{BarlowTwinsLoss, BarlowTwinsLossConfig};
pub use clip::{ClipLoss, ClipLossConfig};
pub use dcl::{DclLoss, DclLossConfig};
pub use hard_negative::{HardNegativeInfoNceLoss, HardNegativeInfoNceLossConfig};
pub use info_nce::{InfoNceLoss, InfoNceLossConfig};
pub use negative_cosine::{NegativeCosineLoss, NegativeCosineLossConfig};
pub use nt_xent::{NtXentLoss, NtXentLossConfig};
pub use queue::{EmbeddingQueue, EmbeddingQueueConfig};
pub use sig_lip::{SigLipLoss, SigLipLossConfig};
pub use sup_con::{SupConForm, SupConLoss, SupConLossConfig};
pub use vic_reg::{VicRegLoss, VicRegLossConfig};
