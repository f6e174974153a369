//! Losses of embeddings.

mod acceptance;
mod configs;
mod goldens;
mod paths;
