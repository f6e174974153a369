//! InfoNCE.

use crate::embeddings::{
    Batch, SampleEvaluation, SampleLosses, Temperature, Terms, labels_from, ready,
    without_weightless,
};
use crate::{
    config::config,
    error::{
        Check, LossError, built, check_dimension, check_embeddings_alike, check_embeddings_fit,
        check_keys,
    },
    formula::{OnePositive, softplus},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

config! {
    /// Configuration of [`InfoNceLoss`].
    pub struct InfoNceLossConfig {
        /// The temperature that divides the similarities, above 0. Default: 0.07 (MoCo).
        pub temperature: f64 = 0.07,
        /// Whether the temperature is learned; it starts from `temperature`. Default: false.
        pub learnable_temperature: bool = false,
        /// Whether keys should also find their queries. Default: false.
        pub symmetric: bool = false,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all queries become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// InfoNCE: each query should find its key among all keys.
///
/// ```text
/// l_i = -ln e^(s_ip) / sum_j e^(s_ij)          s_ij = q_i · k_j / T
/// ```
/// with the key p of query i: key i, or key `i + offset` if keys of several devices were gathered
/// ([`offset`](SampleEvaluation::offset)). The symmetric loss is the mean of this loss and the loss with queries
/// and keys exchanged. Similarities are never stored all at once: memory grows with the number of embeddings, not with
/// its square. A single query with a single key has loss 0.
///
/// The loss of MoCo takes negatives only from a queue ([`EmbeddingQueue`](crate::EmbeddingQueue),
/// [`negatives`](SampleEvaluation::negatives)).
///
/// Sources: A. van den Oord et al., *Representation Learning with Contrastive Predictive Coding*, 2018;
/// K. He et al., *Momentum Contrast for Unsupervised Visual Representation Learning*, 2020.
///
/// Shapes: queries `[N, D]`, keys `[K, D]`, `K >= N`; a loss for each query. Panics if they do not fit.
///
/// Equivalent: `F.cross_entropy(q @ k.T / T, arange(N))`; with a queue
/// `lightly.loss.NTXentLoss(temperature=0.07, memory_bank_size=..)`.
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
#[doc(alias = "MoCo")]
#[doc(alias = "CPC")]
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

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> InfoNceLoss {
        built(self.try_init(device))
    }
}
display!(InfoNceLoss, |loss, content| {
    content
        .add("temperature", &loss.temperature)
        .add_debug_attribute("symmetric", &loss.symmetric)
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "InfoNceLoss";

impl InfoNceLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        &self.temperature
    }

    /// Returns the losses of all queries as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[K, D]`, first one for each query, then others; K = N for the symmetric loss
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, queries: Tensor<2>, keys: Tensor<2>) -> Tensor<1> {
        self.on(queries, keys).reduce()
    }

    /// Returns the loss of each query.
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[K, D]`, first one for each query, then others; K = N for the symmetric loss
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, queries: Tensor<2>, keys: Tensor<2>) -> Tensor<1> {
        self.on(queries, keys).each()
    }

    /// Begins an evaluation, to which an offset of the keys, negatives, weights of the queries, a normalizer or
    /// another reduction can be added.
    ///
    /// # Shapes
    /// - queries: `[N, D]`
    /// - keys: `[K, D]`, K at least N; K = N for the symmetric loss
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(&self, queries: Tensor<2>, keys: Tensor<2>) -> SampleEvaluation<QueriesAndKeys> {
        check_embeddings_fit(NAME, ("queries", &queries), ("keys", &keys));
        let (count, others) = (queries.dims()[0], keys.dims()[0]);
        check_keys(NAME, count, others, 0);
        assert!(
            !self.symmetric || count == others,
            "{NAME}: {others} keys for {count} queries, expected one for each: the loss is symmetric",
        );
        let loss = self.clone();
        let batch = Batch::of(NAME, &queries);
        let given = QueriesAndKeys {
            queries,
            keys,
            offset: 0,
            negatives: None,
        };
        SampleEvaluation::new(batch, self.reduction, given, move |given, weights| {
            loss.sample_losses(given, weights)
        })
    }

    fn sample_losses(&self, given: QueriesAndKeys, weights: Option<&Tensor<1>>) -> SampleLosses {
        let QueriesAndKeys {
            queries,
            keys,
            offset,
            negatives,
        } = given;
        match negatives {
            Some(negatives) => {
                let [queries, keys] =
                    [queries, keys].map(|points| without_weightless(points, weights));
                self.losses_against(queries, keys, negatives)
            }
            None => {
                // The keys of a symmetric loss are compared with all queries.
                let weights = weights.filter(|_| !self.symmetric);
                let pairing = Pairing {
                    temperature: &self.temperature,
                    symmetric: self.symmetric,
                    normalize: self.normalize,
                };
                pairing.losses(without_weightless(queries, weights), keys, offset)
            }
        }
    }

    fn losses_against(
        &self,
        queries: Tensor<2>,
        keys: Tensor<2>,
        negatives: Tensor<2>,
    ) -> SampleLosses {
        let ([count, _], [others, _]) = (queries.dims(), negatives.dims());
        if count == 0 {
            return SampleLosses::none(&[&queries, &keys, &negatives]);
        }
        let queries = self.temperature.scaled(ready(queries, self.normalize));
        let positive = (queries.clone() * ready(keys, self.normalize)).sum_dim(1);
        let positive = positive.reshape([count]);
        if others == 0 {
            return SampleLosses::silent(positive);
        }
        let labels = labels_from(0, count, &queries);
        let no_label = labels_from(count, others, &queries);
        // A queue keeps a data type of its own, and lies where the last of several devices has put it.
        let negatives = negatives.cast(queries.dtype()).to_device(&queries.device());
        let negatives = ready(negatives, self.normalize);
        let terms = Terms::between(OnePositive, (queries, labels), (negatives, no_label), false);
        let losses = softplus(terms.of_rows(0) - positive);
        SampleLosses::new(losses)
    }
}

/// Queries and keys, with one key for each query.
#[derive(Clone, Debug)]
pub struct QueriesAndKeys {
    queries: Tensor<2>,
    keys: Tensor<2>,
    /// The key of query i is key `i + offset`.
    offset: usize,
    /// What each query is to tell its own key from, in place of the other keys.
    negatives: Option<Tensor<2>>,
}

impl crate::samples::Given for QueriesAndKeys {}

impl SampleEvaluation<QueriesAndKeys> {
    /// Sets the position of the keys of the queries among keys gathered from several devices: the key of query i is
    /// key `i + offset`, and all others are its negatives.
    ///
    /// # Panics
    /// If there are fewer than `N + offset` keys. (The symmetric loss has N keys, so its offset is 0.)
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::InfoNceLossConfig;
    ///
    /// let device = Device::flex();
    /// let loss = InfoNceLossConfig::new().with_temperature(1.0).init(&device);
    /// let queries = Tensor::<2>::from_floats([[0.0, 2.0]], &device);
    /// let keys = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
    /// let value = loss.on(queries, keys).offset(1).reduce().into_scalar::<f32>();
    /// assert!((value - (1.0 + (-1f32).exp()).ln()).abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn offset(mut self, offset: usize) -> Self {
        let (queries, keys) = (self.given.queries.dims()[0], self.given.keys.dims()[0]);
        check_keys(NAME, queries, keys, offset);
        self.given.offset = offset;
        self
    }

    /// Compares each query only with its own key and these negatives, such as the contents of an
    /// [`EmbeddingQueue`](crate::EmbeddingQueue): the loss of MoCo. The keys of other queries are ignored, and
    /// `symmetric` has no effect. The loss is 0 without negatives.
    ///
    /// # Shapes
    /// - negatives: `[M, D]`, of any float type
    ///
    /// # Panics
    /// If the negatives have another dimension, or there is not one key for each query.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::InfoNceLossConfig;
    ///
    /// let device = Device::flex();
    /// let loss = InfoNceLossConfig::new().with_temperature(1.0).init(&device);
    /// let queries = Tensor::<2>::from_floats([[0.0, 2.0]], &device);
    /// let keys = Tensor::<2>::from_floats([[0.0, 1.0]], &device);
    /// let queue = Tensor::<2>::from_floats([[1.0, 0.0], [-1.0, 0.0]], &device);
    /// let value = loss.on(queries, keys).negatives(queue).reduce().into_scalar::<f32>();
    /// assert!((value - (1.0 + 2.0 * (-1f32).exp()).ln()).abs() < 1e-6);
    /// ```
    #[track_caller]
    pub fn negatives(mut self, negatives: Tensor<2>) -> Self {
        let (queries, keys) = (("queries", &self.given.queries), ("keys", &self.given.keys));
        check_embeddings_alike(NAME, queries, keys);
        check_dimension(NAME, queries, ("negatives", &negatives));
        self.given.negatives = Some(negatives);
        self
    }
}

/// How queries and keys are compared.
pub(super) struct Pairing<'a> {
    pub temperature: &'a Temperature,
    pub symmetric: bool,
    pub normalize: bool,
}

impl Pairing<'_> {
    /// The loss of each query, for embeddings that fit each other.
    pub fn losses(&self, queries: Tensor<2>, keys: Tensor<2>, offset: usize) -> SampleLosses {
        let ([count, _], [others, _]) = (queries.dims(), keys.dims());
        if count == 0 {
            return SampleLosses::none(&[&queries, &keys]);
        }
        let queries = self.temperature.scaled(ready(queries, self.normalize));
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
        SampleLosses::new(losses)
    }
}
