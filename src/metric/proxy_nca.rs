//! Proxy-NCA.

use super::proxies::{Proxied, batch, check_sizes, random, replaced};
use crate::{
    config::{as_written, config},
    embeddings::{ClassLabels, SampleEvaluation, Terms},
    error::{Check, LossError, built},
    formula::{OnePositive, softplus},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor},
};

config! {
    /// Configuration of [`ProxyNcaLoss`].
    pub struct ProxyNcaLossConfig {
        /// The number of classes, at least 1.
        pub classes: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
        /// The factor of the squared distances, above 0. Default: 1 (the paper).
        pub scale: f64 = 1.0,
        /// Whether the denominator includes the proxy of the embedding's own class: a softmax, which is never negative.
        /// Default: true (pytorch-metric-learning); the paper leaves it out.
        pub includes_positive: bool = true,
        /// The label of embeddings that are left out: they cost nothing, get no gradient and do not count in a mean.
        /// Default: -100.
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all embeddings become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Proxy-NCA: an embedding should be nearer to the learned proxy of its class than to the proxies of other classes.
///
/// ```text
/// l = -ln e^(-s d(x, p_y)) / sum_c e^(-s d(x, p_c))          d = |x - p|² of norm 1 each
/// ```
/// The proxies are parameters of the loss: give the loss to the optimizer with the model. The loss is 0 if there is no
/// other class. The distances `[N, C]` are never stored all at once.
///
/// Source: Y. Movshovitz-Attias et al., *No Fuss Distance Metric Learning Using Proxies*, 2017; E. Teh et al.,
/// *ProxyNCA++: Revisiting and Revitalizing Proxy Neighborhood Component Analysis*, 2020 (softmax, scale).
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if a label is no class (NaN on a GPU).
///
/// Equivalent: pytorch-metric-learning's `ProxyNCALoss(classes, dimension, softmax_scale=1)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::ProxyNcaLossConfig;
///
/// let device = Device::flex();
/// let loss = ProxyNcaLossConfig::new(1, 2).init(&device);
/// let embeddings = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
/// // There is one class: nothing to tell it from.
/// let value = loss.forward(embeddings, Tensor::<1, Int>::from_ints([0], &device));
/// assert_eq!(value.into_scalar::<f32>(), 0.0);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "ProxyNCA++")]
pub struct ProxyNcaLoss {
    proxies: Param<Tensor<2>>,
    scale: f64,
    includes_positive: bool,
    ignore_index: Option<i64>,
    #[module(skip)]
    reduction: Reduction,
}

impl ProxyNcaLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `classes` or `dimension` is 0, or `scale` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<ProxyNcaLoss, LossError> {
        let check = Check("ProxyNcaLossConfig");
        check_sizes(check, self.classes, self.dimension)?;
        check.above_zero("scale", self.scale)?;
        Ok(ProxyNcaLoss {
            proxies: random(self.classes, self.dimension, device),
            scale: self.scale,
            includes_positive: self.includes_positive,
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> ProxyNcaLoss {
        built(self.try_init(device))
    }
}
display!(ProxyNcaLoss, |loss, content| {
    let [classes, dimension] = loss.proxies.dims();
    content
        .add("classes", &classes)
        .add("dimension", &dimension)
        .add("scale", &loss.scale)
        .add("includes_positive", &loss.includes_positive)
        .add("ignore_index", &as_written(&loss.ignore_index))
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "ProxyNcaLoss";

impl ProxyNcaLoss {
    /// The proxy of each class, `[C, D]`, as learned: not of norm 1.
    pub fn proxies(&self) -> Tensor<2> {
        self.proxies.val()
    }

    /// Returns the loss with other initial proxies `[C, D]`, such as the means of the classes. No gradient goes to the
    /// tensors they were computed from.
    ///
    /// # Panics
    /// If their number or their dimension does not fit.
    #[track_caller]
    pub fn with_proxies(self, proxies: Tensor<2>) -> Self {
        let proxies = replaced(NAME, self.proxies, proxies);
        Self { proxies, ..self }
    }

    /// Returns the losses of all embeddings as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit. If a label is not a class index (on the CPU; the loss of its embedding is NaN on a GPU).
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).reduce()
    }

    /// Returns the loss of each embedding; 0 for an ignored one.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit. If a label is not a class index (on the CPU; the loss of its embedding is NaN on a GPU).
    #[track_caller]
    pub fn forward_no_reduction(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).each()
    }

    /// Begins an evaluation, to which weights of the embeddings, a normalizer or another reduction can be added. An
    /// embedding of weight 0 is ignored, whatever it and its label hold.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    ///
    /// # Panics
    /// If shapes do not fit. The last call panics if a label that counts is not a class index (on the CPU; the loss of
    /// its embedding is NaN on a GPU).
    #[track_caller]
    pub fn on(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> SampleEvaluation {
        let proxies = self.proxies.val();
        let batch = batch(NAME, &proxies, &embeddings, &labels);
        let labels = ClassLabels::new(labels, proxies.dims()[0]).ignoring(self.ignore_index);
        let (loss, points) = (self.clone(), (proxies, embeddings));
        let losses = move |proxied: Proxied| proxied.sample_losses(loss.losses(&proxied));
        Proxied::evaluation(batch, points, labels, self.reduction, losses)
    }

    fn losses(&self, proxied: &Proxied) -> Tensor<1> {
        let unknown = proxied.unknown();
        // Of norm 1, |x - p|² is 2 - 2 x · p, and what is the same for all proxies makes no difference.
        let scale = (2.0 * self.scale).sqrt();
        let (labels, classes) = proxied.labels();
        let rows = (proxied.embeddings.clone() * scale, labels);
        let columns = (proxied.proxies.clone() * scale, classes);
        let terms = Terms::between(OnePositive, rows, columns, false);
        let (negative, positive) = (terms.of_rows(0), terms.of_rows(1));
        let none = negative.clone().equal_scalar(f64::NEG_INFINITY);
        let beyond = negative - positive;
        let losses = match self.includes_positive {
            true => softplus(beyond),
            false => beyond.mask_fill(none, 0.0),
        };
        match unknown {
            Some(unknown) => losses.mask_fill(unknown, f64::NAN),
            None => losses,
        }
    }
}
