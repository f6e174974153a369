//! All losses of rows as one type, so that a test is written once for all of them.

use super::{Kind, RowOracle};
use burn::tensor::{Int, Tensor};
use burn_losses::*;
use serde_json::Value;

macro_rules! row_losses {
    ($($kind:ident($loss:ident, $config:ident) = $key:literal;)+) => {
        /// Any loss of rows of the library.
        #[derive(Clone, Debug)]
        pub enum RowLoss {
            $($kind($loss)),+
        }

        impl RowLoss {
            /// The loss named as in the golden files, built from its configuration in JSON.
            pub fn from_json(key: &str, config: Value) -> Result<Self, String> {
                match key {
                    $($key => serde_json::from_value::<$config>(config)
                        .map_err(|error| error.to_string())
                        .and_then(|config| config.try_init().map_err(|error| error.to_string()))
                        .map(RowLoss::$kind),)+
                    _ => Err(format!("no loss is named {key:?}")),
                }
            }

            pub fn forward<const D: usize, const T: usize>(
                &self,
                x: Tensor<D>,
                t: Tensor<T, Int>,
            ) -> Tensor<1> {
                match self {
                    $(RowLoss::$kind(loss) => loss.forward(x, t),)+
                }
            }

            pub fn forward_no_reduction<const D: usize, const T: usize>(
                &self,
                x: Tensor<D>,
                t: Tensor<T, Int>,
            ) -> Tensor<T> {
                match self {
                    $(RowLoss::$kind(loss) => loss.forward_no_reduction(x, t),)+
                }
            }

            pub fn on<const D: usize, const T: usize>(
                &self,
                x: Tensor<D>,
                t: Tensor<T, Int>,
            ) -> ClassEvaluation<D> {
                match self {
                    $(RowLoss::$kind(loss) => loss.on(x, t),)+
                }
            }

            pub fn on_probabilities<const D: usize>(
                &self,
                x: Tensor<D>,
                t: Tensor<D>,
            ) -> ClassEvaluation<D> {
                match self {
                    $(RowLoss::$kind(loss) => loss.on_probabilities(x, t),)+
                }
            }

            /// The same loss without its type.
            pub fn erased(&self) -> ClassificationLoss {
                match self {
                    $(RowLoss::$kind(loss) => loss.clone().into(),)+
                }
            }

            pub fn display(&self) -> String {
                match self {
                    $(RowLoss::$kind(loss) => format!("{loss}"),)+
                }
            }

            /// The name its messages start with.
            pub fn name(&self) -> &'static str {
                match self {
                    $(RowLoss::$kind(_) => stringify!($loss),)+
                }
            }
        }
    };
}

row_losses! {
    CrossEntropy(CrossEntropyLoss, CrossEntropyLossConfig) = "cross_entropy";
    Focal(SoftmaxFocalLoss, SoftmaxFocalLossConfig) = "softmax_focal";
    Poly(PolyLoss, PolyLossConfig) = "poly";
    BalancedSoftmax(BalancedSoftmaxLoss, BalancedSoftmaxLossConfig) = "balanced_softmax";
    LogitAdjusted(LogitAdjustedLoss, LogitAdjustedLossConfig) = "logit_adjusted";
    Ldam(LdamLoss, LdamLossConfig) = "ldam";
    Generalized(GeneralizedCrossEntropyLoss, GeneralizedCrossEntropyLossConfig)
        = "generalized_cross_entropy";
    Symmetric(SymmetricCrossEntropyLoss, SymmetricCrossEntropyLossConfig)
        = "symmetric_cross_entropy";
}

impl RowLoss {
    /// The loss whose hyperparameters are those of the oracle.
    pub fn like(oracle: &RowOracle, reduction: Reduction) -> Self {
        let RowOracle {
            kind,
            weights,
            smoothing,
            ignored,
        } = oracle.clone();
        macro_rules! build {
            ($variant:ident($config:expr)) => {
                Self::$variant(
                    $config
                        .with_class_weights(weights)
                        .with_ignore_index(ignored)
                        .with_reduction(reduction)
                        .init(),
                )
            };
        }
        match kind {
            Kind::CrossEntropy => build!(CrossEntropy(
                CrossEntropyLossConfig::new().with_label_smoothing(smoothing)
            )),
            Kind::Focal { alpha, gamma } => build!(Focal(
                SoftmaxFocalLossConfig::new()
                    .with_alpha(alpha)
                    .with_gamma(gamma)
                    .with_label_smoothing(smoothing)
            )),
            Kind::Poly { epsilon } => build!(Poly(
                PolyLossConfig::new()
                    .with_epsilon(epsilon)
                    .with_label_smoothing(smoothing)
            )),
            Kind::BalancedSoftmax { counts } => build!(BalancedSoftmax(
                BalancedSoftmaxLossConfig::new(counts).with_label_smoothing(smoothing)
            )),
            Kind::LogitAdjusted { counts, tau } => build!(LogitAdjusted(
                LogitAdjustedLossConfig::new(counts)
                    .with_tau(tau)
                    .with_label_smoothing(smoothing)
            )),
            Kind::Ldam {
                counts,
                max_margin,
                scale,
            } => build!(Ldam(
                LdamLossConfig::new(counts)
                    .with_max_margin(max_margin)
                    .with_scale(scale)
            )),
            Kind::Generalized { q } => build!(Generalized(
                GeneralizedCrossEntropyLossConfig::new().with_q(q)
            )),
            Kind::Symmetric {
                alpha,
                beta,
                log_zero,
            } => build!(Symmetric(
                SymmetricCrossEntropyLossConfig::new()
                    .with_alpha(alpha)
                    .with_beta(beta)
                    .with_log_zero(log_zero)
            )),
        }
    }
}
