//! A workload: one loss on one input, forward and backward, with what it must move and multiply at least.

use crate::{device::Bench, splitmix};
use burn::tensor::{DType, Gradients, Int, Tensor, TensorData};
use burn_losses::composed;

/// Which way a loss is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// As it comes: traced, where it can be.
    Fused,
    /// Of Burn's operations, merged by Burn's fusion.
    Composed,
}

impl Path {
    fn within<T>(self, pass: impl FnOnce() -> T) -> T {
        match self {
            Self::Fused => pass(),
            Self::Composed => composed(pass),
        }
    }
}

/// The work of a pass that no implementation can do without.
#[derive(Clone, Copy, Debug, Default)]
pub struct Least {
    /// Each input read once, each gradient written once.
    pub bytes: f64,
    /// Operations of the matrix products, two for each product and its sum.
    pub operations: f64,
}

/// The forward pass of a loss on its inputs.
type Forward = Box<dyn FnOnce() -> Tensor<1>>;

pub struct Workload {
    /// The shape of the input, in words.
    pub shape: String,
    /// The type of the input.
    pub dtype: DType,
    pub least: Least,
    pub leaves: Vec<Leaf>,
    prepare: Box<dyn Fn() -> Forward>,
}

/// A tensor the gradient is taken of.
#[derive(Clone)]
pub struct Leaf {
    pub tensor: Tensor<2>,
    /// Whether it is a parameter of the model, which the model keeps, and not something it computed, which nobody but
    /// the loss holds.
    is_parameter: bool,
}

impl Leaf {
    pub fn computed(tensor: Tensor<2>) -> Self {
        let tensor = tensor.require_grad();
        Self {
            tensor,
            is_parameter: false,
        }
    }

    pub fn parameter(tensor: Tensor<2>) -> Self {
        Self {
            is_parameter: true,
            ..Self::computed(tensor)
        }
    }

    /// The tensor as the loss gets it.
    fn hand_over(&self) -> Tensor<2> {
        match self.is_parameter {
            true => self.tensor.clone(),
            // A new tensor; its backward pass hands the gradient on as it is.
            false => self.tensor.clone().add_scalar(0.0),
        }
    }
}

impl Workload {
    pub fn new<const N: usize>(
        shape: impl Into<String>,
        least: Least,
        leaves: [Leaf; N],
        loss: impl Fn([Tensor<2>; N]) -> Tensor<1> + Clone + 'static,
    ) -> Self {
        let given = leaves.clone();
        Self {
            shape: shape.into(),
            dtype: leaves[0].tensor.dtype(),
            least,
            leaves: leaves.into(),
            prepare: Box::new(move || {
                let inputs = given.each_ref().map(Leaf::hand_over);
                let loss = loss.clone();
                Box::new(move || loss(inputs))
            }),
        }
    }

    /// Makes the inputs ready. What it returns computes the loss and its gradients, and returns when the device has.
    pub fn ready(&self, bench: &Bench, path: Path) -> impl FnOnce() -> Gradients {
        let forward = (self.prepare)();
        bench.sync();
        let bench = bench.clone();
        move || {
            let gradients = path.within(|| forward().backward());
            bench.sync();
            gradients
        }
    }

    /// The loss and the gradients.
    pub fn evaluate(&self, path: Path) -> (f64, Vec<Tensor<2>>) {
        path.within(|| {
            let loss = (self.prepare)()();
            let number = loss.clone();
            let gradients = loss.backward();
            let of = |leaf: &Leaf| leaf.tensor.grad(&gradients).expect("the leaf is tracked");
            let gradients = self.leaves.iter().map(of).collect();
            (number.into_scalar::<f32>() as f64, gradients)
        })
    }
}

/// How many numbers are drawn; a larger tensor repeats them.
const DRAWN: usize = 1 << 22;

/// Uniform in `[-half_width, half_width)`.
pub fn spread(bench: &Bench, seed: u64, shape: [usize; 2], half_width: f32) -> Tensor<2> {
    let values = splitmix::spread(seed, DRAWN.min(shape[0] * shape[1]), half_width);
    constant(bench, values, shape)
}

/// A tensor of these values, repeated as often as it takes.
pub fn constant(bench: &Bench, values: Vec<f32>, shape: [usize; 2]) -> Tensor<2> {
    let count = shape[0] * shape[1];
    let values = match values.len() {
        drawn if drawn == count => values,
        _ => values.into_iter().cycle().take(count).collect(),
    };
    Tensor::from_data(TensorData::new(values, shape), &bench.tracked())
}

/// `count` class indices, each of the `classes` as likely as the others.
pub fn classes(bench: &Bench, seed: u64, count: usize, classes: usize) -> Tensor<1, Int> {
    let class = |draw| ((draw * classes as u64) >> 24) as i32;
    integers(bench, splitmix::draws(seed, count).map(class).collect())
}

pub fn integers(bench: &Bench, values: Vec<i32>) -> Tensor<1, Int> {
    let shape = [values.len()];
    Tensor::from_data(TensorData::new(values, shape), &bench.tracked())
}
