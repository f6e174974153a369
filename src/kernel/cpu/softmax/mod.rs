//! The loss of every softmax row and its gradient, while the row is in cache.
//!
//! A task takes a stretch of rows. Each row is visited for its maximum, for the sum of its
//! exponentials (left where the gradient will be), and to turn those into the gradient. Rows that lie
//! as they are needed are read in place, and may be written over. Others, of half precision, strided
//! (`[N, C, K]` with K above 1) or with something to be done to the logits first, go through a buffer
//! that stays in cache.

mod buffers;
mod curved;
mod lanes;
mod object;
mod row;
mod spec;
mod transform;

use super::{
    element::Prediction,
    fresh::with_room,
    indices::Indices,
    isa::Choice,
    simd::{All, Body, Isa},
    storage::Storage,
    threads::{CHUNK, sum_over},
};
use buffers::Buffers;
use core::ops::Range;
use curved::Stretch;
use row::{Row, Target};
use spec::Constants;

pub(super) use lanes::total;
pub(crate) use object::{ClassKernel, MarginKernel};
pub(crate) use spec::{RowMargin, SoftmaxRow};

/// The shape of logits, `[outer, classes, inner]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub outer: usize,
    pub classes: usize,
    pub inner: usize,
}

impl Shape {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.outer * self.inner
    }

    /// Where the first class of a row is.
    fn start(&self, row: usize) -> usize {
        row / self.inner * self.classes * self.inner + row % self.inner
    }
}

/// What rows are compared with, and how much they weigh.
pub(crate) struct RowOperands<'a, E> {
    pub targets: RowTargets<'a, E>,
    /// One weight per row; rows of weight 0 contribute exactly nothing.
    pub weights: Option<&'a [f32]>,
}

/// What rows are compared with.
pub(crate) enum RowTargets<'a, E> {
    /// One class per row.
    Classes(Indices<'a>),
    /// A share per logit.
    Shares(&'a [E]),
}

impl<E: Storage> RowOperands<'_, E> {
    /// Whether a row has the weight 0: whatever it holds, it contributes nothing.
    pub fn is_weightless(&self, row: usize) -> bool {
        self.weights
            .as_ref()
            .is_some_and(|weights| weights[row] == 0.0)
    }
}

/// What the pass has to deliver besides the sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowsWanted {
    /// The loss of every row.
    pub losses: bool,
    /// The gradient of the logits.
    pub gradient: bool,
}

/// What the pass delivered.
pub(crate) struct RowsOutcome {
    /// The (weighted) sum of all losses.
    pub sum: f64,
    /// The (weighted) losses, where wanted.
    pub losses: Option<Vec<f32>>,
    /// The gradient, where wanted and not written over the logits.
    pub gradient: Option<Vec<f32>>,
}

/// Evaluates a loss for every row; the gradient is multiplied by `scale`.
///
/// # Panics
/// If lengths do not fit the shape, a class that counts is out of range, or logits that are not `f32`
/// are consumed.
pub(crate) fn softmax_rows<E: Storage>(
    row: &SoftmaxRow<'_>,
    logits: Prediction<'_, E>,
    shape: Shape,
    operands: &RowOperands<'_, E>,
    wanted: RowsWanted,
    scale: f64,
) -> RowsOutcome {
    let (elements, overwritten, given) = match logits {
        Prediction::Kept(slice) => (Elements::new(slice), None, slice.len()),
        Prediction::Consumed(slice) => {
            assert!(E::IS_F32, "gradients are f32");
            let pointer = slice.as_mut_ptr();
            let elements = Elements::Plain(pointer.cast_const());
            (elements, Some(pointer), slice.len())
        }
    };
    let (rows, length) = (shape.rows(), shape.rows() * shape.classes);
    assert_eq!(given, length, "logits of this shape");
    if let Some(weights) = &operands.weights {
        assert_eq!(weights.len(), rows, "one weight per row");
    }
    let targets = match operands.targets {
        RowTargets::Classes(classes) => {
            assert_eq!(classes.len(), rows, "one class per row");
            Targets::Classes(classes)
        }
        RowTargets::Shares(shares) => {
            assert_eq!(shares.len(), length, "a share per logit");
            Targets::Shares(Elements::new(shares))
        }
    };

    let mut losses = wanted.losses.then(|| with_room(rows));
    let mut fresh = (wanted.gradient && overwritten.is_none()).then(|| with_room(length));
    let choice = Choice::current();
    let pass = Pass {
        constants: Constants::new(row, shape.classes, choice),
        shape,
        logits: elements,
        targets,
        weights: operands.weights,
        losses: losses.as_mut().map(Vec::as_mut_ptr),
        gradient: match &mut fresh {
            Some(fresh) => Some(fresh.as_mut_ptr()),
            None => overwritten.filter(|_| wanted.gradient),
        },
        scale,
        choice,
    };
    // SAFETY: all pointers are valid for the shape, the written ones exclusively.
    let sum = unsafe { pass.run_all() };

    // SAFETY: the capacities are these, and the tasks have written every element.
    unsafe {
        losses.iter_mut().for_each(|written| written.set_len(rows));
        fresh.iter_mut().for_each(|written| written.set_len(length));
    }
    RowsOutcome {
        sum,
        losses,
        gradient: fresh,
    }
}

/// Writes the elements from an index on, as many as there is room for, as `f32`.
type Widen<'a> = dyn Fn(usize, &mut [f32]) + Sync + 'a;

