//! Cosine embedding loss.

use crate::embeddings::{Batch, SampleEvaluation, SampleLosses, ready, without_weightless};
use crate::{
    config::config,
    error::{Check, LossError, built, check_embeddings_alike, check_labels},
    formula::Real,
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};

config! {
    /// Configuration of [`CosineEmbeddingLoss`].
    pub struct CosineEmbeddingLossConfig {
        /// The cosine up to which what differs has loss 0, from -1 to 1. Default: 0 (PyTorch).
        pub margin: f64 = 0.0,
        /// How the losses of all pairs become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of the cosine of two embeddings whose target says whether they belong together, 1, or not, -1.
///
/// ```text
/// l = 1 - cos(a, b)                    where t = 1
///     max(cos(a, b) - margin, 0)       where t = -1
/// ```
/// An embedding of zeros has the cosine 0 and a bounded gradient. Two that are nearly parallel keep the digits of `1 - cos`. The
/// derivative is 0 at the margin. A target that is neither makes its loss NaN.
///
/// Source: as PyTorch has it.
///
/// Shapes: both embeddings `[N, D]`, targets `[N]`; a loss for each pair. Panics if they do not fit.
///
/// Equivalent: `torch.nn.CosineEmbeddingLoss(margin=0.0)`, whose gradient at zeros is 1e6 and more.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::CosineEmbeddingLossConfig;
///
/// let device = Device::flex();
/// let loss = CosineEmbeddingLossConfig::new().init();
/// let first = Tensor::<2>::from_floats([[3.0, 0.0], [0.0, 2.0]], &device);
/// let second = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 5.0]], &device);
/// let targets = Tensor::<1, Int>::from_ints([1, -1], &device);
/// assert_eq!(loss.forward(first, second, targets).into_scalar::<f32>(), 0.5);
/// ```
#[doc(alias = "cosine_embedding_loss")]
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct CosineEmbeddingLoss {
    #[module(skip)]
    margin: f64,
    #[module(skip)]
    reduction: Reduction,
}

impl CosineEmbeddingLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `margin` is not from -1 to 1.
    pub fn try_init(&self) -> Result<CosineEmbeddingLoss, LossError> {
        let in_range = (-1.0..=1.0).contains(&self.margin);
        let check = Check("CosineEmbeddingLossConfig");
        check.that(in_range, "margin", self.margin, "a number from -1 to 1")?;
        Ok(CosineEmbeddingLoss {
            margin: self.margin,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> CosineEmbeddingLoss {
        built(self.try_init())
    }
}
display!(CosineEmbeddingLoss, |loss, content| {
    content
        .add("margin", &loss.margin)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "CosineEmbeddingLoss";

impl CosineEmbeddingLoss {
    /// Returns the losses of all pairs as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - first, second: `[N, D]`
    /// - targets: `[N]`, 1 or -1
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(
        &self,
        first: Tensor<2>,
        second: Tensor<2>,
        targets: Tensor<1, Int>,
    ) -> Tensor<1> {
        self.on(first, second, targets).reduce()
    }

    /// Returns the loss of each pair, `[N]`, of the arguments of [`forward`](Self::forward).
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(
        &self,
        first: Tensor<2>,
        second: Tensor<2>,
        targets: Tensor<1, Int>,
    ) -> Tensor<1> {
        self.on(first, second, targets).each()
    }

    /// Begins an evaluation of the arguments of [`forward`](Self::forward), to which weights of the pairs, a normalizer or
    /// another reduction can be added.
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(
        &self,
        first: Tensor<2>,
        second: Tensor<2>,
        targets: Tensor<1, Int>,
    ) -> SampleEvaluation {
        check_embeddings_alike(NAME, ("first", &first), ("second", &second));
        check_labels(NAME, targets.dims()[0], first.dims()[0]);
        let margin = self.margin;
        let batch = Batch::of(NAME, &first);
        SampleEvaluation::complete(batch, self.reduction, move |weights| {
            let pair = [first, second].map(|side| without_weightless(side, weights));
            sample_losses(pair, targets, margin)
        })
    }
}

fn sample_losses(pair: [Tensor<2>; 2], targets: Tensor<1, Int>, margin: f64) -> SampleLosses {
    let [first, second] = pair;
    let count = first.dims()[0];
    if count == 0 {
        return SampleLosses::none(&[&first, &second]);
    }
    let (first, second) = (ready(first, true), ready(second, true));
    // 1 - a · b is |a - b|² / 2, and half of 1 more for each that has no direction.
    let lost = |side: &Tensor<2>| {
        let is_zero = side.clone().detach().abs().max_dim(1).equal_scalar(0.0);
        is_zero.float().cast(side.dtype()) * 0.5
    };
    let lost = lost(&first) + lost(&second);
    let gap = first.clone() - second.clone();
    let together = (gap.clone() * gap).sum_dim(1) * 0.5 + lost;
    let apart = ((first * second).sum_dim(1) - margin).positive_part();
    let targets = targets.reshape([count, 1]);
    let differ = targets.clone().equal_elem(-1);
    let neither = targets.abs().not_equal_elem(1);
    let losses = together.mask_where(differ, apart);
    SampleLosses::new(losses.mask_fill(neither, f32::NAN).reshape([count]))
}
