//! Learned points, one for each class, that embeddings are compared with.

use crate::{
    backend::{NO_LABEL, runs_on_cpu},
    embeddings::{
        Batch, ClassLabels, SampleEvaluation, SampleLosses, of_one_type, ready,
        warn_unless_it_learns,
    },
    error::{Check, LossError, check_dimension, check_embeddings, check_labels, check_proxies},
    reduction::Reduction,
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
/// If shapes or data types do not fit.
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
    Batch::of(loss, embeddings)
}

/// Embeddings next to proxies. Those that do not count are zeros of class 0, so that nothing they hold reaches a
/// gradient.
pub(super) struct Proxied {
    /// `[N, D]` of norm 1, not of half precision
    pub embeddings: Tensor<2>,
    /// `[C, D]` of norm 1, of the same data type
    pub proxies: Tensor<2>,
    pub labels: Tensor<1, Int>,
    /// Which stand for no class.
    ignored: Option<Tensor<1, Bool>>,
}

impl Proxied {
    /// Arguments that have been checked; where there are no embeddings what these cost.
    pub fn new(
        proxies: Tensor<2>,
        embeddings: Tensor<2>,
        classes: ClassLabels,
        weights: Option<&Tensor<1>>,
    ) -> Result<Self, SampleLosses> {
        if embeddings.dims()[0] == 0 {
            return Err(SampleLosses::none(&[&embeddings, &proxies]));
        }
        warn_unless_it_learns("proxies", &proxies, &embeddings);
        let ignored = classes.ignored();
        let (labels, embeddings) = match classes.left_out(weights) {
            Some(left_out) => {
                let rows = left_out.clone().unsqueeze_dim::<2>(1);
                let rows = rows.expand(embeddings.shape());
                let labels = signed(classes.labels).mask_fill(left_out, 0);
                (labels, embeddings.mask_fill(rows, 0.0))
            }
            None => (signed(classes.labels), embeddings),
        };
        let embeddings = ready(embeddings, true);
        Ok(Self {
            proxies: ready(proxies.cast(embeddings.dtype()), true),
            embeddings,
            labels,
            ignored,
        })
    }

    /// The evaluation of a loss that each embedding next to proxies has.
    pub fn evaluation(
        batch: Batch,
        (proxies, embeddings): (Tensor<2>, Tensor<2>),
        labels: ClassLabels,
        reduction: Reduction,
        losses: impl FnOnce(Self) -> SampleLosses + Clone + Send + Sync + 'static,
    ) -> SampleEvaluation {
        let classes = labels.clone();
        let evaluation =
            SampleEvaluation::complete(batch, reduction, move |weights| {
                match Self::new(proxies, embeddings, classes, weights) {
                    Ok(proxied) => losses(proxied),
                    Err(nothing) => nothing,
                }
            });
        evaluation.with_class_labels(labels)
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

    /// The labels, of which those that stand for no class make no pair, and the classes of the proxies.
    pub fn labels_of_pairs(&self) -> (Tensor<1, Int>, Tensor<1, Int>) {
        let (labels, classes) = self.labels();
        let labels = match &self.ignored {
            Some(ignored) => labels.mask_fill(ignored.clone(), NO_LABEL),
            None => labels,
        };
        (labels, classes)
    }

    /// Which labels are no class though they count: on the CPU none is.
    pub fn unknown(&self) -> Option<Tensor<1, Bool>> {
        if runs_on_cpu(&self.embeddings) {
            return None;
        }
        let classes = self.proxies.dims()[0] as i64;
        let below = self.labels.clone().lower_scalar(0);
        Some(below.bool_or(self.labels.clone().greater_equal_scalar(classes)))
    }

    /// The losses of the embeddings; those that stand for no class cost nothing and do not count.
    pub fn sample_losses(&self, losses: Tensor<1>) -> SampleLosses {
        match &self.ignored {
            Some(ignored) => SampleLosses::with_silent(losses, ignored.clone()),
            None => SampleLosses::new(losses),
        }
    }
}

/// Labels of a type that holds negative numbers, too.
fn signed(labels: Tensor<1, Int>) -> Tensor<1, Int> {
    of_one_type(labels.clone(), labels).0
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
