//! The losses that need no labels.

use burn::tensor::{Device, Tensor};
use burn_losses::{
    BarlowTwinsLossConfig, DclLossConfig, NtXentLossConfig, VicRegLossConfig, ViewLoss,
    ViewLossConfig,
};
use clap::ValueEnum;
use serde::Serialize;

use crate::{batch::PairStream, moco::Moco, network::Model};

/// For contrastive losses: the lower, the more a view counts that is close.
pub const TEMPERATURE: f64 = 0.2;

/// A loss by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LossName {
    /// NT-Xent: find the partner of each view among all views of the batch (SimCLR)
    Ntxent,
    /// Decoupled contrastive loss: NT-Xent, the partner not counted among the others
    Dcl,
    /// Barlow Twins: the same number in both views, and no two numbers alike
    Barlow,
    /// VICReg: the same in both views, every number varied, no two numbers alike
    Vicreg,
    /// InfoNCE against a queue of earlier views from a slowly following encoder (MoCo)
    Moco,
}

/// A loss, with whatever it remembers from step to step.
pub enum Objective {
    Views(ViewLoss),
    Moco(Box<Moco>),
}

impl Objective {
    /// Takes a few of the batches where there is a queue to fill.
    pub fn new(name: LossName, model: &Model, batches: &mut PairStream, device: &Device) -> Self {
        let config: ViewLossConfig = match name {
            LossName::Ntxent => NtXentLossConfig::new().with_temperature(TEMPERATURE).into(),
            LossName::Dcl => DclLossConfig::new().with_temperature(TEMPERATURE).into(),
            LossName::Barlow => BarlowTwinsLossConfig::new().into(),
            LossName::Vicreg => VicRegLossConfig::new().into(),
            LossName::Moco => return Self::Moco(Box::new(Moco::new(model, batches, device))),
        };
        Self::Views(config.init(device))
    }

    /// The loss of projections `[2N, D]`: first views, then second views.
    pub fn forward(&mut self, projections: Tensor<2>, images: Tensor<4>) -> Tensor<1> {
        match self {
            Self::Views(loss) => {
                let [first, second] = halves(projections);
                loss.forward(first, second)
            }
            Self::Moco(moco) => moco.forward(projections, images),
        }
    }

    /// To be called after a step, with the model as it now is.
    pub fn follow(&mut self, model: &Model) {
        if let Self::Moco(moco) = self {
            moco.follow(model);
        }
    }
}

/// First and second views.
pub fn halves<const D: usize>(views: Tensor<D>) -> [Tensor<D>; 2] {
    let pairs = views.dims()[0] / 2;
    [0, pairs].map(|start| views.clone().narrow(0, start, pairs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use support::{device::DeviceName, digits::DigitSets};

    #[test]
    fn every_loss_has_a_finite_gradient() {
        let device = DeviceName::choose(None)
            .expect("a device")
            .open()
            .autodiff();
        let digits = DigitSets::bundled().expect("sound digits").train;
        let model = Model::new(&device);
        for &name in LossName::value_variants() {
            let mut batches = PairStream::new(&digits, 4, 1, &device);
            let mut loss = Objective::new(name, &model, &mut batches, &device);
            let images = batches.next().expect("it is endless");
            let projections = model.forward(images.clone()).detach().require_grad();
            let value = loss.forward(projections.clone(), images);
            let gradient = projections.grad(&value.backward()).expect("it is tracked");
            let size = gradient.abs().sum().into_scalar::<f32>();
            assert!(size.is_finite() && size > 0.0, "{name:?}: {size}");
            loss.follow(&model);
        }
    }
}
