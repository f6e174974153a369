//! Cross entropy of a linear layer's outputs.

use super::OutputLayer;
use crate::{
    backend::SoftmaxRow,
    class::{ClassEvaluation, Layer, Samples},
    config::{as_written, config},
    error::{Check, LossError, assert_rank_of_samples, built},
    formula::{CrossEntropy, SoftCap},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    nn::Linear,
    tensor::{Int, Tensor},
};
use std::sync::Arc;

config! {
    /// Configuration of [`LinearCrossEntropyLoss`].
    pub struct LinearCrossEntropyLossConfig {
        /// The weight of each class. Default: none.
        #[alias = "weights"]
        pub class_weights: Option<Vec<f64>> = None,
        /// The share of each target that is spread over all classes, from 0 to 1. Default: 0.
        pub label_smoothing: f64 = 0.0,
        /// The class index that marks a sample as ignored. Default: -100 (PyTorch).
        pub ignore_index: Option<i64> = Some(-100),
        /// The factor of the squared logarithm of the sum of exponentials, 0 or above; language models
        /// use 0.0001. Default: 0.
        pub z_loss: f64 = 0.0,
        /// The bound of the logits, above 0; Gemma 2 uses 30. Default: none.
        pub soft_cap: Option<f64> = None,
        /// How the losses of all samples (tokens) become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The cross entropy of the outputs of a linear layer, such as a language model's head. These logits are never stored
/// all at once.
///
/// ```text
/// l = CE(a, target) + z_loss (ln sum_c e^(a_c))²
/// a = soft_cap tanh(z / soft_cap)          or z without a soft cap
/// z = weight hidden + bias
/// ```
/// with the cross entropy CE of [`CrossEntropyLoss`](crate::CrossEntropyLoss). A mean has the same divisor as there.
///
/// The layer is evaluated in blocks of tokens. A reduced loss computes its gradients in the forward pass, so nothing
/// is computed twice; an unreduced loss computes the blocks again in its backward pass. All logits are stored in three
/// cases: by a loss with tracked sample weights, on every backend; by an unreduced loss without a kernel (in `f64`, and on
/// LibTorch and remote devices); and on a backend for which this crate has no feature.
///
/// Half precision is computed in `f32`: hidden states, weight and bias are converted to copies of twice their size.
///
/// The layer is Burn's `Linear`, an `Embedding` (tied weights) or an [`OutputLayer`] made of a matrix.
///
/// Sources: E. Wijmans et al., *Cut Your Losses in Large-Vocabulary Language Models*, 2024; P. Hsu et
/// al., *Liger Kernel*, 2024; z-loss: A. Chowdhery et al., *PaLM*, 2022; soft cap: Gemma Team,
/// *Gemma 2*, 2024.
///
/// Shapes: hidden states `[.., H]`, class indices `[..]`, a layer of `C` classes. Panics if they do not fit or an index
/// is no class (NaN on a GPU).
///
/// Equivalent: `LigerFusedLinearCrossEntropyLoss(lse_square_scale=z_loss, softcap=soft_cap)` of Liger Kernel,
/// `cut_cross_entropy.linear_cross_entropy`, and PyTorch's `torch.nn.LinearCrossEntropyLoss`.
///
/// # Example
/// ```
/// use burn::{nn::LinearConfig, tensor::{Device, Int, Tensor}};
/// use burn_losses::LinearCrossEntropyLossConfig;
///
/// let device = Device::flex();
/// let head = LinearConfig::new(8, 100).with_bias(false).init(&device);
/// let loss = LinearCrossEntropyLossConfig::new().init();
/// let hidden = Tensor::<3>::zeros([2, 5, 8], &device);
/// let targets = Tensor::<2, Int>::zeros([2, 5], &device);
/// let value = loss.forward_linear(hidden, &head, targets).into_scalar::<f32>();
/// assert!((value - 100f32.ln()).abs() < 1e-5);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "LigerFusedLinearCrossEntropyLoss")]
#[doc(alias = "linear_cross_entropy")]
#[doc(alias = "cut_cross_entropy")]
#[doc(alias = "lm_head")]
pub struct LinearCrossEntropyLoss {
    class_weights: Option<Vec<f64>>,
    label_smoothing: f64,
    ignore_index: Option<i64>,
    z_loss: f64,
    soft_cap: Option<f64>,
    #[module(skip)]
    reduction: Reduction,
}

impl LinearCrossEntropyLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a weight or `z_loss` is negative or not finite or the list of weights is empty,
    /// `label_smoothing` is not from 0 to 1, or `soft_cap` is not above 0.
    pub fn try_init(&self) -> Result<LinearCrossEntropyLoss, LossError> {
        let check = Check("LinearCrossEntropyLossConfig");
        check.class_weights("class_weights", &self.class_weights)?;
        check.in_unit_interval("label_smoothing", self.label_smoothing)?;
        check.at_least_zero("z_loss", self.z_loss)?;
        if let Some(cap) = self.soft_cap {
            check.above_zero("soft_cap", cap)?;
        }
        Ok(LinearCrossEntropyLoss {
            class_weights: self.class_weights.clone(),
            label_smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            z_loss: self.z_loss,
            soft_cap: self.soft_cap,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> LinearCrossEntropyLoss {
        built(self.try_init())
    }
}
display!(LinearCrossEntropyLoss, |loss, content| {
    content
        .add("class_weights", &as_written(&loss.class_weights))
        .add_debug_attribute("label_smoothing", &loss.label_smoothing)
        .add("ignore_index", &as_written(&loss.ignore_index))
        .add_debug_attribute("z_loss", &loss.z_loss)
        .add("soft_cap", &as_written(&loss.soft_cap))
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "LinearCrossEntropyLoss";

impl LinearCrossEntropyLoss {
    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - hidden: `[.., H]`
    /// - layer: an [`OutputLayer`], or what one is made from: `&Linear`, `&Embedding`
    /// - targets: `[..]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit, the layer has no classes, or `class_weights` is a list of another length. If a
    /// target is not a class index (on the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn forward<const D: usize, const T: usize>(
        &self,
        hidden: Tensor<D>,
        layer: impl Into<OutputLayer>,
        targets: Tensor<T, Int>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.on(hidden, layer, targets).reduce()
    }

    /// The same as [`forward`](Self::forward) for a layer of Burn, with its bias.
    ///
    /// # Shapes
    /// - hidden: `[.., H]`
    /// - targets: `[..]`, the index of a class or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_linear<const D: usize, const T: usize>(
        &self,
        hidden: Tensor<D>,
        layer: &Linear,
        targets: Tensor<T, Int>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.forward(hidden, layer, targets)
    }

    /// Returns the loss of each sample; 0 for an ignored sample.
    ///
    /// # Shapes
    /// - hidden: `[.., H]`
    /// - layer: an [`OutputLayer`], or what one is made from: `&Linear`, `&Embedding`
    /// - targets: `[..]`, the index of a class or the `ignore_index`
    /// - output: `[..]`
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction<const D: usize, const T: usize>(
        &self,
        hidden: Tensor<D>,
        layer: impl Into<OutputLayer>,
        targets: Tensor<T, Int>,
    ) -> Tensor<T> {
        const { assert_rank_of_samples(D, T) };
        self.on(hidden, layer, targets).each()
    }

    /// Begins an evaluation, to which sample weights, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - hidden: `[.., H]`
    /// - layer: an [`OutputLayer`], or what one is made from: `&Linear`, `&Embedding`
    /// - targets: `[..]`, the index of a class or the `ignore_index`
    ///
    /// # Panics
    /// If shapes or data types do not fit, the layer has no classes, or `class_weights` is a list of another length.
    #[track_caller]
    pub fn on<const D: usize, const T: usize>(
        &self,
        hidden: Tensor<D>,
        layer: impl Into<OutputLayer>,
        targets: Tensor<T, Int>,
    ) -> ClassEvaluation<D> {
        const { assert_rank_of_samples(D, T) };
        let row = SoftmaxRow {
            smoothing: self.label_smoothing,
            ignore_index: self.ignore_index,
            z_loss: self.z_loss,
            soft_cap: self.soft_cap.map(|cap| SoftCap { cap }),
            ..SoftmaxRow::new(NAME, Arc::new(CrossEntropy)).weighted(&self.class_weights)
        };
        let OutputLayer { weight, bias } = layer.into();
        let (layer, frame) = Layer::new(Arc::new(row), hidden, weight, bias, targets);
        ClassEvaluation::new(NAME, Samples::Layer(layer), frame, self.reduction)
    }
}
