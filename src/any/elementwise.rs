//! Any element-wise loss, chosen by a configuration file.

use crate::{
    classification::*,
    config::choice,
    detection::*,
    distribution::*,
    element::{AnyElementFormula, ElementLoss},
    error::{LossError, built},
    margin::*,
    ranking::*,
    regression::*,
};

choice! {
    /// The configuration of any loss of a prediction against a target, element by element, for training programs that
    /// leave the choice to a file.
    ///
    /// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration.
    /// [The guide](crate::guide::evaluation#from-a-file) says what may be left out, and what a file is told.
    ///
    /// These are all losses that are an [`ElementLoss`]. What a prediction means differs: a number, a logit, a
    /// probability or its logarithm.
    ///
    /// # Example
    /// ```
    /// use burn::{config::Config, tensor::{Device, Tensor}};
    /// use burn_losses::ElementwiseLossConfig;
    ///
    /// let text = r#"{"loss": "smooth_l1", "beta": 0.5}"#;
    /// let loss = ElementwiseLossConfig::load_binary(text.as_bytes()).unwrap().init();
    /// let prediction = Tensor::<1>::from_floats([2.0], &Device::flex());
    /// let target = Tensor::<1>::from_floats([0.0], &Device::flex());
    /// assert_eq!(loss.forward(prediction, target).into_scalar::<f32>(), 1.75);
    /// ```
    pub enum ElementwiseLossConfig {
        /// Mean squared error.
        "mse" => Mse(MseLossConfig),
        /// Mean absolute error.
        "mae" => Mae(MaeLossConfig),
        /// Smooth L1.
        "smooth_l1" => SmoothL1(SmoothL1LossConfig),
        /// Huber.
        "huber" => Huber(HuberLossConfig),
        /// The logarithm of the hyperbolic cosine.
        "log_cosh" => LogCosh(LogCoshLossConfig),
        /// Quantiles.
        "quantile" => Quantile(QuantileLossConfig),
        /// Charbonnier.
        "charbonnier" => Charbonnier(CharbonnierLossConfig),
        /// Cauchy.
        "cauchy" => Cauchy(CauchyLossConfig),
        /// Welsch.
        "welsch" => Welsch(WelschLossConfig),
        /// Geman-McClure.
        "geman_mcclure" => GemanMcClure(GemanMcClureLossConfig),
        /// Wing.
        "wing" => Wing(WingLossConfig),
        /// Adaptive Wing.
        "adaptive_wing" => AdaptiveWing(AdaptiveWingLossConfig),
        /// Balanced L1.
        "balanced_l1" => BalancedL1(BalancedL1LossConfig),
        /// Poisson likelihood.
        "poisson_nll" => PoissonNll(PoissonNllLossConfig),
        /// Mean squared logarithmic error.
        "msle" => Msle(MsleLossConfig),
        /// Barron's general robust loss.
        "barron" => Barron(BarronLossConfig),
        /// Binary cross entropy of logits or probabilities.
        "binary_cross_entropy" => BinaryCrossEntropy(BinaryCrossEntropyLossConfig),
        /// Sigmoid focal loss.
        "sigmoid_focal" => SigmoidFocal(SigmoidFocalLossConfig),
        /// Asymmetric loss of several labels.
        "asymmetric" => Asymmetric(AsymmetricLossConfig),
        /// Kullback-Leibler divergence.
        "kl_div" => KlDiv(KlDivLossConfig),
        /// Jensen-Shannon divergence.
        "jensen_shannon" => JensenShannon(JensenShannonLossConfig),
        /// Quality focal loss.
        "quality_focal" => QualityFocal(QualityFocalLossConfig),
        /// Varifocal loss.
        "varifocal" => Varifocal(VarifocalLossConfig),
        /// Gaussian focal loss.
        "gaussian_focal" => GaussianFocal(GaussianFocalLossConfig),
        /// Hinge.
        "hinge" => Hinge(HingeLossConfig),
        /// Soft margin.
        "soft_margin" => SoftMargin(SoftMarginLossConfig),
        /// Hinge of distances.
        "hinge_embedding" => HingeEmbedding(HingeEmbeddingLossConfig),
        /// Bayesian personalised ranking.
        "bpr" => Bpr(BprLossConfig),
    }
}

/// Any element-wise loss, built by an [`ElementwiseLossConfig`] or made [`From`] an [`ElementLoss`] of any formula.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{ElementwiseLoss, HuberLossConfig, MaeLossConfig};
///
/// let device = Device::flex();
/// let losses: [ElementwiseLoss; 2] =
///     [MaeLossConfig::new().init().into(), HuberLossConfig::new().init().into()];
/// let values = losses.map(|loss| {
///     let prediction = Tensor::<1>::from_floats([3.0], &device);
///     loss.forward(prediction, Tensor::zeros([1], &device)).into_scalar::<f32>()
/// });
/// assert_eq!(values, [3.0, 2.5]);
/// ```
pub type ElementwiseLoss = ElementLoss<AnyElementFormula>;

impl ElementwiseLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a hyperparameter is out of its range.
    pub fn try_init(&self) -> Result<ElementwiseLoss, LossError> {
        Ok(match self {
            Self::Mse(config) => config.try_init()?.into(),
            Self::Mae(config) => config.try_init()?.into(),
            Self::SmoothL1(config) => config.try_init()?.into(),
            Self::Huber(config) => config.try_init()?.into(),
            Self::LogCosh(config) => config.try_init()?.into(),
            Self::Quantile(config) => config.try_init()?.into(),
            Self::Charbonnier(config) => config.try_init()?.into(),
            Self::Cauchy(config) => config.try_init()?.into(),
            Self::Welsch(config) => config.try_init()?.into(),
            Self::GemanMcClure(config) => config.try_init()?.into(),
            Self::Wing(config) => config.try_init()?.into(),
            Self::AdaptiveWing(config) => config.try_init()?.into(),
            Self::BalancedL1(config) => config.try_init()?.into(),
            Self::PoissonNll(config) => config.try_init()?.into(),
            Self::Msle(config) => config.try_init()?.into(),
            Self::Barron(config) => config.try_init()?.into(),
            Self::BinaryCrossEntropy(config) => config.try_init()?.into(),
            Self::SigmoidFocal(config) => config.try_init()?.into(),
            Self::Asymmetric(config) => config.try_init()?.into(),
            Self::KlDiv(config) => config.try_init()?.into(),
            Self::JensenShannon(config) => config.try_init()?.into(),
            Self::QualityFocal(config) => config.try_init()?.into(),
            Self::Varifocal(config) => config.try_init()?.into(),
            Self::GaussianFocal(config) => config.try_init()?.into(),
            Self::Hinge(config) => config.try_init()?.into(),
            Self::SoftMargin(config) => config.try_init()?.into(),
            Self::HingeEmbedding(config) => config.try_init()?.into(),
            Self::Bpr(config) => config.try_init()?.into(),
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> ElementwiseLoss {
        built(self.try_init())
    }
}
