//! Losses of embeddings with labels: near to the same label, far from others.
//!
//! Losses over all pairs or triplets never store all distances: memory grows with the number of embeddings, not with its
//! square, forward and backward.

mod arc_face;
mod circle;
mod contrastive;
mod cos_face;
mod device_mining;
mod distance;
mod draw;
mod lifted_structure;
mod memory;
mod miner;
mod mining;
mod multi_similarity;
mod n_pairs;
mod normalized_softmax;
mod proxies;
mod proxy_anchor;
mod proxy_nca;
mod proxy_softmax;
mod reduction;
mod selection;
pub(crate) mod triplet;
mod triplet_margin;
mod triplets;

pub use arc_face::{ArcFaceLoss, ArcFaceLossConfig};
pub use circle::{CircleLoss, CircleLossConfig};
pub use contrastive::{ContrastiveLoss, ContrastiveLossConfig};
pub use cos_face::{CosFaceLoss, CosFaceLossConfig};
pub use distance::Distance;
pub use lifted_structure::{LiftedStructureLoss, LiftedStructureLossConfig};
pub use memory::{CrossBatchMemory, CrossBatchMemoryConfig};
pub use miner::{TripletMiner, TripletMinerConfig};
pub use mining::Mining;
pub use multi_similarity::{MultiSimilarityLoss, MultiSimilarityLossConfig};
pub use n_pairs::{NPairsLoss, NPairsLossConfig};
pub use normalized_softmax::{NormalizedSoftmaxLoss, NormalizedSoftmaxLossConfig};
pub use proxy_anchor::{ProxyAnchorLoss, ProxyAnchorLossConfig};
pub use proxy_nca::{ProxyNcaLoss, ProxyNcaLossConfig};
pub use proxy_softmax::ProxySoftmaxLoss;
pub use reduction::MiningReduction;
pub use triplet::{TripletLoss, TripletLossConfig};
pub use triplet_margin::{TripletMarginLoss, TripletMarginLossConfig};
pub use triplets::Triplets;
