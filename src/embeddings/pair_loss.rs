//! Losses of labelled embeddings, each of which is compared with all others.

use super::{
    Batch, Labelled, SampleEvaluation, SampleLosses, Samples, Temperature, Terms, unlabelled,
};
use crate::{
    backend::PairInputs,
    formula::{AnchorFormula, Measure},
    module::{Field, Shown, display, type_name},
    reduction::Reduction,
};
use burn::{
    module::Module,
    tensor::{Bool, Int, Tensor},
};
use core::fmt;
use std::sync::Arc;

/// A loss of labelled embeddings from a formula of their pairs: each embedding is an anchor that is compared with all
/// others.
///
/// The losses of this crate come from their configurations, such as [`CircleLossConfig`](crate::CircleLossConfig). A
/// formula of your own becomes a loss by [`new`](Self::new). The sums over all pairs are computed by a fused kernel on
/// the CPU and by tensor operations elsewhere; the similarities are never stored all at once. The gradient is derived
/// from the formula.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{
///     PairLoss, Reduction,
///     formula::{AnchorFormula, Kind, Measure, PairFormula, Real, Term, has_pairs, softplus},
/// };
///
/// /// `-ln sum_p e^(-d²) / sum_j e^(-d²)`: neighbourhood components analysis (Goldberger et al., 2004).
/// #[derive(Clone, Debug)]
/// struct Neighbours;
///
/// impl PairFormula for Neighbours {
///     #[inline(always)]
///     fn terms(&self) -> &[Term] {
///         const { &[Term::log_sum_exp(Kind::Positive), Term::log_sum_exp(Kind::Negative)] }
///     }
///
///     #[inline(always)]
///     fn value<R: Real>(&self, _term: usize, square: R) -> R {
///         -square
///     }
/// }
///
/// impl AnchorFormula for Neighbours {
///     fn measure(&self) -> Measure {
///         Measure::SquaredEuclidean
///     }
///
///     fn loss<R: Real>(&self, terms: &[R]) -> R {
///         softplus(terms[1].clone() - terms[0].clone())
///     }
///
///     // An anchor without a positive is left out.
///     fn counts<R: Real>(&self, terms: &[R]) -> R {
///         has_pairs(&terms[0])
///     }
/// }
///
/// let device = Device::flex();
/// let loss = PairLoss::new(Neighbours, Reduction::Sum).with_normalize(false);
/// let embeddings = Tensor::<2>::from_floats([[0.0], [1.0], [3.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([7, 7, 8], &device);
/// // The positives are 1 apart, the negative is 3 and 2 away from them.
/// let expected = (1.0f32 - 9.0).exp().ln_1p() + (1.0f32 - 4.0).exp().ln_1p();
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - expected).abs() < 1e-6);
/// ```
#[derive(Module)]
#[module(custom_display)]
pub struct PairLoss<F: AnchorFormula> {
    #[module(skip)]
    formula: F,
    #[module(skip)]
    definition: Arc<Definition>,
    /// By which the embeddings are scaled before the formula sees them, if it is learned. (One that is fixed is in the
    /// formula.)
    temperature: Option<Temperature>,
    normalize: bool,
    #[module(skip)]
    reduction: Reduction,
}

/// # Panics
/// If a formula lacks what every walk over its pairs needs.
#[track_caller]
fn check<F: AnchorFormula>(formula: &F) {
    let name = type_name::<F>();
    assert!(
        !formula.terms().is_empty(),
        "{name}: `terms` is empty, expected at least one sum over the pairs of an anchor; name \
         those that `loss` is made of",
    );
    if let Measure::Lp(p) = formula.measure() {
        assert!(
            p >= 1.0 && p.is_finite(),
            "{name}: `measure` is Lp({p}), expected a finite p of at least 1; take another p, or \
             another measure",
        );
    }
}

/// What a loss is below its type.
#[derive(Debug)]
struct Definition {
    formula: Arc<dyn Anchors>,
    shown: Shown,
}

/// What is done to embeddings before they are paired.
#[derive(Clone)]
struct Ready {
    normalize: bool,
    /// One that is learned.
    temperature: Option<Temperature>,
}

impl<F: AnchorFormula> PairLoss<F> {
    /// Makes a loss from a formula of your own. Embeddings are divided by their norm first.
    ///
    /// # Panics
    /// If the formula has no terms, or the p of its measure is below 1 or not finite.
    #[track_caller]
    pub fn new(formula: F, reduction: Reduction) -> Self {
        check(&formula);
        let shown: [Field; 1] = [("formula", &formula)];
        Self::named(type_name::<F>(), formula.clone(), true, reduction, &shown)
    }

