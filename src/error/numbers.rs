//! What numbers an argument may hold. Only debug builds look, and only where the host need not wait for it.

use super::{Checked, coordinates};
use crate::backend::{is_nothing, runs_on_cpu};
use burn::tensor::Tensor;

/// The numbers an argument is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Numbers {
    /// Any.
    #[default]
    Any,
    /// From 0 to 1, unless the loss is configured otherwise.
    Probabilities(Option<Instead>),
    /// At most 0, unless the loss is configured otherwise.
    LogProbabilities(Option<Instead>),
    /// Not below a number.
    AtLeast(f64),
}

/// What a loss can be configured to take in place of what it expects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Instead {
    /// What it takes then.
    pub numbers: &'static str,
    /// The field of the configuration that says so.
    pub field: &'static str,
    /// What the field is then.
    pub value: bool,
}

/// How far rounding may have taken a probability, or its logarithm, out of its range.
const SLACK: f64 = 1e-3;

impl Numbers {
    /// Probabilities, or their logarithms, as a field of a configuration says.
    pub fn of_distribution(field: &'static str, are_logarithms: bool) -> Self {
        let instead = |numbers| {
            Some(Instead {
                numbers,
                field,
                value: !are_logarithms,
            })
        };
        match are_logarithms {
            true => Numbers::LogProbabilities(instead("probabilities")),
            false => Numbers::Probabilities(instead("logarithms")),
        }
    }

    /// From where to where they are, what they are, and what to do where something else was given.
    fn range(self) -> Option<(f64, f64, String, String)> {
        let (low, high, expected, advice, instead) = match self {
            Numbers::Any => return None,
            Numbers::AtLeast(low) => {
                let expected = format!("a number of {low} or above");
                let advice = "make predictions positive by a softplus or an exponential, and give an element that has \
                              no target the weight 0";
                return Some((low, f64::INFINITY, expected, advice.to_string()));
            }
            Numbers::Probabilities(instead) => (
                -SLACK,
                1.0 + SLACK,
                "a probability from 0 to 1",
                "give class indices as one-hot vectors, and an element without a target the weight 0; apply a softmax or a \
                 sigmoid to logits, and `exp` to logarithms",
                instead,
            ),
            Numbers::LogProbabilities(instead) => (
                f64::NEG_INFINITY,
                SLACK,
                "the logarithm of a probability, 0 or below",
                "apply `log_softmax` to logits, and `log` to probabilities",
                instead,
            ),
        };
        let or = match instead {
            Some(Instead {
                numbers,
                field,
                value,
            }) => format!(", or configure the loss for {numbers}: `with_{field}({value})`"),
            None => String::new(),
        };
        Some((low, high, expected.to_string(), format!("{advice}{or}")))
    }
}

/// Whether the numbers of a tensor are looked at: in a debug build, on a CPU.
pub(crate) fn are_checked<const D: usize>(tensor: &Tensor<D>) -> bool {
    cfg!(debug_assertions) && runs_on_cpu(tensor) && !is_nothing(tensor)
}

/// Whether an argument named `name`, which was given in a shape, holds the numbers that it should where the weight is not 0. Looks in
/// a debug build and on a CPU.
pub(crate) fn check_numbers<const D: usize>(
    loss: &str,
    (name, shape): (&str, &[usize]),
    tensor: &Tensor<D>,
    weights: Option<&Tensor<D>>,
    numbers: Numbers,
) -> Checked {
    let Some((low, high, expected, advice)) = numbers.range() else {
        return Ok(());
    };
    if !are_checked(tensor) {
        return Ok(());
    }
    // NaN is neither: it shows in the loss.
    let plain = tensor.clone().without_autodiff();
    let mut outside = plain
        .clone()
        .lower_scalar(low)
        .bool_or(plain.clone().greater_scalar(high));
    if let Some(weights) = weights {
        let weights = weights.clone().without_autodiff();
        outside = outside.bool_and(weights.not_equal_scalar(0.0));
    }
    if !outside.clone().any().into_scalar::<bool>() {
        return Ok(());
    }
    let place = outside.into_data().iter::<bool>().position(|is| is);
    let place = place.expect("there is one");
    let given = plain
        .into_data()
        .iter::<f64>()
        .nth(place)
        .expect("a number");
    let place = coordinates(place, shape);
    let hold = match name.ends_with('s') {
        true => "hold",
        false => "holds",
    };
    Err(format!(
        "{loss}: the {name} {hold} {given} at {place:?}, expected {expected}; {advice}"
    ))
}
