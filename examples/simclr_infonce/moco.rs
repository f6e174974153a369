//! A momentum encoder and a queue of its embeddings.
//!
//! "Momentum Contrast for Unsupervised Visual Representation Learning" (MoCo), He et al., 2020: views are compared
//! with many that were embedded in earlier steps. So that these stay comparable, they come from a second encoder that
//! follows the first slowly.
//!
//! The model takes the mean over the batch off its projections (in the paper, batch normalisation does). Without that
//! all embeddings end up alike and drift together, away from those in the queue.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::{Device, Tensor, container::TensorContainer},
};
use burn_losses::{EmbeddingQueue, EmbeddingQueueConfig, InfoNceLoss, InfoNceLossConfig};

use crate::{
    batch::PairStream,
    loss::{TEMPERATURE, halves},
    network::{Model, PROJECTION},
};

/// Embeddings in the queue.
const CAPACITY: usize = 1024;

/// The share that the slow encoder keeps of itself in a step.
const MOMENTUM: f64 = 0.99;

pub struct Moco {
    /// Without autodiff.
    slow: Model,
    queue: EmbeddingQueue,
    loss: InfoNceLoss,
}

impl Moco {
    /// Fills the queue from the first batches, in place of the random directions it begins with.
    pub fn new(model: &Model, batches: &mut PairStream, device: &Device) -> Self {
        let moco = Self {
            slow: model.valid(),
            queue: EmbeddingQueueConfig::new(CAPACITY, PROJECTION).init(device),
            loss: InfoNceLossConfig::new()
                .with_temperature(TEMPERATURE)
                .init(device),
        };
        let mut embedded = 0;
        while embedded < CAPACITY {
            let keys = moco.embed(batches.next().expect("it is endless"));
            embedded += keys.dims()[0];
            moco.queue.push(keys);
        }
        moco
    }

    /// Each projection against what the slow encoder makes of its partner, and against the queue.
    pub fn forward(&mut self, projections: Tensor<2>, images: Tensor<4>) -> Tensor<1> {
        let [first, second] = halves(images);
        let keys = self.embed(Tensor::cat(vec![second, first], 0));
        let negatives = self.queue.embeddings();
        let loss = self
            .loss
            .on(projections, keys.clone())
            .negatives(negatives)
            .reduce();
        self.queue.push(keys);
        loss
    }

    /// Brings the slow encoder a little closer to the model.
    pub fn follow(&mut self, model: &Model) {
        let mut current = Parameters(TensorContainer::new());
        model.valid().visit(&mut current);
        self.slow = self.slow.clone().map(&mut current);
    }

    fn embed(&self, images: Tensor<4>) -> Tensor<2> {
        Tensor::from_inner(self.slow.forward(images.inner()))
    }
}

/// The parameters of a model by their names, and another model that moves towards them.
struct Parameters(TensorContainer<ParamId>);

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val());
    }
}

impl ModuleMapper for Parameters {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.0.get::<Tensor<D>>(&param.id) {
            Some(target) => param.map(|own| own * MOMENTUM + target * (1.0 - MOMENTUM)),
            None => param,
        }
    }
}
