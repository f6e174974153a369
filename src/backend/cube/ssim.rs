//! The structural similarity of images.

use super::stream::{Inputs, enqueue};
use crate::{
    backend::ssim::{FusedSsim, SsimCall, SsimDifferentiated},
    kernel::gpu::{self, Named, SsimFound, SsimPlanes},
};
use burn::backend::{Cube, TensorMetadata};

impl FusedSsim for Cube {
    fn differentiate_ssim(call: SsimCall<Self>) -> SsimDifferentiated<Self> {
        let SsimCall {
            ssim,
            sides,
            images: [prediction, target],
            references,
            wanted,
        } = call;
        let shape = prediction.shape();
        let gradients = wanted.map(|wanted| wanted.then(|| shape.clone()));
        let outputs = [Some(references.shape())].into_iter().chain(gradients);
        let outputs: Vec<_> = outputs.flatten().collect();
        let ssim = Named::of((*ssim).clone());
        let work = move |mut inputs: Inputs<'_>| {
            let SsimFound { losses, gradients } = gpu::ssim(SsimPlanes {
                ssim: ssim.clone(),
                sides,
                images: [inputs.float(), inputs.float()],
                references: inputs.float(),
                wanted,
            });
            let outputs = [Some(losses)].into_iter().chain(gradients);
            outputs.flatten().collect()
        };
        let inputs = vec![prediction, target, references];
        let mut outputs = enqueue("burn_losses::ssim", inputs, &outputs, work);
        let mut next = || outputs.next().expect("an output of the operation");
        SsimDifferentiated {
            losses: next(),
            gradients: wanted.map(|wanted| wanted.then(&mut next)),
        }
    }
}
