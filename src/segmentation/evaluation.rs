//! Predicted masks and what they are compared with.

use crate::{
    backend::{
        ClassesWanted, MaskTarget, OverlapInputs, check_classes, is_nothing, nothing_of, widened,
    },
    class::{flat, no_classes, nothing_tracked, rows_of},
    error::{
        Checked, ClassesOf, Instead, Numbers, are_checked, check_class_list, check_has_classes,
        check_images, check_like_prediction, check_numbers, check_rows, check_weights_type,
    },
    samples::{Given, SampleEvaluation, SampleLosses},
};
use burn::tensor::{Bool, DType, Int, Tensor};

/// Predicted masks: pixels can be given weights.
#[derive(Clone, Debug)]
pub struct Masks {
    /// `[N, C, K]`
    pub(super) logits: Tensor<3>,
    pub(super) target: MaskTarget,
    /// The shape in which the prediction was given.
    shape: Vec<usize>,
    from_logits: bool,
    ignore_index: Option<i64>,
    /// `[N, K]`
    pixel_weights: Option<Tensor<2>>,
}

impl<R> SampleEvaluation<Masks, R> {
    /// Gives each pixel a weight, with which it counts in all sums. A pixel of weight 0 is ignored, whatever it holds.
    ///
    /// # Shapes
    /// - weights: `[N, d1..dk]`, of the data type of the prediction or of the loss (`f32` for half precision)
    ///
    /// # Panics
    /// If the shape or the data type does not fit.
    #[track_caller]
    pub fn pixel_weights<const T: usize>(mut self, weights: Tensor<T>) -> Self {
        let (loss, shape) = (self.batch.loss, &self.given.shape);
        check_rows(
            loss,
            "pixel weights",
            &weights.dims(),
            "prediction",
            shape,
            1,
        );
        check_weights_type(
            loss,
            weights.dtype(),
            ("prediction", self.given.logits.dtype()),
        );
        self.given.pixel_weights = Some(flat(widened(weights), nothing_tracked));
        self
    }
}

/// How masks are checked.
#[derive(Clone, Copy)]
pub(super) struct Checks<'a> {
    pub loss: &'static str,
    pub from_logits: bool,
    pub ignore_index: Option<i64>,
    pub class_weights: Option<&'a [f64]>,
    /// Whether it takes images of two dimensions and nothing else.
    pub images_alone: bool,
}

impl Masks {
    /// Against a class for each pixel.
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub(super) fn of_classes<const D: usize, const T: usize>(
        checks: Checks<'_>,
        prediction: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Self {
        let shape = prediction.dims();
        check_rows(
            checks.loss,
            "targets",
            &targets.dims(),
            "prediction",
            &shape,
            1,
        );
        let target = MaskTarget::Classes(flat(targets, no_classes));
        Self::new(checks, prediction, target)
    }

    /// Against masks of its own shape.
    ///
    /// # Panics
    /// If shapes or data types do not fit.
    #[track_caller]
    pub(super) fn of_masks<const D: usize>(
        checks: Checks<'_>,
        prediction: Tensor<D>,
        masks: Tensor<D>,
    ) -> Self {
        let loss = checks.loss;
        let shape = prediction.dims();
        check_like_prediction(loss, "masks", &masks, &prediction, &shape);
        let target = MaskTarget::Masks(rows_of(masks));
        Self::new(checks, prediction, target)
    }

    #[track_caller]
    fn new<const D: usize>(checks: Checks<'_>, prediction: Tensor<D>, target: MaskTarget) -> Self {
        let loss = checks.loss;
        check_has_classes(loss, &prediction);
        let shape = prediction.dims();
        if checks.images_alone {
            check_images(loss, &shape[2..]);
        }
        if let Some(weights) = checks.class_weights {
            let (count, of) = (weights.len(), ClassesOf::Logits);
            check_class_list(loss, "class_weights", count, shape[1], of);
        }
        Self {
            logits: rows_of(prediction),
            target,
            shape: shape.to_vec(),
            from_logits: checks.from_logits,
            ignore_index: checks.ignore_index,
            pixel_weights: None,
        }
    }

    /// The size of an image.
    pub(super) fn dims(&self) -> Vec<usize> {
        self.shape[2..].to_vec()
    }

    /// How many losses there are of it, where all samples are one loss or each has its own.
    pub(super) fn samples(&self, batch: bool) -> usize {
        let samples = self.shape[0];
        if batch { samples.min(1) } else { samples }
    }

    /// The losses without a pixel, if there is none.
    pub(super) fn losses_of_nothing(&self, batch: bool) -> Option<SampleLosses> {
        let masks = match &self.target {
            MaskTarget::Masks(masks) => Some(masks),
            MaskTarget::Classes(_) => None,
        };
        let none = || {
            let zeros = [Some(&self.logits), masks].into_iter().flatten();
            let zeros = zeros.map(nothing_of);
            SampleLosses::none_beside(zeros.chain(self.pixel_weights.as_ref().map(nothing_of)))
        };
        is_nothing(&self.logits).then(|| none().with_samples(self.samples(batch)))
    }

    /// The inputs of the sums. Samples of weight 0 are ignored as a whole, whatever they hold.
    pub(super) fn inputs(self, weights: Option<&Tensor<1>>) -> OverlapInputs {
        let [samples, _, pixels] = self.logits.dims();
        let weightless = weights.map(|weights| weights.clone().detach().equal_scalar(0.0));
        let pixel_weights = match weightless {
            Some(weightless) => {
                let shape = [samples, pixels];
                let weights = self
                    .pixel_weights
                    .unwrap_or_else(|| Tensor::ones(shape, (&self.logits.device(), DType::F32)));
                // A weight of the whole batch is that of each sample.
                let weightless = weightless.unsqueeze_dim::<2>(1).expand(shape);
                Some(weights.mask_fill(weightless, 0.0))
            }
            None => self.pixel_weights,
        };
        OverlapInputs {
            logits: self.logits,
            target: self.target,
            weights: pixel_weights,
        }
    }
}

impl Given for Masks {
    const ON_WEIGHTS: &'static str = "; weights of pixels, [N, d1..dk], go to `pixel_weights`";

