//! The definition of a loss of tuples: everything but the type of its formula.

use crate::{
    backend::{TupleObject, object},
    error::Numbers,
    formula::TupleFormula,
    module::Shown,
};
use std::sync::Arc;

/// A loss without the type of its formula.
#[derive(Clone, Debug)]
pub(crate) struct Definition {
    /// The name and the hyperparameters, for messages and for the display.
    pub shown: Shown,
    pub formula: Arc<dyn TupleObject>,
    /// What each of the numbers predicted is called, where each is a tensor of its own, and what it may be.
    pub fields: Vec<(&'static str, Numbers)>,
}

impl Definition {
    /// To be called where the formula is no type parameter: there its kernels are compiled.
    #[inline(never)]
    pub fn new<F: TupleFormula<P, T>, const P: usize, const T: usize>(
        name: &'static str,
        formula: &F,
    ) -> Self {
        Self {
            shown: Shown::new(name),
            formula: object(formula.clone()),
            fields: vec![("prediction", Numbers::Any); P],
        }
    }

    /// With a hyperparameter that the display shows.
    pub fn shows(mut self, field: &'static str, value: impl core::fmt::Debug) -> Self {
        self.shown.add(field, &value);
        self
    }

    /// With names for the numbers predicted, and what they may be.
    pub fn of_fields(self, fields: &[(&'static str, Numbers)]) -> Self {
        let fields = fields.to_vec();
        Self { fields, ..self }
    }

    /// The name in messages.
    pub fn name(&self) -> &'static str {
        self.shown.name
    }
}
