//! A memory of past embeddings and their labels.

use crate::{
    backend::NO_LABEL,
    config::config,
    embeddings::{RunningLabels, Shared, beside, held, of_one_type, pushed, replace, to_go_with},
    error::{Check, LossError, built, check_labels, check_width},
    module::display,
};
use burn::{
    module::{Module, RunningState},
    tensor::{Device, Int, Tensor},
};

config! {
    /// Configuration of [`CrossBatchMemory`].
    pub struct CrossBatchMemoryConfig {
        /// The number of embeddings it holds, at least 1.
        pub capacity: usize,
        /// The dimension of the embeddings, at least 1.
        pub dimension: usize,
    }
}

/// A first-in, first-out memory of embeddings and their labels, the reference set of later batches.
///
/// The memory begins empty: free places have the label [`CrossBatchMemory::NO_LABEL`], which every loss and miner
/// ignores. Its contents, oldest first, are saved and loaded with the module but not trained. Read the memory before
/// the batch is pushed, so that no embedding finds itself in it. ([`EmbeddingQueue`](crate::EmbeddingQueue) is MoCo's
/// queue of keys without labels.)
///
/// A push takes a shared reference, like the running statistics of Burn's `BatchNorm`: the memory works as part of a
/// model whose `TrainStep::step` takes `&self`. Clones share their contents, so the copies that burn-train makes of a
/// model all see a push; `valid()` copies them.
///
/// Source: X. Wang et al., *Cross-Batch Memory for Embedding Learning*, 2020.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{ContrastiveLossConfig, CrossBatchMemoryConfig};
///
/// let device = Device::flex();
/// let loss = ContrastiveLossConfig::new().init();
/// let memory = CrossBatchMemoryConfig::new(64, 2).init(&device);
///
/// let embeddings = Tensor::<2>::from_floats([[1.0, 0.1], [0.1, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([3, 4], &device);
/// let in_batch = loss.forward(embeddings.clone(), labels.clone());
/// let (past, past_labels) = memory.contents();
/// let across = loss.on(embeddings.clone(), labels.clone()).reference(past, past_labels).reduce();
/// assert_eq!(across.clone().into_scalar::<f32>(), 0.0); // Nothing is in it yet.
/// memory.push(embeddings, labels);
/// # let _ = in_batch + across;
/// ```
///
/// In a training step of burn-train:
/// ```
/// use burn::{
///     backend::ExecutionError,
///     module::Module,
///     nn::{Linear, LinearConfig},
///     tensor::{Device, Int, Tensor},
///     train::{ItemLazy, TrainOutput, TrainStep},
/// };
/// use burn_losses::{ContrastiveLoss, ContrastiveLossConfig, CrossBatchMemory, CrossBatchMemoryConfig};
///
/// #[derive(Module, Debug)]
/// struct Model {
///     network: Linear,
///     loss: ContrastiveLoss,
///     memory: CrossBatchMemory,
/// }
///
/// struct Output(Tensor<1>);
///
/// impl ItemLazy for Output {
///     fn sync(self) -> Result<Self, ExecutionError> {
///         Ok(Self(self.0.without_autodiff()))
///     }
/// }
///
/// impl TrainStep for Model {
///     type Input = (Tensor<2>, Tensor<1, Int>);
///     type Output = Output;
///
///     fn step(&self, (inputs, labels): Self::Input) -> TrainOutput<Output> {
///         let embeddings = self.network.forward(inputs);
///         let in_batch = self.loss.forward(embeddings.clone(), labels.clone());
///         // First read the memory, then push: no embedding finds itself.
///         let (past, past_labels) = self.memory.contents();
///         let evaluation = self.loss.on(embeddings.clone(), labels.clone());
///         let across = evaluation.reference(past, past_labels).reduce();
///         self.memory.push(embeddings, labels);
///         let loss = in_batch + across;
///         TrainOutput::new(self, loss.backward(), Output(loss))
///     }
/// }
///
/// let device = Device::flex().autodiff();
/// let model = Model {
///     network: LinearConfig::new(4, 2).init(&device),
///     loss: ContrastiveLossConfig::new().init(),
///     memory: CrossBatchMemoryConfig::new(64, 2).init(&device),
/// };
/// let batch = (Tensor::ones([3, 4], &device), Tensor::from_ints([0, 0, 1], &device));
/// TrainStep::step(&model, batch);
/// let labels: Vec<i64> = model.memory.contents().1.into_data().iter().collect();
/// assert_eq!(labels[61..], [0, 0, 1]);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct CrossBatchMemory {
    held: Shared<Entries>,
}

/// Embeddings and the labels that belong to them, oldest first.
#[derive(Module, Debug)]
struct Entries {
    embeddings: RunningState<Tensor<2>>,
    labels: RunningLabels,
}

impl Entries {
    fn contents(&self) -> (Tensor<2>, Tensor<1, Int>) {
        (held(&self.embeddings), self.labels.value())
    }
}

impl CrossBatchMemoryConfig {
    /// Builds the memory, or says which number is out of its range.
    ///
    /// # Errors
    /// If `capacity` or `dimension` is 0.
    pub fn try_init(&self, device: &Device) -> Result<CrossBatchMemory, LossError> {
        let check = Check("CrossBatchMemoryConfig");
        check.at_least_one("capacity", self.capacity)?;
        check.at_least_one("dimension", self.dimension)?;
        let nothing = Tensor::zeros([self.capacity, self.dimension], device);
        let labels = Tensor::full([self.capacity], NO_LABEL, device);
        let entries = Entries {
            embeddings: RunningState::new(nothing),
            labels: RunningLabels::new(labels),
        };
        Ok(CrossBatchMemory {
            held: Shared::new(entries),
        })
    }

    /// Builds the memory.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> CrossBatchMemory {
        built(self.try_init(device))
    }
}
display!(CrossBatchMemory, |memory, content| {
    let [capacity, dimension] = memory.contents().0.dims();
    content
        .add("capacity", &capacity)
        .add("dimension", &dimension)
});

impl CrossBatchMemory {
    /// The label of free places. An embedding with this label is in no pair, wherever it is: it is no anchor, no positive
    /// and no negative, and its contents are not looked at.
    pub const NO_LABEL: i64 = NO_LABEL;

    /// Returns the embeddings and their labels, oldest first, without a gradient.
    ///
    /// # Shapes
    /// - output: `[capacity, dimension]` and `[capacity]`
    pub fn contents(&self) -> (Tensor<2>, Tensor<1, Int>) {
        self.held.lock().contents()
    }

    /// Returns the number of embeddings it has room for.
    pub fn capacity(&self) -> usize {
        held(&self.held.lock().embeddings).dims()[0]
    }

    /// Puts the embeddings of a batch in place of the oldest ones, for all clones of the memory. Only the last
    /// embeddings are kept of a batch that is larger than the memory.
    ///
    /// # Shapes
    /// - embeddings: `[N, dimension]`
    /// - labels: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn push(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) {
        const NAME: &str = "CrossBatchMemory";
        let entries = self.held.lock();
        let (before, labels_before) = entries.contents();
        check_width(NAME, &embeddings, before.dims()[1]);
        let count = embeddings.dims()[0];
        check_labels(NAME, labels.dims()[0], count);
        if count > 0 {
            let embeddings = to_go_with(&before, embeddings);
            let labels = beside(&labels_before, labels);
            let (labels_before, labels) = of_one_type(labels_before, labels);
            let (embeddings, labels) = (pushed(before, embeddings), pushed(labels_before, labels));
            replace(&entries.embeddings, embeddings);
            entries.labels.replace(labels);
        }
    }
}
