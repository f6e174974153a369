//! Checks of classes, of what has one number for each of them, and of layers that make logits of them.

use super::{coordinates, counted};
use burn::tensor::Tensor;

/// Fails to compile unless targets (weights, losses) have one dimension less than the logits. To be called in the
/// public method, so that the compiler names the caller's line.
pub(crate) const fn assert_rank_of_samples(logits: usize, samples: usize) {
    assert!(
        samples + 1 == logits,
        "what there is for each sample (targets, weights, losses) has one dimension less than the logits \
         (or hidden states): logits [N, C, d1..dk] go with targets [N, d1..dk]. For targets [N, 1, H, W] take the \
         channel away: `targets.squeeze_dim::<3>(1)`. For logits [B, T, V] of tokens move the classes \
         (`logits.movedim(2, 1)`, with targets [B, T]) or flatten both (logits [B * T, V], targets [B * T])",
    );
}

/// Says that a class, of a label or a target, is not the index of one of `count` classes.
///
/// It is given by its place in row-major order and the shape of all.
pub(crate) fn strange_class(
    loss: &str,
    name: &str,
    (place, shape): (usize, &[usize]),
    class: i64,
    count: usize,
    no_class: NoClass,
) -> String {
    let place = match shape.len() > 1 {
        true => format!("at {:?}", coordinates(place, shape)),
        false => format!("of sample {place}"),
    };
    let or_none = match no_class {
        NoClass::Index(Some(index)) => format!(", or the ignore_index, {index}"),
        NoClass::Index(None) => {
            "; if it stands for no class, configure it: `with_ignore_index`".to_string()
        }
        NoClass::End(index) => format!(", or {index} behind the last"),
        NoClass::Never => "; give a sample without a class the weight 0".to_string(),
    };
    format!(
        "{loss}: the {name} {place} is {class}, expected the index of one of {}, 0 to {}{or_none}",
        counted(count, "class", "classes"),
        count - 1,
    )
}

/// What stands for no class.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NoClass {
    /// An index, if one is configured.
    Index(Option<i64>),
    /// An index that ends the classes of a sample.
    End(i64),
    /// Nothing.
    Never,
}

impl NoClass {
    /// The index that stands for no class.
    pub fn index(self) -> Option<i64> {
        match self {
            Self::Index(index) => index,
            Self::End(index) => Some(index),
            Self::Never => None,
        }
    }
}

/// Panics unless there is something for each of the `classes`.
#[track_caller]
pub(crate) fn check_class_list(
    loss: &str,
    field: &str,
    count: usize,
    classes: usize,
    of: ClassesOf,
) {
    let (whole, dimension) = match of {
        ClassesOf::Logits => ("logits", 1),
        ClassesOf::Layer => ("a weight", 0),
    };
    assert!(
        count == classes,
        "{loss}: {} of {field} for {whole} of {} (dimension {dimension}), expected one for each",
        counted(count, "value", "values"),
        counted(classes, "class", "classes"),
    );
}

/// What says how many classes there are.
#[derive(Clone, Copy)]
pub(crate) enum ClassesOf {
    /// Logits.
    Logits,
    /// The weight of a linear layer.
    Layer,
}

/// Panics unless logits have a class to choose.
#[track_caller]
pub(crate) fn check_has_classes<const D: usize>(loss: &str, logits: &Tensor<D>) {
    let shape = logits.dims();
    assert!(
        shape[1] > 0,
        "{loss}: the logits have shape {shape:?}, expected at least 1 class in dimension 1",
    );
}

/// Panics if a loss of probabilities has a margin.
#[track_caller]
pub(crate) fn check_takes_probabilities(loss: &str, has_margin: bool) {
    assert!(
        !has_margin,
        "{loss}: probabilities of the classes have no one target class that the margin could be taken off; \
         give class indices, or use a loss without a margin",
    );
}

