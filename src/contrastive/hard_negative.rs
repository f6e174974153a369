//! Contrastive learning with negatives that count more the harder they are.

use super::views::Views;
use crate::embeddings::{SampleEvaluation, SampleLosses, Temperature, Terms};
use crate::{
    config::config,
    error::{Check, LossError, built},
    formula::{HardNegatives, Real, softplus},
    module::display,
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Device, Tensor},
};

config! {
    /// Configuration of [`HardNegativeInfoNceLoss`].
    pub struct HardNegativeInfoNceLossConfig {
        /// The temperature that divides the similarities, above 0. Default: 0.5 (the authors' code).
        pub temperature: f64 = 0.5,
        /// Whether the temperature is learned; it starts from `temperature`. Default: false.
        pub learnable_temperature: bool = false,
        /// The expected share of negatives that have the class of the anchor, at least 0 and below 1. Default: 0.1 (the
        /// authors' code).
        pub tau_plus: f64 = 0.1,
        /// The concentration of the weights on hard negatives, 0 or above. Default: 1 (the authors' code).
        pub beta: f64 = 1.0,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// How the losses of all views become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// The loss of SimCLR with negatives weighted by their hardness and corrected for negatives of the same class.
///
/// ```text
/// l_i = -ln e^(s_ip) / (e^(s_ip) + G_i)          s_ij = z_i · z_j / T
/// G_i = max((sum_j w_ij e^(s_ij) - t n e^(s_ip)) / (1 - t), n e^(-1/T))
/// w_ij = e^(b s_ij) / mean_j e^(b s_ij)
/// ```
/// over the `2 N` views of `N` images, with p the other view of the image of i, the `n = 2 N - 2` views j of other
/// images, `t = tau_plus` and `b = beta`. The loss is that of SimCLR if `t = b = 0`. The mean is over all views. A
/// single image has no negatives and loss 0.
///
/// Source: J. Robinson et al., *Contrastive Learning with Hard Negative Samples*, 2021.
///
/// Shapes: both views `[N, D]`; a loss for each of the `2 N` views. Panics if they differ.
///
/// Equivalent: the authors' `criterion(out_1, out_2, tau_plus, batch_size, beta, "hard")`; PyTorch's libraries have
/// none.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::HardNegativeInfoNceLossConfig;
///
/// let device = Device::flex();
/// let config = HardNegativeInfoNceLossConfig::new().with_temperature(1.0);
/// let loss = config.with_tau_plus(0.0).init(&device);
/// let first = Tensor::<2>::from_floats([[2.0, 0.0], [0.0, 3.0]], &device);
/// let second = Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
/// let value = loss.forward(first, second).into_scalar::<f32>();
/// assert!((value - (1.0 + 2.0 * (-1f32).exp()).ln()).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "HCL")]
#[doc(alias = "hard_contrastive")]
pub struct HardNegativeInfoNceLoss {
    temperature: Temperature,
    tau_plus: f64,
    beta: f64,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

impl HardNegativeInfoNceLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `temperature` is not above 0, `tau_plus` is not from 0 up to below 1, or `beta` is negative or
    /// not finite.
    pub fn try_init(&self, device: &Device) -> Result<HardNegativeInfoNceLoss, LossError> {
        let check = Check("HardNegativeInfoNceLossConfig");
        Temperature::check(check, self.temperature)?;
        let in_range = (0.0..1.0).contains(&self.tau_plus);
        let expected = "a number of at least 0 and below 1";
        check.that(in_range, "tau_plus", self.tau_plus, expected)?;
        check.at_least_zero("beta", self.beta)?;
        let is_learned = self.learnable_temperature;
        Ok(HardNegativeInfoNceLoss {
            temperature: Temperature::new(self.temperature, is_learned, None, device),
            tau_plus: self.tau_plus,
            beta: self.beta,
            normalize: self.normalize,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> HardNegativeInfoNceLoss {
        built(self.try_init(device))
    }
}
display!(HardNegativeInfoNceLoss, |loss, content| {
    content
        .add("temperature", &loss.temperature)
        .add_debug_attribute("tau_plus", &loss.tau_plus)
        .add_debug_attribute("beta", &loss.beta)
        .add_debug_attribute("normalize", &loss.normalize)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "HardNegativeInfoNceLoss";

impl HardNegativeInfoNceLoss {
    /// The temperature.
    pub fn temperature(&self) -> &Temperature {
        &self.temperature
    }

    /// Returns the losses of all views as one number, by the configured reduction. Returns 0 for an empty batch, and
    /// for a single image.
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
        self.on(first, second).reduce()
    }

    /// Returns the loss of each view.
    ///
    /// # Shapes
    /// - first: `[N, D]`, an embedding of each image
    /// - second: `[N, D]`, that of another view of the same image
    /// - output: `[2 N]`, the losses of the first views, then those of the second
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, first: Tensor<2>, second: Tensor<2>) -> Tensor<1> {
        self.on(first, second).each()
    }

    /// Begins an evaluation, to which weights of the views, a normalizer or another reduction can be added. There
    /// are `2 N` views: the first of all images, then the second.
    ///
    /// # Shapes
    /// - first: `[N, D]`, an embedding of each image
    /// - second: `[N, D]`, that of another view of the same image
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on(&self, first: Tensor<2>, second: Tensor<2>) -> SampleEvaluation {
        let loss = self.clone();
        Views::evaluation(
            NAME,
            first,
            second,
            self.normalize,
            self.reduction,
            move |views| loss.sample_losses(views),
        )
    }

    fn sample_losses(&self, views: Views) -> SampleLosses {
        let negatives = (2 * views.images) as f64 - 2.0;
        let scaled = self.temperature.scaled_both(views.embeddings);
        let terms = Terms::of(HardNegatives { beta: self.beta }, scaled, views.labels);
        let positive = terms.of_rows(0);
        if negatives == 0.0 {
            return SampleLosses::silent(positive);
        }
        // Everything relative to the positive pair, in logarithms: sum w e^s / e^(s_p), then G.
        let hardness = terms.of_rows(1) - terms.of_rows(2) - positive.clone() + negatives.ln();
        let least = -self.temperature.plus_scale(positive) + negatives.ln();
        let corrected = match self.tau_plus {
            0.0 => hardness.clone(),
            t => {
                // Beyond e^60 the share is below 0 in any case, and what follows is finite.
                let easiness = Real::exp((-hardness.clone()).at_most(60.0));
                let share = easiness * -(t * negatives) + 1.0;
                let above_0 = share.clone().at_least(f32::MIN_POSITIVE as f64);
                let logarithm = Real::ln(above_0) - (1.0 - t).ln();
                let nothing = share.lower_equal_scalar(f32::MIN_POSITIVE);
                (hardness + logarithm).mask_where(nothing, least.clone())
            }
        };
        let clamped = corrected.clone().lower(least.clone());
        SampleLosses::new(softplus(corrected.mask_where(clamped, least)))
    }
}
