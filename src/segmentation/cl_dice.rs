//! Centreline Dice loss.

use super::{
    AbsentClasses, MaskLoss,
    object::{PixelFormula, Pixels},
    settings::settings,
};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::Real,
    module::Field,
    reduction::Reduction,
};
use burn::tensor::{Tensor, activation::relu, module::max_pool2d, ops::MaxPoolOptions};

config! {
    /// Configuration of [`ClDiceLoss`].
    pub struct ClDiceLossConfig {
        /// How often masks are eroded: as many pixels as the widest structure is from its centreline. Default: 3 (the authors' code).
        pub iterations: usize = 3,
        /// The number added to both sides of both ratios, 0 or above. Default: 1 (the authors' code).
        pub smooth: f64 = 1.0,
        /// Whether predictions are logits. If not, they are probabilities. Default: true.
        pub from_logits: bool = true,
        /// Whether the batch is one sample, whose pixels are summed up together. Default: false (the authors' code: true).
        pub batch: bool = false,
        /// The cost of a class without a pixel. Default: the class is left out of the mean over classes.
        pub absent: AbsentClasses = AbsentClasses::LeftOut,
        /// The weight of each class in the mean over classes; 0 for the background, as in the paper. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index (or number in a mask) that marks a pixel as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The skeletons of [`ClDiceLoss`].
#[derive(Clone, Copy, Debug)]
pub struct ClDice {
    /// How often masks are eroded.
    pub iterations: usize,
    /// The number added to both sides of both ratios.
    pub smooth: f64,
}

/// The centreline Dice loss (clDice) of images of vessels, roads or other tubes: Dice of the skeleton of each side and the mask of
/// the other, so that what matters is whether everything is connected.
///
/// ```text
/// l_c = 1 - 2 a b / (a + b)      a = (sum s(p) t + s) / (sum s(p) + s)      b = (sum s(t) p + s) / (sum s(t) + s)
/// ```
/// with the soft skeleton `s` by minima and maxima of neighbours, and s = `smooth`. Images are two-dimensional. Ignored pixels are
/// outside of both masks.
///
/// Source: S. Shit et al., *clDice - A Novel Topology-Preserving Loss Function for Tubular Structure Segmentation*, 2021.
///
/// Shapes: logits `[N, C, H, W]`, classes `[N, H, W]` or masks `[N, C, H, W]`; a loss for each sample. Panics if they
/// do not fit or a target is no class (NaN on a GPU).
///
/// Equivalent: `monai.losses.SoftclDiceLoss`, which has one ratio for all channels, and adds 1e-4 to `a + b`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::ClDiceLossConfig;
///
/// let device = Device::flex();
/// let loss = ClDiceLossConfig::new().with_from_logits(false).init();
/// let line = Tensor::<4>::from_floats([[[[0., 0., 0.], [1., 1., 1.], [0., 0., 0.]]]], &device);
/// let value = loss.on_masks(line.clone(), line).reduce().into_scalar::<f32>();
/// assert!(value.abs() < 1e-6);
/// ```
#[doc(alias = "SoftclDiceLoss")]
#[doc(alias = "centerline_dice")]
pub type ClDiceLoss = MaskLoss<ClDice>;

impl ClDiceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `smooth` or a class weight is negative or not finite.
    pub fn try_init(&self) -> Result<ClDiceLoss, LossError> {
        let check = Check("ClDiceLossConfig");
        check.at_least_zero("smooth", self.smooth)?;
        let settings = settings!(self, self.from_logits).checked(check)?;
        let formula = ClDice {
            iterations: self.iterations,
            smooth: self.smooth,
        };
        let shown: &[Field<'_>] = &[("iterations", &self.iterations), ("smooth", &self.smooth)];
        let loss = MaskLoss::of_pixels("ClDiceLoss", formula, shown, settings, self.reduction);
        Ok(loss)
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ClDiceLoss {
        built(self.try_init())
    }
}

impl PixelFormula for ClDice {
    fn takes_images(&self) -> bool {
        true
    }

    fn losses(&self, pixels: &Pixels) -> Tensor<2> {
        let [height, width] = [pixels.dims[0], pixels.dims[1]];
        let [samples, classes, _] = pixels.target().dims();
        let shape = [samples, classes, height, width];
        let [p, _] = pixels.shares();
        let nothing = pixels.weights().equal_scalar(0.0);
        let p = p.mask_fill(nothing, 0.0);
        let t = pixels.target();
        let flat = |image: Tensor<4>| image.reshape([samples, classes, height * width]);
        let [of_p, of_t] = [&p, &t].map(|mask| {
            let image = mask.clone().reshape(shape);
            flat(skeleton(image, self.iterations))
        });
        let share = |skeleton: Tensor<3>, mask: Tensor<3>| {
            let both = pixels.sum(skeleton.clone() * mask) + self.smooth;
            both.over(pixels.sum(skeleton) + self.smooth, 1.0)
        };
        let (precision, recall) = (share(of_p, t), share(of_t, p));
        let both = precision.clone() * recall.clone() * 2.0;
        -both.over(precision + recall, 0.0) + 1.0
    }
}

/// The soft skeleton: what each erosion leaves that opening takes away.
fn skeleton(mut image: Tensor<4>, iterations: usize) -> Tensor<4> {
    let mut skeleton = relu(image.clone() - opened(image.clone()));
    for _ in 0..iterations {
        image = eroded(image);
        let delta = relu(image.clone() - opened(image.clone()));
        skeleton = skeleton.clone() + relu(delta.clone() - skeleton * delta);
    }
    skeleton
}

fn opened(image: Tensor<4>) -> Tensor<4> {
    largest(eroded(image), [3, 3])
}

/// The smallest of each pixel and the four beside it.
fn eroded(image: Tensor<4>) -> Tensor<4> {
    let [column, row] = [[3, 1], [1, 3]].map(|window| -largest(-image.clone(), window));
    column.min_pair(row)
}

/// The largest in a window around each pixel.
fn largest(image: Tensor<4>, window: [usize; 2]) -> Tensor<4> {
    let options = MaxPoolOptions::new(window).with_stride([1, 1]);
    max_pool2d(image, options.with_padding(window.map(|size| size / 2)))
}
