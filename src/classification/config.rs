//! Any classification loss, chosen by a configuration file.

use super::*;
use crate::error::LossError;
use burn::{
    config::Config,
    module::Module,
    serde::{Deserialize, Serialize},
    tensor::{Int, Tensor},
};

macro_rules! classification_losses {
    ($($(#[$doc:meta])* $kind:ident($loss:ident, $config:ident);)+) => {
        /// The configuration of any loss of logits against class indices, for training programs that
        /// leave the choice to a file.
        ///
        /// In JSON the field `"loss"` names the loss in snake case; the other fields are those of its
        /// configuration. All have to be there: numbers and the reduction have no default in a file, and
        /// a list or an `ignore_index` that is left out is none. Fields it does not know are not looked
        /// at, as in every configuration of Burn.
        ///
        /// # Example
        /// ```
        /// use burn::config::Config;
        /// use burn_losses::ClassificationLossConfig;
        ///
        /// let text = r#"{
        ///     "loss": "cross_entropy",
        ///     "weights": null,
        ///     "label_smoothing": 0.1,
        ///     "ignore_index": -100,
        ///     "reduction": "mean"
        /// }"#;
        /// let config = ClassificationLossConfig::load_binary(text.as_bytes()).unwrap();
        /// let loss = config.try_init().unwrap();
        /// # let _ = loss;
        /// ```
        #[derive(Clone, Debug, Serialize, Deserialize)]
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
        /// assert!((value - (2f32.ln() + 0.5)).abs() < 1e-6);
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
            /// If shapes do not fit, or a target is no class: on the CPU. On a GPU the loss of such
            /// a row is NaN.
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
    BalancedSoftmax(BalancedSoftmaxLoss, BalancedSoftmaxLossConfig);
    /// Logit adjustment.
    LogitAdjusted(LogitAdjustedLoss, LogitAdjustedLossConfig);
    /// Label-distribution-aware margins.
    Ldam(LdamLoss, LdamLossConfig);
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
