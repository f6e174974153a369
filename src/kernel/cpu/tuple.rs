//! A formula over samples of a few numbers each: value, sum and derivatives in one pass.
//!
//! A block of samples is brought into planes, an `f32` plane for each number of a sample, which stay in the first-level
//! cache. The formula is evaluated with sixteen samples at a time, once for each number whose derivative is wanted: that
//! number has the tangent 1 and the others 0, so one body serves for all of them. What it leaves is weighted and brought
//! back to where the numbers came from.

use super::{
    element::{Outcome, Prediction, Wanted},
    fresh::zeros,
    isa::Choice,
    lane::Lane,
    simd::{Body, Half, Isa, WIDTH},
    storage::Storage,
    threads::map,
};
use crate::formula::{Dual, TupleFormula};
use core::ops::Range;

/// How many samples are in planes at a time.
const BLOCK: usize = 1024;

/// How many one task takes.
const TASK: usize = 4 * BLOCK;

/// A number of each sample of a block.
type Plane = [f32; BLOCK];

/// The samples of a block.
pub(crate) struct Block<'a> {
    /// Of the predictions, then of the targets.
    numbers: &'a [Plane],
    losses: &'a mut Plane,
    /// The derivatives by the [variables](Self::variables).
    slopes: &'a mut [Plane],
    variables: Range<usize>,
    /// How many lanes of samples there are.
    lanes: usize,
}

/// A formula as an object: its kernel bodies, compiled for every instruction set.
pub(crate) trait TupleKernel: Send + Sync {
    /// Writes the losses of a block, and its slopes.
    fn evaluate(&self, choice: Choice, block: &mut Block<'_>);
}

/// Evaluates a block; what an object calls.
pub(crate) fn evaluate<F: TupleFormula<P, T>, const P: usize, const T: usize>(
    formula: &F,
    choice: Choice,
    block: &mut Block<'_>,
) {
    match block.variables.is_empty() {
        true => choice.run(Evaluation::<_, P, T, false>(formula, block)),
        false => choice.run(Evaluation::<_, P, T, true>(formula, block)),
    }
}

/// The losses of a block, with derivatives or without.
struct Evaluation<'a, 'b, F, const P: usize, const T: usize, const SLOPES: bool>(
    &'a F,
    &'a mut Block<'b>,
);

impl<F, const P: usize, const T: usize, const SLOPES: bool> Body
    for Evaluation<'_, '_, F, P, T, SLOPES>
where
    F: TupleFormula<P, T>,
{
    type Output = ();

    type Widest = Half;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self(formula, block) = self;
        let zero = Lane::splat(isa, 0.0);
        for lane in 0..block.lanes {
            // Loops, since what a closure returns may go through memory.
            let (mut x, mut t) = ([zero; P], [zero; T]);
            for (number, plane) in x.iter_mut().zip(&block.numbers[..P]) {
                *number = Lane::new(isa, plane.as_chunks().0[lane]);
            }
            for (number, plane) in t.iter_mut().zip(&block.numbers[P..]) {
                *number = Lane::new(isa, plane.as_chunks().0[lane]);
            }
            if !SLOPES {
                let loss = formula.value(x, t);
                block.losses.as_chunks_mut().0[lane] = loss.into_array();
                continue;
            }
            for (slopes, variable) in block.slopes.iter_mut().zip(block.variables.clone()) {
                let mut dx = [Dual::constant(zero); P];
                let mut dt = [Dual::constant(zero); T];
                for (place, number) in dx.iter_mut().enumerate() {
                    number.value = x[place];
                    number.tangent = Some(tangent(isa, place == variable));
                }
                for (place, number) in dt.iter_mut().enumerate() {
                    number.value = t[place];
                    number.tangent = Some(tangent(isa, P + place == variable));
                }
                let loss = formula.value(dx, dt);
                slopes.as_chunks_mut().0[lane] = loss.derivative().into_array();
                block.losses.as_chunks_mut().0[lane] = loss.value.into_array();
            }
        }
    }
}

#[inline(always)]
fn tangent<I: Isa>(isa: I, is_variable: bool) -> Lane<I> {
    Lane::splat(isa, if is_variable { 1.0 } else { 0.0 })
}

/// How the numbers of samples lie in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Layout {
    /// Those of a sample beside each other.
    Interleaved,
    /// The first number of all samples, then the second, ..
    Planar,
}

/// What predictions are compared with.
pub(crate) struct TupleOperands<'a, E> {
    /// How many samples there are, one at least.
    pub samples: usize,
    /// How a prediction of so many numbers lies.
    pub prediction: (usize, Layout),
    /// Targets of so many numbers.
    pub target: (&'a [E], usize, Layout),
    /// One weight for each sample; those of weight 0 contribute exactly nothing.
    pub weights: Option<&'a [f32]>,
    /// What the weights are multiplied with.
    pub shift: f32,
}

