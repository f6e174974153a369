//! Numbers as good as random.

/// A number from 0 to 1, as good as random, that follows from others (the finalizer of SplitMix64: G. Steele
/// et al., *Fast Splittable Pseudorandom Number Generators*, 2014).
pub(super) fn uniform(numbers: [u64; 3]) -> f64 {
    let mixed = numbers.into_iter().fold(0u64, |state, number| {
        let z = state
            .wrapping_add(number)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}
