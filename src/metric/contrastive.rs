//! The contrastive loss of pairs with margins.

use super::{
    distance::Distance,
    reduction::{Costs, MiningReduction, RowCosts},
};
use crate::{
    embeddings::{Samples, Terms, labelled_loss},
    error::{Check, LossError},
    formula::MarginPairs,
    module::loss_module,
};
use burn::{config::Config, module::Module};

/// Configuration of [`ContrastiveLoss`].
#[derive(Config, Debug)]
pub struct ContrastiveLossConfig {
    /// How far positives may be at no cost. Default 0.
    #[config(default = 0.0)]
    pub positive_margin: f64,
    /// How far negatives have to be to cost nothing. Default 1, as in pytorch-metric-learning.
    #[config(default = 1.0)]
    pub negative_margin: f64,
    /// How far apart embeddings are. Default: Euclidean.
    #[config(default = "Distance::Euclidean")]
    pub distance: Distance,
    /// Whether embeddings are divided by their norm first. Default: yes.
    #[config(default = true)]
    pub normalize: bool,
    /// How the costs of all pairs become one number. Default: their mean over those that cost something.
    #[config(default = "MiningReduction::MeanNonZero")]
    pub reduction: MiningReduction,
}

/// The contrastive loss: pairs with one label are to be close, others far apart.
///
/// ```text
/// positive pair: [d(i, j) - p]_+          negative pair: [n - d(i, j)]_+
/// ```
/// Positive and negative pairs are reduced by themselves and the results added up, as in
/// pytorch-metric-learning. Every pair counts twice, once for each of its embeddings; distances are never held
/// all at once. (Hadsell et al. square both; so does [`Distance::SquaredEuclidean`] the positives' distance.)
///
/// Source: R. Hadsell et al., *Dimensionality Reduction by Learning an Invariant Mapping*, 2006.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::ContrastiveLossConfig;
///
/// let device = Device::flex();
/// let loss = ContrastiveLossConfig::new().with_normalize(false).init();
/// let embeddings = Tensor::<2>::from_floats([[0.0], [0.5], [3.0], [3.75]], &device);
/// let labels = Tensor::<1, Int>::from_ints([0, 0, 1, 2], &device);
/// // The positives are 0.5 apart, the nearest negatives 0.75.
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - (0.5 + 0.25)).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct ContrastiveLoss {
    positive_margin: f64,
    negative_margin: f64,
    #[module(skip)]
    distance: Distance,
    normalize: bool,
    #[module(skip)]
    reduction: MiningReduction,
}

impl ContrastiveLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a margin is not finite, or the p of a distance is below 1.
    pub fn try_init(&self) -> Result<ContrastiveLoss, LossError> {
        let check = Check("ContrastiveLossConfig");
        check.in_range_of_f32("positive_margin", self.positive_margin)?;
        check.in_range_of_f32("negative_margin", self.negative_margin)?;
        self.distance.check(check)?;
        Ok(ContrastiveLoss {
            positive_margin: self.positive_margin,
            negative_margin: self.negative_margin,
            distance: self.distance,
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }
}

loss_module!(
    ContrastiveLoss,
    ContrastiveLossConfig,
    shows: [positive_margin, negative_margin, distance, normalize]
);

labelled_loss!(
    ContrastiveLoss,
    each: "What the pairs of each embedding cost together; 0 where it has none."
);

impl ContrastiveLoss {
    fn row_losses(&self, samples: Samples) -> RowCosts {
        if samples.has_no_pair() {
            return RowCosts::nothing(samples.nothing());
        }
        let dtype = samples.dtype();
        let formula = MarginPairs {
            gap: self.distance.gap(),
            positive_margin: self.positive_margin,
            negative_margin: self.negative_margin,
        };
        let inputs = samples.ready(self.distance.normalizes(self.normalize));
        let terms = Terms::measured(formula, self.distance.measure(), inputs);
        let kind = |first: usize| Costs {
            sum: terms.of_rows(first),
            costly: terms.of_rows(first + 1),
            all: terms.of_rows(first + 2),
            anchors: None,
        };
        RowCosts::new(vec![kind(0), kind(3)], dtype)
    }
}
