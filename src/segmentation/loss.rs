//! The loss of overlaps, whatever its formula.

use super::{
    AbsentClasses, Masks,
    combined::PixelLoss,
    evaluation::Checks,
    object::{PixelFormula, Pixels, SampleFormula, Shares},
    settings::Settings,
};
use crate::{
    backend::{ClassLosses, MaskTarget, OverlapSpec, OverlapSums, mask_pixels, overlap_sums},
    error::{Check, assert_rank_of_samples},
    formula::{Activation, OverlapFormula},
    module::{Field, Shown, display, type_name},
    reduction::Reduction,
    samples::{Batch, Costs, SampleEvaluation, SampleLosses},
};
use burn::{
    module::Module,
    tensor::{Bool, Int, Tensor, TensorData},
};
use core::fmt;
use std::sync::Arc;

/// A loss of predicted masks from how far they overlap with those they should be.
///
/// ```text
/// TP_c = sum p_c t_c      FP_c = sum p_c (1 - t_c)      FN_c = sum (1 - p_c) t_c      over the pixels of a sample
/// loss = sum_c w_c l(TP_c, FP_c, FN_c) / sum_c w_c
/// ```
/// with the formula `l`, the class weights `w` and the probabilities `p`:
///
/// | | prediction | target | probabilities |
/// |---|---|---|---|
/// | multi-class | `on(logits, classes)`, C above 1 | the class of each pixel | softmax over the classes |
/// | binary | `on(logits, classes)`, C = 1 | 0 or 1 for each pixel | sigmoid |
/// | multi-label, binary | `on_masks(logits, masks)` | a mask for each channel, from 0 to 1 | sigmoid of each channel |
///
/// Where the configuration says that predictions are no logits, they are the probabilities. Losses of overlaps (Dice to the
/// combined loss) hold neither a one-hot target nor probabilities on the CPU and on GPUs, in `f32` and half precision: the sums are one pass over the
/// logits, and the backward pass another one, whose gradient is all the memory it needs. Errors are summed up, not hits, so a prediction that is nearly right keeps the digits of its loss
/// and of its gradient.
///
/// The losses of this crate come from their configurations, and each has a type alias:
///
/// | loss | formula |
/// |---|---|
/// | [`DiceLoss`](crate::DiceLoss) | `1 - 2 TP / (2 TP + FP + FN)` |
/// | [`JaccardLoss`](crate::JaccardLoss) | `1 - TP / (TP + FP + FN)` |
/// | [`TverskyLoss`](crate::TverskyLoss) | `1 - TP / (TP + a FP + b FN)` |
/// | [`FocalTverskyLoss`](crate::FocalTverskyLoss) | that to the power `1 / gamma` |
/// | [`GeneralizedDiceLoss`](crate::GeneralizedDiceLoss) | Dice of all classes together, each weighted by its size |
/// | [`MccLoss`](crate::MccLoss) | `1 -` Matthews correlation coefficient |
/// | [`CombinedLoss`](crate::CombinedLoss) | Dice and cross entropy (or focal) in one pass |
///
/// A formula of your own becomes a loss by [`new`](Self::new).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{MaskLoss, Reduction, formula::{Overlap, OverlapFormula, Real}};
///
/// /// One false positive for each pixel of the class, at most.
/// #[derive(Clone, Debug)]
/// struct FalseAlarms;
///
/// impl OverlapFormula for FalseAlarms {
///     fn value<R: Real>(&self, overlap: Overlap<R>) -> R {
///         let pixels = overlap.both + overlap.missed + 1.0;
///         (overlap.predicted / pixels).at_most(1.0)
///     }
/// }
///
/// let device = Device::flex();
/// let loss = MaskLoss::new(FalseAlarms, Reduction::Mean);
/// let logits = Tensor::<3>::zeros([1, 1, 4], &device);
/// let targets = Tensor::<2, Int>::from_ints([[0, 0, 1, 1]], &device);
/// assert!((loss.forward(logits, targets).into_scalar::<f32>() - 1.0 / 3.0).abs() < 1e-6);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct MaskLoss<F: Clone + fmt::Debug + Send + Sync + 'static> {
    #[module(skip)]
    formula: F,
    #[module(skip)]
    definition: Definition,
    #[module(skip)]
    reduction: Reduction,
}

