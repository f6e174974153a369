//! Proxy anchor.

use super::proxies::{Proxied, batch, check_sizes, random, replaced};
use crate::{
    config::{as_written, config},
    embeddings::{ClassLabels, Divisor, SampleLosses, Terms},
    error::{Check, LossError, built, demand},
    formula::{ScaledPairs, softplus},
    module::display,
};
use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor},
};

config! {
    /// Configuration of [`ProxyAnchorLoss`].
    pub struct ProxyAnchorLossConfig {
        /// The number of classes, at least 1.
        pub classes: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
        /// The margin of the similarities around 0, at least 0. Default: 0.1 (the paper).
        pub margin: f64 = 0.1,
        /// The scale of the similarities, above 0. Default: 32 (the paper).
        pub alpha: f64 = 32.0,
        /// The label of embeddings that are left out: they make no pair and get no gradient. Default: -100.
        pub ignore_index: Option<i64> = Some(-100),
    }
}

/// Proxy anchor: the learned proxy of each class is the anchor of all embeddings of a batch.
///
/// ```text
/// l = mean_(c in batch) ln(1 + sum_p e^(-a (s_cp - m))) + mean_c ln(1 + sum_n e^(a (s_cn + m)))
/// ```
/// over the embeddings p of class c and n of others, at cosines s; the first mean is over the classes of the batch,
/// the second over all. There are no per-sample losses, and so no sample weights. The proxies are parameters of the
/// loss: give the loss to the optimizer with the model. Similarities are never stored all at once.
///
/// Source: S. Kim et al., *Proxy Anchor Loss for Deep Metric Learning*, 2020.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`. Panics if a label is no class (NaN on a GPU).
///
/// Equivalent: pytorch-metric-learning's `ProxyAnchorLoss(classes, dimension, margin=0.1, alpha=32)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::ProxyAnchorLossConfig;
///
/// let device = Device::flex();
/// let loss = ProxyAnchorLossConfig::new(1, 2).with_alpha(1.0).init(&device);
/// // An embedding that is its proxy.
/// let value = loss.forward(loss.proxies(), Tensor::<1, Int>::from_ints([0], &device));
/// assert!((value.into_scalar::<f32>() - (-0.9f32).exp().ln_1p()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "proxy_anchor")]
pub struct ProxyAnchorLoss {
    proxies: Param<Tensor<2>>,
    margin: f64,
    alpha: f64,
    ignore_index: Option<i64>,
}

impl ProxyAnchorLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `classes` or `dimension` is 0, `margin` is negative or not finite, or `alpha` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<ProxyAnchorLoss, LossError> {
        let check = Check("ProxyAnchorLossConfig");
        check_sizes(check, self.classes, self.dimension)?;
        check.at_least_zero("margin", self.margin)?;
        check.above_zero("alpha", self.alpha)?;
        Ok(ProxyAnchorLoss {
            proxies: random(self.classes, self.dimension, device),
            margin: self.margin,
            alpha: self.alpha,
            ignore_index: self.ignore_index,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> ProxyAnchorLoss {
        built(self.try_init(device))
    }
}
display!(ProxyAnchorLoss, |loss, content| {
    let [classes, dimension] = loss.proxies.dims();
    content
        .add("classes", &classes)
        .add("dimension", &dimension)
        .add("margin", &loss.margin)
        .add("alpha", &loss.alpha)
        .add("ignore_index", &as_written(&loss.ignore_index))
});

const NAME: &str = "ProxyAnchorLoss";

impl ProxyAnchorLoss {
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

    /// Returns the loss of a batch; 0 for an empty batch.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit. If a label is not a class index (on the CPU; the loss is NaN on a GPU).
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        let proxies = self.proxies.val();
        // For its checks: there are no losses of samples.
        let _ = batch(NAME, &proxies, &embeddings, &labels);
        let labels = ClassLabels::new(labels, proxies.dims()[0]).ignoring(self.ignore_index);
        demand(labels.check(NAME, None));
        let proxied = match Proxied::new(proxies, embeddings, labels, None) {
            Ok(proxied) => proxied,
            Err(nothing) => return nothing.reduced(Divisor::Count, None),
        };
        let unknown = proxied.unknown();
        let formula = ScaledPairs {
            positive: (self.alpha, self.margin),
            negative: (self.alpha, -self.margin),
        };
        let (labels, classes) = proxied.labels_of_pairs();
        let anchors = (proxied.proxies, classes);
        let samples = (proxied.embeddings, labels);
        let terms = Terms::between(formula, anchors, samples, false);
        let ((positive, no_positive), negative) = (terms.of_rows_if_any(0), terms.of_rows(1));
        let costs = softplus(positive);
        let pulled = SampleLosses::with_silent(costs, no_positive);
        let pushed = SampleLosses::new(softplus(negative));
        let [pulled, pushed] = [pulled, pushed].map(|of| of.reduced(Divisor::Count, None));
        let loss = pulled + pushed;
        match unknown {
            Some(unknown) => loss.mask_fill(unknown.any(), f64::NAN),
            None => loss,
        }
    }
}
