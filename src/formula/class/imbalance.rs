//! Cross entropies that make up for classes of different size.

use super::{Adjustment, ClassFormula, CrossEntropy, Real};

/// Cross entropy of the logits plus `ln n_c`, for the counts `n` of the classes (Ren et al., 2020).
#[derive(Clone, Debug)]
pub struct BalancedSoftmax {
    /// How often each class occurs in the training set.
    pub class_counts: Vec<usize>,
}

/// Cross entropy of the logits plus `tau ln pi_c`, for the shares `pi` of the classes (Menon et al., 2021).
#[derive(Clone, Debug)]
pub struct LogitAdjusted {
    /// How often each class occurs in the training set.
    pub class_counts: Vec<usize>,
    /// How far the logits are adjusted.
    pub tau: f64,
}

/// Cross entropy of the logits times `scale`, with a margin off that of the target that is wider for rarer classes (Cao
/// et al., 2019).
#[derive(Clone, Debug)]
pub struct Ldam {
    /// How often each class occurs in the training set.
    pub class_counts: Vec<usize>,
    /// The margin of the rarest class.
    pub max_margin: f64,
    /// What the logits are multiplied with.
    pub scale: f64,
}

/// The field the adjustments come from.
const COUNTS: &str = "class_counts";

/// The logarithm of each class' share of all samples.
fn ln_shares(counts: &[usize]) -> impl Iterator<Item = f64> {
    let total: f64 = counts.iter().map(|&count| count as f64).sum();
    counts.iter().map(move |&count| (count as f64 / total).ln())
}

impl Ldam {
    /// `max_margin (min n / n_c)^(1/4)`
    fn margins(&self) -> Vec<f64> {
        let counts = || self.class_counts.iter().map(|&count| count as f64);
        let rarest = counts().fold(f64::INFINITY, f64::min);
        counts()
            .map(|count| self.max_margin * (rarest / count).sqrt().sqrt())
            .collect()
    }
}

impl ClassFormula for BalancedSoftmax {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        CrossEntropy.is_linear()
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        CrossEntropy.value(l)
    }

    fn adjustment(&self) -> Adjustment {
        // Shares rather than counts: the softmax is the same, the numbers are smaller.
        let biases = ln_shares(&self.class_counts).collect();
        Adjustment::default().with_bias(COUNTS, biases)
    }
}

impl ClassFormula for LogitAdjusted {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        CrossEntropy.is_linear()
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        CrossEntropy.value(l)
    }

    fn adjustment(&self) -> Adjustment {
        // The logarithm of a share of 0 is infinite.
        let biases = ln_shares(&self.class_counts).map(|ln_share| match self.tau {
            0.0 => 0.0,
            tau => tau * ln_share,
        });
        Adjustment::default().with_bias(COUNTS, biases.collect())
    }
}

impl ClassFormula for Ldam {
    #[inline(always)]
    fn is_linear(&self) -> bool {
        CrossEntropy.is_linear()
    }

    #[inline(always)]
    fn value<R: Real>(&self, l: R) -> R {
        CrossEntropy.value(l)
    }

    fn adjustment(&self) -> Adjustment {
        Adjustment::default()
            .with_margin(COUNTS, self.margins())
            .with_scale(self.scale)
    }
}
