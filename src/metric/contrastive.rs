//! The contrastive loss of pairs with margins.

use super::{distance::Distance, reduction::MiningReduction};
use crate::{
    config::config,
    embeddings::{Batch, Costs, Labelled, Numbers, SampleEvaluation, SampleLosses, Samples, Terms},
    error::{Check, LossError, built},
    formula::MarginPairs,
    module::display,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};

config! {
    /// Configuration of [`ContrastiveLoss`].
    pub struct ContrastiveLossConfig {
        /// The distance up to which positives have loss 0. Default: 0.
        pub positive_margin: f64 = 0.0,
        /// The distance from which negatives have loss 0. Default: 1 (pytorch-metric-learning).
        pub negative_margin: f64 = 1.0,
        /// The distance between embeddings. Default: Euclidean.
        pub distance: Distance = Distance::Euclidean,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all pairs become one number. Default: the mean over the losses that are not 0.
        pub reduction: MiningReduction = MiningReduction::MeanNonZero,
    }
}

/// The contrastive loss: pairs with the same label should be close, others far apart.
///
/// ```text
/// positive pair: [d(i, j) - p]_+          negative pair: [n - d(i, j)]_+
/// ```
/// Positive and negative pairs are reduced separately and the results are added, as in pytorch-metric-learning. Every
/// pair counts twice, once for each of its embeddings; distances are never stored all at once. (Hadsell et al. square
/// both; [`Distance::SquaredEuclidean`] squares the distance of positives, too.)
///
/// Source: R. Hadsell et al., *Dimensionality Reduction by Learning an Invariant Mapping*, 2006.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if their numbers differ.
///
/// Equivalent: pytorch-metric-learning's `ContrastiveLoss(pos_margin=0, neg_margin=1)`.
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
#[doc(alias = "siamese")]
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

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ContrastiveLoss {
        built(self.try_init())
    }
}
display!(ContrastiveLoss, |loss, content| {
    content
        .add_debug_attribute("positive_margin", &loss.positive_margin)
        .add_debug_attribute("negative_margin", &loss.negative_margin)
        .add("distance", &loss.distance.to_string())
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "ContrastiveLoss";

impl ContrastiveLoss {
    /// Returns the losses of all pairs as one number, by the configured reduction. Returns 0 for an empty batch, and
    /// if there is no pair.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).reduce()
    }

    /// Returns the loss of each embedding: the sum of the losses of its pairs, 0 without pairs.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).each()
    }

    /// Begins an evaluation, to which a reference set, weights of the embeddings, a normalizer or another reduction
    /// can be added. The weight of an embedding is that of its pairs.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on(
        &self,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> SampleEvaluation<Labelled, MiningReduction> {
        let samples = Samples::new(NAME, embeddings, labels);
        let batch = Batch::of(NAME, &samples.embeddings);
        let loss = self.clone();
        SampleEvaluation::new(
            batch,
            self.reduction,
            Labelled(samples),
            move |Labelled(samples), weights| loss.sample_losses(samples, weights),
        )
    }

    fn sample_losses(&self, samples: Samples, weights: Option<&Tensor<1>>) -> SampleLosses {
        if samples.has_no_pair() {
            return samples.nothing();
        }
        let count = samples.count();
        let formula = MarginPairs {
            gap: self.distance.gap(),
            positive_margin: self.positive_margin,
            negative_margin: self.negative_margin,
        };
        let normalize = self.distance.normalizes(self.normalize);
        let inputs = samples.ready(normalize, weights);
        let terms = Terms::measured(formula, self.distance.measure(), inputs);
        let kind = |first: usize| {
            Costs::new(terms.of_rows(first)).with_numbers(Numbers {
                costly: terms.of_rows(first + 1),
                all: terms.of_rows(first + 2),
            })
        };
        SampleLosses::of_kinds(vec![kind(0), kind(3)], count)
    }
}
