//! Losses of a real-valued prediction against a real-valued target.

mod cauchy;
mod charbonnier;
mod huber;
mod log_cosh;
mod mae;
mod mse;
mod quantile;
mod smooth_l1;

pub use cauchy::{CauchyLoss, CauchyLossConfig};
pub use charbonnier::{CharbonnierLoss, CharbonnierLossConfig};
pub use huber::{HuberLoss, HuberLossConfig};
pub use log_cosh::{LogCoshLoss, LogCoshLossConfig};
pub use mae::{MaeLoss, MaeLossConfig};
pub use mse::{MseLoss, MseLossConfig};
pub use quantile::{QuantileLoss, QuantileLossConfig};
pub use smooth_l1::{SmoothL1Loss, SmoothL1LossConfig};