/// Panics unless a tensor named `name` has the shape of `whole` without its dimension `along`.
#[track_caller]
pub(crate) fn check_rows(
    loss: &str,
    name: &str,
    shape: &[usize],
    whole: &str,
    of: &[usize],
    along: usize,
) {
    let mut expected = of.to_vec();
    expected.remove(along);
    let last = of.len() - 1;
    let advice = match shape == &of[..last] && along != last {
        true => format!(
            "; if the classes are in the last dimension of the {whole}, move them first: \
             `{whole}.movedim({last}, {along})`"
        ),
        false => String::new(),
    };
    assert!(
        shape == expected,
        "{loss}: the {name} have shape {shape:?}, expected {expected:?}, which is the shape {of:?} of \
         the {whole} without dimension {along}{advice}",
    );
}

/// Panics unless a linear layer can be applied to hidden states.
#[track_caller]
pub(crate) fn check_layer<const D: usize>(
    loss: &str,
    hidden: &Tensor<D>,
    weight: &Tensor<2>,
    bias: Option<&Tensor<1>>,
) {
    let (shape, [classes, width]) = (hidden.dims(), weight.dims());
    assert!(
        shape[D - 1] == width,
        "{loss}: the layer has {width} inputs and {classes} classes, and the hidden states have shape {shape:?}, expected \
         {width} in their last dimension; of a matrix say which way round it is: `OutputLayer::with_rows` for [V, H], \
         `OutputLayer::with_columns` for [H, V]",
    );
    assert!(
        classes > 0,
        "{loss}: the weight has shape [{classes}, {width}], expected at least 1 class",
    );
    let mut dtypes = vec![("weight", weight.dtype())];
    if let Some(bias) = bias {
        let given = bias.dims();
        assert!(
            given == [classes],
            "{loss}: the bias has shape {given:?}, expected [{classes}] to go with the weight of \
             shape [{classes}, {width}]",
        );
        dtypes.push(("bias", bias.dtype()));
    }
    let wanted = hidden.dtype();
    for (name, given) in dtypes {
        assert!(
            given == wanted,
            "{loss}: the {name} is {given:?} and the hidden states are {wanted:?}; cast one of them",
        );
    }
}

/// The index of a dimension that may be counted from the end (below 0), if there is one.
pub(crate) fn dimension(dim: isize, rank: usize) -> Option<usize> {
    let index = match dim {
        0.. => dim as usize,
        _ => rank.checked_add_signed(dim)?,
    };
    (index < rank).then_some(index)
}

/// Panics unless the prediction has the dimension of the classes; returns its index.
#[track_caller]
pub(crate) fn check_class_dim<const D: usize>(
    loss: &str,
    dim: isize,
    prediction: &Tensor<D>,
) -> usize {
    match dimension(dim, D) {
        Some(dim) => dim,
        None => panic!(
            "{loss}: the classes are in dimension {dim} of a prediction of shape {:?}, expected a dimension from -{D} \
             to {}",
            prediction.dims(),
            D - 1,
        ),
    }
}

/// Panics unless there is one parameter for each class of `prediction`, or one for all.
#[track_caller]
pub(crate) fn check_class_parameters<const D: usize>(
    loss: &str,
    field: &str,
    count: usize,
    dim: usize,
    prediction: &Tensor<D>,
) {
    let shape = prediction.dims();
    let classes = shape[dim];
    let place = match dim + 1 == D {
        true => "its last dimension".to_string(),
        false => format!("dimension {dim}"),
    };
    assert!(
        count == 1 || count == classes,
        "{loss}: {} of {field} for a prediction of shape {shape:?}, expected one \
         for each of the {classes} in {place}; if the classes are in another dimension, name it: `with_class_dim(1)`",
        counted(count, "value", "values"),
    );
}

/// Panics unless proxies have the shape of those they replace.
#[track_caller]
pub(crate) fn check_proxies(loss: &str, proxies: &Tensor<2>, expected: [usize; 2]) {
    let shape = proxies.dims();
    assert!(
        shape == expected,
        "{loss}: the proxies have shape {shape:?}, expected {expected:?}, one for each class",
    );
}
