//! Losses of masks.

mod forms;
mod goldens;
#[cfg(feature = "wgpu")]
mod gpu;
mod hostile;
mod loss;
mod memory;
mod paths;
