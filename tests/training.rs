//! Memories of past embeddings as parts of a model that burn-train trains: they change in a step that takes `&self`.

use burn::{
    backend::ExecutionError,
    data::{
        dataloader::{DataLoader, DataLoaderBuilder, batcher::Batcher},
        dataset::InMemDataset,
    },
    module::Module,
    nn::{Linear, LinearConfig},
    optim::AdamConfig,
    tensor::{Device, Int, Tensor},
    train::{
        InferenceStep, ItemLazy, Learner, SupervisedTraining, TrainOutput, TrainStep,
        logger::InMemoryMetricLogger,
    },
};
use burn_losses::{
    ContrastiveLoss, ContrastiveLossConfig, CrossBatchMemory, CrossBatchMemoryConfig,
    EmbeddingQueue, EmbeddingQueueConfig, InfoNceLoss, InfoNceLossConfig,
};
use std::{
    sync::{Arc, Barrier},
    thread,
};

/// How many embeddings the memories hold.
const CAPACITY: usize = 12;
/// How many items there are, in batches of 8.
const ITEMS: usize = 24;
const WIDTH: usize = 4;
const RATE: f64 = 1e-3;

/// Inputs and the numbers of their items.
#[derive(Clone, Debug)]
struct Batch {
    inputs: Tensor<2>,
    labels: Tensor<1, Int>,
}

#[derive(Clone)]
struct Numbers;

impl Batcher<usize, Batch> for Numbers {
    fn batch(&self, items: Vec<usize>, device: &Device) -> Batch {
        let value = |i: usize| (i * i * 7 % 31) as f32 / 8.0 - 2.0;
        let values = items
            .iter()
            .flat_map(|item| (0..WIDTH).map(move |i| value(item * WIDTH + i)));
        let values: Vec<f32> = values.collect();
        let labels: Vec<i64> = items.iter().map(|&item| item as i64).collect();
        Batch {
            inputs: Tensor::<1>::from_floats(&values[..], device).reshape([items.len(), WIDTH]),
            labels: Tensor::from_ints(&labels[..], device),
        }
    }
}

fn loader() -> Arc<dyn DataLoader<Batch>> {
    let items = InMemDataset::new((0..ITEMS).collect());
    DataLoaderBuilder::new(Numbers).batch_size(8).build(items)
}

#[derive(Module, Debug)]
struct Model {
    network: Linear,
    of_queue: InfoNceLoss,
    queue: EmbeddingQueue,
    of_memory: ContrastiveLoss,
    memory: CrossBatchMemory,
}

impl Model {
    fn new(device: &Device) -> Self {
        Self {
            network: LinearConfig::new(WIDTH, 2).init(device),
            of_queue: InfoNceLossConfig::new().init(device),
            queue: EmbeddingQueueConfig::new(CAPACITY, 2).init(device),
            of_memory: ContrastiveLossConfig::new().init(),
            memory: CrossBatchMemoryConfig::new(CAPACITY, 2).init(device),
        }
    }

    fn loss(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        let keys = embeddings.clone().detach();
        let evaluation = self.of_queue.on(embeddings.clone(), keys);
        let against_queue = evaluation.negatives(self.queue.embeddings()).reduce();
        let (past, past_labels) = self.memory.contents();
        let evaluation = self.of_memory.on(embeddings, labels);
        against_queue + evaluation.reference(past, past_labels).reduce()
    }
}

/// The loss of a batch.
struct Output(Tensor<1>);

impl ItemLazy for Output {
    fn sync(self) -> Result<Self, ExecutionError> {
        Ok(Self(self.0.without_autodiff()))
    }
}

impl InferenceStep for Model {
    type Input = Batch;
    type Output = Output;

    fn step(&self, batch: Batch) -> Output {
        Output(self.loss(self.network.forward(batch.inputs), batch.labels))
    }
}

impl TrainStep for Model {
    type Input = Batch;
    type Output = Output;

    fn step(&self, batch: Batch) -> TrainOutput<Output> {
        let embeddings = self.network.forward(batch.inputs);
        let loss = self.loss(embeddings.clone(), batch.labels.clone());
        self.queue.push(embeddings.clone());
        self.memory.push(embeddings, batch.labels);
        TrainOutput::new(self, loss.backward(), Output(loss))
    }
}

