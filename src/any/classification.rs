//! Any classification loss, chosen by a configuration file.

use crate::{
    class::{AnyClassFormula, ClassLoss},
    classification::*,
    config::choice,
    error::{LossError, built},
};

choice! {
    /// The configuration of any loss of logits against class indices, for training programs that leave the choice to a
    /// file.
    ///
    /// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration.
    /// [The guide](crate::guide::evaluation#from-a-file) says what may be left out, and what a file is told.
    ///
    /// [`LinearCrossEntropyLoss`](crate::LinearCrossEntropyLoss) and [`DistillationLoss`](crate::DistillationLoss) are not among them: they take hidden
    /// states, or the logits of a teacher.
    ///
    /// # Example
    /// ```
    /// use burn::config::Config;
    /// use burn_losses::ClassificationLossConfig;
    ///
    /// let text = r#"{"loss": "cross_entropy", "label_smoothing": 0.1}"#;
    /// let config = ClassificationLossConfig::load_binary(text.as_bytes()).unwrap();
    /// let loss = config.try_init().unwrap();
    /// # let _ = loss;
    ///
    /// let text = r#"{"loss": "poly", "epsilon": "two"}"#;
    /// let error = ClassificationLossConfig::load_binary(text.as_bytes()).unwrap_err();
    /// assert!(error.to_string().contains("PolyLossConfig: `epsilon` is \"two\""));
    /// ```
    pub enum ClassificationLossConfig {
        /// Cross entropy, with or without label smoothing and class weights.
        "cross_entropy" => CrossEntropy(CrossEntropyLossConfig),
        /// Softmax focal loss.
        "softmax_focal" => SoftmaxFocal(SoftmaxFocalLossConfig),
        /// Poly-1 loss.
        "poly" => Poly(PolyLossConfig),
        /// Balanced softmax.
        "balanced_softmax" => BalancedSoftmax(BalancedSoftmaxLossConfig),
        /// Logit adjustment.
        "logit_adjusted" => LogitAdjusted(LogitAdjustedLossConfig),
        /// Label-distribution-aware margins.
        "ldam" => Ldam(LdamLossConfig),
        /// Generalized cross entropy.
        "generalized_cross_entropy" => GeneralizedCrossEntropy(GeneralizedCrossEntropyLossConfig),
        /// Symmetric cross entropy.
        "symmetric_cross_entropy" => SymmetricCrossEntropy(SymmetricCrossEntropyLossConfig),
    }
}

/// Any loss of logits against class indices, built by a [`ClassificationLossConfig`] or made [`From`] a [`ClassLoss`]
/// of any formula.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{ClassificationLossConfig, PolyLossConfig};
///
/// let device = Device::flex();
/// let loss = ClassificationLossConfig::from(PolyLossConfig::new()).init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - (2f32.ln() + 1.0)).abs() < 1e-6);
/// ```
pub type ClassificationLoss = ClassLoss<AnyClassFormula>;

impl ClassificationLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a hyperparameter is out of its range.
    pub fn try_init(&self) -> Result<ClassificationLoss, LossError> {
        Ok(match self {
            Self::CrossEntropy(config) => config.try_init()?.into(),
            Self::SoftmaxFocal(config) => config.try_init()?.into(),
            Self::Poly(config) => config.try_init()?.into(),
            Self::BalancedSoftmax(config) => config.try_init()?.into(),
            Self::LogitAdjusted(config) => config.try_init()?.into(),
            Self::Ldam(config) => config.try_init()?.into(),
            Self::GeneralizedCrossEntropy(config) => config.try_init()?.into(),
            Self::SymmetricCrossEntropy(config) => config.try_init()?.into(),
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ClassificationLoss {
        built(self.try_init())
    }
}
