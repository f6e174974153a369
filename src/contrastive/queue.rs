//! A memory of past embeddings.

use crate::config::config;
use crate::embeddings::{Shared, held, pushed, ready, replace, to_go_with};
use crate::error::{Check, LossError, built, check_width};
use crate::module::display;
use burn::{
    module::{Module, RunningState},
    tensor::{Device, Distribution, Tensor},
};

config! {
    /// Configuration of [`EmbeddingQueue`].
    pub struct EmbeddingQueueConfig {
        /// The number of embeddings it holds, at least 1. MoCo uses 65536.
        pub capacity: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
    }
}

/// A first-in, first-out memory of embeddings, the negatives of later batches: the queue of MoCo.
///
/// The queue is always full and begins with random directions, as in MoCo. Its contents, oldest first, are saved and
/// loaded with the module but not trained. Read the queue before the batch is pushed, so that no query finds its own
/// key in it.
///
/// A push takes a shared reference, like the running statistics of Burn's `BatchNorm`: the queue works as part of a
/// model whose `TrainStep::step` takes `&self`. Clones share their contents, so the copies that burn-train makes of a
/// model all see a push; `valid()` copies them.
///
/// Source: K. He et al., *Momentum Contrast for Unsupervised Visual Representation Learning*, 2020.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{EmbeddingQueueConfig, InfoNceLossConfig};
///
/// let device = Device::flex();
/// let loss = InfoNceLossConfig::new().init(&device);
/// let queue = EmbeddingQueueConfig::new(16, 2).init(&device);
///
/// let queries = Tensor::<2>::from_floats([[1.0, 0.1], [0.1, 1.0]], &device);
/// let keys = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let value = loss.on(queries, keys.clone()).negatives(queue.embeddings()).reduce();
/// queue.push(keys);
/// # let _ = value;
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct EmbeddingQueue {
    /// Oldest first.
    embeddings: Shared<RunningState<Tensor<2>>>,
}

impl EmbeddingQueueConfig {
    /// Builds the queue, or says which number is out of its range.
    ///
    /// # Errors
    /// If `capacity` or `dimension` is 0.
    pub fn try_init(&self, device: &Device) -> Result<EmbeddingQueue, LossError> {
        let check = Check("EmbeddingQueueConfig");
        check.at_least_one("capacity", self.capacity)?;
        check.at_least_one("dimension", self.dimension)?;
        let shape = [self.capacity, self.dimension];
        let random = Tensor::random(shape, Distribution::Normal(0.0, 1.0), device);
        Ok(EmbeddingQueue {
            embeddings: Shared::new(RunningState::new(ready(random, true).detach())),
        })
    }

    /// Builds the queue.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> EmbeddingQueue {
        built(self.try_init(device))
    }
}
display!(EmbeddingQueue, |queue, content| {
    let [capacity, dimension] = queue.embeddings().dims();
    content
        .add("capacity", &capacity)
        .add("dimension", &dimension)
});

impl EmbeddingQueue {
    /// Returns the embeddings, oldest first, without a gradient.
    ///
    /// # Shapes
    /// - output: `[capacity, dimension]`
    pub fn embeddings(&self) -> Tensor<2> {
        held(&self.embeddings.lock())
    }

    /// Returns the number of embeddings it holds.
    pub fn capacity(&self) -> usize {
        self.embeddings().dims()[0]
    }

    /// Puts the embeddings of a batch in place of the oldest ones, for all clones of the queue. Only the last embeddings are kept
    /// of a batch that is larger than the queue.
    ///
    /// # Shapes
    /// - embeddings: `[N, dimension]`
    ///
    /// # Panics
    /// If the embeddings have another dimension.
    #[track_caller]
    pub fn push(&self, embeddings: Tensor<2>) {
        const NAME: &str = "EmbeddingQueue";
        let queue = self.embeddings.lock();
        let before = held(&queue);
        check_width(NAME, &embeddings, before.dims()[1]);
        if embeddings.dims()[0] > 0 {
            let embeddings = to_go_with(&before, embeddings);
            replace(&queue, pushed(before, embeddings));
        }
    }
}
