//! A call of a loss of rows as plain numbers, and how it is run on a device.

use super::RowLoss;
use crate::support::{
    Dtype, Layout, Method, Outcome, Site, Tracked,
    tensors::{Read, in_shape_of, leaf},
};
use burn::tensor::{DType, Int, Tensor, TensorData};
use burn_losses::{ClassEvaluation, Reduction};

/// Every form of a loss of rows: the last word of the evaluation, and whether there are weights.
pub const FORMS: [(Method, bool); 12] = [
    (Method::Reduced(Reduction::Mean), false),
    (Method::Reduced(Reduction::Mean), true),
    (Method::Reduced(Reduction::Sum), false),
    (Method::Reduced(Reduction::Sum), true),
    (Method::Reduced(Reduction::BatchMean), false),
    (Method::Reduced(Reduction::BatchMean), true),
    (Method::NoReduction, false),
    (Method::NoReduction, true),
    (Method::Normalized(7.0), false),
    (Method::Normalized(7.0), true),
    (Method::NormalizedByTensor(3.25), false),
    (Method::NormalizedByTensor(3.25), true),
];

/// What rows are held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// A class index for each row.
    Classes(Vec<i64>),
    /// A share for each logit.
    Shares(Vec<f64>),
}

/// The arguments of a loss of rows. Lists are in row-major order; of the names in [`Outcome`] and
/// [`Tracked`], the prediction is the logits, the target the shares, the weights are those of rows.
#[derive(Clone, Debug)]
pub struct RowCall {
    pub method: Method,
    /// Of the logits, `[N, C, ...]`.
    pub shape: Vec<usize>,
    pub logits: Vec<f64>,
    pub targets: Targets,
    pub weights: Option<Vec<f64>>,
    /// What the result is multiplied with: a number for each element of it.
    pub upstream: Vec<f64>,
    pub tracked: Tracked,
    pub dtype: Dtype,
    /// How logits, targets and weights lie in memory.
    pub layouts: [Layout; 3],
}

impl RowCall {
    /// A call on contiguous `f32` with nothing tracked.
    pub fn new(method: Method, shape: &[usize], logits: Vec<f64>, targets: Targets) -> Self {
        let mut call = Self {
            method,
            shape: shape.to_vec(),
            logits,
            targets,
            weights: None,
            upstream: vec![1.0],
            tracked: Tracked::NONE,
            dtype: Dtype::F32,
            layouts: [Layout::Contiguous; 3],
        };
        if !method.reduces() {
            call.upstream = vec![1.0; call.rows()];
        }
        call
    }

    /// A call on a matrix of rows of logits with a class each, unreduced.
    pub fn of_rows(rows: &[(&[f64], i64)]) -> Self {
        let classes = rows[0].0.len();
        let logits = rows.iter().flat_map(|(row, _)| row.iter().copied());
        let targets = rows.iter().map(|(_, class)| *class).collect();
        Self::new(
            Method::NoReduction,
            &[rows.len(), classes],
            logits.collect(),
            Targets::Classes(targets),
        )
    }

    /// The call, with gradients of everything that can have one.
    pub fn tracked(mut self) -> Self {
        self.tracked = Tracked {
            prediction: true,
            target: matches!(self.targets, Targets::Shares(_)),
            weights: self.weights.is_some(),
        };
        self
    }

    /// The call, with gradients of the logits.
    pub fn tracking_logits(mut self) -> Self {
        self.tracked = Tracked::PREDICTION;
        self
    }

    pub fn classes(&self) -> usize {
        self.shape[1]
    }

    /// The shape of one number for each row.
    pub fn row_shape(&self) -> Vec<usize> {
        [&self.shape[..1], &self.shape[2..]].concat()
    }

    pub fn rows(&self) -> usize {
        self.row_shape().iter().product()
    }

    /// How many rows there are for each index of the first dimension.
    pub fn per_index(&self) -> usize {
        self.shape[2..].iter().product()
    }

    /// Where the logit of a class of a row is.
    pub fn place(&self, row: usize, class: usize) -> usize {
        let inner: usize = self.shape[2..].iter().product();
        (row / inner * self.classes() + class) * inner + row % inner
    }

    /// The numbers of a row in a list like the logits.
    pub fn of_row(&self, list: &[f64], row: usize) -> Vec<f64> {
        let classes = 0..self.classes();
        classes.map(|class| list[self.place(row, class)]).collect()
    }

