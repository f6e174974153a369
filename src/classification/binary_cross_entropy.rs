//! Binary cross entropy.

use crate::{
    config::config,
    element::{ClassParameters, Definition, ElementLoss},
    error::{Check, Instead, LossError, Numbers, built},
    formula::{BinaryVariant, Smoothed},
    reduction::Reduction,
};

config! {
    /// Configuration of [`BinaryCrossEntropyLoss`].
    pub struct BinaryCrossEntropyLossConfig {
        /// Whether predictions are logits; otherwise they are probabilities. Default: true. Prefer logits: probabilities
        /// near 0 and 1 have lost digits.
        pub logits: bool = true,
        /// The weight of positive targets, one for each class or one for all. Default: none.
        pub pos_weight: Option<Vec<f64>> = None,
        /// The dimension of the classes, for a `pos_weight` of each; below 0 from the end. Default: -1 (the last
        /// dimension).
        pub class_dim: isize = -1,
        /// The share of each target that is spread over both classes, from 0 to 1. Default: 0.
        pub label_smoothing: f64 = 0.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The binary cross entropy of logits (or probabilities) against targets in `[0, 1]`.
///
/// ```text
/// l = -w t' ln p - (1 - t') ln(1 - p)      p = sigmoid(x)
/// t' = t (1 - s) + s / 2
/// ```
/// with the positive weight `w` of the class and the label smoothing `s`. Targets may be soft. The loss is exact for
/// logits of any size, even infinite ones: 0 for the right label, infinite for the wrong one.
///
/// The prediction is `p` itself if `logits` is false. Its logarithms are at least -100, as in PyTorch, so a
/// probability of 0 for a positive has loss 100 and derivative 0.
///
/// In a debug build, on a CPU, targets (and probabilities) outside `[0, 1]` are refused; a release build does not look.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/bce.svg"))]
///
/// Sources: D. R. Cox, *The Regression Analysis of Binary Sequences*, 1958; label smoothing:
/// C. Szegedy et al., *Rethinking the Inception Architecture for Computer Vision*, 2016.
///
/// Shapes: prediction and target `[..]`, of any rank. Panics if they differ.
///
/// Equivalent: `torch.nn.BCEWithLogitsLoss(pos_weight=..)`; its `weight` is
/// [`weights`](crate::ElementEvaluation::weights). Without logits `torch.nn.BCELoss()`, whose gradient at a wrong 0
/// or 1 is 1e12.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::BinaryCrossEntropyLossConfig;
///
/// let device = Device::flex();
/// let loss = BinaryCrossEntropyLossConfig::new()
///     .with_pos_weight(Some(vec![1.0, 3.0]))
///     .init();
/// let logits = Tensor::<2>::from_floats([[0.0, 0.0]], &device);
/// let targets = Tensor::<2>::from_floats([[1.0, 1.0]], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 2.0 * 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "BCE")]
#[doc(alias = "BCELoss")]
#[doc(alias = "BCEWithLogitsLoss")]
#[doc(alias = "binary_cross_entropy_with_logits")]
pub type BinaryCrossEntropyLoss = ElementLoss<Smoothed<BinaryVariant>>;

impl BinaryCrossEntropyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a positive weight is negative or not finite or the list of them is empty, or
    /// `label_smoothing` is not from 0 to 1.
    pub fn try_init(&self) -> Result<BinaryCrossEntropyLoss, LossError> {
        let check = Check("BinaryCrossEntropyLossConfig");
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        check.class_weights("pos_weight", &self.pos_weight)?;
        let formula = Smoothed {
            formula: match (self.logits, &self.pos_weight) {
                (true, None) => BinaryVariant::Logits,
                (true, Some(_)) => BinaryVariant::WeightedLogits,
                (false, None) => BinaryVariant::Probabilities,
                (false, Some(_)) => BinaryVariant::WeightedProbabilities,
            },
            smoothing: self.label_smoothing,
        };
        let definition = Definition::new("BinaryCrossEntropyLoss", &formula)
            .shows("logits", self.logits)
            .shows("pos_weight", &self.pos_weight)
            .shows("class_dim", self.class_dim)
            .shows("label_smoothing", self.label_smoothing)
            .holding(
                match self.logits {
                    true => Numbers::Any,
                    false => Numbers::Probabilities(Some(Instead {
                        numbers: "logits",
                        field: "logits",
                        value: true,
                    })),
                },
                Numbers::Probabilities(None),
            )
            .with_parameters(self.pos_weight.as_ref().map(|weights| ClassParameters {
                field: "pos_weight",
                values: weights.clone(),
                dim: self.class_dim,
                share_target: false,
            }));
        Ok(ElementLoss::defined(formula, definition, self.reduction))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BinaryCrossEntropyLoss {
        built(self.try_init())
    }
}
