//! What is wrong with an input, said to the person who gave it.

mod arguments;
mod classes;
mod embeddings;
mod images;
mod lists;
mod numbers;

pub(crate) use arguments::{
    check_columns, check_element_weights, check_like_prediction, check_like_target,
    check_loss_weights, check_normalizer, check_normalizer_shape, check_rank, check_sample_weights,
    check_sum_of_losses, check_tuples, check_weights_type,
};
pub(crate) use classes::{
    ClassesOf, NoClass, assert_rank_of_samples, check_class_dim, check_class_list,
    check_class_parameters, check_has_classes, check_layer, check_proxies, check_rows,
    check_takes_probabilities, dimension, strange_class,
};
pub(crate) use embeddings::{
    check_dimension, check_embeddings, check_embeddings_alike, check_embeddings_fit, check_keys,
    check_labels, check_width,
};
pub(crate) use images::{Least, check_image_sides, check_images};
pub(crate) use lists::{check_counts, check_items};
pub(crate) use numbers::{Instead, Numbers, are_checked, check_numbers};

use core::fmt;
use std::borrow::Cow;

/// A hyperparameter a loss cannot be built with.
///
/// # Example
/// ```
/// use burn_losses::HuberLossConfig;
///
/// let error = HuberLossConfig::new().with_delta(-1.0).try_init().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "HuberLossConfig: delta is -1, expected a finite number above 0"
/// );
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LossError {
    config: &'static str,
    field: &'static str,
    /// Of the element of a list that is wrong, where it is not the whole list.
    index: Option<usize>,
    given: String,
    expected: Cow<'static, str>,
}

impl LossError {
    /// The configuration that holds the value, `"HuberLossConfig"`.
    pub fn config(&self) -> &str {
        self.config
    }

    /// The field of the configuration that holds the value, `"delta"`.
    pub fn field(&self) -> &str {
        self.field
    }
}

impl fmt::Display for LossError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            config,
            field,
            index,
            given,
            expected,
        } = self;
        write!(f, "{config}: {field}")?;
        if let Some(index) = index {
            write!(f, "[{index}]")?;
        }
        write!(f, " is {given}, expected {expected}")
    }
}

impl core::error::Error for LossError {}

/// What a configuration has built.
///
/// # Panics
/// If a hyperparameter is out of its range, at the line that asked for it.
#[track_caller]
pub(crate) fn built<T>(result: Result<T, LossError>) -> T {
    match result {
        Ok(built) => built,
        Err(error) => panic!("{error}"),
    }
}

/// Arguments that are what they should be, or a message that says what is wrong with them: of a check that runs
/// where a panic would name a line of this crate.
pub(crate) type Checked = Result<(), String>;

/// Panics with the message of a check that has found something, at the line of the caller.
#[track_caller]
pub(crate) fn demand(checked: Checked) {
    if let Err(message) = checked {
        panic!("{message}");
    }
}

