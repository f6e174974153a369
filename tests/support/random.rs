//! Random numbers that are the same in every run: splitmix64.

use half::{bf16, f16};

use super::Dtype;

/// A sequence of random numbers.
pub struct Random(u64);

impl Random {
    /// The sequence of a name.
    pub fn of(name: &str) -> Self {
        // FNV-1a
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3)
        });
        Self(hash)
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `[low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A normally distributed number.
    pub fn normal(&mut self, deviation: f64) -> f64 {
        let radius = (-2.0 * self.uniform(f64::MIN_POSITIVE, 1.0).ln()).sqrt();
        deviation * radius * self.uniform(0.0, core::f64::consts::TAU).cos()
    }

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform(0.0, 1.0) < probability
    }

    /// `count` numbers, each exact in `dtype`.
    pub fn list(
        &mut self,
        count: usize,
        dtype: Dtype,
        mut draw: impl FnMut(&mut Self) -> f64,
    ) -> Vec<f64> {
        (0..count).map(|_| round(draw(self), dtype)).collect()
    }
}

/// The nearest number of a type.
pub fn round(value: f64, dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F64 => value,
        Dtype::F32 => value as f32 as f64,
        Dtype::F16 => f16::from_f64(value).to_f64(),
        Dtype::BF16 => bf16::from_f64(value).to_f64(),
    }
}
