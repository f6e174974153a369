//! All losses as one type, so that a test is written once for all of them.

use super::{Method, Oracle};
use burn::tensor::Tensor;
use burn_losses::*;
use serde_json::Value;

macro_rules! losses {
    ($($kind:ident($loss:ident, $config:ident) = $key:literal;)+) => {
        /// Any loss of the library.
        #[derive(Clone, Debug)]
        pub enum Loss {
            $($kind($loss)),+
        }

        impl Loss {
            /// The loss named as in the golden files, built from its configuration in JSON.
            pub fn from_json(key: &str, config: Value) -> Result<Self, String> {
                match key {
                    $($key => serde_json::from_value::<$config>(config)
                        .map_err(|error| error.to_string())
                        .and_then(|config| config.try_init().map_err(|error| error.to_string()))
                        .map(Loss::$kind),)+
                    _ => Err(format!("no loss is named {key:?}")),
                }
            }

            pub fn forward<const D: usize>(&self, x: Tensor<D>, t: Tensor<D>) -> Tensor<1> {
                match self {
                    $(Loss::$kind(loss) => loss.forward(x, t),)+
                }
            }

            pub fn forward_no_reduction<const D: usize>(
                &self,
                x: Tensor<D>,
                t: Tensor<D>,
            ) -> Tensor<D> {
                match self {
                    $(Loss::$kind(loss) => loss.forward_no_reduction(x, t),)+
                }
            }

            pub fn on<const D: usize>(&self, x: Tensor<D>, t: Tensor<D>) -> ElementEvaluation<D> {
                match self {
                    $(Loss::$kind(loss) => loss.on(x, t),)+
                }
            }

            /// The name its messages start with.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Loss::$kind(_) => stringify!($loss),)+
                }
            }
        }
    };
}

losses! {
    Mse(MseLoss, MseLossConfig) = "mse";
    Mae(MaeLoss, MaeLossConfig) = "mae";
    SmoothL1(SmoothL1Loss, SmoothL1LossConfig) = "smooth_l1";
    Huber(HuberLoss, HuberLossConfig) = "huber";
    LogCosh(LogCoshLoss, LogCoshLossConfig) = "log_cosh";
    Charbonnier(CharbonnierLoss, CharbonnierLossConfig) = "charbonnier";
    Cauchy(CauchyLoss, CauchyLossConfig) = "cauchy";
    Quantile(QuantileLoss, QuantileLossConfig) = "quantile";
    Binary(BinaryCrossEntropyLoss, BinaryCrossEntropyLossConfig) = "bce";
    Focal(SigmoidFocalLoss, SigmoidFocalLossConfig) = "sigmoid_focal";
    Asymmetric(AsymmetricLoss, AsymmetricLossConfig) = "asymmetric";
    KlDiv(KlDivLoss, KlDivLossConfig) = "kl_div";
    JensenShannon(JensenShannonLoss, JensenShannonLossConfig) = "jensen_shannon";
    Welsch(WelschLoss, WelschLossConfig) = "welsch";
    GemanMcClure(GemanMcClureLoss, GemanMcClureLossConfig) = "geman_mcclure";
    Wing(WingLoss, WingLossConfig) = "wing";
    AdaptiveWing(AdaptiveWingLoss, AdaptiveWingLossConfig) = "adaptive_wing";
    BalancedL1(BalancedL1Loss, BalancedL1LossConfig) = "balanced_l1";
    PoissonNll(PoissonNllLoss, PoissonNllLossConfig) = "poisson_nll";
    Msle(MsleLoss, MsleLossConfig) = "msle";
    Hinge(HingeLoss, HingeLossConfig) = "hinge";
    SoftMargin(SoftMarginLoss, SoftMarginLossConfig) = "soft_margin";
    HingeEmbedding(HingeEmbeddingLoss, HingeEmbeddingLossConfig) = "hinge_embedding";
    Bpr(BprLoss, BprLossConfig) = "bpr";
    QualityFocal(QualityFocalLoss, QualityFocalLossConfig) = "quality_focal";
    Varifocal(VarifocalLoss, VarifocalLossConfig) = "varifocal";
    GaussianFocal(GaussianFocalLoss, GaussianFocalLossConfig) = "gaussian_focal";
}

impl Loss {
    /// The loss of the oracle, configured for a method.
    pub fn to_run(method: Method, oracle: &Oracle) -> Self {
        Self::like(oracle, method.reduction())
    }

