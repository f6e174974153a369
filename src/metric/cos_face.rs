//! CosFace.

use super::{
    proxies::check_sizes,
    proxy_softmax::{Parts, ProxySoftmaxLoss},
};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::AdditiveMargin,
    reduction::Reduction,
};
use burn::tensor::Device;

config! {
    /// Configuration of [`CosFaceLoss`].
    pub struct CosFaceLossConfig {
        /// The number of classes, at least 1.
        pub classes: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
        /// The margin subtracted from the cosine of an embedding with its proxy, at least 0. Default: 0.35 (the paper).
        pub margin: f64 = 0.35,
        /// The factor of the cosines, above 0. Default: 64 (the paper).
        pub scale: f64 = 64.0,
        /// The label of embeddings that are left out: they cost nothing, get no gradient and do not count in a mean.
        /// Default: -100.
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all embeddings become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// CosFace: cross entropy of the cosines with learned proxies of the classes, with a margin on the cosine.
///
/// ```text
/// l = -ln e^(s (cos t_y - m)) / (e^(s (cos t_y - m)) + sum_(c != y) e^(s cos t_c))
/// ```
/// with the angle `t_c` between the embedding and the proxy of class c. The proxies are parameters of the loss: give
/// the loss to the optimizer with the model. The cosines `[N, C]` are stored.
///
/// Source: H. Wang et al., *CosFace: Large Margin Cosine Loss for Deep Face Recognition*, 2018.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if a label is no class (NaN on a GPU).
///
/// Equivalent: pytorch-metric-learning's `CosFaceLoss(classes, dimension, margin=0.35, scale=64)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::CosFaceLossConfig;
///
/// let device = Device::flex();
/// let loss = CosFaceLossConfig::new(1, 2).init(&device);
/// let embeddings = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
/// // There is one class: nothing to tell it from.
/// let value = loss.forward(embeddings, Tensor::<1, Int>::from_ints([0], &device));
/// assert_eq!(value.into_scalar::<f32>(), 0.0);
/// ```
#[doc(alias = "AM-Softmax")]
#[doc(alias = "LargeMarginCosine")]
pub type CosFaceLoss = ProxySoftmaxLoss<AdditiveMargin>;

impl CosFaceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `classes` or `dimension` is 0, `margin` is negative or not finite, or `scale` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<CosFaceLoss, LossError> {
        let check = Check("CosFaceLossConfig");
        check_sizes(check, self.classes, self.dimension)?;
        check.at_least_zero("margin", self.margin)?;
        check.above_zero("scale", self.scale)?;
        let parts = Parts {
            loss: "CosFaceLoss",
            classes: self.classes,
            dimension: self.dimension,
            margin: AdditiveMargin,
            parameter: self.margin,
            scale: self.scale,
            shown: &[("margin", &self.margin), ("scale", &self.scale)],
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        };
        Ok(ProxySoftmaxLoss::new(parts, device))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> CosFaceLoss {
        built(self.try_init(device))
    }
}
