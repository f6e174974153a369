//! Any loss of two sides that belong together, chosen by a configuration file.

use crate::{
    config::choice,
    contrastive::*,
    embeddings::SampleEvaluation,
    error::{LossError, built},
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

choice! {
    /// The configuration of any loss of embeddings that belong together in pairs (two views of an image, a query and its
    /// key, an image and its text), for training programs that leave the choice to a file.
    ///
    /// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration.
    /// [The guide](crate::guide::evaluation#from-a-file) says what may be left out, and what a file is told.
    ///
    /// These are all losses whose arguments are two batches of embeddings. Losses of embeddings with labels are in
    /// [`EmbeddingLossConfig`](crate::EmbeddingLossConfig).
    ///
    /// # Example
    /// ```
    /// use burn::{config::Config, tensor::{Device, Tensor}};
    /// use burn_losses::ViewLossConfig;
    ///
    /// let device = Device::flex();
    /// let text = r#"{"loss": "negative_cosine"}"#;
    /// let loss = ViewLossConfig::load_binary(text.as_bytes()).unwrap().init(&device);
    /// let views = Tensor::<2>::from_floats([[0.0, 2.0]], &device);
    /// assert_eq!(loss.forward(views.clone(), views).into_scalar::<f32>(), -1.0);
    /// ```
    pub enum ViewLossConfig {
        /// NT-Xent (SimCLR).
        "nt_xent" => NtXent(NtXentLossConfig),
        /// InfoNCE, of queries and keys.
        "info_nce" => InfoNce(InfoNceLossConfig),
        /// CLIP, of images and texts.
        "clip" => Clip(ClipLossConfig),
        /// SigLIP, of images and texts.
        "sig_lip" => SigLip(SigLipLossConfig),
        /// Decoupled contrastive loss.
        "dcl" => Dcl(DclLossConfig),
        /// InfoNCE with hard negatives.
        "hard_negative_info_nce" => HardNegativeInfoNce(HardNegativeInfoNceLossConfig),
        /// Barlow Twins.
        "barlow_twins" => BarlowTwins(BarlowTwinsLossConfig),
        /// VICReg.
        "vic_reg" => VicReg(VicRegLossConfig),
        /// The negative cosine (BYOL, SimSiam), of predictions and targets.
        "negative_cosine" => NegativeCosine(NegativeCosineLossConfig),
    }
}

/// Any loss of two batches of embeddings, built by a [`ViewLossConfig`].
///
/// All of them have [`forward`](Self::forward). Losses of single views, weights, a normalizer and another reduction are for those
/// that [`on`](Self::on) answers. What is left (a queue of negatives) is on the loss itself: match on this.
///
/// # Example
/// ```
/// use burn::tensor::Device;
/// use burn_losses::{InfoNceLossConfig, ViewLoss, ViewLossConfig};
///
/// let loss = ViewLossConfig::from(InfoNceLossConfig::new()).init(&Device::flex());
/// let ViewLoss::InfoNce(queries_and_keys) = &loss else { unreachable!() };
/// # let _ = queries_and_keys;
/// ```
#[derive(Module, Debug)]
#[allow(missing_docs)] // Each variant is the loss of its name.
#[allow(clippy::large_enum_variant)] // There is one in a program.
pub enum ViewLoss {
    NtXent(NtXentLoss),
    InfoNce(InfoNceLoss),
    Clip(ClipLoss),
    SigLip(SigLipLoss),
    Dcl(DclLoss),
    HardNegativeInfoNce(HardNegativeInfoNceLoss),
    BarlowTwins(BarlowTwinsLoss),
    VicReg(VicRegLoss),
    NegativeCosine(NegativeCosineLoss),
}

impl ViewLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range. Learned parameters are made on the device.
    ///
    /// # Errors
    /// If a hyperparameter is out of its range.
    pub fn try_init(&self, device: &Device) -> Result<ViewLoss, LossError> {
        type Any = ViewLoss;
        Ok(match self {
            Self::NtXent(config) => Any::NtXent(config.try_init(device)?),
            Self::InfoNce(config) => Any::InfoNce(config.try_init(device)?),
            Self::Clip(config) => Any::Clip(config.try_init(device)?),
            Self::SigLip(config) => Any::SigLip(config.try_init(device)?),
            Self::Dcl(config) => Any::Dcl(config.try_init(device)?),
            Self::HardNegativeInfoNce(config) => Any::HardNegativeInfoNce(config.try_init(device)?),
            Self::BarlowTwins(config) => Any::BarlowTwins(config.try_init()?),
            Self::VicReg(config) => Any::VicReg(config.try_init()?),
            Self::NegativeCosine(config) => Any::NegativeCosine(config.try_init()?),
        })
    }

    /// Builds the loss. Learned parameters are made on the device.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> ViewLoss {
        built(self.try_init(device))
    }
}

impl ViewLoss {
    /// Returns the loss of a batch as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - first: `[N, D]`, first views, queries, images or predictions
    /// - second: `[N, D]`, second views, keys, texts or targets; each belongs to the first of its index
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward(&self, first: Tensor<2>, second: Tensor<2>) -> Tensor<1> {
        match self {
            Self::NtXent(loss) => loss.forward(first, second),
            Self::InfoNce(loss) => loss.forward(first, second),
            Self::Clip(loss) => loss.forward(first, second),
            Self::SigLip(loss) => loss.forward(first, second),
            Self::Dcl(loss) => loss.forward(first, second),
            Self::HardNegativeInfoNce(loss) => loss.forward(first, second),
            Self::BarlowTwins(loss) => loss.forward(first, second),
            Self::VicReg(loss) => loss.forward(first, second),
            Self::NegativeCosine(loss) => loss.forward(first, second),
        }
    }

    /// Begins an evaluation, to which weights, a normalizer or another reduction can be added. Returns none for
    /// [`BarlowTwinsLoss`] and [`VicRegLoss`], which compare the dimensions of a batch: a sample has no loss of its own.
    ///
    /// # Shapes
    /// - first and second: as for [`forward`](Self::forward)
    ///
    /// # Panics
    /// If shapes do not fit.
    ///
    /// # Example
    /// ```
    /// use burn::{config::Config, tensor::{Device, Tensor}};
    /// use burn_losses::ViewLossConfig;
    ///
    /// let device = Device::flex();
    /// let config = ViewLossConfig::load_binary(br#"{"loss": "negative_cosine"}"#).unwrap();
    /// let loss = config.init(&device);
    /// let first = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
    /// let second = Tensor::<2>::from_floats([[2.0, 0.0], [1.0, 0.0]], &device);
    /// let each = loss.on(first, second).expect("a loss of samples").each();
    /// assert_eq!(each.into_data().iter::<f32>().collect::<Vec<_>>(), [-1.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn on(&self, first: Tensor<2>, second: Tensor<2>) -> Option<SampleEvaluation> {
        Some(match self {
            Self::NtXent(loss) => loss.on(first, second),
            Self::InfoNce(loss) => loss.on(first, second).of_any(),
            Self::Clip(loss) => loss.on(first, second),
            Self::SigLip(loss) => loss.on(first, second),
            Self::Dcl(loss) => loss.on(first, second),
            Self::HardNegativeInfoNce(loss) => loss.on(first, second),
            Self::NegativeCosine(loss) => loss.on(first, second),
            Self::BarlowTwins(_) | Self::VicReg(_) => return None,
        })
    }
}
