//! Label-distribution-aware margins.

use crate::{
    class::ClassLoss,
    config::config,
    error::{Check, LossError, built},
    formula::Ldam,
    reduction::Reduction,
};

config! {
    /// Configuration of [`LdamLoss`].
    pub struct LdamLossConfig {
        /// The number of samples of each class in the training set, each at least 1.
        pub class_counts: Vec<usize>,
        /// The margin of the rarest class, 0 or above. Default: 0.5 (the authors' code).
        pub max_margin: f64 = 0.5,
        /// The factor of the logits, above 0. Default: 30 (the authors' code).
        pub scale: f64 = 30.0,
        /// The weight of each class (deferred re-weighting sets it late in training). Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// How the losses of all samples become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Cross entropy with a margin that is wider for rarer classes.
///
/// ```text
/// l   = -w_y ln p_y          p = softmax(s (logits - m_y at the target class y))
/// m_c = max_margin (min n / n_c)^(1/4)
/// ```
/// with the counts `n` of the classes in the training set, the scale `s` and the class weights `w`. A mean divides by
/// the sum of the targets' class weights. The scale is meant for logits that are cosines of normalised features and
/// class vectors. Targets are class indices only: a margin needs one target class.
///
/// Source: K. Cao et al., *Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss*,
/// 2019.
///
/// Shapes: logits `[N, C, ..]`, class indices `[N, ..]`. Panics if they do not fit or an index is no class (NaN on a
/// GPU).
///
/// Equivalent: the authors' `LDAMLoss(cls_num_list, max_m=0.5, s=30)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::LdamLossConfig;
///
/// let device = Device::flex();
/// let loss = LdamLossConfig::new(vec![160, 10]).with_scale(1.0).init();
/// let logits = Tensor::<2>::from_floats([[1.0, 0.75]], &device);
/// let targets = Tensor::<1, Int>::from_ints([0], &device);
/// let value = loss.forward(logits, targets).into_scalar::<f32>();
/// assert!((value - 2f32.ln()).abs() < 1e-6);
/// ```
#[doc(alias = "label_distribution_aware_margin")]
pub type LdamLoss = ClassLoss<Ldam>;

impl LdamLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a count is 0, `max_margin` or a weight is negative or not finite, `scale` is not above 0, or
    /// a list is empty.
    #[inline(never)] // The kernels of the formula are compiled here.
    pub fn try_init(&self) -> Result<LdamLoss, LossError> {
        let check = Check("LdamLossConfig");
        check.class_counts("class_counts", &self.class_counts)?;
        check.at_least_zero("max_margin", self.max_margin)?;
        check.above_zero("scale", self.scale)?;
        check.class_weights("class_weights", &self.class_weights)?;
        let (weights, counts) = (self.class_weights.as_deref(), Some(&self.class_counts[..]));
        check.same_length(("class_weights", weights), ("class_counts", counts))?;
        Ok(ClassLoss::named(
            "LdamLoss",
            Ldam {
                class_counts: self.class_counts.clone(),
                max_margin: self.max_margin,
                scale: self.scale,
            },
            &[
                ("class_counts", &self.class_counts),
                ("max_margin", &self.max_margin),
                ("scale", &self.scale),
            ],
            self.reduction,
        )
        .with_class_weights(self.class_weights.clone())
        .with_ignore_index(self.ignore_index))
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> LdamLoss {
        built(self.try_init())
    }
}
