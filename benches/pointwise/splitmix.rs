//! Numbers anybody can draw again: the inputs of the workloads, the same here and in other
//! languages.

/// The `index`th number in `[0, 1)` of the stream `seed`: splitmix64, its upper 24 bits.
pub fn uniform(seed: u64, index: u64) -> f32 {
    let mut z = seed.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f32 / (1 << 24) as f32
}

/// The first `count` numbers of the stream `seed`, each changed by `map`.
pub fn stream(seed: u64, count: usize, map: impl Fn(f32) -> f32) -> Vec<f32> {
    (0..count as u64).map(|i| map(uniform(seed, i))).collect()
}
