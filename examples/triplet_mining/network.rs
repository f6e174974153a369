//! The network that is trained: an encoder, a linear layer and a normalisation.

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use support::network::{Encoder, FEATURES};

/// Length of an embedding.
const EMBEDDING: usize = 32;

#[derive(Module, Debug)]
pub struct Model {
    encoder: Encoder,
    output: Linear,
    /// Holds the mean over all images near 0. New networks say nearly the same of every image, and the hardest
    /// triplets would soon bring all directions together: that makes their loss the margin, where it is more before.
    norm: BatchNorm,
}

impl Model {
    pub fn new(device: &Device) -> Self {
        Self {
            encoder: Encoder::new(device),
            output: LinearConfig::new(FEATURES, EMBEDDING).init(device),
            norm: BatchNormConfig::new(EMBEDDING).init(device),
        }
    }

    /// Embeddings, `[N, EMBEDDING]`, of images `[N, 1, SIDE, SIDE]`. Only their directions count.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let features = self.encoder.forward(images);
        self.norm.forward(self.output.forward(features))
    }
}
