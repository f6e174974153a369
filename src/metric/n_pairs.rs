//! The N-pairs loss.

use crate::{
    config::config,
    embeddings::{
        Batch, SampleEvaluation, SampleLosses, Terms, comparable, unlabelled, widened,
        without_unlabelled, without_weightless,
    },
    error::{Check, LossError, built, check_embeddings_alike, check_labels},
    formula::{AnchorFormula, SupervisedPairs},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};

config! {
    /// Configuration of [`NPairsLoss`].
    pub struct NPairsLossConfig {
        /// The factor of the mean squared norm of the embeddings, divided by 4, at least 0. Default: 0.002 (TensorFlow's
        /// metric learning losses).
        pub l2_weight: f64 = 0.002,
        /// How the losses of all anchors become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The N-pairs loss: an anchor should be more similar to its positive than to the positives of all other classes.
///
/// ```text
/// l_i = -mean_p ln e^(a_i · b_p) / sum_j e^(a_i · b_j) + w (|a_i|² + |b_i|²) / 4
/// ```
/// over the positives p with the label of i (one, if there is one pair of each class). Embeddings are not normalised:
/// the weight w keeps their norms small. Similarities are never stored all at once.
///
/// Source: K. Sohn, *Improved Deep Metric Learning with Multi-class N-pair Loss Objective*, 2016.
///
/// Shapes: anchors and positives `[N, D]`, labels `[N]`; a loss for each anchor. Panics if they do not fit.
///
/// Equivalent: pytorch-metric-learning's `NPairsLoss()`, which finds the pairs itself, one of each class; the
/// weight w is a regularizer there.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::NPairsLossConfig;
///
/// let device = Device::flex();
/// let loss = NPairsLossConfig::new().with_l2_weight(0.0).init();
/// let anchors = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([4, 5], &device);
/// let value = loss.forward(anchors.clone(), anchors, labels).into_scalar::<f32>();
/// assert!((value - (-1f32).exp().ln_1p()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "N-pair")]
#[doc(alias = "multi_class_n_pair")]
pub struct NPairsLoss {
    l2_weight: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl NPairsLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `l2_weight` is negative or not finite.
    pub fn try_init(&self) -> Result<NPairsLoss, LossError> {
        let check = Check("NPairsLossConfig");
        check.at_least_zero("l2_weight", self.l2_weight)?;
        Ok(NPairsLoss {
            l2_weight: self.l2_weight,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> NPairsLoss {
        built(self.try_init())
    }
}
display!(NPairsLoss, |loss, content| {
    content
        .add_debug_attribute("l2_weight", &loss.l2_weight)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "NPairsLoss";

impl NPairsLoss {
    /// Returns the losses of all anchors as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - anchors: `[N, D]`
    /// - positives: `[N, D]`, one for each anchor
    /// - labels: `[N]`, any numbers, those of both
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> Tensor<1> {
        self.on(anchors, positives, labels).reduce()
    }

    /// Returns the loss of each anchor.
    ///
    /// # Shapes
    /// - anchors: `[N, D]`
    /// - positives: `[N, D]`, one for each anchor
    /// - labels: `[N]`, any numbers, those of both
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> Tensor<1> {
        self.on(anchors, positives, labels).each()
    }

    /// Begins an evaluation, to which weights of the anchors, a normalizer or another reduction can be added. The
    /// positive of an anchor of weight 0 stays among those that other anchors are compared with.
    ///
    /// # Shapes
    /// - anchors: `[N, D]`
    /// - positives: `[N, D]`, one for each anchor
    /// - labels: `[N]`, any numbers, those of both
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> SampleEvaluation {
        let (a, b) = (("anchors", &anchors), ("positives", &positives));
        check_embeddings_alike(NAME, a, b);
        check_labels(NAME, labels.dims()[0], anchors.dims()[0]);
        let (loss, labels) = (self.clone(), comparable(labels));
        let batch = Batch::of(NAME, &anchors);
        SampleEvaluation::complete(batch, self.reduction, move |weights| {
            loss.sample_losses(without_weightless(anchors, weights), positives, labels)
        })
    }

    fn sample_losses(
        &self,
        anchors: Tensor<2>,
        positives: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> SampleLosses {
        let count = anchors.dims()[0];
        if count == 0 {
            return SampleLosses::none(&[&anchors, &positives]);
        }
        let [anchors, positives] =
            [anchors, positives].map(|points| widened(without_unlabelled(points, &labels)));
        let unlabelled = unlabelled(&labels);
        let both = [&anchors, &positives].map(Tensor::clone);
        let columns = (positives, labels.clone());
        let formula = SupervisedPairs {
            temperature: 1.0,
            base_temperature: 1.0,
            log_of_mean: false,
        };
        let terms = Terms::between(formula, (anchors, labels), columns, false);
        // Each anchor with a label has one positive at least, its own, so all of these count.
        let mut losses = formula.loss(&[0, 1, 2, 3].map(|term| {
            let term = terms.of_rows(term);
            match &unlabelled {
                Some(none) => term.mask_fill(none.clone(), 1.0),
                None => term,
            }
        }));
        if self.l2_weight > 0.0 {
            for points in both {
                let squares = (points.clone() * points).sum_dim(1).reshape([count]);
                losses = losses + squares * (self.l2_weight / 4.0);
            }
        }
        match unlabelled {
            Some(none) => SampleLosses::with_silent(losses, none),
            None => SampleLosses::new(losses),
        }
    }
}
