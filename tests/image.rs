//! Losses of images.

mod call;
mod configs;
mod extremes;
mod forms;
mod goldens;
mod memory;
mod paths;
