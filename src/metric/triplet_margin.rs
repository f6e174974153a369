//! The triplet loss of given triplets.

use super::distance::Distance;
use crate::{
    backend::between,
    embeddings::{RowLosses, ready, without_weightless},
    error::{Check, LossError, check_embeddings_alike},
    formula::TripletPenalty,
    module::loss_module,
    reduction::Reduction,
};
use burn::{config::Config, module::Module, tensor::Tensor};

/// Configuration of [`TripletMarginLoss`].
#[derive(Config, Debug)]
pub struct TripletMarginLossConfig {
    /// By how much the negative is to be farther than the positive, at least 0. Default 1, as in PyTorch.
    #[config(default = 1.0)]
    pub margin: f64,
    /// How far apart embeddings are. Default: Euclidean. PyTorch's `p` is [`Distance::Lp`].
    #[config(default = "Distance::Euclidean")]
    pub distance: Distance,
    /// Whether embeddings are divided by their norm first. Default: no, as in PyTorch.
    #[config(default = false)]
    pub normalize: bool,
    /// Whether the negative's distance is the smaller of those to the anchor and to the positive (V. Balntas
    /// et al., 2016). Default: no.
    #[config(default = false)]
    pub swap: bool,
    /// Whether the cost is `ln(1 + e^x)` of how much farther the positive is, without a margin, instead of a
    /// hinge. Default: no.
    #[config(default = false)]
    pub soft_margin: bool,
    /// How the losses of all triplets become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// The triplet loss of given triplets: an anchor is to be closer to its positive than to its negative, by a
/// margin.
///
/// ```text
/// l = [d(a, p) - d(a, n) + m]_+          or ln(1 + e^(d(a, p) - d(a, n)))
/// ```
/// Where points coincide, gradients are 0. [`TripletLoss`](crate::TripletLoss) makes its triplets itself,
/// from labels.
///
/// Source: V. Balntas et al., *Learning Local Feature Descriptors with Triplets and Shallow Convolutional
/// Neural Networks*, 2016.
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
}

loss_module!(
    TripletMarginLoss,
    TripletMarginLossConfig,
    shows: [margin, distance, normalize, swap, soft_margin]
);

const NAME: &str = "TripletMarginLoss";

impl TripletMarginLoss {
    /// The loss of all triplets, reduced as configured. Of none at all it is 0.
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
        let rows = self.row_losses([anchors, positives, negatives], None);
        rows.reduced(NAME, self.reduction, None)
    }

    /// The loss of each triplet.
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
        self.row_losses([anchors, positives, negatives], None)
            .each()
    }

    /// The loss of all triplets, each with a weight: `sum(w l) / sum(w)` as a mean, `sum(w l)` as a sum. A
    /// weight of 0 ignores its triplet, whatever it holds; where all weights sum to 0 the loss is 0.
    ///
    /// # Shapes
    /// - anchors, positives, negatives: `[N, D]`
    /// - weights: `[N]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_weighted(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        negatives: Tensor<2>,
        weights: Tensor<1>,
    ) -> Tensor<1> {
        let rows = self.row_losses([anchors, positives, negatives], Some(&weights));
        rows.reduced(NAME, self.reduction, Some(weights))
    }

    #[track_caller]
    fn row_losses(&self, points: [Tensor<2>; 3], weights: Option<&Tensor<1>>) -> RowLosses {
        let [anchors, positives, negatives] = &points;
        for (name, others) in [("positives", positives), ("negatives", negatives)] {
            check_embeddings_alike(NAME, ("anchors", anchors), (name, others));
        }
        if anchors.dims()[0] == 0 {
            return RowLosses::none(&[anchors, positives, negatives]);
        }
        let dtype = anchors.dtype();
        let normalize = self.distance.normalizes(self.normalize);
        let [a, p, n] =
            points.map(|points| ready(without_weightless(NAME, points, weights), normalize));
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
        RowLosses::new(penalty.value(distance(&a, &p) - to_negative), dtype)
    }
}
