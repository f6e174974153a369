//! The multi-similarity loss.

use crate::{
    config::config,
    embeddings::PairLoss,
    error::{Check, LossError, built},
    formula::ScaledPairs,
    reduction::Reduction,
};

config! {
    /// Configuration of [`MultiSimilarityLoss`].
    pub struct MultiSimilarityLossConfig {
        /// The scale of the similarities of positives, above 0. Default: 2 (the paper).
        pub alpha: f64 = 2.0,
        /// The scale of the similarities of negatives, above 0. Default: 50 (the paper).
        pub beta: f64 = 50.0,
        /// The similarity that separates near from far. Default: 0.5 (pytorch-metric-learning).
        pub base: f64 = 0.5,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all embeddings become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The multi-similarity loss: the weight of each pair depends on the other pairs of its embedding.
///
/// ```text
/// l_i = 1/a ln(1 + sum_p e^(-a (s_ip - l))) + 1/b ln(1 + sum_n e^(b (s_in - l)))          s_ij = z_i · z_j
/// ```
/// over the embeddings p with the label of i and n with another label. An embedding without any pair is ignored. The
/// mining of the paper is [`Mining::MultiSimilarity`](crate::Mining); this loss takes all pairs, as
/// pytorch-metric-learning does. Similarities are never stored all at once.
///
/// Source: X. Wang et al., *Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning*, 2019.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if their numbers differ.
///
/// Equivalent: pytorch-metric-learning's `MultiSimilarityLoss(alpha=2, beta=50, base=0.5)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::MultiSimilarityLossConfig;
///
/// let device = Device::flex();
/// let loss = MultiSimilarityLossConfig::new().with_alpha(1.0).init();
/// let embeddings = Tensor::<2>::from_floats([[2.0, 0.0], [1.0, 0.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7], &device);
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - (-0.5f32).exp().ln_1p()).abs() < 1e-6);
/// ```
#[doc(alias = "MS loss")]
pub type MultiSimilarityLoss = PairLoss<ScaledPairs>;

impl MultiSimilarityLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `alpha` or `beta` is not above 0, or `base` is not finite.
    pub fn try_init(&self) -> Result<MultiSimilarityLoss, LossError> {
        let check = Check("MultiSimilarityLossConfig");
        check.above_zero("alpha", self.alpha)?;
        check.above_zero("beta", self.beta)?;
        check.in_range_of_f32("base", self.base)?;
        let formula = ScaledPairs {
            positive: (self.alpha, self.base),
            negative: (self.beta, self.base),
        };
        Ok(PairLoss::named(
            "MultiSimilarityLoss",
            formula,
            self.normalize,
            self.reduction,
            &[
                ("alpha", &self.alpha),
                ("beta", &self.beta),
                ("base", &self.base),
            ],
        ))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MultiSimilarityLoss {
        built(self.try_init())
    }
}