    /// A loss of this crate. To be called where the formula is no parameter, so that its kernels are compiled
    /// here.
    #[inline(never)]
    pub(crate) fn named(
        loss: &'static str,
        formula: F,
        normalize: bool,
        reduction: Reduction,
        hyperparameters: &[Field],
    ) -> Self {
        let definition = Definition {
            formula: Arc::new(formula.clone()),
            shown: Shown::new(loss).with(hyperparameters),
        };
        Self {
            formula,
            definition: Arc::new(definition),
            temperature: None,
            normalize,
            reduction,
        }
    }

    /// A loss of dot products that are scaled by a learned temperature before the formula sees them.
    pub(crate) fn with_temperature(self, temperature: Temperature) -> Self {
        Self {
            temperature: Some(temperature),
            ..self
        }
    }

    /// The temperature, where there is one.
    pub(crate) fn scaling(&self) -> Option<&Temperature> {
        self.temperature.as_ref()
    }

    /// Sets whether embeddings are divided by their norm first. They are in any case for [`Measure::Cosine`].
    pub fn with_normalize(self, normalize: bool) -> Self {
        let normalize = normalize || self.formula.measure().is_of_unit_points();
        Self { normalize, ..self }
    }

    /// The formula with its hyperparameters.
    pub fn formula(&self) -> &F {
        &self.formula
    }

    /// Returns the losses of all embeddings as one number, by the configured reduction. Returns 0 for an empty batch,
    /// and if no embedding has the pairs its loss needs.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).reduce()
    }

    /// Returns the loss of each embedding; 0 for an embedding without the pairs its loss needs.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).each()
    }

    /// Begins an evaluation, to which a reference set, weights of the embeddings, a normalizer or another reduction
    /// can be added.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> SampleEvaluation<Labelled> {
        let samples = Samples::new(self.definition.shown.name, embeddings, labels);
        let definition = self.definition.clone();
        let ready = Ready {
            normalize: self.normalize,
            temperature: self.temperature.clone().filter(Temperature::is_learned),
        };
        definition.on(samples, ready, self.reduction)
    }
}

impl Definition {
    fn on(
        self: Arc<Self>,
        samples: Samples,
        ready: Ready,
        reduction: Reduction,
    ) -> SampleEvaluation<Labelled> {
        let batch = Batch::of(self.shown.name, &samples.embeddings);
        let losses = move |Labelled(samples): Labelled, weights: Option<&Tensor<1>>| {
            if samples.has_no_pair() {
                return samples.nothing();
            }
            let mut inputs = samples.ready(ready.normalize, weights);
            if let Some(temperature) = ready.temperature {
                inputs = temperature.scaled_pairs(inputs);
            }
            self.formula.losses(inputs)
        };
        SampleEvaluation::new(batch, reduction, Labelled(samples), losses)
    }
}

/// A formula without its type. An object is made where the formula is still known: of a formula of this crate
/// in its configuration, so it is compiled here; of a user's formula in the user's crate.
trait Anchors: fmt::Debug + Send + Sync {
    /// The losses of anchors of this data type, which have been made ready.
    fn losses(&self, inputs: PairInputs) -> SampleLosses;
}

impl<F: AnchorFormula> Anchors for F {
    fn losses(&self, inputs: PairInputs) -> SampleLosses {
        let count = self.terms().len();
        let unlabelled = unlabelled(&inputs.row_labels);
        let terms = Terms::measured(self.clone(), self.measure(), inputs);
        let terms: Vec<Tensor<1>> = (0..count).map(|term| terms.of_rows(term)).collect();
        let known: Vec<_> = terms.iter().map(|term| term.clone().detach()).collect();
        let mut silent: Tensor<1, Bool> = self.counts(&known).equal_scalar(0.0);
        if let Some(unlabelled) = unlabelled {
            silent = silent.bool_or(unlabelled);
        }
        let terms = terms.into_iter();
        let kept: Vec<_> = terms
            .map(|term| term.mask_fill(silent.clone(), 1.0))
            .collect();
        SampleLosses::with_silent(self.loss(&kept), silent)
    }
}

impl<F: AnchorFormula> PairLoss<F> {
    fn shown(&self) -> Shown {
        let mut shown = self.definition.shown.clone();
        if let Some(temperature) = &self.temperature {
            shown.set("temperature", &format_args!("{temperature}"));
        }
        shown.with(&[("normalize", &self.normalize)])
    }
}

impl<F: AnchorFormula> fmt::Debug for PairLoss<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().debug(f, &self.reduction)
    }
}

display!([F: AnchorFormula] PairLoss<F>, |loss, content| {
    loss.shown().content(content, &loss.reduction)
});
