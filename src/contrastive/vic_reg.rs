//! Variance-invariance-covariance regularisation.

use crate::embeddings::widened;
use crate::{
    backend::{centred, column_sums, joined, nothing_of, ordered_mean, ordered_sum},
    config::config,
    error::{Check, LossError, built, check_embeddings_alike},
    formula::Real,
    module::display,
};
use burn::{
    module::Module,
    tensor::{Bool, Tensor},
};

config! {
    /// Configuration of [`VicRegLoss`].
    pub struct VicRegLossConfig {
        /// The factor of the distance between both views, 0 or above. Default: 25 (the paper).
        pub invariance: f64 = 25.0,
        /// The factor of standard deviations below 1, 0 or above. Default: 25 (the paper).
        pub variance: f64 = 25.0,
        /// The factor of covariances between dimensions, 0 or above. Default: 1 (the paper).
        pub covariance: f64 = 1.0,
    }
}

/// The loss of VICReg: both views of an image should be close, every dimension should vary, and no two dimensions
/// should be correlated.
///
/// ```text
/// l = invariance mean (A - B)² + variance (v(A) + v(B)) / 2 + covariance (c(A) + c(B))
/// v(Z) = mean_d max(0, 1 - sqrt(Var Z_d + 1e-4))
/// c(Z) = 1/D sum_(d != e) Cov(Z_d, Z_e)²
/// ```
/// for the embeddings A and B of first and second views; variances and covariances divide by `N - 1`. The loss is one
/// number for the whole batch: there are no per-sample losses and no sample weights.
///
/// Source: A. Bardes et al., *VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised
/// Learning*, 2022; factors of the terms as in lightly.
///
/// Shapes: both views `[N, D]`. Panics if they differ.
///
/// Equivalent: `lightly.loss.VICRegLoss(lambda_param=25.0, mu_param=25.0, nu_param=1.0)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::VicRegLossConfig;
///
/// let device = Device::flex();
/// let loss = VicRegLossConfig::new().init();
/// let views = Tensor::<2>::from_floats([[2.0, 2.0], [-2.0, 2.0], [2.0, -2.0], [-2.0, -2.0]], &device);
/// assert_eq!(loss.forward(views.clone(), views).into_scalar::<f32>(), 0.0);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "variance_invariance_covariance")]
pub struct VicRegLoss {
    invariance: f64,
    variance: f64,
    covariance: f64,
}

impl VicRegLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a factor is negative or not finite.
    pub fn try_init(&self) -> Result<VicRegLoss, LossError> {
        let check = Check("VicRegLossConfig");
        check.at_least_zero("invariance", self.invariance)?;
        check.at_least_zero("variance", self.variance)?;
        check.at_least_zero("covariance", self.covariance)?;
        Ok(VicRegLoss {
            invariance: self.invariance,
            variance: self.variance,
            covariance: self.covariance,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> VicRegLoss {
        built(self.try_init())
    }
}
display!(VicRegLoss, |loss, content| {
    content
        .add_debug_attribute("invariance", &loss.invariance)
        .add_debug_attribute("variance", &loss.variance)
        .add_debug_attribute("covariance", &loss.covariance)
});

impl VicRegLoss {
    /// Returns the loss of a batch; 0 for an empty batch.
    ///
    /// # Shapes
    /// - first: `[N, D]`, an embedding of each image
    /// - second: `[N, D]`, that of another view of the same image
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, first: Tensor<2>, second: Tensor<2>) -> Tensor<1> {
        let views = (("first views", &first), ("second views", &second));
        check_embeddings_alike("VicRegLoss", views.0, views.1);
        if first.dims()[0] == 0 {
            return joined([&first, &second].map(nothing_of));
        }
        let (first, second) = (widened(first), widened(second));
        let gap = first.clone() - second.clone();
        let distance = ordered_mean(gap.clone() * gap);
        let [first, second] = [first, second].map(Spread::of);
        distance * self.invariance
            + (first.lack + second.lack) * (0.5 * self.variance)
            + (first.covariance + second.covariance) * self.covariance
    }
}

/// How embeddings are spread.
struct Spread {
    /// What their standard deviations lack of 1, in the mean.
    lack: Tensor<1>,
    /// The squares of their covariances, for each dimension.
    covariance: Tensor<1>,
}

impl Spread {
    fn of(rows: Tensor<2>) -> Self {
        const EPSILON: f64 = 1e-4;
        let [count, width] = rows.dims();
        let share = 1.0 / (count - 1).max(1) as f64;
        let centred = centred(rows);
        let variance = column_sums(centred.clone() * centred.clone()) * share;
        let lack = ordered_mean((-(variance + EPSILON).sqrt() + 1.0).positive_part());
        let covariance = centred.clone().transpose().matmul(centred) * share;
        let others = Tensor::<2, Bool>::diag_mask([width, width], 0, &covariance.device());
        let squares = (covariance.clone() * covariance).mask_fill(others.bool_not(), 0.0);
        Self {
            lack,
            covariance: ordered_sum(squares) * (1.0 / width as f64),
        }
    }
}
