//! Logits held within a bound.

use super::Real;

/// `c tanh(z / c)`: logits held within `(-c, c)`.
#[derive(Clone, Copy, Debug)]
pub struct SoftCap {
    /// The bound c, above 0.
    pub cap: f64,
}

impl SoftCap {
    /// The logit that takes the place of `z`.
    #[inline(always)]
    pub fn value<R: Real>(&self, z: R) -> R {
        tanh(z * (1.0 / self.cap)) * self.cap
    }
}

#[inline(always)]
fn tanh<R: Real>(x: R) -> R {
    // Not `abs`: its slope at 0 is 0.
    let distance = x.where_below(0.0, -x.clone(), x.clone());
    let rest = (distance * -2.0).exp_m1();
    let tanh = -(rest.clone() / (rest + 2.0));
    x.where_below(0.0, -tanh.clone(), tanh)
}