/// Any formula of masks, chosen at run time.
#[derive(Clone, Copy, Debug)]
pub struct AnyMaskFormula;

/// A loss without the type of its formula.
#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub kind: Kind,
    pub settings: Settings,
    /// Whether errors are squared before they are added.
    pub squared: bool,
    /// The factor of the formula, and a loss of pixels besides.
    pub combined: Option<(f64, PixelLoss)>,
    pub shown: Shown,
}

/// What a loss looks at.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Overlaps, made in one pass.
    Overlap(Arc<dyn SampleFormula>),
    /// Every pixel, in tensors.
    Pixels(Arc<dyn PixelFormula>),
}

impl<F: OverlapFormula> MaskLoss<F> {
    /// Makes a loss from a formula of your own, with the defaults of [`DiceLossConfig`](crate::DiceLossConfig).
    pub fn new(formula: F, reduction: Reduction) -> Self {
        let shown: &[Field<'_>] = &[("formula", &formula.clone())];
        let settings = Settings::default();
        Self::of_overlaps(type_name::<F>(), formula, shown, settings, reduction)
    }
}

impl Definition {
    pub fn new(name: &'static str, kind: Kind, fields: &[Field<'_>], settings: Settings) -> Self {
        let mut shown = Shown::new(name).with(fields);
        settings.show(&mut shown);
        Self {
            kind,
            settings,
            squared: false,
            combined: None,
            shown,
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.settings);
        self.settings.show(&mut self.shown);
    }

