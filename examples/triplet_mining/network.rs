//! The network that is trained: an encoder, a linear layer and a normalisation.

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig},
    tensor::{Device, Tensor},
};

use crate::encoder::{Encoder, FEATURES};

/// Length of an embedding.
pub const EMBEDDING: usize = 32;

#[derive(Module, Debug)]
pub struct Model {
    encoder: Encoder,
    output: Linear,
    /// Holds the mean over all images near 0. New networks say nearly the same of every image, and the
    /// hardest triplets would soon bring all directions together: that makes their loss the margin,
    /// where it is more before.
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

    /// A model with the same weights, to be trained. A mere clone would share its running means with
    /// this one.
    pub fn copy(&self) -> Self {
        self.valid().train()
    }

    /// Embeddings, `[N, EMBEDDING]`, of images `[N, 1, SIDE, SIDE]`. Only their directions count.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let features = self.encoder.forward(images);
        self.norm.forward(self.output.forward(features))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, view::SIDE};
    use burn::tensor::Distribution;

    #[test]
    fn images_become_embeddings() {
        let device = DeviceName::choose(None).expect("a device").open();
        let images = Tensor::<4>::ones([2, 1, SIDE, SIDE], &device);
        let embeddings = Model::new(&device).forward(images);
        assert_eq!(embeddings.dims(), [2, EMBEDDING]);
    }

    #[test]
    fn a_copy_leaves_the_model_as_it_was() {
        let device = DeviceName::choose(None).expect("a device").open();
        let model = Model::new(&device.clone().autodiff());
        let images = Tensor::<4>::random([4, 1, SIDE, SIDE], Distribution::Default, &device);
        let embed = |model: &Model| model.valid().forward(images.clone());
        let before = embed(&model);
        let copy = model.copy();
        let apart = |other: Tensor<2>| {
            let difference = (before.clone() - other).abs().max();
            difference.into_scalar::<f32>()
        };
        assert_eq!(apart(embed(&copy)), 0.0);
        // A step of training moves the running means.
        copy.forward(Tensor::from_inner(images.clone()));
        assert!(apart(embed(&copy)) > 0.0);
        assert_eq!(apart(embed(&model)), 0.0);
    }
}
