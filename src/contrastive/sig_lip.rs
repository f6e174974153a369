//! The loss of SigLIP.

use crate::embeddings::{
    Batch, SampleEvaluation, SampleLosses, Terms, labels_from, ready, warn_unless_it_learns,
    without_weightless,
};
use crate::{
    config::config,
    error::{Check, LossError, built, check_embeddings_alike},
    formula::SigmoidPairs,
    module::display,
    reduction::Reduction,
};
use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

config! {
    /// Configuration of [`SigLipLoss`].
    pub struct SigLipLossConfig {
        /// The initial factor of the similarities, above 0. Default: 10 (the paper).
        pub scale: f64 = 10.0,
        /// The initial bias, added to the scaled similarities. Default: -10 (the paper).
        pub bias: f64 = -10.0,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all images become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of SigLIP: every pair of an image and a text is classified on its own, as matching or not.
///
/// ```text
/// l_i = -sum_j ln sigmoid(y_ij (s x_i · t_j + b))          y_ij = 1 if i = j, else -1
/// ```
/// for images x and texts t, with the scale s, learned as `ln s`, and the learned bias b. The mean is over images.
/// Similarities are never stored all at once.
///
/// Source: X. Zhai et al., *Sigmoid Loss for Language Image Pre-Training*, 2023.
///
/// Shapes: images and texts `[N, D]`; a loss for each image. Panics if they differ.
///
/// Equivalent: `open_clip.SigLipLoss()`, which takes normalised features, the scale and the bias.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::SigLipLossConfig;
///
/// let device = Device::flex();
/// let loss = SigLipLossConfig::new().with_scale(2.0).with_bias(-1.0).init(&device);
/// let images = Tensor::<2>::from_floats([[2.0, 0.0]], &device);
/// let texts = Tensor::<2>::from_floats([[1.0, 0.0]], &device);
/// let value = loss.forward(images, texts).into_scalar::<f32>();
/// assert!((value - (1.0 + (-1f32).exp()).ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "sigmoid_contrastive")]
pub struct SigLipLoss {
    log_scale: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl SigLipLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `scale` is not above 0 or `bias` is not finite.
    pub fn try_init(&self, device: &Device) -> Result<SigLipLoss, LossError> {
        let check = Check("SigLipLossConfig");
        check.above_zero("scale", self.scale)?;
        let is_finite = self.bias.abs() <= f32::MAX as f64;
        check.that(is_finite, "bias", self.bias, "a finite number")?;
        let parameter =
            |value: f64| Param::from_tensor(Tensor::from_floats([value as f32], device));
        Ok(SigLipLoss {
            log_scale: parameter(self.scale.ln()),
            bias: parameter(self.bias),
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> SigLipLoss {
        built(self.try_init(device))
    }
}
display!(SigLipLoss, |loss, content| {
    content
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "SigLipLoss";

impl SigLipLoss {
    /// The logarithm of the scale, of shape `[1]`.
    pub fn log_scale(&self) -> Tensor<1> {
        self.log_scale.val()
    }

    /// The bias, of shape `[1]`.
    pub fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// Returns the losses of all images as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - images: `[N, D]`
    /// - texts: `[N, D]`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward(&self, images: Tensor<2>, texts: Tensor<2>) -> Tensor<1> {
        self.on(images, texts).reduce()
    }

    /// Returns the loss of each image.
    ///
    /// # Shapes
    /// - images: `[N, D]`
    /// - texts: `[N, D]`
    /// - output: `[N]`, each a sum over texts
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, images: Tensor<2>, texts: Tensor<2>) -> Tensor<1> {
        self.on(images, texts).each()
    }

    /// Begins an evaluation, to which weights of the images, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - images: `[N, D]`
    /// - texts: `[N, D]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(&self, images: Tensor<2>, texts: Tensor<2>) -> SampleEvaluation {
        check_embeddings_alike(NAME, ("images", &images), ("texts", &texts));
        let loss = self.clone();
        let batch = Batch::of(NAME, &images);
        SampleEvaluation::complete(batch, self.reduction, move |weights| {
            loss.sample_losses(without_weightless(images, weights), texts)
        })
    }

    fn sample_losses(&self, images: Tensor<2>, texts: Tensor<2>) -> SampleLosses {
        let count = images.dims()[0];
        if count == 0 {
            return SampleLosses::none(&[&images, &texts]);
        }
        let images = ready(images, self.normalize);
        let texts = ready(texts, self.normalize);
        let parameter = |tensor: Tensor<1>| {
            warn_unless_it_learns("scale and bias", &tensor, &images);
            tensor.cast(images.dtype()).unsqueeze::<2>()
        };
        let scale = parameter(self.log_scale()).exp();
        // The bias is a dimension more, in which every image is 1.
        let bias = parameter(self.bias()).expand([count, 1]);
        let ones = bias.ones_like();
        let images = Tensor::cat(vec![images * scale, ones], 1);
        let texts = Tensor::cat(vec![texts, bias], 1);
        let labels = labels_from(0, count, &images);
        let terms = Terms::between(
            SigmoidPairs,
            (images, labels.clone()),
            (texts, labels),
            false,
        );
        SampleLosses::new(terms.of_rows(0) + terms.of_rows(1))
    }
}
