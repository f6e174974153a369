//! Any loss of embeddings with labels, chosen by a configuration file.

use crate::{
    config::choice,
    contrastive::{SupConLoss, SupConLossConfig},
    embeddings::SampleEvaluation,
    error::{LossError, built},
    metric::*,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor},
};

choice! {
    /// The configuration of any loss of embeddings against labels, for training programs that leave the choice to a
    /// file.
    ///
    /// The JSON field `"loss"` names the loss in snake case; the other fields are those of its configuration.
    /// [The guide](crate::guide::evaluation#from-a-file) says what may be left out, and what a file is told.
    ///
    /// These are all losses whose arguments are embeddings and a label for each.
    /// [`TripletMarginLoss`](crate::TripletMarginLoss) and [`NPairsLoss`](crate::NPairsLoss) are not among them, since
    /// they take anchors and positives; losses of two views are in [`ViewLossConfig`](crate::ViewLossConfig).
    ///
    /// # Example
    /// ```
    /// use burn::{config::Config, tensor::{Device, Int, Tensor}};
    /// use burn_losses::EmbeddingLossConfig;
    ///
    /// let device = Device::flex();
    /// let text = r#"{"loss": "contrastive", "normalize": false}"#;
    /// let loss = EmbeddingLossConfig::load_binary(text.as_bytes()).unwrap().init(&device);
    /// let embeddings = Tensor::<2>::from_floats([[0.0], [0.5]], &device);
    /// let labels = Tensor::<1, Int>::from_ints([0, 0], &device);
    /// assert_eq!(loss.forward(embeddings, labels).into_scalar::<f32>(), 0.5);
    /// ```
    pub enum EmbeddingLossConfig {
        /// Supervised contrastive loss.
        "sup_con" => SupCon(SupConLossConfig),
        /// Triplets, mined from the batch.
        "triplet" => Triplet(TripletLossConfig),
        /// Pairs with margins.
        "contrastive" => Contrastive(ContrastiveLossConfig),
        /// Multi-similarity loss.
        "multi_similarity" => MultiSimilarity(MultiSimilarityLossConfig),
        /// Circle loss.
        "circle" => Circle(CircleLossConfig),
        /// Lifted structure loss.
        "lifted_structure" => LiftedStructure(LiftedStructureLossConfig),
        /// ArcFace; it learns proxies.
        "arc_face" => ArcFace(ArcFaceLossConfig),
        /// CosFace; it learns proxies.
        "cos_face" => CosFace(CosFaceLossConfig),
        /// Normalized softmax; it learns proxies.
        "normalized_softmax" => NormalizedSoftmax(NormalizedSoftmaxLossConfig),
        /// Proxy anchor; it learns proxies.
        "proxy_anchor" => ProxyAnchor(ProxyAnchorLossConfig),
        /// Proxy-NCA; it learns proxies.
        "proxy_nca" => ProxyNca(ProxyNcaLossConfig),
    }
}

/// Any loss of embeddings against labels, built by an [`EmbeddingLossConfig`].
///
/// All of them have [`forward`](Self::forward). Losses of single embeddings, weights, a normalizer and another reduction are for
/// those that [`on`](Self::on) answers, reference sets for those that [`on_reference`](Self::on_reference) answers. What is
/// left (a list of triplets) is on the loss itself: match on this.
///
/// # Example
/// ```
/// use burn::tensor::Device;
/// use burn_losses::{EmbeddingLoss, EmbeddingLossConfig, TripletLossConfig};
///
/// let loss = EmbeddingLossConfig::from(TripletLossConfig::new()).init(&Device::flex());
/// let EmbeddingLoss::Triplet(triplets) = &loss else { unreachable!() };
/// # let _ = triplets;
/// ```
#[derive(Module, Debug)]
#[allow(missing_docs)] // Each variant is the loss of its name.
#[allow(clippy::large_enum_variant)] // There is one in a program.
pub enum EmbeddingLoss {
    SupCon(SupConLoss),
    Triplet(TripletLoss),
    Contrastive(ContrastiveLoss),
    MultiSimilarity(MultiSimilarityLoss),
    Circle(CircleLoss),
    LiftedStructure(LiftedStructureLoss),
    ArcFace(ArcFaceLoss),
    CosFace(CosFaceLoss),
    NormalizedSoftmax(NormalizedSoftmaxLoss),
    ProxyAnchor(ProxyAnchorLoss),
    ProxyNca(ProxyNcaLoss),
}

impl EmbeddingLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range. Proxies are made on the device.
    ///
    /// # Errors
    /// If a hyperparameter is out of its range.
    pub fn try_init(&self, device: &Device) -> Result<EmbeddingLoss, LossError> {
        type Any = EmbeddingLoss;
        Ok(match self {
            Self::SupCon(config) => Any::SupCon(config.try_init(device)?),
            Self::Triplet(config) => Any::Triplet(config.try_init()?),
            Self::Contrastive(config) => Any::Contrastive(config.try_init()?),
            Self::MultiSimilarity(config) => Any::MultiSimilarity(config.try_init()?),
            Self::Circle(config) => Any::Circle(config.try_init()?),
            Self::LiftedStructure(config) => Any::LiftedStructure(config.try_init()?),
            Self::ArcFace(config) => Any::ArcFace(config.try_init(device)?),
            Self::CosFace(config) => Any::CosFace(config.try_init(device)?),
            Self::NormalizedSoftmax(config) => Any::NormalizedSoftmax(config.try_init(device)?),
            Self::ProxyAnchor(config) => Any::ProxyAnchor(config.try_init(device)?),
            Self::ProxyNca(config) => Any::ProxyNca(config.try_init(device)?),
        })
    }

    /// Builds the loss. Proxies are made on the device.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> EmbeddingLoss {
        built(self.try_init(device))
    }
}

