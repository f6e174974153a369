//! Numbers anybody can draw again: the inputs of the workloads, the same here and in other
//! languages.

/// The first `count` numbers in `[0, 1)` of the stream `seed`, each changed by `map`.
pub fn stream(seed: u64, count: usize, map: impl Fn(f32) -> f32) -> Vec<f32> {
    draws(seed, count)
        .map(|draw| map(draw as f32 / (1 << 24) as f32))
        .collect()
}

/// The first `count` draws of the stream `seed`, whole numbers below `2^24`: splitmix64, its upper
/// 24 bits.
pub fn draws(seed: u64, count: usize) -> impl Iterator<Item = u64> {
    (1..=count as u64).map(move |index| {
        let mut z = seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        z >> 40
    })
}

/// Uniform in `[-half_width, half_width)`.
#[allow(dead_code)] // Not every bench draws these.
pub fn spread(seed: u64, count: usize, half_width: f32) -> Vec<f32> {
    stream(seed, count, |u| 2.0 * half_width * u - half_width)
}
