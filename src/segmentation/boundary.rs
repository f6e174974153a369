//! Boundary loss.

use super::{
    AbsentClasses, MaskLoss,
    object::{PixelFormula, Pixels},
    settings::settings,
};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::Real,
    reduction::Reduction,
};
use burn::tensor::{Tensor, TensorData};

mod distance;

config! {
    /// Configuration of [`BoundaryLoss`].
    pub struct BoundaryLossConfig {
        /// Whether predictions are logits. If not, they are probabilities. Default: true.
        pub from_logits: bool = true,
        /// Whether the batch is one sample, whose pixels are summed up together. Default: false.
        pub batch: bool = false,
        /// The cost of a class without a pixel. Default: the class is left out of the mean over classes. (A class that is kept costs 0,
        /// since its map is 0.)
        pub absent: AbsentClasses = AbsentClasses::LeftOut,
        /// The weight of each class in the mean over classes; 0 for a background that should not count. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The distances of [`BoundaryLoss`].
#[derive(Clone, Copy, Debug)]
pub struct SignedDistance;

/// The boundary loss of masks: each probability times the signed distance of its pixel from the boundary of the target.
///
/// ```text
/// l_c = sum_i p_i d_i / sum_i 1          d_i = distance to the mask outside of it, 1 - distance to the rest inside
/// ```
/// A pixel of a mask is in it from one half on. Distances are Euclidean, in pixels, exact, and constant; they are computed on the host in linear time. Of an empty or a full mask they
/// are 0. The loss is negative for a good prediction, and small regions far from the target cost most; the paper adds it to a
/// generalized Dice loss with a growing factor: [`plus`](crate::SampleEvaluation::plus). Ignored pixels are outside of all masks.
///
/// Source: H. Kervadec et al., *Boundary Loss for Highly Unbalanced Segmentation*, 2019.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: the authors' `SurfaceLoss` (`kervadec/boundary-loss`), with the same distance map and mean.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::BoundaryLossConfig;
///
/// let device = Device::flex();
/// let loss = BoundaryLossConfig::new().with_from_logits(false).init();
/// let p = Tensor::<4>::from_floats([[[[0.5, 0.0, 1.0, 0.25]]]], &device);
/// let masks = Tensor::<4>::from_floats([[[[0.0, 0.0, 1.0, 1.0]]]], &device);
/// // Distances: 2, 1, 0, -1.
/// let value = loss.on_masks(p, masks).reduce().into_scalar::<f32>();
/// assert!((value - (0.5 * 2.0 - 0.25) / 4.0).abs() < 1e-6);
/// ```
#[doc(alias = "SurfaceLoss")]
pub type BoundaryLoss = MaskLoss<SignedDistance>;

impl BoundaryLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<BoundaryLoss, LossError> {
        let settings = settings!(self, self.from_logits).checked(Check("BoundaryLossConfig"))?;
        let loss = MaskLoss::of_pixels(
            "BoundaryLoss",
            SignedDistance,
            &[],
            settings,
            self.reduction,
        );
        Ok(loss)
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BoundaryLoss {
        built(self.try_init())
    }
}

impl PixelFormula for SignedDistance {
    fn sizes(&self, pixels: &Pixels) -> Tensor<2> {
        pixels.sizes_of_masks()
    }

    fn losses(&self, pixels: &Pixels) -> Tensor<2> {
        let inside = pixels.inside();
        let (shape, device) = (inside.dims(), inside.device());
        let inside: Vec<bool> = inside.into_data().iter::<bool>().collect();
        let distances = distance::signed_distances(&inside, &pixels.dims);
        let [p, _] = pixels.shares();
        let options = (&device, p.dtype());
        let distances = Tensor::<3>::from_data(TensorData::new(distances, shape), options);
        let total = pixels.sum(p.clone() * distances);
        let count = pixels.sum(p.detach().ones_like());
        total.over(count, 0.0)
    }
}
