//! Losses of embeddings.

mod acceptance;
mod configs;
mod differences;
mod forms;
mod goldens;
mod own_formula;
mod paths;
pub mod places;
mod threads;
