//! Losses of embeddings.

pub mod acceptance;
mod configs;
mod differences;
mod easy;
mod forms;
mod goldens;
mod own_formula;
pub mod paths;
pub mod places;
mod temperature;
mod threads;