/// Evaluates a formula for every sample; the gradients, which lie as their operands do, are multiplied by `scale`.
///
/// # Panics
/// If the lengths of the operands do not fit.
pub(crate) fn tuples<E: Storage>(
    formula: &dyn TupleKernel,
    prediction: Prediction<'_, E>,
    operands: &TupleOperands<'_, E>,
    wanted: Wanted,
    scale: f32,
) -> Outcome {
    let samples = operands.samples;
    let (width, layout) = operands.prediction;
    let (target, target_width, target_layout) = operands.target;
    assert_eq!(target.len(), samples * target_width, "targets of a width");
    let room = |is_wanted: bool, width: usize| is_wanted.then(|| zeros(samples * width));
    let mut losses = room(wanted.losses, 1);
    let mut target_gradient = room(wanted.target_gradient, target_width);
    let mut fresh = None;
    let (kept, written) = match prediction {
        Prediction::Kept(kept) => {
            fresh = room(wanted.prediction_gradient, width);
            (Some(kept), fresh.as_deref_mut())
        }
        Prediction::Consumed(slice) => (None, Some(slice)),
    };
    let pass = Pass {
        formula,
        kept,
        operands,
        by_prediction: wanted.prediction_gradient,
        scale,
        choice: Choice::current(),
    };
    let count = samples.div_ceil(TASK);
    let mut tasks: Vec<_> = (0..count)
        .map(|task| Task {
            range: task * TASK..samples.min((task + 1) * TASK),
            ..Task::default()
        })
        .collect();
    share_out(written, (samples, width, layout), &mut tasks, |task| {
        &mut task.prediction
    });
    let target_gradients = target_gradient.as_deref_mut();
    let shape = (samples, target_width, target_layout);
    share_out(target_gradients, shape, &mut tasks, |task| &mut task.target);
    let shape = (samples, 1, Layout::Planar);
    share_out(losses.as_deref_mut(), shape, &mut tasks, |task| {
        &mut task.losses
    });
    let sums = map(tasks, &|_, task| pass.run(task));
    Outcome {
        sum: sums.iter().sum(),
        losses,
        prediction_gradient: fresh,
        target_gradient,
    }
}

/// What a task writes: numbers in one piece, or a piece for each number of a sample.
#[derive(Default)]
struct Task<'a> {
    range: Range<usize>,
    /// The gradient of the prediction; before that the prediction itself, if it is not kept.
    prediction: Vec<&'a mut [f32]>,
    target: Vec<&'a mut [f32]>,
    losses: Vec<&'a mut [f32]>,
}

/// Hands out to each task what it writes of so many samples of a width.
fn share_out<'a>(
    numbers: Option<&'a mut [f32]>,
    (samples, width, layout): (usize, usize, Layout),
    tasks: &mut [Task<'a>],
    of: impl for<'t> Fn(&'t mut Task<'a>) -> &'t mut Vec<&'a mut [f32]>,
) {
    let (length, per_task) = match layout {
        Layout::Interleaved => (samples * width, TASK * width),
        Layout::Planar => (samples, TASK),
    };
    let pieces = numbers.into_iter().flat_map(|all| all.chunks_mut(length));
    for piece in pieces {
        for (task, part) in tasks.iter_mut().zip(piece.chunks_mut(per_task)) {
            of(task).push(part);
        }
    }
}

/// A pass over whole tensors.
struct Pass<'a, E> {
    formula: &'a dyn TupleKernel,
    /// The prediction, unless it is overwritten.
    kept: Option<&'a [E]>,
    operands: &'a TupleOperands<'a, E>,
    by_prediction: bool,
    scale: f32,
    choice: Choice,
}

