//! The general robust loss whose shape and scale are learned.

use crate::{
    backend::widened,
    config::config,
    error::{Check, LossError, built, check_columns, check_like_prediction},
    formula::{BarronNll, barron, softplus},
    module::display,
    reduction::Reduction,
    tuple::{Definition, JointLoss, TupleEvaluation},
};
use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData, activation::sigmoid},
};

config! {
    /// Configuration of [`AdaptiveBarronLoss`].
    pub struct AdaptiveBarronLossConfig {
        /// How many columns (indices of the last dimension) have a shape and a scale of their own; 1 for one of each. Default: 1.
        pub columns: usize = 1,
        /// The least shape, 0 or above. Default: 0.001 (the author).
        pub alpha_low: f64 = 0.001,
        /// The largest shape, 1.9999 at most. Default: 1.999 (the author).
        pub alpha_high: f64 = 1.999,
        /// The shape to begin with. Default: half way between both (the author).
        pub alpha_start: Option<f64> = None,
        /// The least scale, above 0. Default: 1e-5 (the author).
        pub scale_low: f64 = 1e-5,
        /// The scale to begin with, above the least. Default: 1 (the author).
        pub scale_start: f64 = 1.0,
        /// How the losses of all elements become one number. Default: the mean.
        pub reduction: Reduction = Reduction::Mean,
    }
}

/// Barron's general robust loss with a shape and a scale that are learned: the negative log-likelihood of the distribution that
/// goes with it, so a small shape, for which outliers cost little, costs something itself.
///
/// ```text
/// l = rho(x - t, a, c) + ln c + ln Z(a)            Z(a) = integral of e^-rho(x, a, 1)
/// ```
/// with `rho` of [`BarronLoss`](crate::BarronLoss). `Z` is computed, and differentiated, for each shape by the trapezoidal rule in `ln |x|`: its relative error is
/// below 1e-12, next to which `f32` rounds (the author's package interpolates a table by a spline, to 1e-5 or so).
/// The shape is `low + (high - low) sigmoid(p)`, the scale `low + (start - low) softplus(q + ln(e - 1))` with parameters p and q, as in
/// the author's package.
///
#[cfg_attr(doc, doc = include_str!("../../docs/curves/barron.svg"))]
///
/// Source: J. T. Barron, *A General and Adaptive Robust Loss Function*, 2019.
///
/// Shapes: prediction and target `[..]`, of any rank; with several columns these are the last dimension. Panics if they
/// differ.
///
/// Equivalent: `robust_loss_pytorch.AdaptiveLossFunction(num_dims=columns)`, the author's package, whose `lossfun`
/// takes `x - t`.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::AdaptiveBarronLossConfig;
///
/// let device = Device::flex().autodiff();
/// let loss = AdaptiveBarronLossConfig::new().init(&device);
/// let prediction = Tensor::<1>::from_floats([0.0, 1.0], &device);
/// let target = Tensor::<1>::from_floats([0.0, 0.0], &device);
/// // The shape is 1: sqrt(x² + 1) - 1, and Z is 3.2723.
/// let value = loss.forward(prediction, target).into_scalar::<f32>();
/// assert!((value - ((2f32.sqrt() - 1.0) / 2.0 + 3.2723f32.ln())).abs() < 1e-4);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "AdaptiveLossFunction")]
pub struct AdaptiveBarronLoss {
    /// `[columns]`
    alpha: Param<Tensor<1>>,
    /// `[columns]`
    scale: Param<Tensor<1>>,
    alpha_low: f64,
    alpha_high: f64,
    scale_low: f64,
    scale_start: f64,
    likelihood: JointLoss<BarronNll, 4>,
    #[module(skip)]
    reduction: Reduction,
}