    pub fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// Runs the method of `loss` forward and, where something is tracked, backward.
    pub fn run(&self, loss: &RowLoss, site: &Site) -> Outcome {
        match self.shape.len() {
            2 => self.run_rank::<2, 1>(loss, site),
            3 => self.run_rank::<3, 2>(loss, site),
            4 => self.run_rank::<4, 3>(loss, site),
            rank => panic!("no test has logits of rank {rank}"),
        }
    }

    fn run_rank<const D: usize, const T: usize>(&self, loss: &RowLoss, site: &Site) -> Outcome {
        let [for_logits, for_targets, for_weights] = self.layouts;
        let row_shape = self.row_shape();
        let tracked = self.tracked;
        let like_logits = |layout: Layout, list: &[f64], tracked: bool| {
            leaf(
                layout.floats::<D>(list, &self.shape, self.dtype, site),
                tracked,
            )
        };
        let x = like_logits(for_logits, &self.logits, tracked.prediction);
        let w = self.weights.as_ref().map(|weights| {
            let weights = for_weights.floats::<T>(weights, &row_shape, self.dtype, site);
            leaf(weights, tracked.weights)
        });
        let shares = match &self.targets {
            Targets::Shares(shares) => Some(like_logits(for_targets, shares, tracked.target)),
            Targets::Classes(_) => None,
        };

        // Without anything tracked the loss gets the only handles there are.
        let any = tracked.prediction || tracked.target || tracked.weights;
        let kept = any.then(|| (x.clone(), shares.clone(), w.clone()));
        let result = |value: Tensor<1>| (Read::of(value.clone()), value);
        let upstream = TensorData::new(self.upstream.clone(), [self.upstream.len()]);
        let upstream =
            Tensor::<1>::from_data(upstream, (&site.device, DType::from(self.dtype.of_loss())));

        let evaluation = site.path.run(|| {
            let evaluation = match (&self.targets, shares) {
                (Targets::Classes(classes), _) => {
                    let t = classes_tensor::<T>(for_targets, classes, &row_shape, site);
                    loss.on(x, t)
                }
                (_, shares) => loss.on_probabilities(x, shares.expect("shares")),
            };
            match w {
                Some(w) => evaluation.weights(w),
                None => evaluation,
            }
        });
        let (read, total) = if self.method.reduces() {
            let (read, value) = result(site.path.run(|| reduced(evaluation, self.method, site)));
            (read, any.then(|| value * upstream))
        } else {
            let value: Tensor<T> = site.path.run(|| evaluation.each());
            let upstream = in_shape_of(upstream, &value);
            let read = Read::of(value.clone());
            (read, any.then(|| (value * upstream).sum()))
        };
        let gradients = total.map(|total| total.backward());
        let by_logits = |tensor: Tensor<D>| {
            let gradient = tensor.grad(gradients.as_ref()?)?;
            Some(Read::of(gradient).values)
        };
        let (x, shares, w) = match kept {
            Some((x, shares, w)) => (Some(x), shares, w),
            None => (None, None, None),
        };
        Outcome {
            value: read.values,
            shape: read.shape,
            dtype: read.dtype,
            by_prediction: x.and_then(by_logits),
            by_target: shares.and_then(by_logits),
            by_weights: w.and_then(|w| {
                let gradient = w.grad(gradients.as_ref()?)?;
                Some(Read::of(gradient).values)
            }),
        }
    }
}

/// The last word of an evaluation that gives one number.
pub fn reduced<const D: usize>(
    evaluation: ClassEvaluation<D>,
    method: Method,
    site: &Site,
) -> Tensor<1> {
    match method {
        Method::Reduced(_) => evaluation.reduce(),
        Method::Normalized(normalizer) => evaluation.divided_by(normalizer),
        Method::NormalizedByTensor(normalizer) => {
            let normalizer = Tensor::<1>::from_floats([normalizer as f32], &site.device);
            evaluation.divided_by(normalizer)
        }
        Method::NoReduction => panic!("it gives a number for each row"),
    }
}

/// The tensor of these class indices; between them lies an index no class has.
pub fn classes_tensor<const T: usize>(
    layout: Layout,
    classes: &[i64],
    shape: &[usize],
    site: &Site,
) -> Tensor<T, Int> {
    let shape = shape.try_into().expect("the rank");
    layout.arrange(classes, shape, 1_000_000, |classes, shape| {
        Tensor::from_data(TensorData::new(classes, shape), &site.device)
    })
}
