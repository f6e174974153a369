//! The negative cosine of BYOL and SimSiam.

use crate::embeddings::{Batch, SampleEvaluation, SampleLosses, ready, without_weightless};
use crate::{
    config::config,
    error::{LossError, built, check_embeddings_alike},
    module::display,
    reduction::Reduction,
};
use burn::{module::Module, tensor::Tensor};

config! {
    /// Configuration of [`NegativeCosineLoss`].
    pub struct NegativeCosineLossConfig {
        /// How the losses of all predictions become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The negative cosine of predictions and targets, without a gradient to the targets: the loss of SimSiam
/// and, up to a constant and a factor, of BYOL.
///
/// ```text
/// l_i = -p_i · t_i / (|p_i| |t_i|)
/// ```
/// An embedding of zeros has the cosine 0. The symmetric loss of both papers is the mean of two calls, with the
/// views exchanged.
///
/// Sources: J.-B. Grill et al., *Bootstrap Your Own Latent*, 2020; X. Chen and K. He, *Exploring Simple
/// Siamese Representation Learning*, 2021.
///
/// Shapes: predictions and targets `[N, D]`; a loss for each prediction. Panics if they differ.
///
/// Equivalent: `lightly.loss.NegativeCosineSimilarity()`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::NegativeCosineLossConfig;
///
/// let device = Device::flex();
/// let loss = NegativeCosineLossConfig::new().init();
/// let predictions = Tensor::<2>::from_floats([[3.0, 0.0], [0.0, 2.0]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 0.0], [5.0, 0.0]], &device);
/// assert_eq!(loss.forward(predictions, targets).into_scalar::<f32>(), -0.5);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "NegativeCosineSimilarity")]
#[doc(alias = "SimSiam")]
#[doc(alias = "BYOL")]
pub struct NegativeCosineLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl NegativeCosineLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<NegativeCosineLoss, LossError> {
        Ok(NegativeCosineLoss {
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> NegativeCosineLoss {
        built(self.try_init())
    }
}
display!(NegativeCosineLoss, |loss, content| {
    content.add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "NegativeCosineLoss";

impl NegativeCosineLoss {
    /// Returns the losses of all predictions as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - predictions: `[N, D]`
    /// - targets: `[N, D]`, which get no gradient
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, predictions: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        self.on(predictions, targets).reduce()
    }

    /// Returns the loss of each prediction.
    ///
    /// # Shapes
    /// - predictions: `[N, D]`
    /// - targets: `[N, D]`, which get no gradient
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, predictions: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        self.on(predictions, targets).each()
    }

    /// Begins an evaluation, to which weights of the predictions, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - predictions: `[N, D]`
    /// - targets: `[N, D]`, which get no gradient
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(&self, predictions: Tensor<2>, targets: Tensor<2>) -> SampleEvaluation {
        let (given, wanted) = (("predictions", &predictions), ("targets", &targets));
        check_embeddings_alike(NAME, given, wanted);
        let batch = Batch::of(NAME, &predictions);
        SampleEvaluation::complete(batch, self.reduction, move |weights| {
            sample_losses(without_weightless(predictions, weights), targets)
        })
    }
}

fn sample_losses(predictions: Tensor<2>, targets: Tensor<2>) -> SampleLosses {
    let count = predictions.dims()[0];
    if count == 0 {
        return SampleLosses::none(&[&predictions]);
    }
    let cosines = ready(predictions, true) * ready(targets.detach(), true);
    SampleLosses::new(-cosines.sum_dim(1).reshape([count]))
}