/// Checks on the hyperparameters of one configuration.
#[derive(Clone, Copy)]
pub(crate) struct Check(pub &'static str);

impl Check {
    /// Passes if `ok`; `given` and `expected` say what is wrong otherwise.
    pub fn that(
        self,
        ok: bool,
        field: &'static str,
        given: impl fmt::Debug,
        expected: impl Into<Cow<'static, str>>,
    ) -> Result<(), LossError> {
        if ok {
            return Ok(());
        }
        Err(LossError {
            config: self.0,
            field,
            index: None,
            given: format!("{given:?}").trim_end_matches(".0").to_string(),
            expected: expected.into(),
        })
    }

    /// A list that is not empty, of elements that are all `ok`.
    pub fn each<T: fmt::Debug>(
        self,
        field: &'static str,
        list: &[T],
        ok: impl Fn(&T) -> bool,
        expected: &'static str,
    ) -> Result<(), LossError> {
        self.that(
            !list.is_empty(),
            field,
            list,
            format!("at least one element: {expected}"),
        )?;
        let checked = list.iter().enumerate().try_for_each(|(index, element)| {
            let checked = self.that(ok(element), field, element, expected);
            checked.map_err(|error| (index, error))
        });
        checked.map_err(|(index, error)| LossError {
            index: Some(index),
            ..error
        })
    }

    /// Two lists with something for each class: where both are given, they are as long.
    pub fn same_length<A, B>(
        self,
        (field, list): (&'static str, Option<&[A]>),
        (other, others): (&'static str, Option<&[B]>),
    ) -> Result<(), LossError> {
        let (Some(list), Some(others)) = (list, others) else {
            return Ok(());
        };
        let (length, expected) = (list.len(), others.len());
        self.that(
            length == expected,
            field,
            format_args!("a list of {length}"),
            format!("one of {expected}, as long as {other}"),
        )
    }

    /// A width: above 0, and within what `f32` can divide by.
    pub fn above_zero(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let in_range = (f32::MIN_POSITIVE as f64..=f32::MAX as f64).contains(&value);
        let expected = if value > 0.0 && value.is_finite() {
            "a number within the normal range of f32"
        } else {
            "a finite number above 0"
        };
        self.that(in_range, field, value, expected)
    }

    /// A number that is 0 or above.
    pub fn at_least_zero(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let ok = value >= 0.0 && value <= f32::MAX as f64;
        self.that(ok, field, value, "a finite number of 0 or above")
    }

    /// A count that is not 0.
    pub fn at_least_one(self, field: &'static str, count: usize) -> Result<(), LossError> {
        self.that(count > 0, field, count, "a number of at least 1")
    }

    /// A number of either sign.
    pub fn in_range_of_f32(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let ok = value.abs() <= f32::MAX as f64;
        self.that(ok, field, value, "a finite number within the range of f32")
    }

    /// A window with a pixel in its middle.
    pub fn odd(self, field: &'static str, size: usize) -> Result<(), LossError> {
        self.that(size % 2 == 1, field, size, "an odd number of pixels")
    }

    /// Weights, one for each class.
    pub fn class_weights(
        self,
        field: &'static str,
        weights: &Option<Vec<f64>>,
    ) -> Result<(), LossError> {
        let ok = |&weight: &f64| weight >= 0.0 && weight <= f32::MAX as f64;
        match weights {
            Some(weights) => self.each(field, weights, ok, "a finite number of 0 or above"),
            None => Ok(()),
        }
    }

    /// How often each class occurs, some of them perhaps never.
    pub fn some_class_counts(self, field: &'static str, counts: &[usize]) -> Result<(), LossError> {
        self.each(field, counts, |_| true, "a count of each class")?;
        let some = counts.iter().any(|&count| count > 0);
        self.that(
            some,
            field,
            counts,
            "a count of 1 or above for at least one class",
        )
    }

    /// How often each class occurs.
    pub fn class_counts(self, field: &'static str, counts: &[usize]) -> Result<(), LossError> {
        self.each(field, counts, |&count| count > 0, "a count of 1 or above")
    }

    /// A share.
    pub fn in_unit_interval(self, field: &'static str, value: f64) -> Result<(), LossError> {
        let ok = (0.0..=1.0).contains(&value);
        self.that(ok, field, value, "a number from 0 to 1")
    }
}

/// What goes with one thing of this name or several: has or have, is or are.
fn verbs(name: &str) -> [&'static str; 2] {
    match name.ends_with('s') {
        true => ["have", "are"],
        false => ["has", "is"],
    }
}

/// So many of something, `"1 label"` or `"2 labels"`.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// The indices of an element, given its place in row-major order.
fn coordinates(mut place: usize, shape: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = Vec::with_capacity(shape.len());
    for size in shape.iter().rev() {
        indices.push(place % size);
        place /= size;
    }
    indices.reverse();
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_those_of_row_major_order() {
        assert_eq!(coordinates(0, &[2, 3, 4]), [0, 0, 0]);
        assert_eq!(coordinates(17, &[2, 3, 4]), [1, 1, 1]);
        assert_eq!(coordinates(23, &[2, 3, 4]), [1, 2, 3]);
    }
}
