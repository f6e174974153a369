//! Losses of embeddings.

mod acceptance;
mod configs;
mod differences;
mod goldens;
mod paths;