fn devices() -> Vec<Device> {
    let sites = crate::support::differentiable_sites_and_gpu();
    let mut devices: Vec<Device> = sites.into_iter().map(|site| site.device).collect();
    devices.dedup();
    devices
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

fn labels(memory: &CrossBatchMemory) -> Vec<i64> {
    memory.contents().1.into_data().iter().collect()
}

#[track_caller]
fn assert_same_contents(one: &Model, other: &Model) {
    let queue = |model: &Model| numbers(model.queue.embeddings());
    assert_eq!(queue(one), queue(other));
    assert_eq!(labels(&one.memory), labels(&other.memory));
    let memory = |model: &Model| numbers(model.memory.contents().0);
    assert_eq!(memory(one), memory(other));
}

#[test]
fn memories_are_trained_with_a_model_and_saved_and_loaded_with_it() {
    for device in devices() {
        device.seed(7);
        let model = Model::new(&device);
        let weight = numbers(model.network.weight.val());
        let learner = Learner::new(model, AdamConfig::new().init(), RATE);
        let training = SupervisedTraining::new("unused", loader(), loader())
            .with_metric_logger(InMemoryMetricLogger::default())
            .with_application_logger(None)
            .num_epochs(2);
        let trained = training.launch(learner).model;

        // What the last steps pushed, oldest first; the validation has changed nothing.
        let last = ITEMS - CAPACITY..ITEMS;
        let expected: Vec<i64> = last.clone().map(|item| item as i64).collect();
        assert_eq!(labels(&trained.memory), expected);
        let queue = numbers(trained.queue.embeddings());
        assert_eq!(queue, numbers(trained.memory.contents().0));
        let inputs = Numbers
            .batch(last.collect(), &device.clone().without_autodiff())
            .inputs;
        let now = numbers(trained.network.forward(inputs));
        for (pushed, now) in queue.iter().zip(now) {
            // The network has moved by two steps at most since then.
            assert!((pushed - now).abs() < 30.0 * RATE as f32, "{pushed} {now}");
        }
        let moved = numbers(trained.network.weight.val());
        assert!(moved.iter().zip(&weight).any(|(now, before)| now != before));

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("model");
        trained.clone().save_file(&path).expect("a saved model");
        let loaded = Model::new(&device).load_file(&path);
        assert_same_contents(&loaded, &trained);
        // And it goes on from there.
        let batch = Numbers.batch(vec![100], &device);
        TrainStep::step(&loaded, batch);
        assert_eq!(
            labels(&loaded.memory)[CAPACITY - 2..],
            [ITEMS as i64 - 1, 100]
        );
        assert_eq!(labels(&trained.memory), expected);
    }
}

/// A copy for validation has what the model holds when it is made, and nothing of later.
#[test]
fn a_copy_for_validation_keeps_its_contents() {
    for device in devices() {
        let model = Model::new(&device);
        TrainStep::step(&model, Numbers.batch((0..8).collect(), &device));
        let (clone, valid) = (model.clone(), model.valid());
        assert_same_contents(&valid, &model);
        assert!(!valid.queue.embeddings().is_autodiff());
        let before = labels(&model.memory);
        TrainStep::step(&model, Numbers.batch(vec![50], &device));
        assert_same_contents(&clone, &model);
        assert_eq!(labels(&valid.memory), before);
        assert_ne!(labels(&model.memory), before);
        // Keys of an encoder without autodiff.
        valid.queue.push(Tensor::ones([1, 2], &device));
        model
            .queue
            .push(Tensor::ones([1, 2], &valid.queue.embeddings().device()));
        assert_eq!(
            numbers(model.queue.embeddings())[2 * CAPACITY - 2..],
            [1.0; 2]
        );
    }
}

/// Every push of every thread is there, and whole: nothing is averaged.
#[test]
fn pushes_of_several_threads_follow_one_another() {
    const THREADS: usize = 4;
    const PUSHES: usize = 50;
    const ALL: usize = THREADS * PUSHES;
    const WIDE: usize = 64; // So that a push takes its time.
    for device in devices() {
        let memory = CrossBatchMemoryConfig::new(ALL, WIDE).init(&device);
        let queue = EmbeddingQueueConfig::new(ALL, WIDE).init(&device);
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (memory, queue) = (memory.clone(), queue.clone());
                let (device, together) = (&device, &together);
                scope.spawn(move || {
                    together.wait();
                    for item in thread * PUSHES..(thread + 1) * PUSHES {
                        let row = Tensor::<2>::full([1, WIDE], item as f32, device);
                        queue.push(row.clone());
                        memory.push(row, Tensor::from_ints([item as i64], device));
                    }
                });
            }
        });
        let (held, of_held) = memory.contents();
        let of_held: Vec<i64> = of_held.into_data().iter().collect();
        for (row, &label) in numbers(held).chunks(WIDE).zip(&of_held) {
            assert_eq!(row, [label as f32; WIDE]);
        }
        let all: Vec<i64> = (0..ALL as i64).collect();
        let sorted = |mut labels: Vec<i64>| {
            labels.sort_unstable();
            labels
        };
        assert_eq!(sorted(of_held), all);
        let queue = numbers(queue.embeddings());
        let of_queue = queue.chunks(WIDE).map(|row| row[0] as i64).collect();
        assert_eq!(sorted(of_queue), all);
    }
}
