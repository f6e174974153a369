//! The backward passes of the operations.

#[cfg(any(feature = "flex", feature = "ndarray"))]
mod losses;
mod pairs;
