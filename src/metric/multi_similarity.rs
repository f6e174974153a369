//! The multi-similarity loss.

use crate::{
    embeddings::{RowLosses, Samples, Terms, labelled_loss, softplus_of_some},
    error::{Check, LossError},
    formula::{Measure, ScaledPairs},
    module::loss_module,
    reduction::Reduction,
};
use burn::{config::Config, module::Module};

/// Configuration of [`MultiSimilarityLoss`].
#[derive(Config, Debug)]
pub struct MultiSimilarityLossConfig {
    /// How sharply positives are told apart, above 0. Default 2, as in the paper.
    #[config(default = 2.0)]
    pub alpha: f64,
    /// How sharply negatives are told apart, above 0. Default 50, as in the paper.
    #[config(default = 50.0)]
    pub beta: f64,
    /// The similarity that divides near from far. Default 0.5, as in pytorch-metric-learning.
    #[config(default = 0.5)]
    pub base: f64,
    /// Whether embeddings are divided by their norm first. Default: yes.
    #[config(default = true)]
    pub normalize: bool,
    /// How the losses of all embeddings become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The multi-similarity loss: each pair weighs by how it compares with the other pairs of its embedding.
///
/// ```text
/// l_i = 1/a ln(1 + sum_p e^(-a (s_ip - l))) + 1/b ln(1 + sum_n e^(b (s_in - l)))          s_ij = z_i · z_j
/// ```
/// over the embeddings p with the label of i and n with another. An embedding without any pair is left out.
/// The mining of the paper is [`Mining::MultiSimilarity`](crate::Mining); this takes all pairs, as
/// pytorch-metric-learning does. Similarities are never held all at once.
///
/// Source: X. Wang et al., *Multi-Similarity Loss with General Pair Weighting for Deep Metric Learning*, 2019.
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
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct MultiSimilarityLoss {
    alpha: f64,
    beta: f64,
    base: f64,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

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
        Ok(MultiSimilarityLoss {
            alpha: self.alpha,
            beta: self.beta,
            base: self.base,
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }
}

loss_module!(
    MultiSimilarityLoss,
    MultiSimilarityLossConfig,
    shows: [alpha, beta, base, normalize]
);

labelled_loss!(
    MultiSimilarityLoss,
    each: "The loss of each embedding; 0 where it has no pair."
);

impl MultiSimilarityLoss {
    fn row_losses(&self, samples: Samples) -> RowLosses {
        if samples.has_no_pair() {
            return samples.nothing();
        }
        let dtype = samples.dtype();
        let formula = ScaledPairs {
            positive: (self.alpha, self.base),
            negative: (self.beta, self.base),
        };
        let terms = Terms::measured(formula, Measure::Dot, samples.ready(self.normalize));
        let [(positive, no_positive), (negative, no_negative)] =
            [0, 1].map(|term| terms.of_rows_if_any(term));
        let silent = no_positive.clone().bool_and(no_negative.clone());
        let part = |term, lacking, scale: f64| softplus_of_some(term, lacking) * (1.0 / scale);
        let losses =
            part(positive, no_positive, self.alpha) + part(negative, no_negative, self.beta);
        RowLosses::with_silent(losses, silent, dtype)
    }
}