/// Elements of some type, to be read as `f32`.
enum Elements<'a> {
    /// They are `f32` already.
    Plain(*const f32),
    /// They have to be widened.
    Wide(Box<Widen<'a>>),
}

impl<'a> Elements<'a> {
    fn new<E: Storage>(elements: &'a [E]) -> Self {
        if E::IS_F32 {
            Elements::Plain(elements.as_ptr().cast())
        } else {
            let widen = |start: usize, out: &mut [f32]| {
                E::widen(&elements[start..start + out.len()], out);
            };
            Elements::Wide(Box::new(widen))
        }
    }

    /// Copies the elements from `start` on.
    ///
    /// # Safety
    /// There are that many elements, and none of them is being written.
    unsafe fn copy(&self, start: usize, out: &mut [f32]) {
        match self {
            // SAFETY: as promised by the caller; `out` is a buffer of its own.
            Elements::Plain(pointer) => unsafe {
                pointer
                    .add(start)
                    .copy_to_nonoverlapping(out.as_mut_ptr(), out.len());
            },
            Elements::Wide(widen) => widen(start, out),
        }
    }
}

enum Targets<'a> {
    Classes(Indices<'a>),
    Shares(Elements<'a>),
}

/// A pass over all rows. Pointers, because logits may be read and written.
struct Pass<'a> {
    constants: Constants<'a>,
    shape: Shape,
    logits: Elements<'a>,
    targets: Targets<'a>,
    weights: Option<&'a [f32]>,
    losses: Option<*mut f32>,
    gradient: Option<*mut f32>,
    scale: f64,
    choice: Choice,
}

// SAFETY: threads work on rows that do not overlap.
unsafe impl Sync for Pass<'_> {}

impl Pass<'_> {
    /// Evaluates all rows, on all threads, and returns the sum of their losses.
    ///
    /// # Safety
    /// All pointers are valid for the shape, the mutable ones exclusively (the logits may be the same
    /// memory as the gradient).
    unsafe fn run_all(&self) -> f64 {
        // Of strided rows at least as many as make a cache line.
        let least = if self.shape.inner > 1 { 16 } else { 1 };
        let rows_per_task = (2 * CHUNK / self.shape.classes).max(least);
        // SAFETY: as promised by the caller; the ranges of the tasks do not overlap.
        let work = |range| unsafe { self.run(range) };
        sum_over(self.shape.rows(), rows_per_task, &work)
    }

    /// Evaluates a range of rows and returns the sum of their losses.
    ///
    /// # Safety
    /// All pointers are valid for these rows, the mutable ones exclusively (the logits may be the
    /// same memory as the gradient).
    unsafe fn run(&self, rows: Range<usize>) -> f64 {
        self.choice.run(Task { pass: self, rows })
    }

    /// Whether a row contributes nothing.
    fn is_skipped(&self, row: usize) -> bool {
        let weightless = self.weights.is_some_and(|weights| weights[row] == 0.0);
        let ignored = match &self.targets {
            Targets::Classes(classes) => self.constants.row.is_nothing_at(classes.at(row)),
            Targets::Shares(_) => false,
        };
        weightless || ignored || self.constants.row.factor == 0.0
    }
}

struct Task<'a> {
    pass: &'a Pass<'a>,
    rows: Range<usize>,
}

impl Body for Task<'_> {
    type Output = f64;

    type Widest = All;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> f64 {
        // SAFETY: a task is made by `Pass::run`, whose caller has promised this.
        unsafe { body(isa, &self) }
    }
}

/// Evaluates the rows of a task and returns the sum of their losses.
///
/// # Safety
/// As for [`Pass::run`].
#[inline(always)]
unsafe fn body<I: Isa>(isa: I, task: &Task<'_>) -> f64 {
    let pass = task.pass;
    let classes = pass.shape.classes;
    let mut buffers = Buffers::new(pass);
    let mut stretch = Stretch::new();
    let mut sum = 0.0;
    let mut first = task.rows.start;
    while first < task.rows.end {
        let count = buffers.rows_from(first, task.rows.end);
        // SAFETY: these rows are the task's own.
        unsafe { buffers.load(first, count) };
        for index in 0..count {
            let row = first + index;
            // SAFETY: as above.
            let (logits, gradient, shares) = unsafe { buffers.row(first, index) };
            let loss = if pass.is_skipped(row) {
                if let Some(gradient) = gradient {
                    // SAFETY: the gradient of a row has an element for each class.
                    unsafe { gradient.write_bytes(0, classes) };
                }
                0.0
            } else {
                let weight = pass.weights.map_or(1.0, |weights| weights[row] as f64);
                let target = match (&pass.targets, shares) {
                    (Targets::Classes(indices), _) => {
                        let class = indices.at(row) as usize;
                        assert!(class < classes, "classes have been checked");
                        Target::Class(class)
                    }
                    (Targets::Shares(_), Some(shares)) => Target::Shares(shares),
                    (Targets::Shares(_), None) => unreachable!("shares have been loaded"),
                };
                let row = Row {
                    constants: &pass.constants,
                    logits,
                    gradient,
                    slopes: buffers.slopes(),
                    target,
                    factor: weight * pass.scale,
                };
                // SAFETY: the pointers are those of a row of this many classes.
                weight * unsafe { row.evaluate(isa, &mut stretch) }
            };
            sum += loss;
            if let Some(losses) = pass.losses {
                // SAFETY: the losses have an element for each row.
                unsafe { losses.add(row).write(loss as f32) };
            }
        }
        // SAFETY: these rows are the task's own.
        unsafe { buffers.store(first, count) };
        first += count;
    }
    sum
}
