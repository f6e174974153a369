//! Hostile input and the right answer to it, on every device, fused and composed, forward and
//! backward.

mod detection;
mod easy;
pub mod extremes;
mod margin;
pub mod memory;
mod normalizer;
mod nothing;
mod robust;
mod tracking;
mod weights;
