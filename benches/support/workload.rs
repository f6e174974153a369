//! A workload: one loss on one input, ours and what it is compared with.

use super::measure::{SETTINGS, Setting};
use burn::tensor::{Device, Tensor, TensorData};
use std::rc::Rc;

/// The forward pass of one side. Given the setting it makes the inputs ready; what it returns
/// consumes them and computes the loss, so that only this is timed.
pub type Side = Box<dyn Fn(Setting) -> Box<dyn FnOnce() -> Tensor<1>>>;

pub struct Workload {
    /// What ours is compared with, in words.
    pub against: &'static str,
    pub fused: Side,
    pub baseline: Side,
    /// What the gradients are taken of.
    pub leaves: Vec<Leaf>,
    /// Whether both sides have the same gradients, element by element.
    gradients_agree: bool,
}

impl Workload {
    /// `inputs` has the leaves as the setting hands them over, and what else the losses take.
    pub fn new<I: 'static>(
        against: &'static str,
        leaves: Vec<Leaf>,
        inputs: impl Fn(Setting) -> I + 'static,
        fused: impl Fn(I) -> Tensor<1> + 'static,
        baseline: impl Fn(I) -> Tensor<1> + 'static,
    ) -> Self {
        let inputs = Rc::new(inputs);
        Self {
            against,
            fused: side(inputs.clone(), fused),
            baseline: side(inputs, baseline),
            leaves,
            gradients_agree: true,
        }
    }

    /// The same, where the gradients of equal numbers depend on an order that both sides choose for themselves.
    #[allow(dead_code)] // Most benches have none.
    pub fn with_ties(self) -> Self {
        Self {
            gradients_agree: false,
            ..self
        }
    }

    /// The loss and the gradient of each leaf.
    pub fn evaluate(&self, side: &Side, setting: Setting) -> (f64, Vec<Vec<f32>>) {
        let loss = side(setting)();
        let number = loss.clone().into_scalar::<f32>() as f64;
        let gradients = loss.backward();
        let of = |leaf: &Leaf| {
            let gradient = leaf.tensor.grad(&gradients).expect("the leaf is tracked");
            gradient.into_data().try_to_vec().expect("a tensor of f32")
        };
        (number, self.leaves.iter().map(of).collect())
    }

    /// Checks that ours computes what the other side does, before anything is timed.
    pub fn verify(&self) -> Result<(), String> {
        let (theirs, their_gradients) = self.evaluate(&self.baseline, Setting::Kept);
        for setting in SETTINGS {
            let (ours, our_gradients) = self.evaluate(&self.fused, setting);
            if (ours - theirs).abs() > 1e-4 * theirs.abs() || !ours.is_finite() {
                return Err(format!(
                    "the two sides disagree ({setting:?}): loss {ours} and {theirs}"
                ));
            }
            if !self.gradients_agree {
                continue;
            }
            for (index, (ours, theirs)) in our_gradients.iter().zip(&their_gradients).enumerate() {
                agree(ours, theirs).map_err(|error| {
                    format!("the two sides disagree ({setting:?}): gradient {index}: {error}")
                })?;
            }
        }
        Ok(())
    }

    /// Bytes of the gradients that need memory of their own: that of a prediction nobody else holds
    /// fits in the prediction.
    pub fn gradient_bytes(&self, setting: Setting) -> usize {
        let own = |leaf: &&Leaf| leaf.parameter || setting == Setting::Kept;
        let bytes = |leaf: &Leaf| leaf.tensor.shape().num_elements() * size_of::<f32>();
        self.leaves.iter().filter(own).map(bytes).sum()
    }
}

fn side<I: 'static>(
    inputs: Rc<impl Fn(Setting) -> I + 'static>,
    loss: impl Fn(I) -> Tensor<1> + 'static,
) -> Side {
    let loss = Rc::new(loss);
    Box::new(move |setting| {
        let (inputs, loss) = (inputs(setting), loss.clone());
        Box::new(move || loss(inputs))
    })
}

/// No element of the gradient is further off than 1e-5 of the largest; NaN is.
fn agree(ours: &[f32], theirs: &[f32]) -> Result<(), String> {
    let largest = theirs.iter().fold(0f32, |m, g| m.max(g.abs()));
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * largest;
    if ours.len() == theirs.len() && ours.iter().zip(theirs).all(near) {
        return Ok(());
    }
    let apart = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    let apart = apart.max_by(f32::total_cmp).unwrap_or(f32::NAN);
    Err(format!(
        "{} and {} elements, up to {apart:e} apart where the largest is {largest:e}",
        ours.len(),
        theirs.len()
    ))
}

/// A tensor the gradient is taken of, a leaf of the graph.
#[derive(Clone)]
pub struct Leaf {
    pub tensor: Tensor<2>,
    /// Whether it is a parameter of the model, which stays in every setting, and not a prediction.
    pub parameter: bool,
}

impl Leaf {
    /// What a model computed, so that the caller may keep it or not.
    pub fn prediction(values: Vec<f32>, shape: [usize; 2]) -> Self {
        Self {
            tensor: constant(values, shape).require_grad(),
            parameter: false,
        }
    }

    /// The tensor as the loss gets it.
    pub fn hand_over(&self, setting: Setting) -> Tensor<2> {
        let tensor = self.tensor.clone();
        match setting {
            // Adding 0 makes a new tensor, and its backward pass hands the gradient on as it is.
            Setting::InPlace if !self.parameter => tensor.add_scalar(0.0),
            _ => tensor,
        }
    }
}

/// A tensor without a gradient.
pub fn constant(values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, shape), &device())
}

pub fn device() -> Device {
    Device::flex().autodiff()
}
