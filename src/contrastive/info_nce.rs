//! InfoNCE.

use super::temperature::Temperature;
use crate::embeddings::{
    RowLosses, Terms, labels_from, ready, rows_loss, softplus, without_weightless,
};
use crate::{
    error::{
        Check, LossError, check_dimension, check_embeddings_alike, check_embeddings_fit, check_keys,
    },
    formula::OnePositive,
    module::device_loss_module,
    reduction::Reduction,
};
use burn::{
    config::Config,
    module::Module,
    tensor::{Device, Tensor},
};

/// Configuration of [`InfoNceLoss`].
#[derive(Config, Debug)]
pub struct InfoNceLossConfig {
    /// What similarities are divided by, above 0. Default 0.07, as in MoCo.
    #[config(default = 0.07)]
    pub temperature: f64,
    /// Whether the temperature is learned, from that value on. Default: no.
    #[config(default = false)]
    pub learnable_temperature: bool,
    /// Whether keys are to find their queries as well as queries their keys. Default: no.
    #[config(default = false)]
    pub symmetric: bool,
    /// Whether embeddings are divided by their norm first. Default: yes.
    #[config(default = true)]
    pub normalize: bool,
    /// How the losses of all queries become one number.
    #[config(default = "Reduction::Mean")]
    pub reduction: Reduction,
}

