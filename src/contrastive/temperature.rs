//! The temperature of a contrastive loss.

use crate::error::{Check, LossError};
use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};

/// The temperature of a contrastive loss: similarities are divided by it, or multiplied by its reciprocal, the scale.
/// A learned temperature is stored as the logarithm of the scale, so the scale stays above 0.
#[derive(Module, Debug)]
pub struct Temperature {
    /// That of the configuration, where a learned one begins.
    start: f64,
    log_scale: Option<Param<Tensor<1>>>,
    max_scale: Option<f64>,
}

impl Temperature {
    /// A temperature that has been checked.
    pub(super) fn new(
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
    pub(super) fn check(check: Check, temperature: f64) -> Result<(), LossError> {
        check.above_zero("temperature", temperature)
    }

    /// The logarithm of the scale, of shape `[1]`, if it is learned.
    pub fn log_scale(&self) -> Option<Tensor<1>> {
        self.log_scale.as_ref().map(Param::val)
    }

    /// Embeddings times the scale.
    pub(super) fn scale(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self.learned_scale(&embeddings) {
            Some(scale) => embeddings * scale,
            None => embeddings * self.fixed_scale(),
        }
    }

    /// Embeddings times the square root of the scale, so that the products of two of them are scaled.
    pub(super) fn scale_both(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self.learned_scale(&embeddings) {
            Some(scale) => embeddings * scale.sqrt(),
            None => embeddings * self.fixed_scale().sqrt(),
        }
    }

    fn fixed_scale(&self) -> f64 {
        let scale = 1.0 / self.start;
        self.max_scale.map_or(scale, |most| scale.min(most))
    }

    /// The scale, of shape `[1, 1]`, if it is learned.
    fn learned_scale(&self, like: &Tensor<2>) -> Option<Tensor<2>> {
        let scale = self.log_scale()?.cast(like.dtype()).exp();
        let scale = match self.max_scale {
            Some(most) => scale.clamp_max(most),
            None => scale,
        };
        Some(scale.unsqueeze())
    }
}
