//! Checks of embeddings.

use super::counted;
use burn::tensor::Tensor;

/// Panics unless there are embeddings of one dimension at least.
#[track_caller]
pub(crate) fn check_embeddings(loss: &str, name: &str, embeddings: &Tensor<2>) {
    let shape = embeddings.dims();
    assert!(
        shape[1] > 0,
        "{loss}: the {name} have shape {shape:?}, expected [N, D] with D at least 1",
    );
}

/// Panics unless embeddings have the dimension of a memory.
#[track_caller]
pub(crate) fn check_width(memory: &str, embeddings: &Tensor<2>, dimension: usize) {
    check_embeddings(memory, "embeddings", embeddings);
    let shape = embeddings.dims();
    assert!(
        shape[1] == dimension,
        "{memory}: the embeddings have shape {shape:?}, expected [N, {dimension}]",
    );
}

/// Panics unless both sets of embeddings have the same dimension.
#[track_caller]
pub(crate) fn check_dimension(
    loss: &str,
    (name, embeddings): (&str, &Tensor<2>),
    (other_name, others): (&str, &Tensor<2>),
) {
    check_embeddings(loss, name, embeddings);
    let (shape, other) = (embeddings.dims(), others.dims());
    assert!(
        shape[1] == other[1],
        "{loss}: the {other_name} have shape {other:?} and the {name} {shape:?}, expected embeddings \
         of the same dimension (the last)",
    );
}

/// Panics unless both sets of embeddings have the same dimension and data type.
#[track_caller]
pub(crate) fn check_embeddings_fit(
    loss: &str,
    (name, embeddings): (&str, &Tensor<2>),
    (other_name, others): (&str, &Tensor<2>),
) {
    check_dimension(loss, (name, embeddings), (other_name, others));
    let (wanted, given) = (embeddings.dtype(), others.dtype());
    assert!(
        given == wanted,
        "{loss}: the {other_name} are {given:?} and the {name} {wanted:?}; cast one of them",
    );
}

/// Panics unless both sets of embeddings have the same shape and data type.
#[track_caller]
pub(crate) fn check_embeddings_alike(
    loss: &str,
    (name, embeddings): (&str, &Tensor<2>),
    (other_name, others): (&str, &Tensor<2>),
) {
    let (shape, other) = (embeddings.dims(), others.dims());
    assert!(
        shape == other,
        "{loss}: the {other_name} have shape {other:?} and the {name} {shape:?}, expected the same: \
         one of the {other_name} for each of the {name}, of the same width",
    );
    check_embeddings_fit(loss, (name, embeddings), (other_name, others));
}

/// Panics unless there is a key for each query from an offset on.
#[track_caller]
pub(crate) fn check_keys(loss: &str, queries: usize, keys: usize, offset: usize) {
    let needed = queries.saturating_add(offset);
    assert!(
        keys >= needed,
        "{loss}: {} for {} and an offset of {offset}, expected at least {needed}, one for each query \
         from the offset on",
        counted(keys, "key", "keys"),
        counted(queries, "query", "queries"),
    );
}

/// Panics unless there is a label for each embedding.
#[track_caller]
pub(crate) fn check_labels(loss: &str, labels: usize, embeddings: usize) {
    assert!(
        labels == embeddings,
        "{loss}: {} for {}, expected one for each",
        counted(labels, "label", "labels"),
        counted(embeddings, "embedding", "embeddings"),
    );
}
