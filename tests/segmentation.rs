//! Losses of masks.

mod forms;
mod goldens;
mod hostile;
mod loss;
mod memory;
mod paths;
