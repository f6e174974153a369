//! The backward passes of the operations.

mod attached;
mod chain;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod losses;
mod pairs;
