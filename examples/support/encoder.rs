//! A small convolutional encoder of views.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

use super::conv_block::ConvBlock;

/// Channels and stride of each convolution.
const BLOCKS: [(usize, usize); 5] = [(16, 2), (32, 1), (64, 2), (64, 1), (FEATURES, 2)];

/// Length of a feature vector.
pub const FEATURES: usize = 128;

/// Images to feature vectors, wherever on the image something is.
#[derive(Module, Debug)]
pub struct Encoder {
    blocks: Vec<ConvBlock>,
}

impl Encoder {
    pub fn new(device: &Device) -> Self {
        let inputs = [1].into_iter().chain(BLOCKS.map(|(channels, _)| channels));
        let blocks = inputs
            .zip(BLOCKS)
            .map(|(input, (output, stride))| ConvBlock::new(input, output, stride, device));
        Self {
            blocks: blocks.collect(),
        }
    }

    /// Features, `[N, FEATURES]`, of images `[N, 1, SIDE, SIDE]`: the mean over all places.
    pub fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let blocks = self.blocks.iter();
        let map = blocks.fold(images, |x, block| block.forward(x));
        map.mean_dims(&[2, 3]).flatten(1, 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, view::SIDE};

    #[test]
    fn images_become_features() {
        let device = DeviceName::choose(None).expect("a device").open();
        let images = Tensor::<4>::ones([2, 1, SIDE, SIDE], &device);
        let features = Encoder::new(&device).forward(images);
        assert_eq!(features.dims(), [2, FEATURES]);
    }
}
