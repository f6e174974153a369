//! The lifted structured loss.

use super::{distance::Distance, selection::positive_pairs};
use crate::{
    backend::{ListedPairs, PairInputs, listed_pairs},
    config::config,
    embeddings::{Batch, Costs, SampleEvaluation, SampleLosses, Samples, Terms},
    error::{Check, LossError, built},
    formula::{NegativeReach, Real, log_add_exp},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};

config! {
    /// Configuration of [`LiftedStructureLoss`].
    pub struct LiftedStructureLossConfig {
        /// The margin subtracted from the distance of positives. Default: 0 (the paper).
        pub positive_margin: f64 = 0.0,
        /// The distance that negatives should have. Default: 1 (the paper).
        pub negative_margin: f64 = 1.0,
        /// The distance between embeddings. Default: Euclidean.
        pub distance: Distance = Distance::Euclidean,
        /// Whether embeddings are divided by their norm first. Default: true (pytorch-metric-learning).
        pub normalize: bool = true,
        /// How the losses of all positive pairs become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The lifted structured loss: each positive pair is compared with all negatives of both of its embeddings.
///
/// ```text
/// l_ij = 1/2 [ln(sum_k e^(n - d(i, k)) + sum_l e^(n - d(j, l))) + d(i, j) - p]_+²
/// ```
/// over the negatives k of i and l of j, for every positive pair (in both orders): each embedding is the anchor of the
/// pairs in which it is first. A pair without negatives has loss 0. A mean is over pairs. Distances are never stored
/// all at once, but the positive pairs are listed, which reads the labels back from a GPU.
///
/// Source: H. Oh Song et al., *Deep Metric Learning via Lifted Structured Feature Embedding*, 2016.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if their numbers differ.
///
/// Equivalent: pytorch-metric-learning's `LiftedStructureLoss(neg_margin=1, pos_margin=0)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::LiftedStructureLossConfig;
///
/// let device = Device::flex();
/// let loss = LiftedStructureLossConfig::new().with_normalize(false).init();
/// let embeddings = Tensor::<2>::from_floats([[0.0], [0.0], [1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
/// // The negative is at distance 1 from both: ln(2 e^0).
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - 2f32.ln().powi(2) / 2.0).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "lifted_structured")]
pub struct LiftedStructureLoss {
    positive_margin: f64,
    negative_margin: f64,
    #[module(skip)]
    distance: Distance,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl LiftedStructureLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a margin is not finite, or the p of a distance is below 1.
    pub fn try_init(&self) -> Result<LiftedStructureLoss, LossError> {
        let check = Check("LiftedStructureLossConfig");
        check.in_range_of_f32("positive_margin", self.positive_margin)?;
        check.in_range_of_f32("negative_margin", self.negative_margin)?;
        self.distance.check(check)?;
        Ok(LiftedStructureLoss {
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
    pub fn init(&self) -> LiftedStructureLoss {
        built(self.try_init())
    }
}
display!(LiftedStructureLoss, |loss, content| {
    content
        .add_debug_attribute("positive_margin", &loss.positive_margin)
        .add_debug_attribute("negative_margin", &loss.negative_margin)
        .add("distance", &loss.distance.to_string())
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "LiftedStructureLoss";

impl LiftedStructureLoss {
    /// Returns the losses of all positive pairs as one number, by the configured reduction. Returns 0 for an empty
    /// batch, and if there is no positive pair.
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

    /// Returns the loss of each anchor: the sum of the losses of its positive pairs, 0 without positive pairs.
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

    /// Begins an evaluation, to which weights of the anchors, a normalizer or another reduction can be added. The
    /// weight of an anchor is that of its pairs: the weighted mean is `sum(w l) / sum(w)` over pairs.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> SampleEvaluation {
        let samples = Samples::new(NAME, embeddings, labels);
        let batch = Batch::of(NAME, &samples.embeddings);
        let loss = self.clone();
        SampleEvaluation::complete(batch, self.reduction, move |_| loss.sample_losses(samples))
    }

    fn sample_losses(&self, samples: Samples) -> SampleLosses {
        let list = positive_pairs(&samples.labels);
        if list[0].dims()[0] == 0 {
            return samples.nothing();
        }
        let count = samples.count();
        let anchors = list[0].clone();
        let inputs = samples.ready(self.distance.normalizes(self.normalize), None);
        let costs = Costs::new(self.pair_losses(inputs, list)).with_samples(anchors);
        SampleLosses::of_kinds(vec![costs], count)
    }

    fn pair_losses(&self, inputs: PairInputs, [left, right]: [Tensor<1, Int>; 2]) -> Tensor<1> {
        let (gap, measure) = (self.distance.gap(), self.distance.measure());
        let formula = NegativeReach {
            gap,
            margin: self.negative_margin,
        };
        let reach = Terms::measured(formula, measure, inputs.clone()).of_rows(0);
        let pairs = PairInputs {
            row_labels: left.clone(),
            column_labels: right.clone(),
            ..inputs
        };
        let distances = gap.value(listed_pairs(ListedPairs { measure }, pairs));
        let (a, b) = (reach.clone().select(0, left), reach.select(0, right));
        // Both have the same negatives, or none.
        let none = a.clone().equal_scalar(f64::NEG_INFINITY);
        let [a, b] = [a, b].map(|reach| reach.mask_fill(none.clone(), 0.0));
        let beyond = (log_add_exp(a, b) + distances - self.positive_margin).positive_part();
        (beyond.clone() * beyond * 0.5).mask_fill(none, 0.0)
    }
}
