//! Comparisons of numbers one of which may be NaN.

use burn_cubecl::cubecl::{self, prelude::*};

/// Whether two numbers differ, as NaN does from every number. `!=` itself is false of NaN where kernels are compiled to
/// SPIR-V.
#[cube]
pub(super) fn differs(a: f32, b: f32) -> bool {
    let is_same = a == b;
    !is_same
}