    fn check(&self, loss: &str, weights: Option<&Tensor<1>>) -> Checked {
        if is_nothing(&self.logits) {
            return Ok(());
        }
        let OverlapInputs {
            logits,
            target,
            weights,
        } = self.clone().inputs(weights);
        let count = logits.dims()[1];
        let mut ignored = None;
        match &target {
            MaskTarget::Classes(classes) => {
                let mut shape = self.shape.clone();
                shape.remove(1);
                // A single channel is that of class 1.
                let known = count.max(2);
                let wanted = ClassesWanted::targets(loss, known, self.ignore_index);
                check_classes(wanted, (classes, &shape), weights.as_ref())?;
                if are_checked(&logits) && !self.from_logits {
                    let is_ignored = crate::backend::ignored(classes, self.ignore_index);
                    let of_pixels = |mask: Tensor<2, Bool>| mask.unsqueeze_dim::<3>(1);
                    ignored = is_ignored.map(|mask| of_pixels(mask).expand(logits.shape()));
                }
            }
            MaskTarget::Masks(masks) if are_checked(masks) => {
                ignored = self
                    .ignore_index
                    .map(|index| masks.clone().without_autodiff().equal_scalar(index as f64));
            }
            MaskTarget::Masks(_) => {}
        }
        let looks_at_numbers = !self.from_logits || matches!(target, MaskTarget::Masks(_));
        if !looks_at_numbers || !are_checked(&logits) {
            return Ok(());
        }
        // Which numbers count.
        let mut counted = logits.clone().without_autodiff().ones_like();
        if let Some(weights) = weights {
            let weights = weights.without_autodiff().cast(counted.dtype());
            counted = counted * weights.unsqueeze_dim::<3>(1);
        }
        if let Some(ignored) = ignored {
            counted = counted.mask_fill(ignored, 0.0);
        }
        if let MaskTarget::Masks(masks) = &target {
            let wanted = Numbers::Probabilities(None);
            check_numbers(loss, ("masks", &self.shape), masks, Some(&counted), wanted)?;
        }
        if !self.from_logits {
            let wanted = Numbers::Probabilities(Some(Instead {
                numbers: "logits",
                field: "from_logits",
                value: true,
            }));
            let given = ("prediction", &self.shape[..]);
            check_numbers(loss, given, &logits, Some(&counted), wanted)?;
        }
        Ok(())
    }
}
