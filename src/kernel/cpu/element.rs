//! A formula over every element of a prediction and a target: value, sum and derivatives in one
//! pass.
//!
//! Each lane of sixteen elements is loaded, evaluated and stored before the next, so a derivative
//! may be written over the prediction it came from. Half-precision elements go through small `f32`
//! buffers that stay in the first-level cache; their losses and derivatives stay `f32`: a sum of losses may be
//! more than half precision holds, and what is tiny now may yet be multiplied by a large upstream gradient.

use super::{
    fresh::with_room,
    isa::Choice,
    lane::Lane,
    simd::{All, Body, Common, Isa, WIDTH, Widest},
    storage::Storage,
    threads::sum_over_chunks,
};
use crate::formula::{ColumnFormula, Dual, Real};
use core::{marker::PhantomData, ptr};

/// A formula as an object: its kernel body, compiled for every instruction set.
///
/// This is where formulas stop being types. Everything above (threads, half precision, layout, graph
/// nodes) is compiled once for all of them.
pub(crate) trait ElementKernel: Send + Sync {
    /// Evaluates a job with an instruction set and returns the sum of its losses.
    ///
    /// # Safety
    /// All pointers of the job are valid for `length` elements, the mutable ones exclusively (the
    /// source may be the same memory as the prediction's gradient); `length` is a multiple of
    /// [`WIDTH`].
    unsafe fn evaluate(&self, choice: Choice, job: &Job<'_>) -> f64;
}

impl<F: ColumnFormula> ElementKernel for F {
    unsafe fn evaluate(&self, choice: Choice, job: &Job<'_>) -> f64 {
        let wanted = (
            job.prediction_gradient.is_some(),
            job.target_gradient.is_some(),
        );
        match wanted {
            // Without a gradient, too: a body for the value alone costs more to compile than it saves.
            (_, false) => choice.run(Evaluation::<_, ByPrediction>::new(self, job)),
            (false, true) => choice.run(Evaluation::<_, ByTarget>::new(self, job)),
            (true, true) => {
                // First that by the target: the other may be written over the prediction.
                choice.run(Evaluation::<_, ByTarget>::new(self, job));
                choice.run(Evaluation::<_, ByPrediction>::new(self, job))
            }
        }
    }
}

/// A job of one formula; what [`ElementKernel::evaluate`] asks for has been promised.
///
/// Each slope is a function of its own: all in one took several times as long to compile.
struct Evaluation<'a, F, S> {
    formula: &'a F,
    job: &'a Job<'a>,
    slope: PhantomData<S>,
}

impl<'a, F, S> Evaluation<'a, F, S> {
    fn new(formula: &'a F, job: &'a Job<'a>) -> Self {
        Self {
            formula,
            job,
            slope: PhantomData,
        }
    }
}

/// Which derivative is evaluated besides the loss.
trait Slope {
    /// How much it is asked for: in every training step, or hardly ever.
    type Widest: Widest;

    /// Prediction and target, one of them the variable.
    fn variables<R: Real>(x: R, t: R) -> [Dual<R>; 2];

    /// Where the derivative goes.
    fn gradient(job: &Job<'_>) -> Option<*mut f32>;
}

/// The derivative with respect to the prediction.
struct ByPrediction;

/// The derivative with respect to the target.
struct ByTarget;

impl Slope for ByPrediction {
    type Widest = All;

    #[inline(always)]
    fn variables<R: Real>(x: R, t: R) -> [Dual<R>; 2] {
        [Dual::variable(x), Dual::constant(t)]
    }

    #[inline(always)]
    fn gradient(job: &Job<'_>) -> Option<*mut f32> {
        job.prediction_gradient
    }
}

impl Slope for ByTarget {
    type Widest = Common;

    #[inline(always)]
    fn variables<R: Real>(x: R, t: R) -> [Dual<R>; 2] {
        [Dual::constant(x), Dual::variable(t)]
    }

