//! The definition of an element-wise loss: everything but the type of its formula.

use crate::{
    backend::{ElementFormula, PerClass},
    error::{
        Numbers, check_class_dim, check_class_parameters, check_element_weights,
        check_like_prediction, check_numbers, demand, dimension,
    },
    formula::ColumnFormula,
    module::Shown,
};
use burn::tensor::Tensor;
use std::sync::Arc;

/// A loss without the type of its formula: the same for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The name and the hyperparameters, for messages and for the display.
    pub shown: Shown,
    pub formula: Arc<dyn ElementFormula>,
    pub parameters: Option<ClassParameters>,
    /// The kinds of numbers in the prediction and in the target.
    numbers: [Numbers; 2],
}

/// Parameters of classes.
#[derive(Clone, Debug)]
pub(crate) struct ClassParameters {
    /// The field of the configuration they come from.
    pub field: &'static str,
    /// One for each class, or one for all.
    pub values: Vec<f64>,
    /// The dimension of the classes; -1 is the last one.
    pub dim: isize,
    /// Whether the target has one element for all classes.
    pub share_target: bool,
}

impl ClassParameters {
    /// Panics unless there is one parameter for each class of the prediction; returns the dimension of these.
    #[track_caller]
    fn check<const D: usize>(&self, loss: &str, prediction: &Tensor<D>) -> usize {
        let dim = check_class_dim(loss, self.dim, prediction);
        check_class_parameters(loss, self.field, self.values.len(), dim, prediction);
        dim
    }

    /// The parameters for a prediction of this shape, which has been checked.
    pub fn of_shape<const D: usize>(&self, shape: &[usize; D]) -> PerClass {
        let dim = dimension(self.dim, D).unwrap_or(D - 1);
        PerClass {
            values: self.values.clone(),
            run: shape[dim + 1..].iter().product(),
        }
    }
}

impl Definition {
    /// To be called where the formula is no type parameter: there its kernels are compiled.
    #[inline(never)]
    pub fn new<F: ColumnFormula>(name: &'static str, formula: &F) -> Self {
        Self {
            shown: Shown::new(name),
            formula: Arc::new(formula.clone()),
            parameters: None,
            numbers: [Numbers::Any; 2],
        }
    }

    /// With a prediction and a target that hold nothing but such numbers.
    pub fn holding(self, prediction: Numbers, target: Numbers) -> Self {
        Self {
            numbers: [prediction, target],
            ..self
        }
    }

    /// With a hyperparameter that the display shows.
    pub fn shows(mut self, field: &'static str, value: impl core::fmt::Debug) -> Self {
        self.shown.add(field, &value);
        self
    }

    /// With parameters of classes.
    pub fn with_parameters(self, parameters: Option<ClassParameters>) -> Self {
        Self { parameters, ..self }
    }

    /// The name in messages.
    pub fn name(&self) -> &'static str {
        self.shown.name
    }

    /// Panics unless the target goes with the prediction.
    #[track_caller]
    pub fn check<const D: usize>(&self, prediction: &Tensor<D>, target: &Tensor<D>) {
        let name = self.name();
        let shape = prediction.dims();
        let mut target_shape = shape;
        if let Some(parameters) = &self.parameters {
            let dim = parameters.check(name, prediction);
            if parameters.share_target && parameters.values.len() > 1 {
                target_shape[dim] = 1;
            }
        }
        check_like_prediction(name, "target", target, prediction, &target_shape);
    }

    /// Panics, in a debug build and on a CPU, if an element that counts is no prediction or no target.
    #[track_caller]
    pub fn check_numbers<const D: usize>(
        &self,
        prediction: &Tensor<D>,
        target: &Tensor<D>,
        weights: Option<&Tensor<D>>,
    ) {
        let [of_prediction, of_target] = self.numbers;
        let name = self.name();
        let shapes = [prediction.dims(), target.dims()];
        let given = ("prediction", &shapes[0][..]);
        demand(check_numbers(
            name,
            given,
            prediction,
            weights,
            of_prediction,
        ));
        let given = ("target", &shapes[1][..]);
        demand(check_numbers(name, given, target, weights, of_target));
    }

    /// Panics unless there is a weight for each element of the prediction.
    #[track_caller]
    pub fn check_weights<const D: usize>(&self, prediction: &Tensor<D>, weights: &Tensor<D>) {
        check_element_weights(self.name(), weights, prediction);
    }
}
