//! Hostile input and the right answer to it, on every device, fused and composed, forward and
//! backward.

mod extremes;
mod memory;
mod normalizer;
mod nothing;
mod tracking;
