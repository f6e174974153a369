//! The losses of rows of classes.

mod acceptance;
mod config_files;
mod configs;
mod finite_differences;
mod forms;
mod goldens;
mod own;
mod panics;
mod paths;
mod properties;
