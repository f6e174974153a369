//! Learned points, one for each class, that embeddings are compared with.

use crate::{
    backend::runs_on_cpu,
    embeddings::{Batch, SampleLosses, of_one_type, ready, without_weightless},
    error::{
        Check, LossError, check_dimension, check_embeddings, check_label_of_proxy, check_labels,
        check_proxies,
    },
};
use burn::{
    module::Param,
    tensor::{Bool, Device, Distribution, Int, Tensor},
};

/// The proxy of each class, `[C, D]`, in random directions.
pub(super) fn random(classes: usize, dimension: usize, device: &Device) -> Param<Tensor<2>> {
    let shape = [classes, dimension];
    let random = Tensor::random(shape, Distribution::Normal(0.0, 1.0), device);
    Param::from_tensor(ready(random, true).detach())
}

/// Checks that there is a class and a dimension.
pub(super) fn check_sizes(check: Check, classes: usize, dimension: usize) -> Result<(), LossError> {
    check.at_least_one("classes", classes)?;
    check.at_least_one("dimension", dimension)
}

/// A batch of embeddings with the classes of their proxies.
///
/// # Panics
/// If shapes or data types do not fit. If a label is no class, on the CPU.
#[track_caller]
pub(super) fn batch(
    loss: &'static str,
    proxies: &Tensor<2>,
    embeddings: &Tensor<2>,
    labels: &Tensor<1, Int>,
) -> Batch {
    check_embeddings(loss, "embeddings", embeddings);
    check_dimension(loss, ("proxies", proxies), ("embeddings", embeddings));
    check_labels(loss, labels.dims()[0], embeddings.dims()[0]);
    if runs_on_cpu(embeddings) {
        for (sample, label) in labels.to_data().iter::<i64>().enumerate() {
            check_label_of_proxy(loss, sample, label, proxies.dims()[0]);
        }
    }
    Batch::of(loss, embeddings)
}

/// Embeddings next to proxies.
pub(super) struct Proxied {
    /// `[N, D]` of norm 1, not of half precision
    pub embeddings: Tensor<2>,
    /// `[C, D]` of norm 1, of the same data type
    pub proxies: Tensor<2>,
    pub labels: Tensor<1, Int>,
}

impl Proxied {
    /// Arguments that have been checked; where there are no embeddings what these cost.
    pub fn new(
        proxies: Tensor<2>,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
        weights: Option<&Tensor<1>>,
    ) -> Result<Self, SampleLosses> {
        if embeddings.dims()[0] == 0 {
            return Err(SampleLosses::none(&[&embeddings, &proxies]));
        }
        let embeddings = ready(without_weightless(embeddings, weights), true);
        Ok(Self {
            proxies: ready(proxies.cast(embeddings.dtype()), true),
            embeddings,
            labels,
        })
    }

    /// The cosines of all embeddings with all proxies, `[N, C]`.
    pub fn cosines(&self) -> Tensor<2> {
        self.embeddings
            .clone()
            .matmul(self.proxies.clone().transpose())
    }

    /// The labels, and the classes of the proxies.
    pub fn labels(&self) -> (Tensor<1, Int>, Tensor<1, Int>) {
        let classes = self.proxies.dims()[0];
        let classes = Tensor::arange(0..classes as i64, &self.proxies.device());
        of_one_type(self.labels.clone(), classes)
    }

    /// Which labels are no class: on the CPU none is.
    pub fn unknown(&self) -> Option<Tensor<1, Bool>> {
        if runs_on_cpu(&self.embeddings) {
            return None;
        }
        let classes = self.proxies.dims()[0] as i64;
        let below = self.labels.clone().lower_scalar(0);
        Some(below.bool_or(self.labels.clone().greater_equal_scalar(classes)))
    }
}

/// Other proxies in place of those of a loss, of which no gradient goes to what they were computed from.
///
/// # Panics
/// If there are not as many, or they are of another dimension.
#[track_caller]
pub(super) fn replaced(
    loss: &str,
    proxies: Param<Tensor<2>>,
    others: Tensor<2>,
) -> Param<Tensor<2>> {
    check_proxies(loss, &others, proxies.dims());
    proxies.map(|before| {
        let others = match before.is_autodiff() {
            true => others.autodiff().detach().set_require_grad(false),
            false => others.without_autodiff(),
        };
        match before.is_require_grad() {
            true => others.require_grad(),
            false => others,
        }
    })
}
