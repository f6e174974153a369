//! An encoder and the projection head it is trained through.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::relu},
};
use support::network::{Encoder, FEATURES};

/// Length of the vectors that the losses compare.
pub const PROJECTION: usize = 128;

/// What is trained. What is kept in the end is the encoder: the last layers before a loss forget whatever the loss
/// does not ask for (section 4.2 of the paper).
#[derive(Module, Debug)]
pub struct Model {
    pub encoder: Encoder,
    hidden: Linear,
    output: Linear,
}

impl Model {
    pub fn new(device: &Device) -> Self {
        Self {
            encoder: Encoder::new(device),
            hidden: LinearConfig::new(FEATURES, FEATURES).init(device),
            output: LinearConfig::new(FEATURES, PROJECTION).init(device),
        }
    }

    /// Projections, `[N, PROJECTION]`, of images `[N, 1, SIDE, SIDE]`. Their mean over the batch is 0: new networks
    /// say nearly the same of every image, and that says nothing.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let features = self.encoder.forward(images);
        let projections = self.output.forward(relu(self.hidden.forward(features)));
        projections.clone() - projections.mean_dim(0)
    }
}
