//! What a loss makes of a softmax row, as plain data: the formula and the margin are objects.
//!
//! Nothing below the public losses knows the type of a formula. An object is made where that is still
//! known: of a formula of this crate in its configuration, so its kernels are compiled here; of a user's
//! formula in the user's crate.

use super::precision::widened;
use crate::{
    error::{ClassesOf, check_class_list},
    formula::{ClassFormula, Margin, SoftCap},
};
use burn::tensor::{Int, Tensor};
use core::fmt::Debug;
use std::sync::Arc;

#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu::{ClassKernel, MarginKernel};

/// Formulas are kernels on the CPU backends alone.
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
pub(crate) trait ClassKernel: Send + Sync {}
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
impl<F: ClassFormula> ClassKernel for F {}
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
pub(crate) trait MarginKernel: Send + Sync {}
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
impl<M: Margin> MarginKernel for M {}

#[cfg(feature = "cube")]
use crate::kernel::gpu::{TracedClass, TracedMargin};

/// Nor are they traced for GPUs without these.
#[cfg(not(feature = "cube"))]
pub(crate) trait TracedClass: Send + Sync {}
#[cfg(not(feature = "cube"))]
impl<F: ClassFormula> TracedClass for F {}
#[cfg(not(feature = "cube"))]
pub(crate) trait TracedMargin: Send + Sync {}
#[cfg(not(feature = "cube"))]
impl<M: Margin> TracedMargin for M {}

/// A [`ClassFormula`] without its type.
pub(crate) trait ClassObject: ClassKernel + TracedClass + Debug {
    /// The formula on tensors: any backend, any float type, gradients by autodiff.
    fn on_tensors(&self, l: Tensor<3>) -> Tensor<3>;
}

impl<F: ClassFormula> ClassObject for F {
    fn on_tensors(&self, l: Tensor<3>) -> Tensor<3> {
        self.value(l)
    }
}

/// A [`Margin`] without its type.
pub(crate) trait MarginObject: MarginKernel + TracedMargin + Debug {
    /// The margin on tensors, the parameters in the shape of the logits.
    fn on_tensors(&self, z: Tensor<3>, parameters: Tensor<3>) -> Tensor<3>;
}

impl<M: Margin> MarginObject for M {
    fn on_tensors(&self, z: Tensor<3>, parameters: Tensor<3>) -> Tensor<3> {
        self.value(z, parameters)
    }
}

/// What is done to the logit of the target class.
#[derive(Clone, Debug)]
pub(crate) struct TargetMargin {
    pub margin: Arc<dyn MarginObject>,
    /// A parameter for each class; empty where the margin looks at none.
    pub parameters: Vec<f64>,
}

impl TargetMargin {
    /// The margin, unless it leaves the logit as it is.
    pub fn new(margin: impl Margin, parameters: Vec<f64>) -> Option<Self> {
        let is_some = !margin.is_none();
        is_some.then(|| Self {
            margin: Arc::new(margin),
            parameters,
        })
    }
}

/// Everything a loss makes of a softmax row, its target apart.
///
/// With logits z, the activation g (a soft cap, or none), biases b, the scale s and the margin of
/// the target class y:
/// ```text
/// a_c = s (g(z_c) + b_c)       at y with the margin applied to g(z_y)
/// l_c = a_c - ln sum_k e^(a_k)
/// row = f (sum_c q_c w_c phi(l_c) + z_loss (ln sum_k e^(a_k))²)
/// q   = (1 - e) target + e / C        for the label smoothing e
/// ```
#[derive(Clone, Debug)]
pub(crate) struct SoftmaxRow {
    /// The name of the loss in messages.
    pub loss: &'static str,
    /// phi
    pub phi: Arc<dyn ClassObject>,
    /// The margin, or none.
    pub margin: Option<TargetMargin>,
    /// g
    pub soft_cap: Option<SoftCap>,
    /// b; empty where there is none.
    pub bias: Vec<f64>,
    /// s
    pub scale: f64,
    /// w; empty where all are 1.
    pub weights: Vec<f64>,
    /// By how much a row counts in a mean, for each class of its target; empty where all are 1.
    pub counts: Vec<f64>,
    /// e
    pub smoothing: f64,
    /// The class that stands for no target.
    pub ignore_index: Option<i64>,
    /// The factor of the squared log-sum-exp.
    pub z_loss: f64,
    /// Whether `sum_c q_c w_c ln q_c` is added: the divergence rather than the cross entropy. Shares are given as
    /// their logarithms then, which say how far a share near 1 is from it; there is no smoothing.
    pub divergence: bool,
    /// Whether logarithms of probabilities are given in place of logits, and taken as they are.
    pub log_probabilities: bool,
    /// f
    pub factor: f64,
    /// The hyperparameters with a number for each class, and how many numbers these are.
    pub lists: Vec<(&'static str, usize)>,
}

impl SoftmaxRow {
    /// Rows with nothing but a formula.
    pub fn new(loss: &'static str, phi: Arc<dyn ClassObject>) -> Self {
        Self {
            loss,
            phi,
            margin: None,
            soft_cap: None,
            bias: Vec::new(),
            scale: 1.0,
            weights: Vec::new(),
            counts: Vec::new(),
            smoothing: 0.0,
            ignore_index: None,
            z_loss: 0.0,
            divergence: false,
            log_probabilities: false,
            factor: 1.0,
            lists: Vec::new(),
        }
    }

    /// With class weights, that count in a mean, if there are some.
    pub fn weighted(mut self, weights: &Option<Vec<f64>>) -> Self {
        if let Some(weights) = weights {
            self.lists.push(("class_weights", weights.len()));
            self.weights = weights.clone();
            self.counts = weights.clone();
        }
        self
    }

    /// Whether the loss of a row whose target is one class has no term but that of this class.
    pub fn is_of_target_alone(&self) -> bool {
        self.smoothing == 0.0 && self.z_loss == 0.0
    }

    /// Panics unless every list has a number for each class.
    #[track_caller]
    pub fn check_lists(&self, classes: usize, of: ClassesOf) {
        for &(field, length) in &self.lists {
            check_class_list(self.loss, field, length, classes, of);
        }
    }
}

/// What logits are compared with; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The index of a class for each row, `[N, K]`.
    Classes(Tensor<2, Int>),
    /// Shares of the classes, of the shape of the logits; their logarithms for a divergence.
    Shares(Tensor<3>),
}

/// What a loss of softmax rows is computed from; shapes and data types have been checked.
#[derive(Clone, Debug)]
pub(crate) struct RowInputs {
    /// `[N, C, K]`, every dimension after the classes in one.
    pub logits: Tensor<3>,
    /// The target.
    pub target: Target,
    /// A weight for each row, `[N, K]`.
    pub weights: Option<Tensor<2>>,
    /// The shape the samples were given in, for messages.
    pub samples: Vec<usize>,
}

impl RowInputs {
    /// Tensors in the data type they are computed in.
    pub fn widened(self) -> Self {
        Self {
            logits: widened(self.logits),
            target: match self.target {
                Target::Shares(shares) => Target::Shares(widened(shares)),
                classes => classes,
            },
            weights: self.weights.map(widened),
            samples: self.samples,
        }
    }
}
