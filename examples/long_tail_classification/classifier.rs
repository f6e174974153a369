//! Network and loss together: what burn-train's `Learner` trains.

use burn::{
    module::Module,
    tensor::Device,
    train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep},
};
use burn_losses::{ClassificationLoss, ClassificationLossConfig};

use crate::{
    batch::DigitBatch,
    evaluate::{Prediction, predictions},
    loss_file::LossFile,
    network::DigitNet,
};

/// Cosines times this are logits: the scale of LDAM's authors, for every loss.
const SCALE: f64 = 30.0;

#[derive(Module, Debug)]
pub struct Classifier {
    network: DigitNet,
    loss: ClassificationLoss,
    /// What the network's cosines are multiplied with before the loss.
    loss_scale: f64,
    /// What they are multiplied with for the softmax of the trained network.
    softmax_scale: f64,
}

impl Classifier {
    pub fn new(file: &LossFile, device: &Device) -> Self {
        // LDAM scales what it is given itself, after it has taken the margin off.
        let (loss_scale, softmax_scale) = match &file.config {
            ClassificationLossConfig::Ldam(config) => (1.0, config.scale),
            _ => (SCALE, SCALE),
        };
        Self {
            network: DigitNet::new(device),
            loss: file.loss.clone(),
            loss_scale,
            softmax_scale,
        }
    }

    /// The trained network's answers. What a loss adds to logits in training, margins or the
    /// frequencies of classes, is not added here.
    pub fn predict(&self, batch: DigitBatch) -> Vec<Prediction> {
        let logits = self.network.forward(batch.images) * self.softmax_scale;
        predictions(logits, batch.targets)
    }

    fn output(&self, batch: DigitBatch) -> ClassificationOutput {
        let logits = self.network.forward(batch.images) * self.loss_scale;
        let loss = self.loss.forward(logits.clone(), batch.targets.clone());
        ClassificationOutput::new(loss, logits, batch.targets)
    }
}

impl TrainStep for Classifier {
    type Input = DigitBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: DigitBatch) -> TrainOutput<ClassificationOutput> {
        let output = self.output(batch);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Classifier {
    type Input = DigitBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: DigitBatch) -> ClassificationOutput {
        self.output(batch)
    }
}
