//! A formula over every element of a prediction and a target: value, sum and derivatives in one
//! pass.
//!
//! Each lane of sixteen elements is loaded, evaluated and stored before the next, so a derivative
//! may be written over the prediction it came from. Half-precision elements go through small `f32`
//! buffers that stay in the first-level cache; their derivatives stay `f32`, since what is tiny now
//! may yet be multiplied by a large upstream gradient.

use super::{
    fresh::with_room,
    isa::{Choice, dispatch},
    lane::Lane,
    simd::{Isa, WIDTH},
    storage::Storage,
    threads::sum_over_chunks,
};
use crate::formula::{ColumnFormula, Dual, Real};
use core::ptr;

/// How many half-precision elements are widened at a time.
const BLOCK: usize = 1024;

/// The prediction, with the right to overwrite it or without.
pub(crate) enum Prediction<'a, E> {
    /// Only read; a gradient goes to memory of its own.
    Kept(&'a [E]),
    /// Overwritten by its gradient; for `f32`, whose derivatives are of the same type.
    Consumed(&'a mut [E]),
}

/// What a prediction is compared with.
pub(crate) struct Operands<'a, E> {
    /// One target per element.
    pub target: &'a [E],
    /// One weight per element; elements of weight 0 contribute exactly nothing.
    pub weights: Option<&'a [E]>,
    /// One parameter per column (the last dimension).
    pub columns: Option<&'a [f64]>,
}

/// What the pass has to deliver besides the sum.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// The loss of every element.
    pub losses: bool,
    /// The derivative with respect to every element of the prediction.
    pub prediction_gradient: bool,
    /// The derivative with respect to every element of the target.
    pub target_gradient: bool,
}

/// What the pass delivered.
pub(crate) struct Outcome<E> {
    /// The (weighted) sum of all losses.
    pub sum: f64,
    /// The (weighted) losses, where wanted.
    pub losses: Option<Vec<E>>,
    /// The gradient of the prediction, where wanted and not written over it.
    pub prediction_gradient: Option<Vec<f32>>,
    /// The gradient of the target, where wanted.
    pub target_gradient: Option<Vec<f32>>,
}

/// Evaluates `formula` for every element; the gradients are multiplied by `scale`.
///
/// # Panics
/// If the lengths of the operands do not fit the prediction, or one that is not `f32` is consumed.
pub(crate) fn pointwise<F: ColumnFormula, E: Storage>(
    formula: &F,
    prediction: Prediction<'_, E>,
    operands: &Operands<'_, E>,
    wanted: Wanted,
    scale: f32,
) -> Outcome<E> {
    let (source, overwritten, length) = match prediction {
        Prediction::Kept(slice) => (slice.as_ptr(), None, slice.len()),
        Prediction::Consumed(slice) => {
            assert!(E::IS_F32, "derivatives are f32");
            let pointer = slice.as_mut_ptr();
            (
                pointer.cast_const(),
                Some(pointer.cast::<f32>()),
                slice.len(),
            )
        }
    };
    assert_eq!(operands.target.len(), length, "one target per prediction");
    if let Some(weights) = operands.weights {
        assert_eq!(weights.len(), length, "one weight per prediction");
    }
    let columns = operands.columns.map(Columns::new);

    let mut losses = wanted.losses.then(|| with_room(length));
    let mut target_gradient = wanted.target_gradient.then(|| with_room(length));
    let mut fresh =
        (wanted.prediction_gradient && overwritten.is_none()).then(|| with_room(length));

    let pass = Pass {
        formula,
        source,
        target: operands.target.as_ptr(),
        weights: operands.weights.map(<[E]>::as_ptr),
        losses: losses.as_mut().map(Vec::as_mut_ptr),
        prediction_gradient: match &mut fresh {
            Some(fresh) => Some(fresh.as_mut_ptr()),
            None => overwritten.filter(|_| wanted.prediction_gradient),
        },
        target_gradient: target_gradient.as_mut().map(Vec::as_mut_ptr),
        columns: columns.as_ref(),
        scale,
        choice: Choice::current(),
    };
    // SAFETY: all pointers are valid for `length` elements, the written ones exclusively; the
    // ranges of the chunks do not overlap.
    let sum = sum_over_chunks(length, |range| unsafe {
        pass.chunk(range.start, range.len())
    });

    // SAFETY: the capacities are `length`, and the chunks have written every element.
    unsafe {
        losses
            .iter_mut()
            .for_each(|written| written.set_len(length));
        fresh.iter_mut().for_each(|written| written.set_len(length));
        target_gradient
            .iter_mut()
            .for_each(|written| written.set_len(length));
    }
    Outcome {
        sum,
        losses,
        prediction_gradient: fresh,
        target_gradient,
    }
}

