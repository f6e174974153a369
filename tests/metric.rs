//! Miners, memories and configurations of metric learning. (What losses compute is tested with those of
//! contrastive learning.)

mod configs;
mod memory;
mod mining;
mod ties;
