//! The generic loss of two images.

use super::formula::{ImageFormula, evaluation, shown};
use crate::{
    config::FromFields,
    error::{check_image_sides, check_like_prediction},
    module::{Shown, display},
    reduction::Reduction,
    samples::SampleEvaluation,
};
use burn::{module::Module, serde::Serialize, tensor::Tensor};
use core::fmt;
use std::sync::Arc;

/// A loss that compares images `[N, C, H, W]` and has a number for each image.
///
/// It comes from its configuration, which is the type parameter: [`SsimLoss`](crate::SsimLoss),
/// [`MsSsimLoss`](crate::MsSsimLoss), [`PsnrLoss`](crate::PsnrLoss), [`GradientDifferenceLoss`](crate::GradientDifferenceLoss),
/// [`FocalFrequencyLoss`](crate::FocalFrequencyLoss); with [`ImageLossConfig`](crate::ImageLossConfig) it is any of them.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::SsimLossConfig;
///
/// let device = Device::flex();
/// let loss = SsimLossConfig::new(1.0).init();
/// let target = Tensor::<4>::zeros([2, 3, 16, 16], &device);
/// let weights = Tensor::<1>::from_floats([1.0, 0.0], &device);
/// let value = loss.on(target.clone(), target).weights(weights).reduce();
/// assert_eq!(value.into_scalar::<f32>(), 0.0);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct ImageLoss<C: Clone + fmt::Debug + Send + Sync + 'static> {
    #[module(skip)]
    config: C,
    #[module(skip)]
    formula: Arc<dyn ImageFormula>,
    #[module(skip)]
    shown: Shown,
    #[module(skip)]
    reduction: Reduction,
}

impl<C: Clone + fmt::Debug + Send + Sync + 'static> ImageLoss<C> {
    pub(super) fn defined(
        name: &'static str,
        config: &C,
        formula: impl ImageFormula + 'static,
        reduction: Reduction,
    ) -> Self
    where
        C: FromFields + Serialize,
    {
        Self {
            config: config.clone(),
            formula: Arc::new(formula),
            shown: shown(name, config),
            reduction,
        }
    }

    /// The same as one of several losses.
    pub(crate) fn of_any<D>(self) -> ImageLoss<D>
    where
        D: From<C> + Clone + fmt::Debug + Send + Sync + 'static,
    {
        ImageLoss {
            config: self.config.into(),
            formula: self.formula,
            shown: self.shown,
            reduction: self.reduction,
        }
    }

    /// The configuration the loss was made from.
    pub fn config(&self) -> &C {
        &self.config
    }

    /// Returns the losses of all images as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - prediction: `[N, C, H, W]`
    /// - target: the same
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or if the images are smaller than the page of the loss says.
    #[track_caller]
    pub fn forward(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        self.on(prediction, target).reduce()
    }

    /// Returns the loss of each image.
    ///
    /// # Shapes
    /// - prediction: `[N, C, H, W]`
    /// - target: the same
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or if the images are smaller than the page of the loss says.
    #[track_caller]
    pub fn forward_no_reduction(&self, prediction: Tensor<4>, target: Tensor<4>) -> Tensor<1> {
        self.on(prediction, target).each()
    }

    /// Begins an evaluation, to which weights of the images, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - prediction: `[N, C, H, W]`
    /// - target: the same
    ///
    /// # Panics
    /// If shapes or data types do not fit, or if the images are smaller than the page of the loss says.
    #[track_caller]
    pub fn on(&self, prediction: Tensor<4>, target: Tensor<4>) -> SampleEvaluation {
        let name = self.shown.name;
        let shape = prediction.dims();
        check_like_prediction(name, "target", &target, &prediction, &shape);
        if shape[0] > 0 {
            check_image_sides(name, [shape[2], shape[3]], self.formula.least());
        }
        let formula = self.formula.clone();
        let images = [prediction, target];
        evaluation(name, self.reduction, images, move |[prediction, target]| {
            formula.losses(prediction, target)
        })
    }
}

impl<C: Clone + fmt::Debug + Send + Sync + 'static> fmt::Debug for ImageLoss<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.debug(f, &self.reduction)
    }
}

display!([C: Clone + fmt::Debug + Send + Sync + 'static] ImageLoss<C>, |loss, content| {
    loss.shown.content(content, &loss.reduction)
});
