//! ArcFace.

use super::{
    proxies::check_sizes,
    proxy_softmax::{Parts, ProxySoftmaxLoss},
};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::AngularMargin,
    reduction::Reduction,
};
use burn::tensor::Device;

config! {
    /// Configuration of [`ArcFaceLoss`].
    pub struct ArcFaceLossConfig {
        /// The number of classes, at least 1.
        pub classes: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
        /// The margin added to the angle between an embedding and its proxy, in radians, from 0 to pi. Default: 0.5 (the
        /// paper).
        pub margin: f64 = 0.5,
        /// The factor of the cosines, above 0. Default: 64 (the paper).
        pub scale: f64 = 64.0,
        /// The label of embeddings that are left out: they cost nothing, get no gradient and do not count in a mean.
        /// Default: -100.
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all embeddings become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// ArcFace: cross entropy of the cosines with learned proxies of the classes, with a margin on the angle.
///
/// ```text
/// l = -ln e^(s cos(t_y + m)) / (e^(s cos(t_y + m)) + sum_(c != y) e^(s cos t_c))
/// ```
/// with the angle `t_c` between the embedding and the proxy of class c. `cos t_y - m sin m` replaces `cos(t_y + m)` if
/// `t_y + m` is above pi, so that the value still falls as the angle grows. The proxies are parameters of the loss:
/// give the loss to the optimizer with the model. The cosines `[N, C]` are stored.
///
/// Source: J. Deng et al., *ArcFace: Additive Angular Margin Loss for Deep Face Recognition*, 2019.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if a label is no class (NaN on a GPU).
///
/// Equivalent: pytorch-metric-learning's `ArcFaceLoss(classes, dimension, margin=28.6, scale=64)`, whose margin is
/// in degrees.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::ArcFaceLossConfig;
///
/// let device = Device::flex();
/// let loss = ArcFaceLossConfig::new(1, 2).init(&device);
/// let embeddings = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
/// // There is one class: nothing to tell it from.
/// let value = loss.forward(embeddings, Tensor::<1, Int>::from_ints([0], &device));
/// assert_eq!(value.into_scalar::<f32>(), 0.0);
/// ```
#[doc(alias = "AAM-Softmax")]
#[doc(alias = "AdditiveAngularMargin")]
pub type ArcFaceLoss = ProxySoftmaxLoss<AngularMargin>;

impl ArcFaceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `classes` or `dimension` is 0, `margin` is not from 0 to pi, or `scale` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<ArcFaceLoss, LossError> {
        let check = Check("ArcFaceLossConfig");
        check_sizes(check, self.classes, self.dimension)?;
        let in_range = (0.0..=core::f64::consts::PI).contains(&self.margin);
        check.that(in_range, "margin", self.margin, "an angle from 0 to pi")?;
        check.above_zero("scale", self.scale)?;
        let parts = Parts {
            loss: "ArcFaceLoss",
            classes: self.classes,
            dimension: self.dimension,
            margin: AngularMargin {
                margin: self.margin,
            },
            parameter: 0.0,
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
    pub fn init(&self, device: &Device) -> ArcFaceLoss {
        built(self.try_init(device))
    }
}
