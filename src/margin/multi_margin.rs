//! The margin of a class against all others.

use crate::{
    backend::{ListMembers, comparable, is_nothing, list_pairs, widened},
    config::config,
    error::{Check, ClassesOf, LossError, built, check_class_list, check_has_classes, check_rows},
    formula::PairwiseHinge,
    module::{Shown, display},
    reduction::Reduction,
    samples::{Batch, ClassLabels, SampleEvaluation, SampleLosses, without_weightless},
};
use burn::{
    module::Module,
    tensor::{Int, Tensor, TensorData},
};
use core::fmt;

config! {
    /// Configuration of [`MultiMarginLoss`].
    pub struct MultiMarginLossConfig {
        /// The exponent of what a margin is short of, 1 or 2. Default: 1 (PyTorch).
        pub p: usize = 1,
        /// The margin. Default: 1 (PyTorch).
        pub margin: f64 = 1.0,
        /// The weight of each class, which multiplies the loss of a sample. Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The multi-class margin loss: by how much the score of the right class is not above each other score by a margin.
///
/// ```text
/// l = w_y / C sum over c other than y of max(0, margin - x_y + x_c)^p
/// ```
/// with the class weights `w` and the number of classes `C`. A mean divides by the number of samples: class weights do not
/// count in it. The slope at the kink is 0.
///
/// Source: J. Weston and C. Watkins, *Support Vector Machines for Multi-Class
/// Pattern Recognition*, 1999.
///
/// Shapes: scores `[N, C]`, class indices `[N]`; a loss for each sample. Panics if they do not fit or an index is no
/// class (NaN on a GPU).
///
/// Equivalent: `torch.nn.MultiMarginLoss(p=1, margin=1.0, weight=..)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::MultiMarginLossConfig;
///
/// let device = Device::flex();
/// let scores = Tensor::<2>::from_floats([[0.5, 0.25, -2.0, 0.75]], &device);
/// let targets = Tensor::<1, Int>::from_ints([0], &device);
/// let value = MultiMarginLossConfig::new().init().forward(scores, targets);
/// assert_eq!(value.into_scalar::<f32>(), (0.75 + 0.0 + 1.25) / 4.0);
/// ```
#[doc(alias = "multi_margin_loss")]
#[doc(alias = "MultiClassHinge")]
#[derive(Module)]
#[module(custom_display)]
pub struct MultiMarginLoss {
    #[module(skip)]
    hinge: PairwiseHinge,
    #[module(skip)]
    class_weights: Option<Vec<f64>>,
    #[module(skip)]
    reduction: Reduction,
}

impl MultiMarginLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `p` is neither 1 nor 2, the margin is not finite, or a weight is negative or not finite or the list of them is empty.
    pub fn try_init(&self) -> Result<MultiMarginLoss, LossError> {
        let check = Check("MultiMarginLossConfig");
        check.that([1, 2].contains(&self.p), "p", self.p, "1 or 2")?;
        check.in_range_of_f32("margin", self.margin)?;
        check.class_weights("class_weights", &self.class_weights)?;
        Ok(MultiMarginLoss {
            hinge: PairwiseHinge {
                margin: self.margin,
                squared: self.p == 2,
            },
            class_weights: self.class_weights.clone(),
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MultiMarginLoss {
        built(self.try_init())
    }
}

const NAME: &str = "MultiMarginLoss";

impl MultiMarginLoss {
    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - scores: `[N, C]`
    /// - targets: `[N]`, the index of a class
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit. If a target is not a class index (on the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn forward(&self, scores: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
        self.on(scores, targets).reduce()
    }

    /// Returns the loss of each sample.
    ///
    /// # Shapes
    /// - scores: `[N, C]`
    /// - targets: `[N]`, the index of a class
    /// - output: `[N]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction(&self, scores: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
        self.on(scores, targets).each()
    }

    /// Begins an evaluation, to which weights of the samples, a normalizer or another reduction can be added. A sample of
    /// weight 0 is ignored, whatever it and its target hold.
    ///
    /// # Shapes
    /// - scores: `[N, C]`
    /// - targets: `[N]`, the index of a class
    ///
    /// # Panics
    /// If shapes do not fit. The last call panics if a target that counts is not a class index (on the CPU; the loss of its
    /// sample is NaN on a GPU).
    #[track_caller]
    pub fn on(&self, scores: Tensor<2>, targets: Tensor<1, Int>) -> SampleEvaluation {
        check_has_classes(NAME, &scores);
        let shape = scores.dims();
        check_rows(NAME, "targets", &targets.dims(), "scores", &shape, 1);
        if let Some(weights) = &self.class_weights {
            check_class_list(
                NAME,
                "class_weights",
                weights.len(),
                shape[1],
                ClassesOf::Logits,
            );
        }
        let targets = comparable(targets);
        let labels = ClassLabels::targets(targets.clone(), shape[1]);
        let (loss, batch) = (self.clone(), Batch::of(NAME, &scores));
        let evaluation = SampleEvaluation::complete(batch, self.reduction, move |weights| {
            loss.losses(without_weightless(scores, weights), targets)
        });
        evaluation.with_class_labels(labels)
    }

    fn losses(&self, scores: Tensor<2>, targets: Tensor<1, Int>) -> SampleLosses {
        if is_nothing(&scores) {
            return SampleLosses::none(&[&scores]);
        }
        let [count, classes] = scores.dims();
        let scores = widened(scores);
        let costs = list_pairs(self.hinge, scores, ListMembers::Class(targets.clone()));
        let costs = costs.reshape([count]) * (1.0 / classes as f64);
        let Some(weights) = &self.class_weights else {
            return SampleLosses::new(costs);
        };
        let options = (&costs.device().without_autodiff(), costs.dtype());
        let weights = TensorData::new(weights.clone(), [classes]);
        let weights = Tensor::<1>::from_data(weights, options);
        let known = targets.clone().clamp(0, classes as i64 - 1);
        let weights = weights.select(0, known.clone());
        // What a class of weight 0 holds does not matter; what is no class shows.
        let none = weights.clone().equal_scalar(0.0);
        let none = none.bool_and(known.equal(targets));
        SampleLosses::new(costs.mask_fill(none, 0.0) * weights)
    }

    fn shown(&self) -> Shown {
        let p = 1 + usize::from(self.hinge.squared);
        Shown::new(NAME).with(&[
            ("p", &p),
            ("margin", &self.hinge.margin),
            ("class_weights", &self.class_weights),
        ])
    }
}

impl fmt::Debug for MultiMarginLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().debug(f, &self.reduction)
    }
}

display!(MultiMarginLoss, |loss, content| {
    loss.shown().content(content, &loss.reduction)
});
