//! The temperature of a loss of similarities.

use super::learned::warn_unless_it_learns;
use crate::{
    backend::PairInputs,
    error::{Check, LossError},
    module::one_line,
};
use burn::{
    module::{Content, DisplaySettings, Module, ModuleDisplay, Param},
    tensor::{Device, Tensor},
};
use core::fmt;

/// The temperature of a contrastive loss: similarities are divided by it, or multiplied by its reciprocal, the scale.
///
/// A learned temperature is stored as the logarithm of the scale, so the scale stays above 0. It learns on a device
/// with autodiff, like every parameter: make the loss on one, or call `train()` on the module. Next to embeddings with
/// autodiff, one without is warned about once, by the `log` crate.
///
/// The scale of [`ClipLoss`](crate::ClipLoss) is capped. A parameter beyond the cap is applied as if it were at the
/// cap, with the gradient it would have there, so it can come back. [`clamped`](Self::clamped) moves the parameter
/// itself to the cap.
///
/// # Example
/// ```
/// use burn::tensor::Device;
/// use burn_losses::ClipLossConfig;
///
/// let device = Device::flex().autodiff();
/// let loss = ClipLossConfig::new().with_temperature(0.005).init(&device);
/// let temperature = loss.temperature();
/// assert_eq!((temperature.value(), temperature.scale()), (0.01, 100.0));
/// assert_eq!(temperature.to_string(), "0.01 (learned, at least 0.01)");
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct Temperature {
    /// That of the configuration, where a learned one begins.
    start: f64,
    log_scale: Option<Param<Tensor<1>>>,
    max_scale: Option<f64>,
}

impl Temperature {
    /// A temperature that has been checked.
    pub(crate) fn new(
        start: f64,
        is_learned: bool,
        max_scale: Option<f64>,
        device: &Device,
    ) -> Self {
        let log_scale = || Tensor::from_floats([-(start.ln()) as f32], device);
        Self {
            start,
            log_scale: is_learned.then(|| Param::from_tensor(log_scale())),
            max_scale,
        }
    }

    /// Checks one of a configuration: a number whose reciprocal `f32` holds, too.
    pub(crate) fn check(check: Check, temperature: f64) -> Result<(), LossError> {
        check.above_zero("temperature", temperature)
    }

    /// Whether it is learned.
    pub(crate) fn is_learned(&self) -> bool {
        self.log_scale.is_some()
    }

    /// Returns the parameter, the logarithm of the scale, of shape `[1]`, if the temperature is learned. It may lie
    /// beyond the cap.
    pub fn log_scale(&self) -> Option<Tensor<1>> {
        self.log_scale.as_ref().map(Param::val)
    }

    /// Returns the temperature as it is applied: the reciprocal of [`scale`](Self::scale). A learned one is read back
    /// from the device.
    pub fn value(&self) -> f64 {
        1.0 / self.scale()
    }

    /// Returns what similarities are multiplied by: `1 / T`, or the cap where that is smaller. A learned one is read
    /// back from the device.
    ///
    /// # Panics
    /// If the device fails.
    pub fn scale(&self) -> f64 {
        match self.log_scale() {
            Some(log_scale) => self.capped(f64::from(log_scale.into_scalar::<f32>()).exp()),
            None => self.fixed_scale(),
        }
    }

    /// Returns the temperature with its parameter moved to the cap, if it lies beyond: for use after the step of an
    /// optimizer, as in the paper of CLIP. Nothing changes without a cap.
    pub fn clamped(self) -> Self {
        let Some(most) = self.max_scale else {
            return self;
        };
        let clamp = |parameter: Tensor<1>| {
            let is_learned = parameter.is_require_grad();
            let clamped = parameter.detach().set_require_grad(false);
            clamped
                .clamp_max(most.ln())
                .detach()
                .set_require_grad(is_learned)
        };
        Self {
            log_scale: self.log_scale.map(|parameter| parameter.map(clamp)),
            ..self
        }
    }

    /// Embeddings times the scale.
    pub(crate) fn scaled(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self.learned_scale(&embeddings) {
            Some(scale) => embeddings * scale,
            None => embeddings * self.fixed_scale(),
        }
    }

    /// Embeddings times the square root of the scale, so that the products of two of them are scaled.
    pub(crate) fn scaled_both(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self.learned_scale(&embeddings) {
            Some(scale) => embeddings * scale.sqrt(),
            None => embeddings * self.fixed_scale().sqrt(),
        }
    }

    /// Points whose products are scaled.
    pub(crate) fn scaled_pairs(&self, inputs: PairInputs) -> PairInputs {
        let rows = match inputs.columns {
            Some(_) => self.scaled(inputs.rows),
            None => self.scaled_both(inputs.rows),
        };
        PairInputs { rows, ..inputs }
    }

    /// Numbers plus the scale, of the data type of the embeddings.
    pub(crate) fn plus_scale(&self, numbers: Tensor<1>) -> Tensor<1> {
        match self.learned_scale(&numbers) {
            Some(scale) => numbers + scale,
            None => numbers + self.fixed_scale(),
        }
    }

    fn capped(&self, scale: f64) -> f64 {
        self.max_scale.map_or(scale, |most| scale.min(most))
    }

    fn fixed_scale(&self) -> f64 {
        self.capped(1.0 / self.start)
    }

    /// The scale, of one element, if it is learned.
    fn learned_scale<const D: usize>(&self, like: &Tensor<D>) -> Option<Tensor<D>> {
        let parameter = self.log_scale()?;
        warn_unless_it_learns("temperature", &parameter, like);
        let log_scale = parameter.cast(like.dtype());
        let scale = match self.max_scale {
            // The value is that of the clamped parameter and the slope is the scale, beyond the cap, too: as if the
            // parameter had been clamped after the last step.
            Some(most) => {
                let fixed = log_scale.clone().detach();
                fixed.clone().exp().clamp_max(most) * (log_scale - fixed).exp()
            }
            None => log_scale.exp(),
        };
        Some(scale.reshape([1; D]))
    }
}

/// A temperature as text.
struct Shown<'a>(&'a Temperature);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Temperature {
            log_scale,
            max_scale,
            ..
        } = self.0;
        let value = self.0.value();
        if log_scale.is_none() {
            return write!(f, "{value}");
        }
        // As many digits as the exponential of an `f32` has.
        let rounded = format!("{value:.5e}").parse().unwrap_or(value);
        match max_scale {
            None => write!(f, "{rounded} (learned)"),
            Some(most) => write!(f, "{rounded} (learned, at least {})", 1.0 / most),
        }
    }
}

impl ModuleDisplay for Temperature {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        one_line()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&Shown(self)).optional()
    }
}