/// The parameters of the columns, laid out so that sixteen of them can be loaded from any column.
struct Columns {
    count: usize,
    /// The parameters over and over, up to the `count + WIDTH`th.
    repeated: Vec<f32>,
}

impl Columns {
    fn new(parameters: &[f64]) -> Self {
        Self {
            count: parameters.len(),
            repeated: parameters
                .iter()
                .map(|&parameter| parameter as f32)
                .cycle()
                .take(parameters.len() + WIDTH)
                .collect(),
        }
    }

    /// The parameters of the sixteen elements that follow element `index` of the tensor.
    #[inline(always)]
    fn lane(&self, index: usize) -> [f32; WIDTH] {
        let column = index % self.count;
        let mut lane = [0.0; WIDTH];
        lane.copy_from_slice(&self.repeated[column..column + WIDTH]);
        lane
    }
}

/// A pass over whole tensors. Pointers, because the prediction may be read and written.
struct Pass<'a, F, E> {
    formula: &'a F,
    source: *const E,
    target: *const E,
    weights: Option<*const E>,
    losses: Option<*mut E>,
    prediction_gradient: Option<*mut f32>,
    target_gradient: Option<*mut f32>,
    columns: Option<&'a Columns>,
    scale: f32,
    choice: Choice,
}

// SAFETY: threads work on ranges that do not overlap.
unsafe impl<F: Sync, E: Sync> Sync for Pass<'_, F, E> {}

impl<F: ColumnFormula, E: Storage> Pass<'_, F, E> {
    /// Evaluates `length` elements from `start` on and returns the sum of their losses.
    ///
    /// # Safety
    /// All pointers are valid from `start` for `length` elements, the mutable ones exclusively
    /// (the source may be the same memory as the prediction's gradient).
    unsafe fn chunk(&self, start: usize, length: usize) -> f64 {
        if E::IS_F32 {
            // SAFETY: E is f32, so the casts change nothing; the rest as promised by the caller.
            return unsafe {
                self.run(&Job {
                    formula: self.formula,
                    source: self.source.add(start).cast(),
                    target: self.target.add(start).cast(),
                    weights: self.weights.map(|p| p.add(start).cast()),
                    losses: self.losses.map(|p| p.add(start).cast()),
                    prediction_gradient: self.prediction_gradient.map(|p| p.add(start)),
                    target_gradient: self.target_gradient.map(|p| p.add(start)),
                    columns: self.columns,
                    first: start,
                    scale: self.scale,
                    length,
                })
            };
        }
        let mut sum = 0.0;
        let mut block = start;
        while block < start + length {
            let count = BLOCK.min(start + length - block);
            // SAFETY: the block lies within what the caller promised.
            sum += unsafe { self.widened(block, count) };
            block += count;
        }
        sum
    }

    /// [`Self::chunk`] for up to [`BLOCK`] elements, through `f32` buffers.
    ///
    /// # Safety
    /// As for [`Self::chunk`].
    unsafe fn widened(&self, start: usize, length: usize) -> f64 {
        let mut buffers = [[0f32; BLOCK]; 4];
        let [source, target, weights, losses] = &mut buffers;
        let read = |from: *const E, to: &mut [f32; BLOCK]| {
            // SAFETY: valid for `length` elements from `start` by the caller's promise, and not
            // written while this slice lives.
            let from = unsafe { core::slice::from_raw_parts(from.add(start), length) };
            E::widen(from, &mut to[..length]);
        };
        read(self.source, source);
        read(self.target, target);
        if let Some(from) = self.weights {
            read(from, weights);
        }
        // SAFETY: the buffers hold at least `length` elements each; the gradients are as promised.
        let sum = unsafe {
            self.run(&Job {
                formula: self.formula,
                source: source.as_ptr(),
                target: target.as_ptr(),
                weights: self.weights.map(|_| weights.as_ptr()),
                losses: self.losses.map(|_| losses.as_mut_ptr()),
                prediction_gradient: self.prediction_gradient.map(|p| p.add(start)),
                target_gradient: self.target_gradient.map(|p| p.add(start)),
                columns: self.columns,
                first: start,
                scale: self.scale,
                length,
            })
        };
        if let Some(to) = self.losses {
            let mut narrow = [E::default(); BLOCK];
            E::narrow(&losses[..length], &mut narrow[..length]);
            // SAFETY: `to` is valid and exclusive for `length` elements from `start` by the
            // caller's promise, and `narrow` holds that many.
            unsafe { ptr::copy_nonoverlapping(narrow.as_ptr(), to.add(start), length) };
        }
        sum
    }

    /// Runs a job with the chosen instruction set.
    ///
    /// # Safety
    /// As for [`body`].
    unsafe fn run(&self, job: &Job<'_, F>) -> f64 {
        dispatch!(self.choice, body<F: ColumnFormula>(job: &Job<'_, F>) -> f64)
    }
}

/// A stretch of `f32` elements.
struct Job<'a, F> {
    formula: &'a F,
    source: *const f32,
    target: *const f32,
    weights: Option<*const f32>,
    losses: Option<*mut f32>,
    prediction_gradient: Option<*mut f32>,
    target_gradient: Option<*mut f32>,
    columns: Option<&'a Columns>,
    /// The index of the first element in its tensor.
    first: usize,
    scale: f32,
    length: usize,
}

