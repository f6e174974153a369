//! Embeddings in the memory of the host.

use crate::{
    backend::NO_LABEL,
    error::{check_embeddings, check_labels},
};
use burn::tensor::{Int, Tensor, TensorReadError};
use std::collections::HashMap;

/// Embeddings and their labels, read back.
#[derive(Clone, Debug)]
pub(crate) struct Points {
    /// Row by row.
    values: Vec<f32>,
    dimension: usize,
    /// 1 over the norm of each row; 1 where that is 0, so a row of zeros stays one.
    inverse_norms: Vec<f64>,
    labels: Vec<i64>,
    /// How many have each label.
    counts: HashMap<i64, usize>,
}

impl Points {
    /// Reads embeddings and labels back, or panics. `of` and `name` are for messages.
    #[track_caller]
    pub fn of(of: &str, name: &str, embeddings: &Tensor<2>, labels: &Tensor<1, Int>) -> Self {
        let points = Self::read(of, name, embeddings, labels);
        points.unwrap_or_else(|error| panic!("{of}: the {name} cannot be read: {error}"))
    }

    /// Reads those of a gallery, or panics; so it does if there are none.
    #[track_caller]
    pub fn of_gallery(of: &str, embeddings: &Tensor<2>, labels: &Tensor<1, Int>) -> Self {
        let shape = embeddings.dims();
        assert!(
            shape[0] > 0,
            "{of}: the embeddings of the gallery have shape {shape:?}, expected at least 1 \
             embedding",
        );
        Self::of(of, "embeddings of the gallery", embeddings, labels)
    }

    /// Panics unless the embeddings of a gallery have the dimension of queries.
    #[track_caller]
    pub fn check_goes_with(&self, of: &str, queries: &Self) {
        assert!(
            queries.dimension == self.dimension,
            "{of}: the embeddings have shape {:?} and those of the gallery {:?}, expected \
             embeddings of the same dimension (the last)",
            [queries.len(), queries.dimension],
            [self.len(), self.dimension],
        );
    }

    /// Reads embeddings and labels back. `of` and `name` are for the message if they do not fit.
    #[track_caller]
    pub fn read(
        of: &str,
        name: &str,
        embeddings: &Tensor<2>,
        labels: &Tensor<1, Int>,
    ) -> Result<Self, TensorReadError> {
        check_embeddings(of, name, embeddings);
        let [count, dimension] = embeddings.dims();
        check_labels(of, labels.dims()[0], count);
        // Tensors without elements are not for every device.
        let (values, labels) = match count {
            0 => (Vec::new(), Vec::new()),
            _ => (
                embeddings
                    .clone()
                    .without_autodiff()
                    .try_into_vec_as::<f32>()?,
                labels.clone().without_autodiff().try_into_vec_as::<i64>()?,
            ),
        };
        Ok(Self::new(values, dimension, labels))
    }

    fn new(values: Vec<f32>, dimension: usize, labels: Vec<i64>) -> Self {
        let (values, labels) = labelled(values, dimension, labels);
        let inverse_norm = |row: &[f32]| {
            let square: f64 = row.iter().map(|&value| f64::from(value).powi(2)).sum();
            if square == 0.0 {
                1.0
            } else {
                1.0 / square.sqrt()
            }
        };
        let mut counts = HashMap::new();
        for &label in &labels {
            *counts.entry(label).or_default() += 1;
        }
        Self {
            inverse_norms: values.chunks_exact(dimension).map(inverse_norm).collect(),
            values,
            dimension,
            labels,
            counts,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The numbers of one, and the factor that makes its norm 1.
    pub fn row(&self, index: usize) -> (&[f32], f64) {
        let start = index * self.dimension;
        let values = &self.values[start..start + self.dimension];
        (values, self.inverse_norms[index])
    }

    /// The label of one.
    pub fn label(&self, index: usize) -> i64 {
        self.labels[index]
    }

    /// How many have a label.
    pub fn count_of(&self, label: i64) -> usize {
        self.counts.get(&label).copied().unwrap_or_default()
    }
}

/// Those that have a label: the others are neither looked up nor found.
fn labelled(values: Vec<f32>, dimension: usize, labels: Vec<i64>) -> (Vec<f32>, Vec<i64>) {
    if !labels.contains(&NO_LABEL) {
        return (values, labels);
    }
    let points = values.chunks_exact(dimension).zip(labels);
    let (kept, labels): (Vec<_>, Vec<_>) = points.filter(|&(_, label)| label != NO_LABEL).unzip();
    (kept.concat(), labels)
}
