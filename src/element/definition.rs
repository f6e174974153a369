//! The definition of an element-wise loss: everything but the type of its formula.

use crate::{
    backend::ElementFormula,
    error::{check_columns, check_like_prediction},
    formula::ColumnFormula,
    module::Shown,
};
use burn::tensor::Tensor;
use std::sync::Arc;

/// A loss without the type of its formula: the same for all of them.
#[derive(Debug)]
pub(crate) struct Definition {
    /// The name and the hyperparameters, for messages and for the display.
    pub shown: Shown,
    pub formula: Arc<dyn ElementFormula>,
    pub columns: Option<Columns>,
}

/// Parameters of the columns (the last dimension).
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// The field of the configuration they come from.
    pub field: &'static str,
    /// One for each column, or one for all.
    pub values: Vec<f64>,
    /// Whether several columns of the prediction share the one column of the target.
    pub share_target: bool,
}

impl Definition {
    /// To be called where the formula is no type parameter: there its kernels are compiled.
    #[inline(never)]
    pub fn new<F: ColumnFormula>(name: &'static str, formula: &F) -> Self {
        Self {
            shown: Shown::new(name),
            formula: Arc::new(formula.clone()),
            columns: None,
        }
    }

    /// With a hyperparameter that the display shows.
    pub fn shows(mut self, field: &'static str, value: impl core::fmt::Debug) -> Self {
        self.shown.add(field, &value);
        self
    }

    /// With parameters of the columns.
    pub fn with_columns(self, columns: Option<Columns>) -> Self {
        Self { columns, ..self }
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
        if let Some(columns) = &self.columns {
            let count = columns.values.len();
            check_columns(name, columns.field, count, prediction);
            if columns.share_target && count > 1 {
                target_shape[D - 1] = 1;
            }
        }
        check_like_prediction(name, "target", target, prediction, &target_shape);
    }

    /// Panics unless there is a weight for each element of the prediction.
    #[track_caller]
    pub fn check_weights<const D: usize>(&self, prediction: &Tensor<D>, weights: &Tensor<D>) {
        let shape = prediction.dims();
        check_like_prediction(self.name(), "weights", weights, prediction, &shape);
    }
}
