//! What the examples share.

pub mod canvas;
pub mod choice;
pub mod clutter;
pub mod color;
pub mod deck;
pub mod device;
pub mod digits;
pub mod embedding;
pub mod learner_bar;
pub mod log;
pub mod network;
pub mod picture;
pub mod plot;
pub mod run;
pub mod schedule;
pub mod table;
pub mod vectors;
pub mod view;

pub use anyhow::{self, Context, Result, bail, ensure};
