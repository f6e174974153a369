//! An encoder and the projection head it is trained through.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, activation::relu},
};

use crate::encoder::{Encoder, FEATURES};

/// Length of the vectors that the losses compare.
pub const PROJECTION: usize = 128;

/// What is trained. What is kept in the end is the encoder: the last layers before a loss forget
/// whatever the loss does not ask for (section 4.2 of the paper).
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

    /// Projections, `[N, PROJECTION]`, of images `[N, 1, SIDE, SIDE]`. Their mean over the batch is 0:
    /// new networks say nearly the same of every image, and that says nothing.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let features = self.encoder.forward(images);
        let projections = self.output.forward(relu(self.hidden.forward(features)));
        let mean = projections.clone().mean_dim(0);
        projections - mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, view::SIDE};

    #[test]
    fn images_become_projections_around_0() {
        let device = DeviceName::choose(None).expect("a device").open();
        let model = Model::new(&device);
        let images = Tensor::<4>::ones([2, 1, SIDE, SIDE], &device);
        let projections = model.forward(images);
        assert_eq!(projections.dims(), [2, PROJECTION]);
        assert!(projections.mean().into_scalar::<f32>().abs() < 1e-6);
    }
}