impl AdaptiveBarronLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `columns` is 0, the shapes are not in the order `0 <= low < start < high <= 1.9999`, or the scales not in the order
    /// `0 < low < start`.
    pub fn try_init(&self, device: &Device) -> Result<AdaptiveBarronLoss, LossError> {
        let check = Check("AdaptiveBarronLossConfig");
        check.at_least_one("columns", self.columns)?;
        let (low, high) = (self.alpha_low, self.alpha_high);
        let expected = "a number of 0 or above and below alpha_high";
        check.that(low >= 0.0 && low < high, "alpha_low", low, expected)?;
        check.that(
            high <= 1.9999,
            "alpha_high",
            high,
            "a number of 1.9999 at most",
        )?;
        let start = self.alpha_start.unwrap_or((low + high) / 2.0);
        let expected = "a number between alpha_low and alpha_high";
        check.that(start > low && start < high, "alpha_start", start, expected)?;
        check.above_zero("scale_low", self.scale_low)?;
        check.above_zero("scale_start", self.scale_start)?;
        let is_above = self.scale_start > self.scale_low;
        check.that(
            is_above,
            "scale_start",
            self.scale_start,
            "a number above scale_low",
        )?;
        let parameter = |value: f64| {
            let value = TensorData::new(vec![value; self.columns], [self.columns]);
            Param::from_tensor(Tensor::from_data(value, device))
        };
        let definition = Definition::new(NAME, &BarronNll);
        Ok(AdaptiveBarronLoss {
            alpha: parameter(((start - low) / (high - start)).ln()),
            scale: parameter(0.0),
            alpha_low: low,
            alpha_high: high,
            scale_low: self.scale_low,
            scale_start: self.scale_start,
            likelihood: JointLoss::defined(BarronNll, definition, self.reduction),
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self, device: &Device) -> AdaptiveBarronLoss {
        built(self.try_init(device))
    }
}
const NAME: &str = "AdaptiveBarronLoss";

display!(AdaptiveBarronLoss, |loss, content| {
    content
        .add_debug_attribute("alpha_low", &loss.alpha_low)
        .add_debug_attribute("alpha_high", &loss.alpha_high)
        .add_debug_attribute("scale_low", &loss.scale_low)
        .add_debug_attribute("scale_start", &loss.scale_start)
        .add("reduction", &loss.reduction.to_string())
});

impl AdaptiveBarronLoss {
    /// Returns the shape of each column, `[columns]`.
    pub fn alpha(&self) -> Tensor<1> {
        sigmoid(self.alpha.val()) * (self.alpha_high - self.alpha_low) + self.alpha_low
    }

    /// Returns the scale of each column, `[columns]`.
    pub fn scale(&self) -> Tensor<1> {
        let raised = self.scale.val() + (core::f64::consts::E - 1.0).ln();
        softplus(raised) * (self.scale_start - self.scale_low) + self.scale_low
    }

    /// Returns the losses of all elements as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - prediction: `[..]`, any rank; with several columns these are the last dimension
    /// - target: the same
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> Tensor<1> {
        self.on(prediction, target).reduce()
    }

    /// Returns the loss of each element.
    ///
    /// # Shapes
    /// - prediction: `[..]`, any rank; with several columns these are the last dimension
    /// - target, output: the same
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn forward_no_reduction<const D: usize>(
        &self,
        prediction: Tensor<D>,
        target: Tensor<D>,
    ) -> Tensor<D> {
        self.on(prediction, target).each()
    }

    /// Begins an evaluation, to which weights, a normalizer or another reduction can be added.
    ///
    /// # Shapes
    /// - prediction: `[..]`, any rank; with several columns these are the last dimension
    /// - target: the same
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub fn on<const D: usize>(&self, prediction: Tensor<D>, target: Tensor<D>) -> TupleEvaluation {
        check_like_prediction(NAME, "target", &target, &prediction, &prediction.dims());
        let given = prediction.dtype();
        // The parameters are f32, and so is what is made of them.
        let (prediction, target) = (widened(prediction), widened(target));
        let shape = prediction.shape();
        let alpha = self.alpha();
        let columns = alpha.dims()[0];
        check_columns(NAME, columns, &shape);
        let dtype = prediction.dtype();
        let expanded = |parameter: Tensor<1>| {
            let mut dims = [1; D];
            dims[D - 1] = columns;
            let parameter: Tensor<D> = parameter.reshape(dims);
            parameter.expand(shape.clone()).cast(dtype)
        };
        let ln_z = ln_partition(alpha.clone());
        let [alpha, scale, ln_z] = [alpha, self.scale(), ln_z].map(expanded);
        let evaluation = self.likelihood.on([prediction, alpha, scale, ln_z], target);
        evaluation.of_type(given)
    }
}

/// The logarithm of the integral of `e^-rho(x, alpha, 1)` over all x, for shapes from 0 on and below 2.
///
/// With `x = e^u` the integrand is analytic within pi/2 of the real line and falls off as `e^-|u|` at least. So the trapezoidal rule
/// with a step this small is off by less than 1e-12 (held against quadrature at shapes up to 1.999), and what is left out by `e^-30`.
fn ln_partition(alpha: Tensor<1>) -> Tensor<1> {
    const STEP: f64 = 0.125;
    const REACH: i32 = 240;
    let columns = alpha.dims()[0];
    let places: Vec<f64> = (-REACH..=REACH)
        .map(|place| f64::from(place) * STEP)
        .collect();
    let count = places.len();
    let row = |numbers: Vec<f64>| {
        let options = (&alpha.device(), alpha.dtype());
        let row = Tensor::<2>::from_data(TensorData::new(numbers, [1, count]), options);
        row.expand([columns, count])
    };
    let sizes = row(places.iter().map(|place| place.exp()).collect());
    let shapes = alpha.clone().reshape([columns, 1]).expand([columns, count]);
    let b = -(shapes.clone() - 2.0);
    let terms = (row(places) - barron(sizes, shapes, b)).exp();
    terms.sum_dim(1).reshape([columns]).log() + (2.0 * STEP).ln()
}