/// Evaluates a job and returns the sum of its losses.
///
/// # Safety
/// All pointers are valid for `length` elements, the mutable ones exclusively (the source may be
/// the same memory as the prediction's gradient).
#[inline(always)]
unsafe fn body<I: Isa, F: ColumnFormula>(job: &Job<'_, F>) -> f64 {
    let mut sum = I::no_sum();
    let whole = job.length / WIDTH * WIDTH;
    for start in (0..whole).step_by(WIDTH) {
        // SAFETY: `start + WIDTH <= length`.
        let loss = unsafe { step::<I, F>(job, start, WIDTH) };
        sum = loss.add_to(sum);
    }
    let mut total: f64 = I::sums(sum).iter().sum();
    let rest = job.length - whole;
    if rest > 0 {
        // SAFETY: `whole + rest` is `length`.
        let losses = unsafe { step::<I, F>(job, whole, rest) }.into_array();
        total += losses[..rest].iter().map(|&loss| loss as f64).sum::<f64>();
    }
    total
}

/// Evaluates the `count` elements from `start` on, at most sixteen, and returns their losses.
///
/// # Safety
/// As for [`body`], and `start + count <= length`.
#[inline(always)]
unsafe fn step<I: Isa, F: ColumnFormula>(job: &Job<'_, F>, start: usize, count: usize) -> Lane<I> {
    let load = |from: *const f32| {
        let mut lane = [0.0; WIDTH];
        // SAFETY: `from` is valid for the `count` elements from `start`, and `count <= WIDTH`.
        unsafe { ptr::copy_nonoverlapping(from.add(start), lane.as_mut_ptr(), count) };
        Lane::<I>::new(lane)
    };
    let store = |lane: Lane<I>, to: Option<*mut f32>| {
        if let Some(to) = to {
            // SAFETY: `to` is valid and exclusive for the `count` elements from `start`.
            unsafe { ptr::copy_nonoverlapping(lane.into_array().as_ptr(), to.add(start), count) };
        }
    };
    let out = evaluate(
        job,
        start,
        load(job.source),
        load(job.target),
        job.weights.map(load),
    );
    store(out.loss, job.losses);
    store(out.by_prediction, job.prediction_gradient);
    store(out.by_target, job.target_gradient);
    out.loss
}

/// The losses of sixteen elements and the derivatives that were asked for.
struct Evaluated<I: Isa> {
    loss: Lane<I>,
    by_prediction: Lane<I>,
    by_target: Lane<I>,
}

#[inline(always)]
fn evaluate<I: Isa, F: ColumnFormula>(
    job: &Job<'_, F>,
    start: usize,
    x: Lane<I>,
    t: Lane<I>,
    weights: Option<Lane<I>>,
) -> Evaluated<I> {
    let column = match job.columns {
        Some(columns) => Lane::new(columns.lane(job.first + start)),
        None => Lane::splat(1.0),
    };
    let zero = Lane::splat(0.0);
    let at = |x, t| job.formula.value_in_column(x, t, Dual::constant(column));

    // Weight and scale first: a tiny weight and the large scale that goes with it cancel.
    let scale = Lane::splat(job.scale);
    let factor = weights.map_or(scale, |weight| weight * scale);
    let mut out = Evaluated {
        loss: zero,
        by_prediction: zero,
        by_target: zero,
    };
    match (job.prediction_gradient, job.target_gradient) {
        (None, None) => out.loss = job.formula.value_in_column(x, t, column),
        (by_prediction, by_target) => {
            if by_prediction.is_some() {
                let y = at(Dual::variable(x), Dual::constant(t));
                out.loss = y.value;
                out.by_prediction = y.derivative() * factor;
            }
            if by_target.is_some() {
                let y = at(Dual::constant(x), Dual::variable(t));
                out.loss = y.value;
                out.by_target = y.derivative() * factor;
            }
        }
    }
    if let Some(weight) = weights {
        let kept = |value| weight.where_equal(0.0, zero, value);
        out.loss = kept(out.loss * weight);
        out.by_prediction = kept(out.by_prediction);
        out.by_target = kept(out.by_target);
    }
    out
}
