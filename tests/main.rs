//! The integration tests: one binary, since most of their time goes into linking.

mod acceptance;
mod class_dim;
mod config_files;
mod configs;
mod contrastive;
mod distillation;
mod finite_differences;
mod forms;
mod goldens;
mod gpu;
mod half_precision;
mod instruction_sets;
mod launches;
mod linear;
mod metric;
mod own_formula;
mod panics;
mod paths;
mod properties;
mod retrieval;
mod softmax;
mod support;
mod training;
