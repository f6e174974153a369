//! The softmax of cosines with proxies.

use super::proxies::{Proxied, batch, random, replaced};
use crate::{
    backend::{RowInputs, SoftmaxRow, Target, TargetMargin, row_losses},
    embeddings::{ClassLabels, SampleEvaluation, SampleLosses, Temperature},
    formula::{CrossEntropy, Margin},
    module::{Field, Shown, display},
    reduction::Reduction,
};
use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor},
};
use core::fmt;
use std::sync::Arc;

/// Cross entropy of the cosines of embeddings with learned proxies of the classes, with a margin for the class of
/// the embedding.
///
/// The losses are [`ArcFaceLoss`](crate::ArcFaceLoss), [`CosFaceLoss`](crate::CosFaceLoss) and
/// [`NormalizedSoftmaxLoss`](crate::NormalizedSoftmaxLoss), which come from their configurations. The proxies are
/// parameters of the loss: give the loss to the optimizer with the model. The cosines `[N, C]` are stored.
#[derive(Module)]
#[module(custom_display)]
pub struct ProxySoftmaxLoss<M: Margin> {
    proxies: Param<Tensor<2>>,
    #[module(skip)]
    margin: M,
    #[module(skip)]
    definition: Arc<Definition>,
    /// By which the cosines are scaled, if it is learned. (One that is fixed is in the definition.)
    temperature: Option<Temperature>,
    #[module(skip)]
    reduction: Reduction,
}

/// What a loss is below its type.
#[derive(Debug)]
struct Definition {
    /// What is made of the cosines of an embedding.
    row: Arc<SoftmaxRow>,
    ignore_index: Option<i64>,
    shown: Shown,
}

/// What a loss of the softmax of cosines is made of.
pub(super) struct Parts<'a, M> {
    pub loss: &'static str,
    pub classes: usize,
    pub dimension: usize,
    pub margin: M,
    /// A parameter of the margin for each class.
    pub parameter: f64,
    /// What cosines are multiplied by.
    pub scale: f64,
    pub ignore_index: Option<i64>,
    /// What is shown next to the sizes, the ignored label and the reduction.
    pub shown: &'a [Field<'a>],
    pub reduction: Reduction,
}

impl<M: Margin> ProxySoftmaxLoss<M> {
    /// To be called where the margin is no parameter, so that its kernels are compiled here.
    #[inline(never)]
    pub(super) fn new(parts: Parts<'_, M>, device: &Device) -> Self {
        let Parts {
            loss,
            classes,
            dimension,
            margin,
            parameter,
            scale,
            ignore_index,
            shown,
            reduction,
        } = parts;
        let row = SoftmaxRow {
            margin: TargetMargin::new(margin.clone(), vec![parameter; classes]),
            scale,
            ..SoftmaxRow::new(loss, Arc::new(CrossEntropy))
        };
        let sizes: [Field<'_>; 2] = [("classes", &classes), ("dimension", &dimension)];
        Self {
            proxies: random(classes, dimension, device),
            margin,
            definition: Arc::new(Definition {
                row: Arc::new(row),
                ignore_index,
                shown: Shown::new(loss)
                    .with(&sizes)
                    .with(shown)
                    .with(&[("ignore_index", &ignore_index)]),
            }),
            temperature: None,
            reduction,
        }
    }

    /// A loss without a margin whose cosines are scaled by a temperature, if that is learned.
    pub(super) fn with_temperature(self, temperature: Temperature) -> Self {
        Self {
            temperature: Some(temperature),
            ..self
        }
    }

    /// The temperature, where there is one.
    pub(super) fn scaling(&self) -> Option<&Temperature> {
        self.temperature.as_ref()
    }

    fn shown(&self) -> Shown {
        let mut shown = self.definition.shown.clone();
        if let Some(temperature) = &self.temperature {
            shown.set("temperature", &format_args!("{temperature}"));
        }
        shown
    }

    /// The proxy of each class, `[C, D]`, as learned: not of norm 1.
    pub fn proxies(&self) -> Tensor<2> {
        self.proxies.val()
    }

    /// Returns the loss with other initial proxies `[C, D]`, such as the means of the classes. No gradient goes to the
    /// tensors they were computed from.
    ///
    /// # Panics
    /// If their number or their dimension does not fit.
    #[track_caller]
    pub fn with_proxies(self, proxies: Tensor<2>) -> Self {
        let proxies = replaced(self.definition.shown.name, self.proxies, proxies);
        Self { proxies, ..self }
    }

    /// Returns the losses of all embeddings as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit. If a label is not a class index (on the CPU; the loss of its embedding is NaN on a GPU).
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).reduce()
    }

    /// Returns the loss of each embedding; 0 for an ignored one.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit. If a label is not a class index (on the CPU; the loss of its embedding is NaN on a GPU).
    #[track_caller]
    pub fn forward_no_reduction(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).each()
    }

    /// Begins an evaluation, to which weights of the embeddings, a normalizer or another reduction can be added. An
    /// embedding of weight 0 is ignored, whatever it and its label hold.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, the index of a class or the `ignore_index`
    ///
    /// # Panics
    /// If shapes do not fit. The last call panics if a label that counts is not a class index (on the CPU; the loss of
    /// its embedding is NaN on a GPU).
    #[track_caller]
    pub fn on(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> SampleEvaluation {
        let proxies = self.proxies.val();
        let batch = batch(self.definition.shown.name, &proxies, &embeddings, &labels);
        let definition = self.definition.clone();
        let labels = ClassLabels::new(labels, proxies.dims()[0]).ignoring(definition.ignore_index);
        let learned = self.temperature.clone().filter(Temperature::is_learned);
        let losses = move |proxied| definition.losses(proxied, learned);
        Proxied::evaluation(batch, (proxies, embeddings), labels, self.reduction, losses)
    }
}

impl Definition {
    fn losses(&self, mut proxied: Proxied, learned: Option<Temperature>) -> SampleLosses {
        if let Some(temperature) = learned {
            proxied.embeddings = temperature.scaled(proxied.embeddings);
        }
        let logits = proxied.cosines();
        let [count, classes] = logits.dims();
        let inputs = RowInputs {
            logits: logits.reshape([count, classes, 1]),
            target: Target::Classes(proxied.labels.clone().reshape([count, 1])),
            weights: None,
            samples: vec![count],
        };
        proxied.sample_losses(row_losses(self.row.clone(), inputs).reshape([count]))
    }
}

impl<M: Margin> fmt::Debug for ProxySoftmaxLoss<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().debug(f, &self.reduction)
    }
}

display!([M: Margin] ProxySoftmaxLoss<M>, |loss, content| {
    loss.shown().content(content, &loss.reduction)
});
