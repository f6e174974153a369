//! A momentum encoder and a queue of its embeddings.
//!
//! "Momentum Contrast for Unsupervised Visual Representation Learning" (MoCo), He et al., 2020: views are
//! compared with many that were embedded in earlier steps. So that these stay comparable, they come from
//! a second encoder that follows the first slowly.
//!
//! What keeps new embeddings from being told from old ones by anything but the digits is that the model
//! takes the mean over the batch off (in the paper, batch normalisation does). Without it all
//! embeddings here end up alike and drift together, away from those in the queue.

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId},
    tensor::{Device, Tensor, container::TensorContainer},
};
use burn_losses::{EmbeddingQueue, EmbeddingQueueConfig, InfoNceLoss, InfoNceLossConfig};

use crate::network::{Model, PROJECTION};

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
    /// Fills the queue from the first batches.
    pub fn new(
        model: &Model,
        temperature: f64,
        batches: &mut impl Iterator<Item = Tensor<4>>,
        device: &Device,
    ) -> Self {
        let loss = InfoNceLossConfig::new().with_temperature(temperature);
        let moco = Self {
            slow: model.valid(),
            queue: EmbeddingQueueConfig::new(CAPACITY, PROJECTION).init(device),
            loss: loss.init(device),
        };
        // In place of the random directions a queue begins with.
        let mut embedded = 0;
        while embedded < CAPACITY {
            let Some(images) = batches.next() else { break };
            let keys = moco.embed(images);
            embedded += keys.dims()[0];
            moco.queue.push(keys);
        }
        moco
    }

    /// Each projection against what the slow encoder makes of its partner, and against the queue.
    pub fn forward(&mut self, images: Tensor<4>, projections: Tensor<2>) -> Tensor<1> {
        let keys = self.embed(exchange_halves(images));
        let negatives = self.queue.embeddings();
        let evaluation = self.loss.on(projections, keys.clone());
        let loss = evaluation.negatives(negatives).reduce();
        self.queue.push(keys);
        loss
    }

    /// Brings the slow encoder a little closer to the model.
    pub fn follow(&mut self, model: &Model) {
        let mut current = Parameters(TensorContainer::new());
        model.valid().visit(&mut current);
        self.slow = self.slow.clone().map(&mut Follow(&current));
    }

    fn embed(&self, images: Tensor<4>) -> Tensor<2> {
        Tensor::from_inner(self.slow.forward(images.inner()))
    }
}

/// First and second views change places, so that each view meets its partner.
fn exchange_halves(images: Tensor<4>) -> Tensor<4> {
    let pairs = images.dims()[0] / 2;
    let half = |start| images.clone().narrow(0, start, pairs);
    Tensor::cat(vec![half(pairs), half(0)], 0)
}

/// The parameters of a model by their names.
struct Parameters(TensorContainer<ParamId>);

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.register(param.id, param.val());
    }
}

/// Moves each parameter of a model towards the one with the same name.
struct Follow<'a>(&'a Parameters);

impl ModuleMapper for Follow<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.0.0.get::<Tensor<D>>(&param.id) {
            Some(target) => param.map(|own| own * MOMENTUM + target * (1.0 - MOMENTUM)),
            None => param,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{batch::PairStream, device::DeviceName, digits::DigitSets, view::SIDE};
    use burn::tensor::Distribution;

    /// The sum of all parameters.
    struct Sum(f64);

    impl ModuleVisitor for Sum {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 += f64::from(param.val().sum().into_scalar::<f32>());
        }
    }

    /// Makes all parameters 0.
    struct Clear;

    impl ModuleMapper for Clear {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|own| own.zeros_like().require_grad())
        }
    }

    fn sum(model: &Model) -> f64 {
        let mut sum = Sum(0.0);
        model.visit(&mut sum);
        sum.0
    }

    fn moco() -> (Moco, Model) {
        let device = DeviceName::choose(None)
            .expect("a device")
            .open()
            .autodiff();
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let model = Model::new(&device);
        let mut batches = PairStream::new(&digits, 256, 1, &device);
        (Moco::new(&model, 0.2, &mut batches, &device), model)
    }

    #[test]
    fn the_queue_holds_embeddings_from_the_start() {
        let (moco, _) = moco();
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let device = moco.queue.embeddings().device().autodiff();
        let batches = PairStream::new(&digits.train, 256, 1, &device);
        let embedded = batches
            .take(CAPACITY / 512)
            .map(|images| moco.embed(images));
        let expected = Tensor::cat(embedded.collect(), 0);
        let apart = (moco.queue.embeddings() - expected.inner()).abs().max();
        assert!(apart.into_scalar::<f32>() < 1e-5);
    }

    #[test]
    fn the_slow_encoder_goes_a_hundredth_of_the_way() {
        let (mut moco, model) = moco();
        let before = sum(&moco.slow);
        assert!((before - sum(&model.valid())).abs() < 1e-6);
        moco.follow(&model.map(&mut Clear));
        let after = sum(&moco.slow);
        assert!((after - before * MOMENTUM).abs() < 1e-3, "{before} {after}");
    }

    #[test]
    fn the_batch_joins_the_queue_after_its_loss() {
        let (mut moco, model) = moco();
        let before = moco.queue.embeddings();
        let images =
            Tensor::<4>::random([4, 1, SIDE, SIDE], Distribution::Default, &before.device());
        let loss = moco.forward(images.clone(), model.forward(images.clone()));
        assert!(loss.into_scalar::<f32>() > 0.0);
        let kept = before.narrow(0, 4, CAPACITY - 4);
        let expected = Tensor::cat(vec![kept, moco.embed(exchange_halves(images))], 0);
        let difference = (moco.queue.embeddings() - expected).abs().max();
        assert!(difference.into_scalar::<f32>() < 1e-5);
    }

    #[test]
    fn views_meet_their_partners() {
        let device = DeviceName::choose(None).expect("a device").open();
        let images = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0], &device);
        let exchanged = exchange_halves(images.reshape([4, 1, 1, 1]));
        let numbers: Vec<f32> = exchanged.into_data().iter::<f32>().collect();
        assert_eq!(numbers, [3.0, 4.0, 1.0, 2.0]);
    }
}
