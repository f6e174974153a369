//! What some units of a cube have found, in order.

use burn_cubecl::cubecl::{self, prelude::*};

/// Writes what those units have found that have found something, one after the other, and returns how many they are. Every
/// unit of a cube of 256 calls this; all can read what is written until one of them calls it again.
#[cube]
pub(super) fn collected(
    found: &mut Shared<[u32]>,
    counts: &mut Shared<[u32]>,
    has_found: bool,
    own: u32,
) -> u32 {
    let mut of_groups = Shared::<[u32]>::new_slice(16usize);
    let unit = UNIT_POS;
    let group = unit / 16;
    sync_cube();
    counts[unit as usize] = select(has_found, 1u32, 0u32);
    sync_cube();
    // How many there are before each unit in its group of 16, in groups, and before its group.
    let mut before = 0u32;
    for other in group * 16..unit {
        before += counts[other as usize];
    }
    if unit % 16 == 15 {
        of_groups[group as usize] = before + counts[unit as usize];
    }
    sync_cube();
    let mut all = 0u32;
    for other in 0..16u32 {
        let count = of_groups[other as usize];
        all += count;
        before += select(other < group, count, 0u32);
    }
    if has_found {
        found[before as usize] = own;
    }
    sync_cube();
    all
}
