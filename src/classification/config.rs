//! Any classification loss, chosen by a configuration file.

use super::{config_file::Fields, *};
use crate::error::LossError;
use burn::{
    config::Config,
    module::Module,
    serde::{Deserialize, Deserializer, Serialize},
    tensor::{Int, Tensor},
};

/// What stands where a configuration needs a list, until the file's takes its place.
macro_rules! stand_in {
    ($required:ident) => {
        Vec::new()
    };
}

macro_rules! classification_losses {
    ($(
        $(#[$doc:meta])*
        $kind:ident($loss:ident, $config:ident $(, requires $required:ident)?);
    )+) => {
        /// The configuration of any loss of logits against class indices, for training programs that
        /// leave the choice to a file.
        ///
        /// In JSON the field `"loss"` names the loss in snake case; the other fields are those of its
        /// configuration. One that is left out has the default of `new`, as far as there is one; `null`
        /// for a list or the `ignore_index` is none. A field of the wrong type, one that is not known,
        /// one that is given twice or one that is missing is an error that names it, from `load`, from
        /// `load_binary` and from everything else that reads with serde. Numbers are held against
        /// their ranges by [`try_init`](Self::try_init).
        ///
        /// (The configuration of a single loss is read as every configuration of Burn is: all numbers
        /// have to be there, and fields it does not know are not looked at.)
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
            $($(#[$doc])* $kind($config)),+
        }

        impl ClassificationLossConfig {
            /// Builds the loss, or says which hyperparameter is out of its range.
            ///
            /// # Errors
            /// If a hyperparameter is out of its range.
            pub fn try_init(&self) -> Result<ClassificationLoss, LossError> {
                match self {
                    $(Self::$kind(config) => config.try_init().map(ClassificationLoss::$kind)),+
                }
            }
        }

        impl<'de> Deserialize<'de> for ClassificationLossConfig {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[derive(Deserialize)]
                #[serde(crate = "burn::serde", rename_all = "snake_case")]
                enum Loss {
                    $($kind),+
                }

                let mut fields = Fields::deserialize(deserializer)?;
                match fields.take_loss::<Loss, D::Error>()? {
                    $(Loss::$kind => {
                        let defaults = $config::new($(stand_in!($required))?);
                        let required: &[&str] = &[$(stringify!($required))?];
                        fields.config(defaults, required).map(Self::$kind)
                    })+
                }
            }
        }

        $(impl From<$config> for ClassificationLossConfig {
            fn from(config: $config) -> Self {
                Self::$kind(config)
            }
        })+

        /// Any loss of logits against class indices, as [`ClassificationLossConfig`] builds it.
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
        #[derive(Module, Debug)]
        pub enum ClassificationLoss {
            $($(#[$doc])* $kind($loss)),+
        }

        impl ClassificationLoss {
            /// The loss of all rows, reduced as configured. Of no rows at all it is 0.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes do not fit, there are no classes, or not as many as a list of the
            /// configuration has. If a target is no class, on the CPU; on a GPU the loss of its row is
            /// NaN.
            #[track_caller]
            pub fn forward<const D: usize, const T: usize>(
                &self,
                logits: Tensor<D>,
                targets: Tensor<T, Int>,
            ) -> Tensor<1> {
                match self {
                    $(Self::$kind(loss) => loss.forward(logits, targets)),+
                }
            }

            /// The loss of each row; 0 where it is ignored.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
            /// - output: `[N, d1..dk]`
            ///
            /// # Panics
            /// As [`forward`](Self::forward).
            #[track_caller]
            pub fn forward_no_reduction<const D: usize, const T: usize>(
                &self,
                logits: Tensor<D>,
                targets: Tensor<T, Int>,
            ) -> Tensor<T> {
                match self {
                    $(Self::$kind(loss) => loss.forward_no_reduction(logits, targets)),+
                }
            }

            /// The loss of all rows, each with a weight, as the loss it is defines it.
            ///
            /// # Shapes
            /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
            /// - targets: `[N, d1..dk]`, the index of a class or the `ignore_index`
            /// - weights: `[N, d1..dk]`
            /// - output: `[1]`
            ///
            /// # Panics
            /// As [`forward`](Self::forward), or if the data type of the weights is not that of the
            /// logits.
            #[track_caller]
            pub fn forward_weighted<const D: usize, const T: usize>(
                &self,
                logits: Tensor<D>,
                targets: Tensor<T, Int>,
                weights: Tensor<T>,
            ) -> Tensor<1> {
                match self {
                    $(Self::$kind(loss) => loss.forward_weighted(logits, targets, weights)),+
                }
            }
        }
    };
}

classification_losses! {
    /// Cross entropy, with or without label smoothing and class weights.
    CrossEntropy(CrossEntropyLoss, CrossEntropyLossConfig);
    /// Softmax focal loss.
    SoftmaxFocal(SoftmaxFocalLoss, SoftmaxFocalLossConfig);
    /// Poly-1 loss.
    Poly(PolyLoss, PolyLossConfig);
    /// Balanced softmax.
    BalancedSoftmax(BalancedSoftmaxLoss, BalancedSoftmaxLossConfig, requires class_counts);
    /// Logit adjustment.
    LogitAdjusted(LogitAdjustedLoss, LogitAdjustedLossConfig, requires class_counts);
    /// Label-distribution-aware margins.
    Ldam(LdamLoss, LdamLossConfig, requires class_counts);
    /// Generalized cross entropy.
    GeneralizedCrossEntropy(GeneralizedCrossEntropyLoss, GeneralizedCrossEntropyLossConfig);
    /// Symmetric cross entropy.
    SymmetricCrossEntropy(SymmetricCrossEntropyLoss, SymmetricCrossEntropyLossConfig);
}

impl Config for ClassificationLossConfig {}

impl ClassificationLossConfig {
    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ClassificationLoss {
        self.try_init().unwrap_or_else(|error| panic!("{error}"))
    }
}
