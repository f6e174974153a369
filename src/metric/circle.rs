//! The circle loss.

use crate::{
    config::config,
    embeddings::PairLoss,
    error::{Check, LossError, built},
    formula::CirclePairs,
    reduction::Reduction,
};

config! {
    /// Configuration of [`CircleLoss`].
    pub struct CircleLossConfig {
        /// The allowed distance of pairs from the best similarity, at least 0. Default: 0.4 (the paper, for retrieval).
        pub margin: f64 = 0.4,
        /// The factor of all similarities, above 0. Default: 80 (the paper, for retrieval).
        pub gamma: f64 = 80.0,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all embeddings become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The circle loss: similarities that are farther from their best value have more weight.
///
/// ```text
/// l_i = ln(1 + sum_n e^(g a_n (s_in - m)) sum_p e^(-g a_p (s_ip - 1 + m)))          s_ij = z_i · z_j
/// a_p = [1 + m - s_ip]_+          a_n = [s_in + m]_+          (without a gradient)
/// ```
/// over the embeddings p with the label of i and n with another label. An embedding that lacks either is ignored.
/// Similarities are never stored all at once.
///
/// Source: Y. Sun et al., *Circle Loss: A Unified Perspective of Pair Similarity Optimization*, 2020.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if their numbers differ.
///
/// Equivalent: pytorch-metric-learning's `CircleLoss(m=0.4, gamma=80)`, whose mean is over losses that are not 0.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::CircleLossConfig;
///
/// let device = Device::flex();
/// let loss = CircleLossConfig::new().with_gamma(1.0).init();
/// let embeddings = Tensor::<2>::from_floats([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
/// // Similarities are 1 and 0, their weights 0.4 and 0.4.
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - (2.0 * -0.16f32).exp().ln_1p()).abs() < 1e-6);
/// ```
#[doc(alias = "circle_loss")]
pub type CircleLoss = PairLoss<CirclePairs>;

impl CircleLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `margin` is negative or not finite, or `gamma` is not above 0.
    pub fn try_init(&self) -> Result<CircleLoss, LossError> {
        let check = Check("CircleLossConfig");
        check.at_least_zero("margin", self.margin)?;
        check.above_zero("gamma", self.gamma)?;
        let formula = CirclePairs {
            margin: self.margin,
            gamma: self.gamma,
        };
        Ok(PairLoss::named(
            "CircleLoss",
            formula,
            self.normalize,
            self.reduction,
            &[("margin", &self.margin), ("gamma", &self.gamma)],
        ))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CircleLoss {
        built(self.try_init())
    }
}
