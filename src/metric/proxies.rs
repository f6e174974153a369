//! Learned points, one for each class, that embeddings are compared with.

use crate::{
    backend::runs_on_cpu,
    embeddings::{RowLosses, of_one_type, ready, without_weightless},
    error::{
        Check, LossError, check_dimension, check_embeddings, check_label_of_proxy, check_labels,
        check_loss_weights,
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

/// Embeddings next to proxies; they have been checked.
pub(super) struct Proxied {
    /// `[N, D]` of norm 1, not of half precision
    pub embeddings: Tensor<2>,
    /// `[C, D]` of norm 1, of the same data type
    pub proxies: Tensor<2>,
    pub labels: Tensor<1, Int>,
}

impl Proxied {
    /// Of no embeddings at all what these cost.
    ///
    /// # Panics
    /// If shapes or data types do not fit. If a label is no class, on the CPU.
    #[track_caller]
    pub fn new(
        loss: &str,
        proxies: &Param<Tensor<2>>,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
        weights: Option<Tensor<1>>,
    ) -> Result<Self, Box<RowLosses>> {
        let proxies = proxies.val();
        check_embeddings(loss, "embeddings", &embeddings);
        check_dimension(loss, ("proxies", &proxies), ("embeddings", &embeddings));
        check_labels(loss, labels.dims()[0], embeddings.dims()[0]);
        if let Some(weights) = &weights {
            check_loss_weights(loss, weights, embeddings.dims()[0], embeddings.dtype());
        }
        if runs_on_cpu(&embeddings) {
            for (row, label) in labels.to_data().iter::<i64>().enumerate() {
                check_label_of_proxy(loss, row, label, proxies.dims()[0]);
            }
        }
        if embeddings.dims()[0] == 0 {
            let nothing = RowLosses::none(&[&embeddings, &proxies]);
            return Err(Box::new(nothing));
        }
        let embeddings = without_weightless(loss, embeddings, weights.as_ref());
        let embeddings = ready(embeddings, true);
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

/// Gives a loss of embeddings and proxies its constructor, its display and access to its proxies.
macro_rules! proxy_module {
    ($loss:ident, $config:ident, |$this:ident, $content:ident| $shown:expr) => {
        $crate::module::device_init!($loss, $config);
        $crate::module::display!($loss, |$this, $content| $shown);

        impl $loss {
            /// The proxy of each class, `[C, D]`, as they are learned: not of norm 1.
            pub fn proxies(&self) -> ::burn::tensor::Tensor<2> {
                self.proxies.val()
            }

            /// The loss with other proxies `[C, D]` to begin with: the means of the classes, say. No gradient
            /// goes to what they were computed from.
            ///
            /// # Panics
            /// If there are not as many, or they are of another dimension.
            #[track_caller]
            pub fn with_proxies(self, proxies: ::burn::tensor::Tensor<2>) -> Self {
                $crate::error::check_proxies(stringify!($loss), &proxies, self.proxies.dims());
                let proxies = self.proxies.map(|before| {
                    let proxies = match before.is_autodiff() {
                        true => proxies.autodiff().detach().set_require_grad(false),
                        false => proxies.without_autodiff(),
                    };
                    match before.is_require_grad() {
                        true => proxies.require_grad(),
                        false => proxies,
                    }
                });
                Self { proxies, ..self }
            }
        }
    };
}
pub(super) use proxy_module;

/// Gives a loss of embeddings and proxies its `forward` methods, from
/// `row_losses(embeddings, labels, weights)`.
macro_rules! proxy_loss {
    ($loss:ident) => {
        impl $loss {
            /// The loss of all embeddings, reduced as configured. Of none at all it is 0.
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, the index of a class
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes do not fit. If a label is no class, on the CPU; on a GPU the loss of its embedding
            /// is NaN.
            #[track_caller]
            pub fn forward(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<1> {
                let rows = self.row_losses(embeddings, labels, None);
                rows.reduced(stringify!($loss), self.reduction, None)
            }

            /// The loss of each embedding.
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, the index of a class
            /// - output: `[N]`
            ///
            /// # Panics
            /// If shapes do not fit. If a label is no class, on the CPU; on a GPU the loss of its embedding
            /// is NaN.
            #[track_caller]
            pub fn forward_no_reduction(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
            ) -> ::burn::tensor::Tensor<1> {
                self.row_losses(embeddings, labels, None).each()
            }

            /// The loss of all embeddings, each with a weight: `sum(w l) / sum(w)` as a mean, `sum(w l)` as
            /// a sum. A weight of 0 ignores its embedding, whatever it holds; where all weights sum to 0 the
            /// loss is 0.
            ///
            /// # Shapes
            /// - embeddings: `[N, D]`
            /// - labels: `[N]`, the index of a class
            /// - weights: `[N]`
            /// - output: `[1]`
            ///
            /// # Panics
            /// If shapes or data types do not fit. If a label is no class, on the CPU; on a GPU the loss of
            /// its embedding is NaN.
            #[track_caller]
            pub fn forward_weighted(
                &self,
                embeddings: ::burn::tensor::Tensor<2>,
                labels: ::burn::tensor::Tensor<1, ::burn::tensor::Int>,
                weights: ::burn::tensor::Tensor<1>,
            ) -> ::burn::tensor::Tensor<1> {
                let rows = self.row_losses(embeddings, labels, Some(weights.clone()));
                rows.reduced(stringify!($loss), self.reduction, Some(weights))
            }
        }
    };
}
pub(super) use proxy_loss;