/// InfoNCE: each query is to find its key among all keys.
///
/// ```text
/// l_i = -ln e^(s_ip) / sum_j e^(s_ij)          s_ij = q_i · k_j / T
/// ```
/// with the key p of query i: key i, or key `i + offset` where keys of other devices were gathered. The
/// symmetric loss is the mean of this and of the same with queries and keys exchanged. Similarities
/// are never held all at once: memory grows with the number of embeddings, not with its square. One
/// query with one key costs 0.
///
/// [`forward_with_negatives`](Self::forward_with_negatives) is the loss of MoCo: negatives come from a
/// queue ([`EmbeddingQueue`](crate::EmbeddingQueue)) alone.
///
/// Sources: A. van den Oord et al., *Representation Learning with Contrastive Predictive Coding*, 2018;
/// K. He et al., *Momentum Contrast for Unsupervised Visual Representation Learning*, 2020.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::InfoNceLossConfig;
///
/// let device = Device::flex();
/// let loss = InfoNceLossConfig::new().with_temperature(1.0).init(&device);
/// let queries = Tensor::<2>::from_floats([[2.0, 0.0]], &device);
/// let keys = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let value = loss.forward(queries, keys).into_scalar::<f32>();
/// assert!((value - (1.0 + (-1f32).exp()).ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct InfoNceLoss {
    temperature: Temperature,
    symmetric: bool,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl InfoNceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` is not above 0.
    pub fn try_init(&self, device: &Device) -> Result<InfoNceLoss, LossError> {
        Temperature::check(Check("InfoNceLossConfig"), self.temperature)?;
        let is_learned = self.learnable_temperature;
        Ok(InfoNceLoss {
            temperature: Temperature::new(self.temperature, is_learned, None, device),
            symmetric: self.symmetric,
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }
}

device_loss_module!(
    InfoNceLoss,
    InfoNceLossConfig,
    shows: [temperature, symmetric, normalize]
);
rows_loss!(
    InfoNceLoss,
    queries: "`[N, D]`",
    keys: "`[K, D]`, first one for each query, then others; K = N for the symmetric loss",
    losses: "`[N]`"
);

const NAME: &str = "InfoNceLoss";

impl InfoNceLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        &self.temperature
    }

    /// The loss of all queries among keys that were gathered from several devices: the key of query i
    /// is key `i + offset`.
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[K, D]`, K at least `N + offset`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or the loss is symmetric and there are other keys.
    #[track_caller]
    pub fn forward_with_offset(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        offset: usize,
    ) -> Tensor<1> {
        let rows = self.losses_among(queries, keys, offset);
        rows.reduced(NAME, self.reduction, None)
    }

    /// The loss of each query as in [`forward_with_offset`](Self::forward_with_offset).
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[K, D]`, K at least `N + offset`
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or the loss is symmetric and there are other keys.
    #[track_caller]
    pub fn forward_with_offset_no_reduction(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        offset: usize,
    ) -> Tensor<1> {
        self.losses_among(queries, keys, offset).each()
    }

    /// The loss of all queries, each of which is to tell its own key from the negatives; the keys of
    /// other queries are left out, and `symmetric` means nothing here.
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[N, D]`, one for each query
    /// - negatives: `[M, D]`, of any float type
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_with_negatives(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        negatives: Tensor<2>,
    ) -> Tensor<1> {
        let rows = self.losses_against(queries, keys, negatives);
        rows.reduced(NAME, self.reduction, None)
    }

    /// The loss of each query as in [`forward_with_negatives`](Self::forward_with_negatives).
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[N, D]`, one for each query
    /// - negatives: `[M, D]`, of any float type
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_with_negatives_no_reduction(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        negatives: Tensor<2>,
    ) -> Tensor<1> {
        self.losses_against(queries, keys, negatives).each()
    }

    #[track_caller]
    fn losses_against(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        negatives: Tensor<2>,
    ) -> RowLosses {
        check_embeddings_alike(NAME, ("queries", &queries), ("keys", &keys));
        check_dimension(NAME, ("queries", &queries), ("negatives", &negatives));
        let dtype = queries.dtype();
        let ([count, _], [others, _]) = (queries.dims(), negatives.dims());
        if count == 0 {
            return RowLosses::none(&[&queries, &keys, &negatives]);
        }
        let queries = self.temperature.scale(ready(queries, self.normalize));
        let positive = (queries.clone() * ready(keys, self.normalize)).sum_dim(1);
        let positive = positive.reshape([count]);
        if others == 0 {
            return RowLosses::silent(positive, dtype);
        }
        let labels = labels_from(0, count, &queries);
        let no_label = labels_from(count, others, &queries);
        // A queue keeps a data type of its own.
        let negatives = ready(negatives.cast(queries.dtype()), self.normalize);
        let terms = Terms::between(OnePositive, (queries, labels), (negatives, no_label), false);
        let losses = softplus(terms.of_rows(0) - positive);
        RowLosses::new(losses, dtype)
    }

    #[track_caller]
    fn row_losses(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        weights: Option<&Tensor<1>>,
    ) -> RowLosses {
        // The keys of a symmetric loss are compared with all queries.
        let weights = weights.filter(|_| !self.symmetric);
        let queries = without_weightless(NAME, queries, weights);
        self.losses_among(queries, keys, 0)
    }

    #[track_caller]
    fn losses_among(&self, queries: Tensor<2>, keys: Tensor<2>, offset: usize) -> RowLosses {
        check_embeddings_fit(NAME, ("queries", &queries), ("keys", &keys));
        check_keys(NAME, queries.dims()[0], keys.dims()[0], offset);
        let pairing = Pairing {
            loss: NAME,
            temperature: &self.temperature,
            symmetric: self.symmetric,
            normalize: self.normalize,
        };
        pairing.losses(queries, keys, offset)
    }
}

/// How queries and keys are compared.
pub(super) struct Pairing<'a> {
    pub loss: &'static str,
    pub temperature: &'a Temperature,
    pub symmetric: bool,
    pub normalize: bool,
}

impl Pairing<'_> {
    /// The loss of each query, for embeddings that fit each other.
    #[track_caller]
    pub fn losses(&self, queries: Tensor<2>, keys: Tensor<2>, offset: usize) -> RowLosses {
        let ([count, _], [others, _]) = (queries.dims(), keys.dims());
        assert!(
            !self.symmetric || count == others,
            "{}: {others} keys for {count} queries, expected one for each: the loss is symmetric",
            self.loss,
        );
        if count == 0 {
            return RowLosses::none(&[&queries, &keys]);
        }
        let dtype = queries.dtype();
        let queries = self.temperature.scale(ready(queries, self.normalize));
        let keys = ready(keys, self.normalize);
        let labels = labels_from(offset, count, &queries);
        let key_labels = labels_from(0, others, &queries);
        let terms = Terms::between(
            OnePositive,
            (queries, labels),
            (keys, key_labels),
            self.symmetric,
        );
        let losses = softplus(terms.of_rows(0) - terms.of_rows(1));
        let losses = match self.symmetric {
            true => (losses + softplus(terms.of_columns(0) - terms.of_columns(1))) * 0.5,
            false => losses,
        };
        RowLosses::new(losses, dtype)
    }
}
