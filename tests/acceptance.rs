//! Hostile input and the right answer to it, on every device, fused and composed, forward and
//! backward.

mod easy;
pub mod extremes;
pub mod memory;
mod normalizer;
mod nothing;
mod tracking;
mod weights;