impl<E: Storage> Pass<'_, E> {
    /// The sum of the losses of a task.
    fn run(&self, mut task: Task<'_>) -> f64 {
        let (width, layout) = self.operands.prediction;
        let (target, target_width, target_layout) = self.operands.target;
        let start = if self.by_prediction { 0 } else { width };
        let end = match task.target.is_empty() {
            true => width,
            false => width + target_width,
        };
        let variables = start..end.max(start);
        let mut numbers = vec![[1.0; BLOCK]; width + target_width];
        let mut slopes = vec![[0.0; BLOCK]; variables.len()];
        let mut losses = [0.0; BLOCK];
        let mut flat = vec![0.0; BLOCK * width.max(target_width)];
        let mut sum = 0.0;
        for at in task.range.clone().step_by(BLOCK) {
            let within = at - task.range.start;
            let count = BLOCK.min(task.range.end - at);
            let (x, t) = numbers.split_at_mut(width);
            match self.kept {
                Some(kept) => {
                    let pieces = pieces(kept, self.operands.samples, layout);
                    read(&pieces, layout, at, count, &mut flat, x);
                }
                None => {
                    let pieces: Vec<&[f32]> =
                        task.prediction.iter().map(|piece| &**piece).collect();
                    read(&pieces, layout, within, count, &mut flat, x);
                }
            }
            let pieces = pieces(target, self.operands.samples, target_layout);
            read(&pieces, target_layout, at, count, &mut flat, t);
            let lanes = count.div_ceil(WIDTH);
            for plane in &mut numbers {
                plane[count..lanes * WIDTH].fill(1.0);
            }
            self.formula.evaluate(
                self.choice,
                &mut Block {
                    numbers: &numbers,
                    losses: &mut losses,
                    slopes: &mut slopes,
                    variables: variables.clone(),
                    lanes,
                },
            );
            self.weigh(at, &mut losses[..count], &mut slopes);
            sum += summed(&losses[..count]);
            let (of_prediction, of_target) = slopes.split_at(width.saturating_sub(start));
            write(of_prediction, layout, within, count, &mut task.prediction);
            write(of_target, target_layout, within, count, &mut task.target);
            for piece in &mut task.losses {
                piece[within..within + count].copy_from_slice(&losses[..count]);
            }
        }
        sum
    }

    /// Losses times their weights, and slopes times what they are multiplied with.
    fn weigh(&self, at: usize, losses: &mut [f32], slopes: &mut [Plane]) {
        let count = losses.len();
        let Some(weights) = self.operands.weights else {
            for slope in slopes.iter_mut().flat_map(|plane| &mut plane[..count]) {
                *slope *= self.scale;
            }
            return;
        };
        let weights = &weights[at..at + count];
        let weighed = |number: f32, weight: f32, factor: f32| match weight {
            0.0 => 0.0,
            _ => number * factor,
        };
        for (loss, &weight) in losses.iter_mut().zip(weights) {
            *loss = weighed(*loss, weight, weight * self.operands.shift);
        }
        for plane in slopes {
            for (slope, &weight) in plane.iter_mut().zip(weights) {
                // Weight and scale first: a tiny weight and the large scale that goes with it cancel.
                let factor = weight * self.operands.shift * self.scale;
                *slope = weighed(*slope, weight, factor);
            }
        }
    }
}

/// The sum of some losses, in parts that run side by side.
fn summed(losses: &[f32]) -> f64 {
    let (whole, rest) = losses.as_chunks::<8>();
    let mut sums = [0f64; 8];
    for losses in whole {
        for (sum, &loss) in sums.iter_mut().zip(losses) {
            *sum += f64::from(loss);
        }
    }
    let rest = rest.iter().map(|&loss| f64::from(loss));
    sums.into_iter().chain(rest).sum()
}

/// The pieces in which the numbers of so many samples lie.
fn pieces<E>(numbers: &[E], samples: usize, layout: Layout) -> Vec<&[E]> {
    match layout {
        Layout::Interleaved => vec![numbers],
        Layout::Planar => numbers.chunks(samples).collect(),
    }
}

/// Brings the numbers of some samples into planes.
fn read<E: Storage>(
    pieces: &[&[E]],
    layout: Layout,
    at: usize,
    count: usize,
    flat: &mut [f32],
    planes: &mut [Plane],
) {
    match layout {
        Layout::Planar => {
            for (plane, piece) in planes.iter_mut().zip(pieces) {
                E::widen(&piece[at..at + count], &mut plane[..count]);
            }
        }
        Layout::Interleaved => {
            let width = planes.len();
            let flat = &mut flat[..count * width];
            E::widen(&pieces[0][at * width..(at + count) * width], flat);
            for (place, plane) in planes.iter_mut().enumerate() {
                let numbers = flat.iter().skip(place).step_by(width);
                for (to, &number) in plane.iter_mut().zip(numbers) {
                    *to = number;
                }
            }
        }
    }
}

/// Brings planes back to where some samples lie, if that is anywhere.
fn write(planes: &[Plane], layout: Layout, at: usize, count: usize, pieces: &mut [&mut [f32]]) {
    if planes.is_empty() {
        return;
    }
    match layout {
        Layout::Planar => {
            for (plane, piece) in planes.iter().zip(pieces) {
                piece[at..at + count].copy_from_slice(&plane[..count]);
            }
        }
        Layout::Interleaved => {
            let width = planes.len();
            for piece in pieces {
                for (place, plane) in planes.iter().enumerate() {
                    let numbers = piece[at * width..].iter_mut().skip(place).step_by(width);
                    for (to, &number) in numbers.zip(&plane[..count]) {
                        *to = number;
                    }
                }
            }
        }
    }
}
