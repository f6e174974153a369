//! How cubes are laid out.

use burn_cubecl::cubecl::prelude::CubeCount;

/// How many cubes some devices allow along a dimension.
pub(super) const ALONG: u32 = 65_535;

/// A cube for each task, up to as many as all devices allow; each of these takes every so manieth task.
pub(super) fn cubes_of(tasks: usize) -> CubeCount {
    CubeCount::Static(tasks.min(ALONG as usize) as u32, 1, 1)
}

/// At least so many cubes, of which kernels look at `CUBE_POS` alone.
pub(super) fn grid(cubes: u32) -> CubeCount {
    match cubes.div_ceil(ALONG) {
        0 | 1 => CubeCount::Static(cubes, 1, 1),
        rows => CubeCount::Static(cubes.div_ceil(rows), rows, 1),
    }
}