    /// The loss whose hyperparameters are those of the oracle.
    pub fn like(oracle: &Oracle, reduction: Reduction) -> Self {
        match oracle.clone() {
            Oracle::Mse => Self::Mse(MseLossConfig::new().with_reduction(reduction).init()),
            Oracle::Mae => Self::Mae(MaeLossConfig::new().with_reduction(reduction).init()),
            Oracle::LogCosh => {
                Self::LogCosh(LogCoshLossConfig::new().with_reduction(reduction).init())
            }
            Oracle::SmoothL1 { beta } => {
                let config = SmoothL1LossConfig::new().with_beta(beta);
                Self::SmoothL1(config.with_reduction(reduction).init())
            }
            Oracle::Huber { delta } => {
                let config = HuberLossConfig::new().with_delta(delta);
                Self::Huber(config.with_reduction(reduction).init())
            }
            Oracle::Charbonnier { epsilon } => {
                let config = CharbonnierLossConfig::new().with_epsilon(epsilon);
                Self::Charbonnier(config.with_reduction(reduction).init())
            }
            Oracle::Cauchy { c } => Self::Cauchy(
                CauchyLossConfig::new()
                    .with_c(c)
                    .with_reduction(reduction)
                    .init(),
            ),
            Oracle::Quantile { quantiles } => {
                let config = QuantileLossConfig::new().with_quantiles(quantiles);
                Self::Quantile(config.with_reduction(reduction).init())
            }
            Oracle::Binary {
                logits,
                pos_weight,
                smoothing,
            } => {
                let config = BinaryCrossEntropyLossConfig::new()
                    .with_logits(logits)
                    .with_pos_weight(pos_weight)
                    .with_label_smoothing(smoothing);
                Self::Binary(config.with_reduction(reduction).init())
            }
            Oracle::Focal {
                alpha,
                gamma,
                smoothing,
            } => {
                let config = SigmoidFocalLossConfig::new()
                    .with_alpha(alpha)
                    .with_gamma(gamma)
                    .with_label_smoothing(smoothing);
                Self::Focal(config.with_reduction(reduction).init())
            }
            Oracle::Asymmetric {
                positive,
                negative,
                clip,
            } => {
                let config = AsymmetricLossConfig::new()
                    .with_gamma_positive(positive)
                    .with_gamma_negative(negative)
                    .with_clip(clip);
                Self::Asymmetric(config.with_reduction(reduction).init())
            }
            Oracle::KullbackLeibler { logs } => {
                let config = KlDivLossConfig::new()
                    .with_log_prediction(logs[0])
                    .with_log_target(logs[1]);
                Self::KlDiv(config.with_reduction(reduction).init())
            }
            Oracle::JensenShannon { logs } => {
                let config = JensenShannonLossConfig::new().with_log_inputs(logs);
                Self::JensenShannon(config.with_reduction(reduction).init())
            }
            Oracle::Welsch { c } => {
                let config = WelschLossConfig::new().with_c(c);
                Self::Welsch(config.with_reduction(reduction).init())
            }
            Oracle::GemanMcClure { c } => {
                let config = GemanMcClureLossConfig::new().with_c(c);
                Self::GemanMcClure(config.with_reduction(reduction).init())
            }
            Oracle::Wing { width, epsilon } => {
                let config = WingLossConfig::new()
                    .with_width(width)
                    .with_epsilon(epsilon);
                Self::Wing(config.with_reduction(reduction).init())
            }
            Oracle::AdaptiveWing {
                parameters: [omega, theta, epsilon, alpha],
            } => {
                let config = AdaptiveWingLossConfig::new()
                    .with_omega(omega)
                    .with_theta(theta)
                    .with_epsilon(epsilon)
                    .with_alpha(alpha);
                Self::AdaptiveWing(config.with_reduction(reduction).init())
            }
            Oracle::BalancedL1 { alpha, gamma, beta } => {
                let config = BalancedL1LossConfig::new()
                    .with_alpha(alpha)
                    .with_gamma(gamma)
                    .with_beta(beta);
                Self::BalancedL1(config.with_reduction(reduction).init())
            }
            Oracle::PoissonNll {
                log_input,
                full,
                epsilon,
            } => {
                let config = PoissonNllLossConfig::new()
                    .with_log_input(log_input)
                    .with_full(full)
                    .with_epsilon(epsilon);
                Self::PoissonNll(config.with_reduction(reduction).init())
            }
            Oracle::Msle => Self::Msle(MsleLossConfig::new().with_reduction(reduction).init()),
            Oracle::Hinge { squared, from_zero } => {
                let config = HingeLossConfig::new()
                    .with_squared(squared)
                    .with_from_zero(from_zero);
                Self::Hinge(config.with_reduction(reduction).init())
            }
            Oracle::SoftMargin => {
                Self::SoftMargin(SoftMarginLossConfig::new().with_reduction(reduction).init())
            }
            Oracle::HingeEmbedding { margin } => {
                let config = HingeEmbeddingLossConfig::new().with_margin(margin);
                Self::HingeEmbedding(config.with_reduction(reduction).init())
            }
            Oracle::Bpr => Self::Bpr(BprLossConfig::new().with_reduction(reduction).init()),
            Oracle::QualityFocal { beta } => {
                let config = QualityFocalLossConfig::new().with_beta(beta);
                Self::QualityFocal(config.with_reduction(reduction).init())
            }
            Oracle::Varifocal {
                alpha,
                gamma,
                iou_weighted,
            } => {
                let config = VarifocalLossConfig::new()
                    .with_alpha(alpha)
                    .with_gamma(gamma)
                    .with_iou_weighted(iou_weighted);
                Self::Varifocal(config.with_reduction(reduction).init())
            }
            Oracle::GaussianFocal { alpha, gamma } => {
                let config = GaussianFocalLossConfig::new()
                    .with_alpha(alpha)
                    .with_gamma(gamma);
                Self::GaussianFocal(config.with_reduction(reduction).init())
            }
        }
    }
}
