//! The workloads: inputs, our loss, and what it is compared with.

use crate::splitmix::stream;
use burn::{
    nn::loss as burn_nn,
    tensor::{Device, Tensor, TensorData},
};
use burn_losses::{MseLossConfig, Reduction, SigmoidFocalLossConfig, SmoothL1LossConfig, composed};

/// The workloads there are.
pub const NAMES: [&str; 3] = ["focal", "mse", "smooth_l1"];

type Loss = Box<dyn Fn(Tensor<2>, Tensor<2>) -> Tensor<1>>;

/// One loss on one input.
pub struct Workload {
    pub name: &'static str,
    /// What ours is compared with, in words.
    pub against: &'static str,
    pub fused: Loss,
    pub baseline: Loss,
    /// The prediction, a leaf of the graph.
    pub leaf: Tensor<2>,
    pub target: Tensor<2>,
}

impl Workload {
    /// Builds a workload, on small tensors for a test.
    pub fn new(name: &str, small: bool) -> Result<Self, String> {
        match name {
            "focal" => Ok(Self::focal(if small { [120, 80] } else { [120_000, 80] })),
            "mse" => Ok(Self::regression(
                small,
                "mse",
                Box::new(|x, t| MseLossConfig::new().init().forward(x, t)),
                Box::new(|x, t| burn_nn::MseLoss::new().forward(x, t, burn_nn::Reduction::Mean)),
            )),
            "smooth_l1" => Ok(Self::regression(
                small,
                "smooth_l1",
                Box::new(|x, t| SmoothL1LossConfig::new().init().forward(x, t)),
                Box::new(|x, t| {
                    let loss = burn_nn::SmoothL1LossConfig::new().init();
                    loss.forward_with_reduction(x, t, burn_nn::Reduction::Mean)
                }),
            )),
            other => Err(format!(
                "unknown workload {other:?}, expected one of {}",
                NAMES.join(", ")
            )),
        }
    }

    /// Sigmoid focal loss over anchors and classes, one target in a hundred positive, divided by
    /// the number of positives.
    fn focal(shape: [usize; 2]) -> Self {
        let count = shape[0] * shape[1];
        let targets = stream(2, count, |u| if u < 0.01 { 1.0 } else { 0.0 });
        let positives: f32 = targets.iter().sum();
        let loss = SigmoidFocalLossConfig::new()
            .with_reduction(Reduction::Sum)
            .init();
        let same = loss.clone();
        Self {
            name: "focal",
            against: "composed",
            fused: Box::new(move |x, t| loss.forward_normalized(x, t, positives)),
            baseline: Box::new(move |x, t| composed(|| same.forward_normalized(x, t, positives))),
            leaf: leaf(prediction(count), shape),
            target: plain(targets, shape),
        }
    }

    fn regression(small: bool, name: &'static str, fused: Loss, baseline: Loss) -> Self {
        let shape = if small { [4, 1000] } else { [4000, 1000] };
        let count = shape[0] * shape[1];
        Self {
            name,
            against: "burn::nn",
            fused,
            baseline,
            leaf: leaf(prediction(count), shape),
            target: plain(stream(2, count, |u| 8.0 * u - 4.0), shape),
        }
    }

    /// The loss and the gradient of the prediction.
    pub fn evaluate(&self, loss: &Loss) -> (f64, Vec<f32>) {
        let value = loss(self.leaf.clone(), self.target.clone());
        let number = value.clone().into_scalar::<f32>() as f64;
        let gradient = self
            .leaf
            .grad(&value.backward())
            .expect("the prediction is tracked");
        let gradient = gradient.into_data().try_to_vec().expect("a tensor of f32");
        (number, gradient)
    }

    /// Checks that both sides compute the same before anything is timed.
    pub fn verify(&self) -> Result<(), String> {
        let (ours, our_gradient) = self.evaluate(&self.fused);
        let (theirs, their_gradient) = self.evaluate(&self.baseline);
        let largest = their_gradient.iter().fold(0f32, |m, g| m.max(g.abs()));
        let apart = our_gradient
            .iter()
            .zip(&their_gradient)
            .fold(0f32, |m, (a, b)| m.max((a - b).abs()));
        let agree = (ours - theirs).abs() <= 1e-4 * theirs.abs() && apart <= 1e-5 * largest;
        agree.then_some(()).ok_or_else(|| {
            format!(
                "{}: the two sides disagree: loss {ours} and {theirs}, gradients up to {apart:e} \
                 apart where the largest is {largest:e}",
                self.name
            )
        })
    }
}

fn prediction(count: usize) -> Vec<f32> {
    stream(1, count, |u| 8.0 * u - 4.0)
}

fn leaf(values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff()).require_grad()
}

fn plain(values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), &Device::flex().autodiff())
}
