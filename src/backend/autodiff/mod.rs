//! The backward passes of the operations.

mod attached;
mod chain;
#[cfg(feature = "kernels")]
mod elements;
mod later;
#[cfg(feature = "kernels")]
mod linear;
mod lists;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod lovasz;
#[cfg(feature = "kernels")]
mod overlap;
mod pairs;
#[cfg(feature = "kernels")]
mod rows;
#[cfg(feature = "kernels")]
mod ssim;
#[cfg(feature = "kernels")]
mod tuples;
#[cfg(feature = "kernels")]
mod unit_rows;

#[cfg(feature = "cube")]
pub(super) use chain::chained;
