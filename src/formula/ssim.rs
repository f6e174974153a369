//! The structural similarity of two images around a pixel.

use super::Real;

/// How alike two images are, seen through a window that moves over them.
#[derive(Clone, Debug)]
pub(crate) struct Ssim {
    /// What the window weighs along one side: an odd number of values, the same from both ends, with sum 1. The whole window
    /// is the product of two of these.
    pub window: Vec<f64>,
    /// Whether images are continued by their reflection at the edges, so that the window stands on every pixel. Otherwise it
    /// stands where all of it is within the image.
    pub reflects: bool,
    /// The difference of the largest and the smallest value that pixels may have.
    pub range: f64,
    /// The squares of K1 and K2: what keeps divisors above 0, for pixels of the range 1.
    pub constants: [f64; 2],
    pub term: SsimTerm,
}

/// What is taken of both images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SsimTerm {
    /// 1 minus the similarity of brightness, contrast and structure.
    Whole,
    /// 1 minus that of contrast and structure.
    Contrast,
}

/// Means over the window of two images, of pixels less a reference, in units of the range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments<R> {
    /// Of `x`.
    pub x: R,
    /// Of `x - y`.
    pub gap: R,
    /// Of `x² + y²`.
    pub squares: R,
    /// Of `(x - y)²`.
    pub square_gap: R,
}

impl Ssim {
    /// By how many pixels an image is continued beyond each edge.
    pub fn padding(&self) -> usize {
        match self.reflects {
            true => self.window.len() / 2,
            false => 0,
        }
    }

    /// The least side of an image.
    pub fn least_side(&self) -> usize {
        match self.reflects {
            true => self.window.len() / 2 + 1,
            false => self.window.len(),
        }
    }

    /// How many places the window has along a side.
    pub fn places(&self, side: usize) -> usize {
        side + 2 * self.padding() + 1 - self.window.len()
    }

    /// What both images lack of similarity at a pixel.
    ///
    /// ```text
    /// 1 - l c = p + q - p q        p = 1 - l = (mx - my)² / (mx² + my² + C1)
    ///                              q = 1 - c = var(x - y) / (var x + var y + C2)
    /// ```
    /// In this form nothing is taken from 1, so near images keep the digits of their loss. Variances do not depend on the
    /// reference, of which `l` takes the full means.
    #[inline(always)]
    pub fn value<R: Real>(&self, moments: Moments<R>, reference: R) -> R {
        let Moments {
            x,
            gap,
            squares,
            square_gap,
        } = moments;
        let y = x.clone() - gap.clone();
        let gap = gap.clone() * gap;
        let variances = squares - x.clone() * x.clone() - y.clone() * y.clone();
        let q = (square_gap - gap.clone()).at_least(0.0)
            / (variances.at_least(0.0) + self.constants[1]);
        if self.term == SsimTerm::Contrast {
            return q;
        }
        let (x, y) = (x + reference.clone(), y + reference);
        let p = gap / (x.clone() * x + y.clone() * y + self.constants[0]);
        p.clone() + q.clone() - p * q
    }

    /// [`value`](Self::value), and its derivatives by the moments.
    #[cfg(any(test, feature = "flex", feature = "ndarray"))]
    #[inline(always)]
    pub fn with_slopes(&self, moments: Moments<f64>, reference: f64) -> (f64, Moments<f64>) {
        let Moments {
            x,
            gap,
            squares,
            square_gap,
        } = moments;
        let y = x - gap;
        let variances = squares - x * x - y * y;
        let lives = if variances < 0.0 { 0.0 } else { 1.0 };
        let spread = 1.0 / (variances.at_least(0.0) + self.constants[1]);
        let between = square_gap - gap * gap;
        let slope = if between < 0.0 { 0.0 } else { spread };
        let q = between.at_least(0.0) * spread;
        let by_squares = -q * spread * lives;
        let of_q = Moments {
            x: -2.0 * (x + y) * by_squares,
            gap: 2.0 * (y * by_squares - gap * slope),
            squares: by_squares,
            square_gap: slope,
        };
        if self.term == SsimTerm::Contrast {
            return (q, of_q);
        }
        let (x, y) = (x + reference, y + reference);
        let light = 1.0 / (x * x + y * y + self.constants[0]);
        let p = gap * gap * light;
        let slopes = Moments {
            x: (1.0 - p) * of_q.x - (1.0 - q) * 2.0 * p * (x + y) * light,
            gap: (1.0 - p) * of_q.gap + (1.0 - q) * 2.0 * (gap + p * y) * light,
            squares: (1.0 - p) * of_q.squares,
            square_gap: (1.0 - p) * of_q.square_gap,
        };
        (p + q - p * q, slopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formula::Dual;

    #[test]
    fn slopes_are_those_of_the_value() {
        let of = |term| Ssim {
            window: vec![1.0],
            reflects: false,
            range: 1.0,
            constants: [1e-4, 9e-4],
            term,
        };
        for term in [SsimTerm::Whole, SsimTerm::Contrast] {
            let ssim = of(term);
            for (moments, reference) in [
                ([0.2, -0.3, 0.5, 0.2], 0.4),
                ([-0.1, 0.02, 0.01, 0.004], 20.0),
                // Variances that rounding has brought below 0.
                ([0.1, 0.0, 0.02 - 1e-9, -1e-12], 0.0),
            ] {
                let [x, gap, squares, square_gap] = moments;
                let given = Moments {
                    x,
                    gap,
                    squares,
                    square_gap,
                };
                let (value, slopes) = ssim.with_slopes(given, reference);
                assert!((value - ssim.value(given, reference)).abs() < 1e-15);
                let slopes = [slopes.x, slopes.gap, slopes.squares, slopes.square_gap];
                for (place, slope) in slopes.into_iter().enumerate() {
                    let dual = |index: usize| match index == place {
                        true => Dual::variable(moments[index]),
                        false => Dual::constant(moments[index]),
                    };
                    let moments = Moments {
                        x: dual(0),
                        gap: dual(1),
                        squares: dual(2),
                        square_gap: dual(3),
                    };
                    let expected = ssim.value(moments, Dual::constant(reference)).derivative();
                    let near = (slope - expected).abs() <= 1e-12 * expected.abs().max(1.0);
                    assert!(near, "{term:?} {place}: {slope} and {expected}");
                }
            }
        }
    }
}
