//! Checks of shapes, data types, weights and normalizers.

use super::{counted, verbs};
use crate::backend::type_of_loss;
use burn::tensor::{DType, Tensor};

/// Panics unless `tensor`, named `name`, has the shape `expected` and the data type of
/// `prediction`.
#[track_caller]
pub(crate) fn check_like_prediction<const D: usize>(
    loss: &str,
    name: &str,
    tensor: &Tensor<D>,
    prediction: &Tensor<D>,
    expected: &[usize],
) {
    check_shape(loss, name, tensor, prediction, expected);
    let (given, wanted) = (tensor.dtype(), prediction.dtype());
    let [_, is] = verbs(name);
    assert!(
        given == wanted,
        "{loss}: the {name} {is} {given:?} and the prediction {wanted:?}; cast one of them",
    );
}

/// Panics unless a prediction, named `name`, has the shape and the data type of the target.
#[track_caller]
pub(crate) fn check_like_target<const D: usize>(
    loss: &str,
    name: &str,
    prediction: &Tensor<D>,
    target: &Tensor<D>,
) {
    let (given, expected) = (prediction.dims(), target.dims());
    let (is, wanted) = (prediction.dtype(), target.dtype());
    assert!(
        given == expected && is == wanted,
        "{loss}: the {name} has shape {given:?} and is {is:?}, expected {expected:?} and {wanted:?} as the target; shapes \
         are not broadcast, expand the {name} first",
    );
}

/// Panics unless `tensor`, named `name`, has the shape `expected`.
#[track_caller]
fn check_shape<const D: usize>(
    loss: &str,
    name: &str,
    tensor: &Tensor<D>,
    prediction: &Tensor<D>,
    expected: &[usize],
) {
    let shape = tensor.dims();
    let [has, _] = verbs(name);
    assert!(
        shape == expected,
        "{loss}: the {name} {has} shape {shape:?}, expected {expected:?} to go with the prediction \
         of shape {:?}; shapes are not broadcast, reshape or expand the {name} first",
        prediction.dims(),
    );
}

/// Panics unless there is a weight for each element of the prediction.
#[track_caller]
pub(crate) fn check_element_weights<const D: usize>(
    loss: &str,
    weights: &Tensor<D>,
    prediction: &Tensor<D>,
) {
    check_shape(loss, "weights", weights, prediction, &prediction.dims());
    check_weights_type(loss, weights.dtype(), ("prediction", prediction.dtype()));
}

/// Panics unless weights have the data type of the prediction (or of the embeddings), or that of its loss.
#[track_caller]
pub(crate) fn check_weights_type(loss: &str, given: DType, (name, wanted): (&str, DType)) {
    let of_loss = type_of_loss(wanted);
    let or_of_loss = match of_loss == wanted {
        true => String::new(),
        false => format!(" or {of_loss:?}"),
    };
    assert!(
        given == wanted || given == of_loss,
        "{loss}: the weights are {given:?} and the {name} {wanted:?}, expected weights of {wanted:?}{or_of_loss}; \
         cast them first",
    );
}

/// Panics unless the last dimension of a prediction has the numbers of a sample.
#[track_caller]
pub(crate) fn check_tuples(loss: &str, shape: &[usize], width: usize) {
    assert!(
        shape.last() == Some(&width),
        "{loss}: the prediction has shape {shape:?}, expected {width} numbers of each sample in its last dimension",
    );
}

/// Panics unless there is a weight for each sample.
#[track_caller]
pub(crate) fn check_sample_weights(loss: &str, shape: &[usize], samples: &[usize]) {
    let is_single = samples.is_empty() && shape == [1];
    assert!(
        shape == samples || is_single,
        "{loss}: the weights have shape {shape:?}, expected {samples:?}, one for each sample",
    );
}

/// Panics unless the losses, of that shape, are asked for with their rank.
#[track_caller]
pub(crate) fn check_rank(loss: &str, rank: usize, shape: &[usize]) {
    assert!(
        rank == shape.len(),
        "{loss}: the losses of the samples have shape {shape:?} and were asked for as a tensor of rank {rank}; name \
         their rank: `let losses: Tensor<{}> = ..each()`",
        shape.len(),
    );
}

/// Panics unless a prediction has so many columns, if there are several.
#[track_caller]
pub(crate) fn check_columns(loss: &str, columns: usize, shape: &[usize]) {
    assert!(
        columns == 1 || shape.last() == Some(&columns),
        "{loss}: the prediction has shape {shape:?}, expected {columns} columns in its last dimension",
    );
}

/// Panics unless `normalizer` is a finite number.
#[track_caller]
pub(crate) fn check_normalizer(loss: &str, normalizer: f64) {
    assert!(
        normalizer.is_finite(),
        "{loss}: the normalizer is {normalizer}, expected a finite number, such as the count of \
         foreground anchors",
    );
}

/// Panics unless `normalizer` holds one number.
#[track_caller]
pub(crate) fn check_normalizer_shape(loss: &str, normalizer: &Tensor<1>) {
    let shape = normalizer.dims();
    assert!(
        shape == [1],
        "{loss}: the normalizer has shape {shape:?}, expected [1]; sum it first",
    );
}

/// Panics unless there is a weight for each loss. The advice says what else takes weights.
#[track_caller]
pub(crate) fn check_loss_weights(
    loss: &str,
    weights: &Tensor<1>,
    (losses, advice): (usize, &str),
    wanted: DType,
) {
    let count = weights.dims()[0];
    assert!(
        count == losses,
        "{loss}: {} for {}, expected one for each{advice}",
        counted(count, "weight", "weights"),
        counted(losses, "loss", "losses"),
    );
    check_weights_type(loss, weights.dtype(), ("predictions", wanted));
}

/// Panics unless two losses of as many samples can be added.
#[track_caller]
pub(crate) fn check_sum_of_losses(
    [loss, other]: [&str; 2],
    [samples, others]: [usize; 2],
    factor: f64,
    is_weighted: bool,
) {
    assert!(
        samples == others,
        "{loss}: {other} is added with {} to {}, expected as many",
        counted(others, "loss", "losses"),
        counted(samples, "loss", "losses"),
    );
    assert!(
        factor.is_finite(),
        "{loss}: {other} is added {factor} times, expected a finite factor",
    );
    assert!(
        !is_weighted,
        "{loss}: {other} is added with weights of its own; give them to the sum, behind `plus`",
    );
}
