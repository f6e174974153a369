//! A call of a loss as plain numbers, and how it is run on a device.

use super::{
    Layout, Loss, Site,
    tensors::{Read, leaf},
};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::Reduction;

/// The float types of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    F64,
    F32,
    F16,
    BF16,
}

impl Dtype {
    /// That of the loss of a prediction of this type.
    pub fn of_loss(self) -> Self {
        match self {
            Dtype::F16 | Dtype::BF16 => Dtype::F32,
            wide => wide,
        }
    }
}

impl From<Dtype> for DType {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F64 => DType::F64,
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
        }
    }
}

/// What the losses of all elements become: the last word of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// `reduce`, of a loss configured for a reduction.
    Reduced(Reduction),
    /// `each`.
    NoReduction,
    /// `divided_by` a number.
    Normalized(f64),
    /// `divided_by` a tensor.
    NormalizedByTensor(f64),
}

impl Method {
    /// Whether it gives one number.
    pub fn reduces(self) -> bool {
        self != Method::NoReduction
    }

    /// Whether a sum of weighted losses is divided by what the weights sum to.
    pub fn divides_by_weights(self) -> bool {
        matches!(
            self,
            Method::Reduced(Reduction::Mean | Reduction::BatchMean)
        )
    }

    /// The reduction the loss has to be configured with; normalizing does not look at it.
    pub fn reduction(self) -> Reduction {
        match self {
            Method::Reduced(reduction) => reduction,
            _ => Reduction::Mean,
        }
    }
}

/// Which inputs want a gradient.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracked {
    pub prediction: bool,
    pub target: bool,
    pub weights: bool,
}

impl Tracked {
    pub const NONE: Self = Self {
        prediction: false,
        target: false,
        weights: false,
    };
    pub const PREDICTION: Self = Self {
        prediction: true,
        ..Self::NONE
    };
    /// Prediction and target.
    pub const BOTH: Self = Self {
        target: true,
        ..Self::PREDICTION
    };
    pub const ALL: Self = Self {
        weights: true,
        ..Self::BOTH
    };
}

/// The arguments of a loss. Lists are in row-major order.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub shape: Vec<usize>,
    pub prediction: Vec<f64>,
    pub target_shape: Vec<usize>,
    pub target: Vec<f64>,
    pub weights: Option<Vec<f64>>,
    /// What the result is multiplied with: a number for each element of it.
    pub upstream: Vec<f64>,
    pub tracked: Tracked,
    pub dtype: Dtype,
    /// How prediction, target and weights lie in memory.
    pub layouts: [Layout; 3],
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub value: Vec<f64>,
    pub by_prediction: Option<Vec<f64>>,
    pub by_target: Option<Vec<f64>>,
    pub by_weights: Option<Vec<f64>>,
    pub shape: Vec<usize>,
    pub dtype: DType,
}

impl Call {
    /// A call on contiguous `f32` with nothing tracked.
    pub fn new(method: Method, shape: &[usize], prediction: Vec<f64>, target: Vec<f64>) -> Self {
        let results = if method.reduces() {
            1
        } else {
            prediction.len()
        };
        let mut target_shape = shape.to_vec();
        if target.len() < prediction.len() {
            *target_shape.last_mut().expect("no scalars") = 1;
        }
        Self {
            method,
            shape: shape.to_vec(),
            prediction,
            target_shape,
            target,
            weights: None,
            upstream: vec![1.0; results],
            tracked: Tracked::NONE,
            dtype: Dtype::F32,
            layouts: [Layout::Contiguous; 3],
        }
    }

    /// The call, with these gradients.
    pub fn tracking(mut self, tracked: Tracked) -> Self {
        self.tracked = tracked;
        self
    }

    /// The call, with gradients of prediction and target.
    pub fn tracked(self) -> Self {
        self.tracking(Tracked::BOTH)
    }

    /// The call, with weights.
    pub fn weighted(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// Runs the method of `loss` forward and, where something is tracked, backward.
    pub fn run(&self, loss: &Loss, site: &Site) -> Outcome {
        match self.shape.len() {
            1 => self.run_rank::<1>(loss, site),
            2 => self.run_rank::<2>(loss, site),
            3 => self.run_rank::<3>(loss, site),
            4 => self.run_rank::<4>(loss, site),
            rank => panic!("no test has rank {rank}"),
        }
    }

    fn run_rank<const D: usize>(&self, loss: &Loss, site: &Site) -> Outcome {
        let tracked = self.tracked;
        let [for_prediction, for_target, for_weights] = self.layouts;
        let tensor = |layout: Layout, values: &[f64], shape: &[usize], tracked: bool| {
            leaf(layout.floats::<D>(values, shape, self.dtype, site), tracked)
        };
        let x = tensor(
            for_prediction,
            &self.prediction,
            &self.shape,
            tracked.prediction,
        );
        let t = tensor(for_target, &self.target, &self.target_shape, tracked.target);
        let w = self
            .weights
            .as_ref()
            .map(|weights| tensor(for_weights, weights, &self.shape, tracked.weights));

        // Without anything tracked the loss gets the only handles there are.
        let any = tracked.prediction || tracked.target || tracked.weights;
        let keep = |tensor: &Tensor<D>| any.then(|| tensor.clone());
        let kept = (keep(&x), keep(&t), w.as_ref().and_then(keep));
        let upstream = || TensorData::new(self.upstream.clone(), self.upstream_shape());
        let options = (&site.device, DType::from(self.dtype.of_loss()));

        let mut evaluation = loss.on(x, t);
        if let Some(w) = w {
            evaluation = evaluation.weights(w);
        }
        let (value, gradients) = if self.method.reduces() {
            let value = site.path.run(|| match self.method {
                Method::Normalized(normalizer) => evaluation.divided_by(normalizer),
                Method::NormalizedByTensor(normalizer) => {
                    let normalizer = Tensor::<1>::from_floats([normalizer as f32], &site.device);
                    evaluation.divided_by(normalizer)
                }
                _ => evaluation.reduce(),
            });
            let upstream = Tensor::<1>::from_data(upstream(), options);
            let gradients = any.then(|| (value.clone() * upstream).backward());
            (Read::of(value), gradients)
        } else {
            let value = site.path.run(|| evaluation.each());
            let upstream = Tensor::<D>::from_data(upstream(), options);
            let gradients = any.then(|| (value.clone() * upstream).sum().backward());
            (Read::of(value), gradients)
        };
        let by = |tensor: Option<Tensor<D>>| {
            let gradient = tensor?.grad(gradients.as_ref()?)?;
            Some(Read::of(gradient).values)
        };
        Outcome {
            value: value.values,
            shape: value.shape,
            dtype: value.dtype,
            by_prediction: by(kept.0),
            by_target: by(kept.1),
            by_weights: by(kept.2),
        }
    }

    fn upstream_shape(&self) -> Vec<usize> {
        match self.method {
            Method::NoReduction => self.shape.clone(),
            _ => vec![1],
        }
    }
}