    #[inline(always)]
    fn gradient(job: &Job<'_>) -> Option<*mut f32> {
        job.target_gradient
    }
}

/// How many half-precision elements are widened at a time.
const BLOCK: usize = 1024;

/// The prediction, with the right to overwrite it or without.
pub(crate) enum Prediction<'a, E> {
    /// Only read; a gradient goes to memory of its own.
    Kept(&'a [E]),
    /// Overwritten by its gradient; for `f32`, whose derivatives are of the same type.
    Consumed(&'a mut [f32]),
}

/// What a prediction is compared with.
pub(crate) struct Operands<'a, E> {
    /// One target per element.
    pub target: &'a [E],
    /// One weight per element; elements of weight 0 contribute exactly nothing.
    pub weights: Option<&'a [f32]>,
    /// What the weights are multiplied with: 1, or a power of two where they are at the ends of `f32`.
    pub shift: f32,
    /// One parameter for each class, or one for all.
    pub parameters: Option<PerClass<'a>>,
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
pub(crate) struct Outcome {
    /// The (weighted) sum of all losses.
    pub sum: f64,
    /// The (weighted) losses, where wanted.
    pub losses: Option<Vec<f32>>,
    /// The gradient of the prediction, where wanted and not written over it.
    pub prediction_gradient: Option<Vec<f32>>,
    /// The gradient of the target, where wanted.
    pub target_gradient: Option<Vec<f32>>,
}

/// Evaluates `formula` for every element; the gradients are multiplied by `scale`.
///
/// # Panics
/// If the lengths of the operands do not fit the prediction, or one that is not `f32` is consumed.
pub(crate) fn elements<E: Storage>(
    formula: &dyn ElementKernel,
    prediction: Prediction<'_, E>,
    operands: &Operands<'_, E>,
    wanted: Wanted,
    scale: f32,
) -> Outcome {
    let (source, overwritten, length) = match prediction {
        Prediction::Kept(slice) => (slice.as_ptr(), None, slice.len()),
        Prediction::Consumed(slice) => {
            assert!(E::IS_F32, "derivatives are f32");
            let pointer = slice.as_mut_ptr();
            (pointer.cast_const().cast(), Some(pointer), slice.len())
        }
    };
    assert_eq!(operands.target.len(), length, "one target per prediction");
    if let Some(weights) = operands.weights {
        assert_eq!(weights.len(), length, "one weight per prediction");
    }
    let parameters = operands.parameters.map(Parameters::new);

    let mut losses = wanted.losses.then(|| with_room(length));
    let mut target_gradient = wanted.target_gradient.then(|| with_room(length));
    let mut fresh =
        (wanted.prediction_gradient && overwritten.is_none()).then(|| with_room(length));

    let pass = Pass {
        formula,
        source,
        target: operands.target.as_ptr(),
        weights: operands.weights.map(<[f32]>::as_ptr),
        shift: operands.shift,
        losses: losses.as_mut().map(Vec::as_mut_ptr),
        prediction_gradient: match &mut fresh {
            Some(fresh) => Some(fresh.as_mut_ptr()),
            None => overwritten.filter(|_| wanted.prediction_gradient),
        },
        target_gradient: target_gradient.as_mut().map(Vec::as_mut_ptr),
        parameters: parameters.as_ref(),
        scale,
        choice: Choice::current(),
    };
    // SAFETY: all pointers are valid for `length` elements, the written ones exclusively; the
    // ranges of the chunks do not overlap.
    let sum = sum_over_chunks(length, &|range| unsafe {
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

/// The losses of whole lanes of predictions against targets, and their slopes where there is room for them.
///
/// # Panics
/// If there is no target for each prediction, or no room.
pub(super) fn along(
    formula: &dyn ElementKernel,
    choice: Choice,
    [x, t]: [&[[f32; WIDTH]]; 2],
    values: &mut [[f32; WIDTH]],
    slopes: Option<&mut [[f32; WIDTH]]>,
) {
    assert!(
        t.len() >= x.len() && values.len() >= x.len(),
        "a target each"
    );
    assert!(slopes.as_ref().is_none_or(|slopes| slopes.len() >= x.len()));
    let job = Job {
        source: x.as_ptr().cast(),
        target: t.as_ptr().cast(),
        weights: None,
        shift: 1.0,
        losses: Some(values.as_mut_ptr().cast()),
        prediction_gradient: slopes.map(|slopes| slopes.as_mut_ptr().cast()),
        target_gradient: None,
        parameters: None,
        first: 0,
        scale: 1.0,
        length: x.len() * WIDTH,
    };
    // SAFETY: all of them are as long, and nobody else has those that are written.
    unsafe { formula.evaluate(choice, &job) };
}

/// A parameter for each class of tensors `[.., classes, ..]`.
#[derive(Clone, Copy)]
pub(crate) struct PerClass<'a> {
    /// One for each class, or one for all.
    pub values: &'a [f64],
    /// How many elements follow one another in memory for each class: 1 where the classes are the last dimension.
    pub run: usize,
}

/// The parameters of classes, laid out so that those of sixteen elements can be loaded at once.
pub(crate) struct Parameters {
    count: usize,
    run: usize,
    /// The parameters over and over, up to the `count + WIDTH`th.
    repeated: Vec<f32>,
}

impl Parameters {
    fn new(PerClass { values, run }: PerClass<'_>) -> Self {
        Self {
            count: values.len(),
            run,
            repeated: values
                .iter()
                .map(|&parameter| parameter as f32)
                .cycle()
                .take(values.len() + WIDTH)
                .collect(),
        }
    }

    /// The parameters of the sixteen elements that follow element `index` of the tensor.
    #[inline(always)]
    fn lane(&self, index: usize) -> [f32; WIDTH] {
        if self.run != 1 {
            return self.lane_of_runs(index);
        }
        let column = index % self.count;
        let mut lane = [0.0; WIDTH];
        lane.copy_from_slice(&self.repeated[column..column + WIDTH]);
        lane
    }

    /// The same where several elements of a class follow one another.
    #[inline(never)]
    fn lane_of_runs(&self, index: usize) -> [f32; WIDTH] {
        let (first, last) = (index / self.run, (index + WIDTH - 1) / self.run);
        if first == last {
            return [self.repeated[first % self.count]; WIDTH];
        }
        core::array::from_fn(|i| self.repeated[(index + i) / self.run % self.count])
    }
}

/// A pass over whole tensors. Pointers, because the prediction may be read and written.
struct Pass<'a, E> {
    formula: &'a dyn ElementKernel,
    source: *const E,
    target: *const E,
    weights: Option<*const f32>,
    shift: f32,
    losses: Option<*mut f32>,
    prediction_gradient: Option<*mut f32>,
    target_gradient: Option<*mut f32>,
    parameters: Option<&'a Parameters>,
    scale: f32,
    choice: Choice,
}

// SAFETY: threads work on ranges that do not overlap.
unsafe impl<E: Sync> Sync for Pass<'_, E> {}

impl<E: Storage> Pass<'_, E> {
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
                    source: self.source.add(start).cast(),
                    target: self.target.add(start).cast(),
                    weights: self.weights.map(|p| p.add(start)),
                    shift: self.shift,
                    losses: self.losses.map(|p| p.add(start)),
                    prediction_gradient: self.prediction_gradient.map(|p| p.add(start)),
                    target_gradient: self.target_gradient.map(|p| p.add(start)),
                    parameters: self.parameters,
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
        let mut buffers = [[0f32; BLOCK]; 2];
        let [source, target] = &mut buffers;
        let read = |from: *const E, to: &mut [f32; BLOCK]| {
            // SAFETY: valid for `length` elements from `start` by the caller's promise, and not
            // written while this slice lives.
            let from = unsafe { core::slice::from_raw_parts(from.add(start), length) };
            E::widen(from, &mut to[..length]);
        };
        read(self.source, source);
        read(self.target, target);
        // SAFETY: the buffers hold at least `length` elements each; the rest is as promised.
        unsafe {
            self.run(&Job {
                source: source.as_ptr(),
                target: target.as_ptr(),
                weights: self.weights.map(|p| p.add(start)),
                shift: self.shift,
                losses: self.losses.map(|p| p.add(start)),
                prediction_gradient: self.prediction_gradient.map(|p| p.add(start)),
                target_gradient: self.target_gradient.map(|p| p.add(start)),
                parameters: self.parameters,
                first: start,
                scale: self.scale,
                length,
            })
        }
    }

    /// Runs a job with the chosen instruction set.
    ///
    /// # Safety
    /// As for [`Self::chunk`].
    unsafe fn run(&self, job: &Job<'_>) -> f64 {
        let whole = job.length / WIDTH * WIDTH;
        let mut sum = 0.0;
        if whole > 0 {
            let lanes = Job {
                length: whole,
                ..*job
            };
            // SAFETY: a part of what the caller promised, and a choice in use is available.
            sum += unsafe { self.formula.evaluate(self.choice, &lanes) };
        }
        if job.length > whole {
            // SAFETY: as above.
            sum += unsafe { self.rest(job, whole) };
        }
        sum
    }

    /// The elements of a job from `start` on, fewer than sixteen, through padded buffers.
    ///
    /// # Safety
    /// As for [`Self::chunk`].
    unsafe fn rest(&self, job: &Job<'_>, start: usize) -> f64 {
        let count = job.length - start;
        let padded = |from: *const f32| {
            let mut lane = [0f32; WIDTH];
            // SAFETY: `from` is valid for the `count` elements from `start`, and `count < WIDTH`.
            unsafe { ptr::copy_nonoverlapping(from.add(start), lane.as_mut_ptr(), count) };
            lane
        };
        let (source, target) = (padded(job.source), padded(job.target));
        let weights = job.weights.map(padded);
        let [mut losses, mut by_prediction, mut by_target] = [[0f32; WIDTH]; 3];
        let lane = Job {
            source: source.as_ptr(),
            target: target.as_ptr(),
            weights: weights.as_ref().map(|lane| lane.as_ptr()),
            losses: Some(losses.as_mut_ptr()),
            prediction_gradient: job.prediction_gradient.map(|_| by_prediction.as_mut_ptr()),
            target_gradient: job.target_gradient.map(|_| by_target.as_mut_ptr()),
            first: job.first + start,
            length: WIDTH,
            ..*job
        };
        // SAFETY: the buffers hold `WIDTH` elements each, and a choice in use is available.
        unsafe { self.formula.evaluate(self.choice, &lane) };
        for (lane, to) in [
            (&losses, job.losses),
            (&by_prediction, job.prediction_gradient),
            (&by_target, job.target_gradient),
        ] {
            if let Some(to) = to {
                // SAFETY: `to` is valid and exclusive for the `count` elements from `start`.
                unsafe { ptr::copy_nonoverlapping(lane.as_ptr(), to.add(start), count) };
            }
        }
        losses[..count].iter().map(|&loss| loss as f64).sum()
    }
}

/// A stretch of `f32` elements.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    source: *const f32,
    target: *const f32,
    weights: Option<*const f32>,
    shift: f32,
    losses: Option<*mut f32>,
    prediction_gradient: Option<*mut f32>,
    target_gradient: Option<*mut f32>,
    parameters: Option<&'a Parameters>,
    /// The index of the first element in its tensor.
    first: usize,
    scale: f32,
    length: usize,
}

