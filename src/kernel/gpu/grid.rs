//! How cubes are laid out.

use burn_cubecl::cubecl::prelude::CubeCount;

/// How many cubes some devices allow along a dimension.
pub(super) const ALONG: u32 = 65_535;

/// At least so many cubes, of which kernels look at `CUBE_POS` alone.
pub(super) fn grid(cubes: u32) -> CubeCount {
    match cubes.div_ceil(ALONG) {
        0 | 1 => CubeCount::Static(cubes, 1, 1),
        rows => CubeCount::Static(cubes.div_ceil(rows), rows, 1),
    }
}
