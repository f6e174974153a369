//! What is done to the logit of the target class alone.

use super::Real;
use core::fmt::Debug;

/// What is done to the logit of the target class alone.
pub trait Margin: Clone + Debug + Send + Sync + 'static {
    /// Whether the logit stays as it is.
    fn is_none(&self) -> bool {
        false
    }

    /// The logit that takes the place of `z` at a target class whose parameter is `parameter`.
    fn value<R: Real>(&self, z: R, parameter: R) -> R;
}

/// The logit as it is.
#[derive(Clone, Copy, Debug)]
pub struct NoMargin;

impl Margin for NoMargin {
    #[inline(always)]
    fn is_none(&self) -> bool {
        true
    }

    #[inline(always)]
    fn value<R: Real>(&self, z: R, _parameter: R) -> R {
        z
    }
}

/// `z - m` with the margin m of the class.
#[derive(Clone, Copy, Debug)]
pub struct AdditiveMargin;

impl Margin for AdditiveMargin {
    #[inline(always)]
    fn value<R: Real>(&self, z: R, parameter: R) -> R {
        z - parameter
    }
}

/// `cos(t + m)` of the angle t whose cosine is z; where that is beyond a half turn, `z - m sin m`, so that
/// it goes on falling (Deng et al., 2019).
#[derive(Clone, Copy, Debug)]
pub struct AngularMargin {
    /// m in radians, from 0 to pi.
    pub margin: f64,
}

impl Margin for AngularMargin {
    #[inline(always)]
    fn value<R: Real>(&self, z: R, _parameter: R) -> R {
        let (sin, cos) = self.margin.sin_cos();
        let beyond = z.clone() - self.margin * sin;
        // Rounding may have made it more than a cosine; at the ends its sine has no slope.
        let square = -(z.clone() * z.clone()) + 1.0;
        let none = square.constant(0.0);
        let one = square.constant(1.0);
        let root = square
            .where_below(f64::from(f32::MIN_POSITIVE), one, square.clone())
            .sqrt();
        let sine = square.where_below(f64::from(f32::MIN_POSITIVE), none, root);
        let turned = z.clone() * cos - sine * sin;
        z.where_below(-cos, beyond, turned)
    }
}
