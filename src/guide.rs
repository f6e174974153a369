//! Pages for reading.

#[doc = include_str!("../docs/guide/from_pytorch.md")]
pub mod from_pytorch {}
