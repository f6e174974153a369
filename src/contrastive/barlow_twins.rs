//! Barlow Twins.

use crate::embeddings::widened;
use crate::{
    backend::{centred, column_sums, joined, nothing_of, ordered_sum},
    config::config,
    error::{Check, LossError, built, check_embeddings_alike},
    formula::Real,
    module::display,
};
use burn::{module::Module, tensor::Tensor};

config! {
    /// Configuration of [`BarlowTwinsLoss`].
    pub struct BarlowTwinsLossConfig {
        /// The factor of correlations between different dimensions, 0 or above. Default: 0.005 (lightly); the authors use
        /// 0.0051.
        pub off_diagonal: f64 = 0.005,
    }
}

/// The loss of Barlow Twins: each dimension of the embedding should be the same for both views of an image and
/// uncorrelated with the other dimensions.
///
/// ```text
/// l = sum_d (1 - c_dd)² + off_diagonal sum_(d != e) c_de²
/// c = A^T B / N
/// ```
/// for the embeddings A and B of first and second views, each dimension standardised over the batch:
/// `(x - mean) / sqrt(variance + 1e-5)`, the variance divided by N. The loss is one number for the whole batch: there
/// are no per-sample losses and no sample weights.
///
/// Source: J. Zbontar et al., *Barlow Twins: Self-Supervised Learning via Redundancy Reduction*, 2021.
///
/// Shapes: both views `[N, D]`. Panics if they differ.
///
/// Equivalent: `lightly.loss.BarlowTwinsLoss(lambda_param=0.005)`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::BarlowTwinsLossConfig;
///
/// let device = Device::flex();
/// let loss = BarlowTwinsLossConfig::new().init();
/// let views = Tensor::<2>::from_floats([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]], &device);
/// assert!(loss.forward(views.clone(), views).into_scalar::<f32>() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "Barlow")]
pub struct BarlowTwinsLoss {
    off_diagonal: f64,
}

impl BarlowTwinsLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `off_diagonal` is negative or not finite.
    pub fn try_init(&self) -> Result<BarlowTwinsLoss, LossError> {
        let check = Check("BarlowTwinsLossConfig");
        check.at_least_zero("off_diagonal", self.off_diagonal)?;
        Ok(BarlowTwinsLoss {
            off_diagonal: self.off_diagonal,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> BarlowTwinsLoss {
        built(self.try_init())
    }
}
display!(BarlowTwinsLoss, |loss, content| {
    content.add_debug_attribute("off_diagonal", &loss.off_diagonal)
});

impl BarlowTwinsLoss {
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
        check_embeddings_alike("BarlowTwinsLoss", views.0, views.1);
        let [images, width] = first.dims();
        if images == 0 {
            return joined([&first, &second].map(nothing_of));
        }
        let share = 1.0 / images as f64;
        let [(first, lack), (second, other_lack)] =
            [first, second].map(|rows| standardised(widened(rows)));
        // 1 - c of a dimension whose views agree is far below the rounding of c, so it comes from their differences:
        // c is (1 - lack of one) / 2 + (1 - lack of the other) / 2 - sum (a - b)²/2n.
        let apart = first.clone() - second.clone();
        let near = (lack + other_lack + column_sums(apart.clone() * apart) * share) * 0.5;
        let far = -column_sums(first.clone() * second.clone()) * share + 1.0;
        let gaps = near.where_below(NEAR, near.clone(), far);
        let correlations = first.transpose().matmul(second) * share;
        let diagonal =
            Tensor::<2, burn::tensor::Bool>::diag_mask([width, width], 0, &correlations.device())
                .bool_not();
        let of_others = (correlations.clone() * correlations).mask_fill(diagonal, 0.0);
        ordered_sum(gaps.clone() * gaps) + ordered_sum(of_others) * self.off_diagonal
    }
}

/// Below this, `1 - c` has lost digits.
const NEAR: f64 = 0.25;

/// Each dimension with mean 0 and variance 1 over the batch, and what that variance lacks of 1.
fn standardised(rows: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
    const EPSILON: f64 = 1e-5;
    /// Beyond this, squares might be more than `f32` holds.
    const LARGE: f64 = 1e15;
    let largest = rows.clone().detach().abs().max_dim(0);
    let unit = largest
        .clone()
        .where_below(LARGE, largest.ones_like(), largest);
    let rows = rows / unit.clone();
    let share = 1.0 / rows.dims()[0] as f64;
    let centred = centred(rows);
    let variance = column_sums(centred.clone() * centred.clone()) * share;
    let epsilon = (unit.clone() * unit).recip() * EPSILON;
    let total = variance + epsilon.clone();
    (centred / total.clone().sqrt(), epsilon / total)
}
