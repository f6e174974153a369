//! Multi-label soft margin loss.

use crate::embeddings::{Batch, SampleEvaluation, SampleLosses};
use crate::{
    backend::{is_nothing, row_sums, type_of_loss},
    config::config,
    element::{Definition, ElementLoss},
    error::{
        Check, ClassesOf, LossError, Numbers, are_checked, built, check_class_list, check_numbers,
    },
    formula::{BinaryVariant, Smoothed},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Tensor, TensorData},
};

config! {
    /// Configuration of [`MultiLabelSoftMarginLoss`].
    pub struct MultiLabelSoftMarginLossConfig {
        /// The weight of each class, of its positives and its negatives. Default: none.
        pub class_weights: Option<Vec<f64>> = None,
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The binary cross entropy of several labels, as the mean over the classes of a sample.
///
/// ```text
/// l_i = -1/C sum_c w_c (t_ic ln p_ic + (1 - t_ic) ln(1 - p_ic))          p = sigmoid(x)
/// ```
/// with the class weights `w`, which do not count in the divisor. Targets may be soft. A class
/// of weight 0 is ignored, whatever it holds.
///
/// Source: as PyTorch has it.
///
/// In a debug build, on a CPU, targets outside `[0, 1]` are refused; a release build does not look.
///
/// Shapes: logits and targets `[N, C]`; a loss for each sample. Panics if they differ.
///
/// Equivalent: `torch.nn.MultiLabelSoftMarginLoss(weight=..)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::MultiLabelSoftMarginLossConfig;
///
/// let device = Device::flex();
/// let loss = MultiLabelSoftMarginLossConfig::new().init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0], [1e4, 1e4]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 0.0], [1.0, 1.0]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 2f32.ln() / 2.0).abs() < 1e-6);
/// ```
#[doc(alias = "multilabel_soft_margin_loss")]
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct MultiLabelSoftMarginLoss {
    #[module(skip)]
    elements: ElementLoss<Smoothed<BinaryVariant>>,
    #[module(skip)]
    class_weights: Option<Vec<f64>>,
    #[module(skip)]
    reduction: Reduction,
}

const NAME: &str = "MultiLabelSoftMarginLoss";

impl MultiLabelSoftMarginLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight is negative or not finite or the list of them is empty.
    pub fn try_init(&self) -> Result<MultiLabelSoftMarginLoss, LossError> {
        let check = Check("MultiLabelSoftMarginLossConfig");
        check.class_weights("class_weights", &self.class_weights)?;
        let formula = Smoothed {
            formula: BinaryVariant::Logits,
            smoothing: 0.0,
        };
        let definition = Definition::new(NAME, &formula);
        Ok(MultiLabelSoftMarginLoss {
            elements: ElementLoss::defined(formula, definition, self.reduction),
            class_weights: self.class_weights.clone(),
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> MultiLabelSoftMarginLoss {
        built(self.try_init())
    }
}
display!(MultiLabelSoftMarginLoss, |loss, content| {
    content
        .add("class_weights", &format!("{:?}", loss.class_weights))
        .add("reduction", &loss.reduction.to_string())
});

impl MultiLabelSoftMarginLoss {
    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - logits, targets: `[N, C]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, or there is not a weight for each class.
    #[track_caller]
    pub fn forward(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        self.on(logits, targets).reduce()
    }

    /// Returns the loss of each sample, `[N]`, of the arguments of [`forward`](Self::forward).
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction(&self, logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        self.on(logits, targets).each()
    }

    /// Begins an evaluation of the arguments of [`forward`](Self::forward), to which weights of the samples, a normalizer or
    /// another reduction can be added.
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn on(&self, logits: Tensor<2>, targets: Tensor<2>) -> SampleEvaluation {
        let batch = Batch::of(NAME, &logits);
        let [count, classes] = logits.dims();
        if let Some(weights) = &self.class_weights {
            check_class_list(
                NAME,
                "class_weights",
                weights.len(),
                classes,
                ClassesOf::Logits,
            );
        }
        let elements = self.elements.on(logits.clone(), targets.clone());
        let class_weights = self.class_weights.clone();
        let (given, of_classes) = (targets.clone(), class_weights.clone());
        let evaluation = SampleEvaluation::complete(batch, self.reduction, move |weights| {
            if is_nothing(&logits) {
                return SampleLosses::none(&[&logits, &targets]).with_samples(count);
            }
            let each = match element_weights(&targets, class_weights.as_deref(), weights) {
                Some(weights) => elements.weights(weights).each(),
                None => elements.each(),
            };
            SampleLosses::new(row_sums(each) * (1.0 / classes as f64))
        });
        evaluation.checked(move |weights| {
            if !are_checked(&given) {
                return Ok(());
            }
            let weights = element_weights(&given, of_classes.as_deref(), weights);
            let shape = given.dims();
            let (named, numbers) = (("target", &shape[..]), Numbers::Probabilities(None));
            check_numbers(NAME, named, &given, weights.as_ref(), numbers)
        })
    }
}

/// The weights of the elements of targets, in the data type of the loss: those of their classes, and 0 for a sample that is ignored. How
/// much others of the samples count is said later.
fn element_weights(
    targets: &Tensor<2>,
    classes: Option<&[f64]>,
    samples: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    let [count, _] = targets.dims();
    let (device, dtype) = (targets.device(), type_of_loss(targets.dtype()));
    let of_classes = classes.map(|weights| {
        let data = TensorData::new(weights.to_vec(), [1, weights.len()]);
        Tensor::<2>::from_data(data, (&device, dtype))
    });
    let of_samples = samples.map(|weights| {
        let counts = weights.clone().detach().not_equal_scalar(0.0).float();
        counts.cast(dtype).reshape([count, 1])
    });
    let weights = of_classes.into_iter().chain(of_samples);
    let weights = weights.map(|weights| weights.expand(targets.shape()));
    weights.reduce(|a, b| a * b)
}
