//! Hostile input and the right answer to it, on every device, fused and composed, forward and
//! backward.

mod classes;
mod counts;
mod easy;
mod extremes;
mod memory;
mod nothing;
mod tracking;
