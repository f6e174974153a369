//! Any classification loss, chosen by a configuration file.

use super::{config_file::Fields, *};
use crate::{
    class::{AnyClassFormula, ClassLoss},
    error::{LossError, built},
};
use burn::{
    config::Config,
    serde::{Deserialize, Deserializer, Serialize},
};

/// The configuration of any loss of logits against class indices, for training programs that
/// leave the choice to a file.
///
/// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration. A field that
/// is left out has the default of `new`, if there is one; `null` for a list or the `ignore_index` means none. A field
/// that has the wrong type, is unknown, is given twice or is missing without a default is an error that names it, from
/// `load`, `load_binary` and everything else that reads with serde. [`try_init`](Self::try_init) checks the ranges of
/// numbers.
///
/// (The configuration of a single loss is read like every configuration of Burn: all numbers must be given, and
/// unknown fields are ignored.)
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
/// assert!(error.to_string().contains("`epsilon` is \"two\""));
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(crate = "burn::serde", tag = "loss", rename_all = "snake_case")]
pub enum ClassificationLossConfig {
    /// Cross entropy, with or without label smoothing and class weights.
    CrossEntropy(CrossEntropyLossConfig),
    /// Softmax focal loss.
    SoftmaxFocal(SoftmaxFocalLossConfig),
    /// Poly-1 loss.
    Poly(PolyLossConfig),
    /// Balanced softmax.
    BalancedSoftmax(BalancedSoftmaxLossConfig),
    /// Logit adjustment.
    LogitAdjusted(LogitAdjustedLossConfig),
    /// Label-distribution-aware margins.
    Ldam(LdamLossConfig),
    /// Generalized cross entropy.
    GeneralizedCrossEntropy(GeneralizedCrossEntropyLossConfig),
    /// Symmetric cross entropy.
    SymmetricCrossEntropy(SymmetricCrossEntropyLossConfig),
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

impl Config for ClassificationLossConfig {}

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

/// The names of the losses in a file.
#[derive(Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
enum Name {
    CrossEntropy,
    SoftmaxFocal,
    Poly,
    BalancedSoftmax,
    LogitAdjusted,
    Ldam,
    GeneralizedCrossEntropy,
    SymmetricCrossEntropy,
}

impl<'de> Deserialize<'de> for ClassificationLossConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The list a configuration needs; the file's takes its place.
        const STAND_IN: Vec<usize> = Vec::new();
        const COUNTS: &[&str] = &["class_counts"];

        let mut fields = Fields::deserialize(deserializer)?;
        Ok(match fields.take_loss::<Name, D::Error>()? {
            Name::CrossEntropy => fields.config(CrossEntropyLossConfig::new(), &[])?.into(),
            Name::SoftmaxFocal => fields.config(SoftmaxFocalLossConfig::new(), &[])?.into(),
            Name::Poly => fields.config(PolyLossConfig::new(), &[])?.into(),
            Name::BalancedSoftmax => fields
                .config(BalancedSoftmaxLossConfig::new(STAND_IN), COUNTS)?
                .into(),
            Name::LogitAdjusted => fields
                .config(LogitAdjustedLossConfig::new(STAND_IN), COUNTS)?
                .into(),
            Name::Ldam => fields.config(LdamLossConfig::new(STAND_IN), COUNTS)?.into(),
            Name::GeneralizedCrossEntropy => fields
                .config(GeneralizedCrossEntropyLossConfig::new(), &[])?
                .into(),
            Name::SymmetricCrossEntropy => fields
                .config(SymmetricCrossEntropyLossConfig::new(), &[])?
                .into(),
        })
    }
}

impl From<CrossEntropyLossConfig> for ClassificationLossConfig {
    fn from(config: CrossEntropyLossConfig) -> Self {
        Self::CrossEntropy(config)
    }
}

impl From<SoftmaxFocalLossConfig> for ClassificationLossConfig {
    fn from(config: SoftmaxFocalLossConfig) -> Self {
        Self::SoftmaxFocal(config)
    }
}

impl From<PolyLossConfig> for ClassificationLossConfig {
    fn from(config: PolyLossConfig) -> Self {
        Self::Poly(config)
    }
}

impl From<BalancedSoftmaxLossConfig> for ClassificationLossConfig {
    fn from(config: BalancedSoftmaxLossConfig) -> Self {
        Self::BalancedSoftmax(config)
    }
}

impl From<LogitAdjustedLossConfig> for ClassificationLossConfig {
    fn from(config: LogitAdjustedLossConfig) -> Self {
        Self::LogitAdjusted(config)
    }
}

impl From<LdamLossConfig> for ClassificationLossConfig {
    fn from(config: LdamLossConfig) -> Self {
        Self::Ldam(config)
    }
}

impl From<GeneralizedCrossEntropyLossConfig> for ClassificationLossConfig {
    fn from(config: GeneralizedCrossEntropyLossConfig) -> Self {
        Self::GeneralizedCrossEntropy(config)
    }
}

impl From<SymmetricCrossEntropyLossConfig> for ClassificationLossConfig {
    fn from(config: SymmetricCrossEntropyLossConfig) -> Self {
        Self::SymmetricCrossEntropy(config)
    }
}
