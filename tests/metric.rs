//! Miners, memories and configurations of metric learning. (What losses compute is tested with those of
//! contrastive learning.)

mod bits;
mod choices;
mod configs;
mod hostile;
mod many_rows;
mod memory;
mod mining;
mod near;
mod proxies;
mod ties;
mod unlabelled;