    fn checks(&self) -> Checks<'_> {
        Checks {
            loss: self.shown.name,
            from_logits: self.settings.from_logits,
            ignore_index: self.settings.ignore_index,
            class_weights: self.settings.class_weights.as_deref(),
            images_alone: matches!(&self.kind, Kind::Pixels(formula) if formula.takes_images()),
        }
    }

    /// Begins the evaluation of a prediction.
    fn evaluation(&self, masks: Masks, reduction: Reduction) -> SampleEvaluation<Masks> {
        let definition = self.clone();
        let batch = Batch {
            loss: self.shown.name,
            samples: masks.samples(self.settings.batch),
            dtype: masks.logits.dtype(),
        };
        SampleEvaluation::new(batch, reduction, masks, move |masks, weights| {
            definition.losses(masks, weights)
        })
    }

    fn losses(self, masks: Masks, weights: Option<&Tensor<1>>) -> SampleLosses {
        let settings = &self.settings;
        if let Some(losses) = masks.losses_of_nothing(settings.batch) {
            return losses;
        }
        let has_classes = matches!(masks.target, MaskTarget::Classes(_));
        let activation = match (settings.from_logits, masks.logits.dims()[1]) {
            (false, _) => Activation::None,
            (true, 2..) if has_classes => Activation::Softmax,
            (true, _) => Activation::Sigmoid,
        };
        let spec = OverlapSpec {
            activation,
            squared: self.squared,
            ignore_index: settings.ignore_index,
            term: self
                .combined
                .as_ref()
                .map(|(_, pixels)| pixels.term(activation)),
        };
        let dims = masks.dims();
        let inputs = masks.inputs(weights);
        match self.kind.clone() {
            Kind::Overlap(formula) => {
                let sums = overlap_sums(spec, inputs);
                let sums = if settings.batch {
                    sums.of_batch()
                } else {
                    sums
                };
                self.of_overlaps(&*formula, sums, has_classes)
            }
            Kind::Pixels(formula) => {
                let batch = settings.batch;
                let found = formula.fused(&spec, &inputs, batch).unwrap_or_else(|| {
                    let pixels = mask_pixels(&spec, inputs);
                    let pixels = Pixels::new(pixels, activation, batch, dims);
                    ClassLosses {
                        losses: formula.losses(&pixels),
                        sizes: formula.sizes(&pixels),
                    }
                });
                let ClassLosses { losses, sizes } = found;
                let absent = sizes.detach().equal_scalar(0.0);
                let samples = losses.dims()[0];
                let weights = self.all_class_weights(&losses);
                let costs = self.costs(weights, absent, |shares| shares.mean(losses));
                SampleLosses::of_kinds(vec![costs], samples)
            }
        }
    }

    /// What overlaps cost, and the pixels besides.
    fn of_overlaps(
        &self,
        formula: &dyn SampleFormula,
        sums: OverlapSums,
        has_classes: bool,
    ) -> SampleLosses {
        let samples = sums.both.dims()[0];
        let weights = self.all_class_weights(&sums.target);
        let absent = sums.target.clone().detach().equal_scalar(0.0);
        let of_overlaps = self.costs(weights, absent, |shares| {
            let losses = formula.losses(sums.clone(), shares);
            match &self.combined {
                Some((factor, _)) => losses * *factor,
                None => losses,
            }
        });
        // One after the other: Burn's fusion keeps few chains of operations open at a time.
        let of_pixels = self
            .combined
            .as_ref()
            .map(|(_, pixels)| pixels.costs(&sums, self.class_weights(&sums.target), has_classes));
        let kinds = [Some(of_overlaps), of_pixels].into_iter().flatten();
        SampleLosses::of_kinds(kinds.collect(), samples)
    }

    /// The weight of each class, for each sample, `[N, C]`, if there are weights.
    fn class_weights(&self, like: &Tensor<2>) -> Option<Tensor<2>> {
        let weights = self.settings.class_weights.as_ref()?;
        let data = TensorData::new(weights.clone(), [1, weights.len()]);
        let options = (&like.device(), like.dtype());
        Some(Tensor::<2>::from_data(data, options).expand(like.shape()))
    }

    /// The same, and ones if there are none.
    fn all_class_weights(&self, like: &Tensor<2>) -> Tensor<2> {
        let weights = self.class_weights(like);
        weights.unwrap_or_else(|| like.clone().detach().ones_like())
    }

    /// What samples cost whose classes have these weights, some of them without a pixel.
    fn costs(
        &self,
        weights: Tensor<2>,
        absent: Tensor<2, Bool>,
        losses: impl FnOnce(&Shares) -> Tensor<1>,
    ) -> Costs {
        let absent_classes = self.settings.absent;
        let weights = match absent_classes {
            AbsentClasses::LeftOut => weights.mask_fill(absent.clone(), 0.0),
            _ => weights,
        };
        let silent = weights.clone().sum_dim(1).equal_scalar(0.0);
        let losses = losses(&Shares {
            weights,
            absent,
            absent_classes,
        });
        Costs::with_silent(losses, silent.squeeze_dim::<1>(1))
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static> MaskLoss<F> {
    pub(super) fn of(formula: F, definition: Definition, reduction: Reduction) -> Self {
        Self {
            formula,
            definition,
            reduction,
        }
    }

    /// A loss that looks at overlaps.
    pub(super) fn of_overlaps(
        name: &'static str,
        formula: F,
        shown: &[Field<'_>],
        settings: Settings,
        reduction: Reduction,
    ) -> Self
    where
        F: SampleFormula,
    {
        let kind = Kind::Overlap(Arc::new(formula.clone()));
        let definition = Definition::new(name, kind, shown, settings);
        Self::of(formula, definition, reduction)
    }

    /// A loss that looks at every pixel.
    pub(super) fn of_pixels(
        name: &'static str,
        formula: F,
        shown: &[Field<'_>],
        settings: Settings,
        reduction: Reduction,
    ) -> Self
    where
        F: PixelFormula,
    {
        let kind = Kind::Pixels(Arc::new(formula.clone()));
        let definition = Definition::new(name, kind, shown, settings);
        Self::of(formula, definition, reduction)
    }

    /// The loss whose errors are squared before they are added, or not.
    pub(super) fn squaring(mut self, squared: bool) -> Self {
        self.definition.squared = squared;
        self
    }

    /// The same loss without the type of its formula.
    pub fn into_any(self) -> MaskLoss<AnyMaskFormula> {
        MaskLoss::of(AnyMaskFormula, self.definition, self.reduction)
    }

    /// The formula with its hyperparameters.
    pub fn formula(&self) -> &F {
        &self.formula
    }

    /// Returns the loss with class weights, or without.
    ///
    /// # Panics
    /// If a weight is negative or not finite, or the list is empty.
    #[track_caller]
    pub fn with_class_weights(mut self, weights: Option<Vec<f64>>) -> Self {
        let check = Check(self.definition.shown.name);
        if let Err(error) = check.class_weights("class_weights", &weights) {
            panic!("{error}");
        }
        self.definition
            .change(|settings| settings.class_weights = weights);
        self
    }

    /// Returns the loss with another class index (or number in a mask) that marks a pixel as ignored, or none.
    pub fn with_ignore_index(mut self, ignore_index: Option<i64>) -> Self {
        self.definition
            .change(|settings| settings.ignore_index = ignore_index);
        self
    }

    /// Returns the loss with another cost of classes without a pixel.
    pub fn with_absent(mut self, absent: AbsentClasses) -> Self {
        self.definition.change(|settings| settings.absent = absent);
        self
    }

    /// Returns the loss of the batch as one sample, or of each sample.
    pub fn with_batch(mut self, batch: bool) -> Self {
        self.definition.change(|settings| settings.batch = batch);
        self
    }

    /// Returns the losses of all samples as one number, by the configured reduction. Returns 0 for an empty batch.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
    /// - targets: `[N, d1..dk]`, the index of a class (0 or 1 where C is 1) or the `ignore_index`
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit, there are no classes, or there are not as many class weights. If a target is not a class index (on
    /// the CPU; the loss of its sample is NaN on a GPU).
    #[track_caller]
    pub fn forward<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.on(logits, targets).reduce()
    }

    /// Returns the loss of each sample.
    ///
    /// # Shapes
    /// - logits, targets: as for [`forward`](Self::forward)
    /// - output: `[N]`, or `[1]` where the batch is one sample
    ///
    /// # Panics
    /// As [`forward`](Self::forward).
    #[track_caller]
    pub fn forward_no_reduction<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> Tensor<1> {
        const { assert_rank_of_samples(D, T) };
        self.on(logits, targets).each()
    }

    /// Begins an evaluation of logits against the class of each pixel, to which weights of pixels or samples, a normalizer or
    /// another reduction can be added.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the classes in dimension 1
    /// - targets: `[N, d1..dk]`, the index of a class (0 or 1 where C is 1) or the `ignore_index`
    ///
    /// # Panics
    /// If shapes do not fit, there are no classes, or there are not as many class weights.
    #[track_caller]
    pub fn on<const D: usize, const T: usize>(
        &self,
        logits: Tensor<D>,
        targets: Tensor<T, Int>,
    ) -> SampleEvaluation<Masks> {
        const { assert_rank_of_samples(D, T) };
        let masks = Masks::of_classes(self.definition.checks(), logits, targets);
        self.definition.evaluation(masks, self.reduction)
    }

    /// Begins an evaluation of logits against masks, each channel by itself, to which weights of pixels or samples, a
    /// normalizer or another reduction can be added. Where a mask is the `ignore_index`, its pixel is ignored in that channel.
    ///
    /// # Shapes
    /// - logits: `[N, C, d1..dk]`, the channels in dimension 1
    /// - masks: of the same shape, from 0 to 1
    ///
    /// # Panics
    /// If shapes or data types do not fit, there are no channels, or there are not as many class weights. In a debug build, on a
    /// CPU, if a mask is outside `[0, 1]`.
    #[track_caller]
    pub fn on_masks<const D: usize>(
        &self,
        logits: Tensor<D>,
        masks: Tensor<D>,
    ) -> SampleEvaluation<Masks> {
        const {
            assert!(
                D >= 2,
                "masks have a batch and channels: their rank is at least 2"
            )
        };
        let masks = Masks::of_masks(self.definition.checks(), logits, masks);
        self.definition.evaluation(masks, self.reduction)
    }
}

impl<F: Clone + fmt::Debug + Send + Sync + 'static> fmt::Debug for MaskLoss<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.definition.shown.debug(f, &self.reduction)
    }
}

display!([F: Clone + fmt::Debug + Send + Sync + 'static] MaskLoss<F>, |loss, content| {
    loss.definition.shown.content(content, &loss.reduction)
});
