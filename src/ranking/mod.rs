//! Losses of rankings: scores whose order matters, of lists of items and how relevant each is, or of pairs.
//!
//! No loss holds all pairs of a list: memory grows with the number of items, not with its square, forward and backward.

mod approx_ndcg;
mod bpr;
mod list_loss;
mod list_mle;
mod list_net;
pub(crate) mod lists;
mod rank_net;

pub use approx_ndcg::{ApproxNdcgLoss, ApproxNdcgLossConfig};
pub use bpr::{BprLoss, BprLossConfig};
pub use list_loss::ListLoss;
pub use list_mle::{ListMleLoss, ListMleLossConfig};
pub use list_net::{ListNetLoss, ListNetLossConfig};
pub use rank_net::{RankNetLoss, RankNetLossConfig};
