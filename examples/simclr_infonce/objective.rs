//! What the network is trained for: the losses of this crate that need no labels.

use burn::tensor::{Device, Tensor};
use burn_losses::{
    BarlowTwinsLoss, BarlowTwinsLossConfig, DclLoss, DclLossConfig, NtXentLoss, NtXentLossConfig,
    VicRegLoss, VicRegLossConfig,
};
use clap::ValueEnum;
use serde::Serialize;

use crate::{moco::Moco, network::Model};

/// For contrastive losses: how much a view that is close counts for more than one that is far away.
const TEMPERATURE: f64 = 0.2;

/// A loss that can be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
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

impl LossKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ntxent => "NT-Xent",
            Self::Dcl => "DCL",
            Self::Barlow => "Barlow Twins",
            Self::Vicreg => "VICReg",
            Self::Moco => "MoCo",
        }
    }
}

/// A loss, with whatever it remembers from step to step.
pub enum Objective {
    NtXent(NtXentLoss),
    Dcl(DclLoss),
    Barlow(BarlowTwinsLoss),
    VicReg(VicRegLoss),
    Moco(Box<Moco>),
}

impl Objective {
    /// Takes a few of the batches where there is a memory to fill.
    pub fn new(
        kind: LossKind,
        model: &Model,
        batches: &mut impl Iterator<Item = Tensor<4>>,
        device: &Device,
    ) -> Self {
        match kind {
            LossKind::Ntxent => {
                let config = NtXentLossConfig::new().with_temperature(TEMPERATURE);
                Self::NtXent(config.init(device))
            }
            LossKind::Dcl => {
                let config = DclLossConfig::new().with_temperature(TEMPERATURE);
                Self::Dcl(config.init(device))
            }
            LossKind::Barlow => Self::Barlow(BarlowTwinsLossConfig::new().init()),
            LossKind::Vicreg => Self::VicReg(VicRegLossConfig::new().init()),
            LossKind::Moco => Self::Moco(Box::new(Moco::new(model, TEMPERATURE, batches, device))),
        }
    }

    /// The loss of a batch of images, first and then second views, and their projections `[2N, D]`.
    pub fn forward(&mut self, images: Tensor<4>, projections: Tensor<2>) -> Tensor<1> {
        let halves = || {
            let pairs = projections.dims()[0] / 2;
            let half = |start| projections.clone().narrow(0, start, pairs);
            (half(0), half(pairs))
        };
        match self {
            Self::NtXent(loss) => {
                let (first, second) = halves();
                loss.forward(first, second)
            }
            Self::Dcl(loss) => {
                let (first, second) = halves();
                loss.forward(first, second)
            }
            Self::Barlow(loss) => {
                let (first, second) = halves();
                loss.forward(first, second)
            }
            Self::VicReg(loss) => {
                let (first, second) = halves();
                loss.forward(first, second)
            }
            Self::Moco(moco) => moco.forward(images, projections),
        }
    }

    /// To be called after a step, with the model as it now is.
    pub fn follow(&mut self, model: &Model) {
        if let Self::Moco(moco) = self {
            moco.follow(model);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{batch::PairStream, device::DeviceName, digits::DigitSets};

    #[test]
    fn every_loss_has_a_finite_gradient() {
        let device = DeviceName::choose(None)
            .expect("a device")
            .open()
            .autodiff();
        let digits = DigitSets::bundled()
            .expect("the bundled file is sound")
            .train;
        let model = Model::new(&device);
        for &kind in LossKind::value_variants() {
            let mut batches = PairStream::new(&digits, 4, 1, &device);
            let mut objective = Objective::new(kind, &model, &mut batches, &device);
            let images = batches.next().expect("it is endless");
            let projections = model.forward(images.clone()).detach().require_grad();
            let loss = objective.forward(images, projections.clone());
            assert_eq!(loss.dims(), [1], "{kind:?}");
            let gradient = projections.grad(&loss.backward()).expect("it is tracked");
            let size = gradient.abs().sum().into_scalar::<f32>();
            assert!(size.is_finite() && size > 0.0, "{kind:?}: {size}");
            objective.follow(&model);
        }
    }
}
