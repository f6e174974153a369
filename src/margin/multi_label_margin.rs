//! Margins of several classes against all others.

use crate::{
    backend::{ListMembers, comparable, is_nothing, list_pairs, row_sums, widened},
    config::config,
    error::{LossError, built, check_has_classes, check_items},
    formula::PairwiseHinge,
    module::display,
    reduction::Reduction,
    samples::{Batch, ClassLabels, SampleEvaluation, SampleLosses, without_weightless},
};
use burn::{
    module::Module,
    tensor::{Bool, IndexingUpdateOp, Int, Tensor},
};

config! {
    /// Configuration of [`MultiLabelMarginLoss`].
    pub struct MultiLabelMarginLossConfig {
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The multi-label margin loss: by how much each label of a sample is not above each class that is none by 1.
///
/// ```text
/// l = 1 / C sum over labels y, and classes c that are none, of max(0, 1 - x_y + x_c)
/// ```
/// with the number of classes `C`. The labels of a sample stand at the beginning of its targets; the first -1 ends them. A
/// label that stands there twice counts twice. The slope at the kink is 0. No pair is held.
///
/// Source: as PyTorch has it.
///
/// Shapes: scores and targets `[N, C]`; a loss for each sample. Panics if they differ.
///
/// Equivalent: `torch.nn.MultiLabelMarginLoss()`, which wants class indices or -1 behind the end, too.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::MultiLabelMarginLossConfig;
///
/// let device = Device::flex();
/// let scores = Tensor::<2>::from_floats([[0.5, 0.25, 0.0, 0.75]], &device);
/// let targets = Tensor::<2, Int>::from_ints([[3, 0, -1, 1]], &device);
/// let value = MultiLabelMarginLossConfig::new().init().forward(scores, targets);
/// assert_eq!(value.into_scalar::<f32>(), (0.5 + 0.25 + 0.75 + 0.5) / 4.0);
/// ```
#[doc(alias = "multilabel_margin_loss")]
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct MultiLabelMarginLoss {
    #[module(skip)]
    reduction: Reduction,
}

impl MultiLabelMarginLossConfig {
    /// Builds the loss.
    ///
    /// # Errors
    /// Never. The method exists because every loss has it.
    pub fn try_init(&self) -> Result<MultiLabelMarginLoss, LossError> {
        Ok(MultiLabelMarginLoss {
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MultiLabelMarginLoss {
        built(self.try_init())
    }
}
display!(MultiLabelMarginLoss, |loss, content| {
    content.add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "MultiLabelMarginLoss";

/// The mark that ends the labels of a sample.
const END: i64 = -1;

const HINGE: PairwiseHinge = PairwiseHinge {
    margin: 1.0,
    squared: false,
};

impl MultiLabelMarginLoss {
    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - scores: `[N, C]`
    /// - targets: `[N, C]`, the indices of classes up to the first -1
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit. If a target before the first -1 is not a class index (on the CPU; the loss of its sample is NaN on a
    /// GPU).
    #[track_caller]
    pub fn forward(&self, scores: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<1> {
        self.on(scores, targets).reduce()
    }

    /// Returns the loss of each sample.
    ///
    /// # Shapes
    /// - scores: `[N, C]`
    /// - targets: `[N, C]`, the indices of classes up to the first -1
    /// - output: `[N]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction(&self, scores: Tensor<2>, targets: Tensor<2, Int>) -> Tensor<1> {
        self.on(scores, targets).each()
    }

    /// Begins an evaluation, to which weights of the samples, a normalizer or another reduction can be added. A sample of
    /// weight 0 is ignored, whatever it and its targets hold.
    ///
    /// # Shapes
    /// - scores: `[N, C]`
    /// - targets: `[N, C]`, the indices of classes up to the first -1
    ///
    /// # Panics
    /// If shapes do not fit. The last call panics if a target that counts is not a class index (on the CPU; the loss of its
    /// sample is NaN on a GPU).
    #[track_caller]
    pub fn on(&self, scores: Tensor<2>, targets: Tensor<2, Int>) -> SampleEvaluation {
        check_has_classes(NAME, &scores);
        check_items(NAME, "targets", targets.dims(), scores.dims());
        let [count, classes] = scores.dims();
        let batch = Batch::of(NAME, &scores);
        if count == 0 {
            let none = move |_: Option<&_>| SampleLosses::none(&[&scores]);
            return SampleEvaluation::complete(batch, self.reduction, none);
        }
        let labels = labels_of(comparable(targets));
        let all = labels.clone().reshape([count * classes]);
        let all = ClassLabels::targets(all, classes).of_samples(classes, END);
        let evaluation = SampleEvaluation::complete(batch, self.reduction, move |weights| {
            losses(widened(without_weightless(scores, weights)), labels)
        });
        evaluation.with_class_labels(all)
    }
}

/// The labels of samples, with -1 everywhere behind the first.
fn labels_of(targets: Tensor<2, Int>) -> Tensor<2, Int> {
    let classes = targets.dims()[1] as i64;
    let places = Tensor::<1, Int>::arange(0..classes, &targets.device());
    let places = places.cast(targets.dtype()).unsqueeze_dim::<2>(0);
    let places = places.expand(targets.shape());
    let inside = targets.clone().not_equal_elem(END);
    let end = places.clone().mask_fill(inside, classes).min_dim(1);
    let behind = places.lower(end.expand(targets.shape())).bool_not();
    targets.mask_fill(behind, END)
}

fn losses(scores: Tensor<2>, labels: Tensor<2, Int>) -> SampleLosses {
    if is_nothing(&scores) {
        return SampleLosses::none(&[&scores]);
    }
    let classes = scores.dims()[1];
    let none = labels.clone().equal_elem(END);
    let low = labels.clone().lower_elem(0);
    let no_class = low.bool_or(labels.clone().greater_elem(classes as i64 - 1));
    let strange: Tensor<2, Bool> = no_class.clone().bool_and(none.bool_not());
    let ones = scores.clone().detach().ones_like();
    let ones = ones.mask_fill(no_class.clone(), 0.0);
    // How often each class is a label.
    let counts = ones.zeros_like();
    let labels = labels.mask_fill(no_class, 0);
    let counts = counts.scatter(1, labels, ones.clone(), IndexingUpdateOp::Add);
    let is_label = counts.clone().greater_elem(0.0);
    let relevances = counts.zeros_like().mask_fill(is_label, 1.0);
    let costs = list_pairs(HINGE, scores, ListMembers::Relevances(relevances));
    let losses = row_sums(costs * counts) * (1.0 / classes as f64);
    SampleLosses::new(losses.mask_fill(strange.any_dim(1).squeeze_dim(1), f64::NAN))
}