impl EmbeddingLoss {
    /// Returns the loss of a batch as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers; the index of a class for a loss with proxies
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit, or a label is not the index of a proxy (on the CPU; the loss is NaN on a GPU).
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        match self {
            Self::SupCon(loss) => loss.forward(embeddings, labels),
            Self::Triplet(loss) => loss.forward(embeddings, labels),
            Self::Contrastive(loss) => loss.forward(embeddings, labels),
            Self::MultiSimilarity(loss) => loss.forward(embeddings, labels),
            Self::Circle(loss) => loss.forward(embeddings, labels),
            Self::LiftedStructure(loss) => loss.forward(embeddings, labels),
            Self::ArcFace(loss) => loss.forward(embeddings, labels),
            Self::CosFace(loss) => loss.forward(embeddings, labels),
            Self::NormalizedSoftmax(loss) => loss.forward(embeddings, labels),
            Self::ProxyAnchor(loss) => loss.forward(embeddings, labels),
            Self::ProxyNca(loss) => loss.forward(embeddings, labels),
        }
    }

    /// Begins an evaluation, to which weights, a normalizer or another reduction can be added. Returns none for
    /// [`ProxyAnchorLoss`], which has losses of proxies: an embedding has none of its own.
    ///
    /// ([`Reduction::Mean`](crate::Reduction::Mean) of pairs or triplets is the mean of all of them; until it is replaced the
    /// configured reduction stands.)
    ///
    /// # Shapes
    /// - embeddings and labels: as for [`forward`](Self::forward)
    ///
    /// # Panics
    /// If shapes do not fit.
    ///
    /// # Example
    /// ```
    /// use burn::{config::Config, tensor::{Device, Int, Tensor}};
    /// use burn_losses::EmbeddingLossConfig;
    ///
    /// let device = Device::flex();
    /// let text = r#"{"loss": "contrastive", "normalize": false}"#;
    /// let loss = EmbeddingLossConfig::load_binary(text.as_bytes()).unwrap().init(&device);
    /// let embeddings = Tensor::<2>::from_floats([[0.0], [0.5]], &device);
    /// let labels = Tensor::<1, Int>::from_ints([0, 0], &device);
    /// let each = loss.on(embeddings, labels).expect("a loss of embeddings").each();
    /// assert_eq!(each.into_data().iter::<f32>().collect::<Vec<_>>(), [0.5, 0.5]);
    /// ```
    #[track_caller]
    pub fn on(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Option<SampleEvaluation> {
        Some(match self {
            Self::SupCon(loss) => loss.on(embeddings, labels).of_any(),
            Self::Triplet(loss) => loss.on(embeddings, labels).of_any(),
            Self::Contrastive(loss) => loss.on(embeddings, labels).of_any(),
            Self::MultiSimilarity(loss) => loss.on(embeddings, labels).of_any(),
            Self::Circle(loss) => loss.on(embeddings, labels).of_any(),
            Self::LiftedStructure(loss) => loss.on(embeddings, labels),
            Self::ArcFace(loss) => loss.on(embeddings, labels),
            Self::CosFace(loss) => loss.on(embeddings, labels),
            Self::NormalizedSoftmax(loss) => loss.on(embeddings, labels),
            Self::ProxyNca(loss) => loss.on(embeddings, labels),
            Self::ProxyAnchor(_) => return None,
        })
    }

    /// Begins the same against a reference set, such as the contents of a
    /// [`CrossBatchMemory`](crate::CrossBatchMemory). Returns none for [`LiftedStructureLoss`] and losses with proxies: what an
    /// embedding is compared with is given there.
    ///
    /// # Shapes
    /// - embeddings and labels: as for [`forward`](Self::forward)
    /// - others: `[K, D]`
    /// - of_others: `[K]`, their labels
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on_reference(
        &self,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
        others: Tensor<2>,
        of_others: Tensor<1, Int>,
    ) -> Option<SampleEvaluation> {
        Some(match self {
            Self::SupCon(loss) => loss
                .on(embeddings, labels)
                .reference(others, of_others)
                .of_any(),
            Self::Triplet(loss) => loss
                .on(embeddings, labels)
                .reference(others, of_others)
                .of_any(),
            Self::Contrastive(loss) => loss
                .on(embeddings, labels)
                .reference(others, of_others)
                .of_any(),
            Self::MultiSimilarity(loss) => loss
                .on(embeddings, labels)
                .reference(others, of_others)
                .of_any(),
            Self::Circle(loss) => loss
                .on(embeddings, labels)
                .reference(others, of_others)
                .of_any(),
            Self::LiftedStructure(_)
            | Self::ArcFace(_)
            | Self::CosFace(_)
            | Self::NormalizedSoftmax(_)
            | Self::ProxyAnchor(_)
            | Self::ProxyNca(_) => return None,
        })
    }
}
