//! The triplet loss of given triplets.

use super::distance::Distance;
use crate::{
    backend::between,
    config::config,
    embeddings::{Batch, SampleEvaluation, SampleLosses, ready, without_weightless},
    error::{Check, LossError, built, check_embeddings_alike},
    formula::TripletPenalty,
    module::display,
    reduction::Reduction,
};
use burn::{module::Module, tensor::Tensor};

config! {
    /// Configuration of [`TripletMarginLoss`].
    pub struct TripletMarginLossConfig {
        /// The distance by which the negative should be farther than the positive, at least 0. Default: 1 (PyTorch).
        pub margin: f64 = 1.0,
        /// The distance between embeddings. Default: Euclidean. PyTorch's `p` is [`Distance::Lp`].
        pub distance: Distance = Distance::Euclidean,
        /// Whether embeddings are divided by their norm first. Default: false (PyTorch).
        pub normalize: bool = false,
        /// Whether the negative's distance is the smaller of those to the anchor and to the positive (V. Balntas et al.,
        /// 2016). Default: false.
        pub swap: bool = false,
        /// Whether the loss is `ln(1 + e^(d(a, p) - d(a, n)))`, without a margin, instead of a hinge. Default: false.
        pub soft_margin: bool = false,
        /// How the losses of all triplets become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The triplet loss of given triplets: an anchor should be closer to its positive than to its negative, by a margin.
///
/// ```text
/// l = [d(a, p) - d(a, n) + m]_+          or ln(1 + e^(d(a, p) - d(a, n)))
/// ```
/// The gradient of a distance between equal points is 0. [`TripletLoss`](crate::TripletLoss) makes its own triplets
/// from labels.
///
/// Source: V. Balntas et al., *Learning Local Feature Descriptors with Triplets and Shallow Convolutional
/// Neural Networks*, 2016.
///
/// Shapes: anchors, positives and negatives `[N, D]`; a loss for each triplet. Panics if they differ.
///
/// Equivalent: `torch.nn.TripletMarginLoss(margin=1.0, swap=False)`, whose `p` is [`Distance::Lp`], and which adds
/// 1e-6 to each difference; `TripletMarginWithDistanceLoss` for other distances.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::TripletMarginLossConfig;
///
/// let device = Device::flex();
/// let loss = TripletMarginLossConfig::new().init();
/// let anchors = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let positives = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
/// let negatives = Tensor::<2>::from_floats([[0.0, 2.0]], &device);
/// let value = loss.forward(anchors, positives, negatives).into_scalar::<f32>();
/// assert_eq!(value, 5.0 - 2.0 + 1.0);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "triplet_margin_loss")]
#[doc(alias = "TripletMarginWithDistanceLoss")]
pub struct TripletMarginLoss {
    margin: f64,
    #[module(skip)]
    distance: Distance,
    normalize: bool,
    swap: bool,
    soft_margin: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl TripletMarginLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `margin` is negative or not finite, or the p of a distance is below 1.
    pub fn try_init(&self) -> Result<TripletMarginLoss, LossError> {
        let check = Check("TripletMarginLossConfig");
        check.at_least_zero("margin", self.margin)?;
        self.distance.check(check)?;
        Ok(TripletMarginLoss {
            margin: self.margin,
            distance: self.distance,
            normalize: self.normalize,
            swap: self.swap,
            soft_margin: self.soft_margin,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> TripletMarginLoss {
        built(self.try_init())
    }
}
display!(TripletMarginLoss, |loss, content| {
    content
        .add_debug_attribute("margin", &loss.margin)
        .add("distance", &loss.distance.to_string())
        .add_debug_attribute("normalize", &loss.normalize)
        .add_debug_attribute("swap", &loss.swap)
        .add_debug_attribute("soft_margin", &loss.soft_margin)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "TripletMarginLoss";

impl TripletMarginLoss {
    /// Returns the losses of all triplets as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - anchors, positives, negatives: `[N, D]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        negatives: Tensor<2>,
    ) -> Tensor<1> {
        self.on(anchors, positives, negatives).reduce()
    }

    /// Returns the loss of each triplet.
    ///
    /// # Shapes
    /// - anchors, positives, negatives: `[N, D]`
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        negatives: Tensor<2>,
    ) -> Tensor<1> {
        self.on(anchors, positives, negatives).each()
    }

    /// Begins an evaluation, to which weights of the triplets, a normalizer or another reduction can be added. A
    /// triplet of weight 0 is ignored, whatever it holds.
    ///
    /// # Shapes
    /// - anchors, positives, negatives: `[N, D]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        negatives: Tensor<2>,
    ) -> SampleEvaluation {
        for (name, others) in [("positives", &positives), ("negatives", &negatives)] {
            check_embeddings_alike(NAME, ("anchors", &anchors), (name, others));
        }
        let loss = self.clone();
        let batch = Batch::of(NAME, &anchors);
        SampleEvaluation::complete(batch, self.reduction, move |weights| {
            let points = [anchors, positives, negatives];
            loss.sample_losses(points.map(|points| without_weightless(points, weights)))
        })
    }

    fn sample_losses(&self, points: [Tensor<2>; 3]) -> SampleLosses {
        let [anchors, positives, negatives] = &points;
        if anchors.dims()[0] == 0 {
            return SampleLosses::none(&[anchors, positives, negatives]);
        }
        let normalize = self.distance.normalizes(self.normalize);
        let [a, p, n] = points.map(|points| ready(points, normalize));
        let distance = |a: &Tensor<2>, b: &Tensor<2>| {
            let measures = between(self.distance.measure(), a.clone(), b.clone());
            self.distance.gap().value(measures)
        };
        let mut to_negative = distance(&a, &n);
        if self.swap {
            let other = distance(&p, &n);
            let is_nearer = other.clone().lower(to_negative.clone());
            to_negative = to_negative.mask_where(is_nearer, other);
        }
        let penalty = TripletPenalty::new(self.margin, self.soft_margin);
        SampleLosses::new(penalty.value(distance(&a, &p) - to_negative))
    }
}
