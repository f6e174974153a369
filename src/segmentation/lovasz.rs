//! Lovasz losses.

use super::{
    AbsentClasses, MaskLoss,
    object::{PixelFormula, Pixels},
    settings::settings,
};
use crate::{
    backend::{
        ClassLosses, LovaszErrors, OverlapInputs, OverlapSpec, fused_lovasz, lovasz_weights,
    },
    config::config,
    error::{Check, LossError, built},
    formula::{Activation, Real},
    reduction::Reduction,
};
use burn::tensor::Tensor;

config! {
    /// Configuration of [`LovaszSoftmaxLoss`].
    pub struct LovaszSoftmaxLossConfig {
        /// Whether predictions are logits. If not, they are probabilities. Default: true.
        pub from_logits: bool = true,
        /// Whether the pixels of the batch are sorted together. Default: false, each image by itself (the authors' code: true).
        pub batch: bool = false,
        /// The cost of a class without a pixel. Default: the class is left out of the mean over classes (`present` in the authors' code;
        /// a class that is kept is their `all`, kornia's choice).
        pub absent: AbsentClasses = AbsentClasses::LeftOut,
        /// The weight of each class in the mean over classes. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

config! {
    /// Configuration of [`LovaszHingeLoss`].
    pub struct LovaszHingeLossConfig {
        /// Whether the pixels of the batch are sorted together. Default: false, each image by itself (the authors' code: true).
        pub batch: bool = false,
        /// The cost of a channel without a pixel. Default: the channel is kept, and costs its largest error.
        pub absent: AbsentClasses = AbsentClasses::Kept,
        /// The weight of each channel in the mean over channels. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The errors of [`LovaszSoftmaxLoss`].
#[derive(Clone, Copy, Debug)]
pub struct LovaszSoftmax;

/// The errors of [`LovaszHingeLoss`].
#[derive(Clone, Copy, Debug)]
pub struct LovaszHinge;

/// The Lovasz softmax loss of masks: the Jaccard loss, extended to probabilities so that it is convex in the errors.
///
/// ```text
/// l_c = sum_i e_i (J(i) - J(i - 1))          e_i = |t_i - p_i|, t_i is 0 or 1, the largest first
/// ```
/// where `J(i)` is the Jaccard loss of a prediction that is wrong at the first i pixels. Errors are sorted exactly, equal ones in the
/// order of their pixels. A pixel of a mask is in it from one half on. A class without a pixel that is kept costs its largest probability. A pixel weight of 0 ignores a
/// pixel; others count as 1.
///
/// Source: M. Berman, A. R. Triki, M. B. Blaschko, *The Lovasz-Softmax Loss*, 2018.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `segmentation_models_pytorch.losses.LovaszLoss("multiclass")` has all pixels of the batch together
/// unless `per_image` is set, and fails for `float64`; `kornia.losses.lovasz_softmax_loss` counts absent classes
/// and has no ignored pixels.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::LovaszSoftmaxLossConfig;
///
/// let device = Device::flex();
/// let loss = LovaszSoftmaxLossConfig::new().init();
/// let logits = Tensor::<3>::from_floats([[[30., 0., 0., 0.], [0., 30., 30., 30.]]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 1, 1]], &device);
/// // Of hard predictions it is the Jaccard loss.
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (1.0 / 2.0 + 1.0 / 3.0) / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "lovasz_softmax_loss")]
#[doc(alias = "LovaszLoss")]
pub type LovaszSoftmaxLoss = MaskLoss<LovaszSoftmax>;

/// The Lovasz hinge loss of masks, binary or a mask for each channel: the Jaccard loss, extended to hinges of logits.
///
/// ```text
/// l = sum_i max(e_i, 0) (J(i) - J(i - 1))          e_i = 1 - x_i (2 t_i - 1), t_i is 0 or 1, the largest first
/// ```
/// where `J(i)` is the Jaccard loss of a prediction that is wrong at the first i pixels. Errors are sorted exactly, equal ones in the
/// order of their pixels. A pixel of a mask is in it from one half on. Of an empty mask the loss is the largest error. A pixel weight of 0 ignores a pixel; others count as 1.
///
/// With class indices and several channels, each channel has its class against all others.
///
/// Source: J. Yu and M. Blaschko, *Learning Submodular Losses with the Lovasz Hinge*, 2015.
///
/// Shapes: logits `[N, C, ..]`, classes `[N, ..]` or masks `[N, C, ..]`; a loss for each sample. Panics if they do not
/// fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `segmentation_models_pytorch.losses.LovaszLoss("binary")` has all pixels of the batch together
/// unless `per_image` is set; of several channels it sorts all together, where this takes the mean over channels.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::LovaszHingeLossConfig;
///
/// let device = Device::flex();
/// let loss = LovaszHingeLossConfig::new().init();
/// let logits = Tensor::<3>::from_floats([[[2.0, -2.0, 0.5]]], &device);
/// let masks = Tensor::<3>::from_floats([[[1.0, 0.0, 0.0]]], &device);
/// // One error of 1.5, which makes the Jaccard index 1/2.
/// let value = loss.on_masks(logits, masks).reduce().into_scalar::<f32>();
/// assert!((value - 0.75).abs() < 1e-6);
/// ```
#[doc(alias = "lovasz_hinge_loss")]
#[doc(alias = "LovaszLoss")]
pub type LovaszHingeLoss = MaskLoss<LovaszHinge>;

impl LovaszSoftmaxLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<LovaszSoftmaxLoss, LossError> {
        let settings =
            settings!(self, self.from_logits).checked(Check("LovaszSoftmaxLossConfig"))?;
        let loss = MaskLoss::of_pixels(
            "LovaszSoftmaxLoss",
            LovaszSoftmax,
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
    pub fn init(&self) -> LovaszSoftmaxLoss {
        built(self.try_init())
    }
}

impl LovaszHingeLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<LovaszHingeLoss, LossError> {
        let settings = settings!(self, true).checked(Check("LovaszHingeLossConfig"))?;
        let loss = MaskLoss::of_pixels(
            "LovaszHingeLoss",
            LovaszHinge,
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
    pub fn init(&self) -> LovaszHingeLoss {
        built(self.try_init())
    }
}

impl PixelFormula for LovaszSoftmax {
    fn fused(
        &self,
        spec: &OverlapSpec,
        inputs: &OverlapInputs,
        batch: bool,
    ) -> Option<ClassLosses> {
        let errors = LovaszErrors {
            hinge: false,
            batch,
        };
        fused_lovasz(spec, errors, inputs)
    }

    fn sizes(&self, pixels: &Pixels) -> Tensor<2> {
        pixels.sizes_of_masks()
    }

    fn losses(&self, pixels: &Pixels) -> Tensor<2> {
        let [p, miss] = pixels.shares();
        extension(pixels, p.mask_where(pixels.inside(), miss), |error| error)
    }
}

impl PixelFormula for LovaszHinge {
    fn fused(
        &self,
        spec: &OverlapSpec,
        inputs: &OverlapInputs,
        batch: bool,
    ) -> Option<ClassLosses> {
        let errors = LovaszErrors { hinge: true, batch };
        // Each channel is for itself, also where several have the class as target.
        let spec = OverlapSpec {
            activation: Activation::None,
            ..spec.clone()
        };
        fused_lovasz(&spec, errors, inputs)
    }

    fn sizes(&self, pixels: &Pixels) -> Tensor<2> {
        pixels.sizes_of_masks()
    }

    fn losses(&self, pixels: &Pixels) -> Tensor<2> {
        let x = pixels.logits();
        let errors = x.clone().mask_where(pixels.inside(), -x) + 1.0;
        extension(pixels, errors, Real::positive_part)
    }
}

/// The Lovasz extension of the Jaccard loss at errors: their sum, each as much as it counts in their order.
fn extension(
    pixels: &Pixels,
    errors: Tensor<3>,
    cost: impl FnOnce(Tensor<3>) -> Tensor<3>,
) -> Tensor<2> {
    let together = |numbers| pixels.together(numbers);
    let errors = together(errors);
    let [target, counts] = [pixels.target(), pixels.weights()].map(together);
    let weights = lovasz_weights(errors.clone(), target, counts.clone());
    // What is no class, and NaN in a mask, has the weight NaN, which shows.
    crate::backend::over_pixels(cost(errors) * weights + counts * 0.0)
}
