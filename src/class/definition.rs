//! A loss below its type: the same for all of them.

use crate::{
    backend::{ClassObject, SoftmaxRow, TargetMargin},
    formula::{AdditiveMargin, Adjustment, ClassList},
    module::Shown,
};
use std::sync::Arc;

/// What a loss computes, and what is said of it.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub row: Arc<SoftmaxRow>,
    /// What the formula does to logits and losses.
    adjustment: Adjustment,
    pub shown: Shown,
}

impl Definition {
    /// A loss of a formula alone, that ignores the class -100.
    pub fn new(shown: Shown, phi: Arc<dyn ClassObject>, adjustment: Adjustment) -> Self {
        let numbers = |list: &Option<ClassList>| {
            let numbers = list.as_ref().map(|list| list.numbers.clone());
            numbers.unwrap_or_default()
        };
        let margin = adjustment
            .margin
            .as_ref()
            .and_then(|list| TargetMargin::new(AdditiveMargin, list.numbers.clone()));
        let row = SoftmaxRow {
            bias: numbers(&adjustment.bias),
            margin,
            scale: adjustment.scale,
            ..SoftmaxRow::new(shown.name, phi)
        };
        let mut definition = Self {
            row: Arc::new(row),
            adjustment,
            shown,
        };
        definition.weigh(None);
        definition
    }

    /// Sets the class weights, which count in a mean; the factors of the formula do not.
    pub fn weigh(&mut self, weights: Option<Vec<f64>>) {
        let factors = self.adjustment.factors.as_ref();
        let factors = factors.map_or(&[][..], |list| &list.numbers);
        let lists = self.adjustment.lists();
        let row = Arc::make_mut(&mut self.row);
        row.lists = lists.map(|list| (list.field, list.numbers.len())).collect();
        if let Some(weights) = &weights {
            row.lists.push(("class_weights", weights.len()));
        }
        let weights = weights.unwrap_or_default();
        row.factor = 1.0;
        row.weights = match factors {
            [] => weights.clone(),
            [factor] => {
                row.factor = *factor;
                weights.clone()
            }
            factors if weights.is_empty() => factors.to_vec(),
            factors => weights.iter().zip(factors).map(|(w, f)| w * f).collect(),
        };
        row.counts = weights;
    }

    /// Changes what is plain data.
    pub fn change(&mut self, change: impl FnOnce(&mut SoftmaxRow)) {
        change(Arc::make_mut(&mut self.row));
    }
}