impl<F: ColumnFormula, S: Slope> Body for Evaluation<'_, F, S> {
    type Output = f64;

    type Widest = S::Widest;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        let job = self.job;
        let mut sum = isa.no_sum();
        let mut start = 0;
        while start < job.length {
            // SAFETY: the pointers are valid for `length` elements, and the length is a multiple of
            // WIDTH: the maker of an `Evaluation` has promised it.
            let loss = unsafe { self.lane(isa, start) };
            sum = loss.add_to(sum);
            start += WIDTH;
        }
        let mut total = 0.0;
        for one in isa.sums(sum) {
            total += one;
        }
        total
    }
}

impl<F: ColumnFormula, S: Slope> Evaluation<'_, F, S> {
    /// Evaluates the sixteen elements from `start` on, and returns their losses.
    ///
    /// # Safety
    /// The job has that many elements from there on.
    #[inline(always)]
    unsafe fn lane<I: Isa>(&self, isa: I, start: usize) -> Lane<I> {
        let job = self.job;
        // SAFETY: as promised by the caller.
        let (x, t) = unsafe {
            (
                load(isa, job.source.add(start)),
                load(isa, job.target.add(start)),
            )
        };
        let parameter = match job.parameters {
            Some(parameters) => Lane::new(isa, parameters.lane(job.first + start)),
            None => Lane::splat(isa, 1.0),
        };
        let zero = Lane::splat(isa, 0.0);
        // Weight and scale first: a tiny weight and the large scale that goes with it cancel.
        let scale = Lane::splat(isa, job.scale);
        let (weights, factor) = match job.weights {
            Some(weights) => {
                // SAFETY: as promised by the caller.
                let given = unsafe { load(isa, weights.add(start)) };
                let weight = given * Lane::splat(isa, job.shift);
                (Some((given, weight)), weight * scale)
            }
            None => (None, scale),
        };
        let [x, t] = S::variables(x, t);
        let y = self
            .formula
            .value_in_column(x, t, Dual::constant(parameter));
        let (mut loss, mut gradient) = (y.value, y.derivative() * factor);
        if let Some((given, weight)) = weights {
            loss = given.where_equal(0.0, zero, loss * weight);
            gradient = given.where_equal(0.0, zero, gradient);
        }
        // SAFETY: as promised by the caller.
        unsafe {
            store(loss, job.losses, start);
            store(gradient, S::gradient(job), start);
        }
        loss
    }
}

/// The sixteen elements at a place.
///
/// # Safety
/// There are that many.
#[inline(always)]
unsafe fn load<I: Isa>(isa: I, from: *const f32) -> Lane<I> {
    // SAFETY: as promised by the caller.
    Lane::new(isa, unsafe { from.cast::<[f32; WIDTH]>().read_unaligned() })
}

/// Writes sixteen elements from `start` on, where they are wanted.
///
/// # Safety
/// There is room for that many, and nobody else has access to it.
#[inline(always)]
unsafe fn store<I: Isa>(lane: Lane<I>, to: Option<*mut f32>, start: usize) {
    if let Some(to) = to {
        // SAFETY: as promised by the caller.
        unsafe {
            let place = to.add(start).cast::<[f32; WIDTH]>();
            place.write_unaligned(lane.into_array());
        }
    }
}
