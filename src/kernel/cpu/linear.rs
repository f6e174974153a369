//! A linear layer and a loss of the softmax of its outputs, which are never held at once.
//!
//! A block of rows is multiplied out, evaluated by [`softmax_rows`], and replaced by its gradient in
//! the same memory; two more products take that on to the inputs and the weights of the layer.

use super::{
    element::Prediction,
    fresh::{with_room, zeros},
    gemm::{Existing, Matrix, product},
    softmax::{RowOperands, RowTargets, RowsWanted, Shape, SoftmaxRow, softmax_rows},
    threads::map,
};

/// How many logits a block has at most, unless a single row has more: 24 MB of them.
const BLOCK: usize = 6 << 20;

/// A linear layer and its inputs.
pub(crate) struct Linear<'a> {
    /// `[rows, width]`
    pub hidden: &'a [f32],
    /// `[classes, width]`, either way round in memory; its gradient will be the same way round.
    pub weight: Matrix<'a>,
    /// `[classes]`
    pub bias: &'a [f32],
    pub rows: usize,
    pub width: usize,
}

/// What the pass has to deliver besides the sum.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LinearWanted {
    /// The loss of every row.
    pub losses: bool,
    /// The gradients of hidden states, weight and bias.
    pub gradients: [bool; 3],
}

/// What the pass delivered.
pub(crate) struct LinearOutcome {
    /// The (weighted) sum of all losses.
    pub sum: f64,
    /// The (weighted) losses, where wanted.
    pub losses: Option<Vec<f32>>,
    /// The gradients of hidden states, weight and bias, where wanted.
    pub gradients: [Option<Vec<f32>>; 3],
}

/// Evaluates the loss of the layer's outputs; the gradients are multiplied by `scale`.
///
/// # Panics
/// If lengths do not fit, or a class that counts is out of range.
pub(crate) fn linear_softmax(
    row: &SoftmaxRow<'_>,
    linear: &Linear<'_>,
    classes: &[i64],
    weights: Option<&[f32]>,
    wanted: LinearWanted,
    scale: f64,
) -> LinearOutcome {
    let Linear { rows, width, .. } = *linear;
    let outputs = linear.bias.len();
    let weight = linear.weight;
    assert_eq!(weight.shape(), [outputs, width], "a weight of this shape");
    let wants_gradient = wanted.gradients.contains(&true);
    let mut losses = wanted.losses.then(|| with_room(rows));
    let [by_hidden, by_weight, by_bias] = wanted.gradients;
    let mut by_hidden = by_hidden.then(|| zeros(rows * width));
    let mut by_weight = by_weight.then(|| zeros(outputs * width));
    let mut by_bias = by_bias.then(|| vec![0f64; outputs]);

    let mut sum = 0.0;
    let per_block = rows_per_block(rows, outputs);
    let mut logits = with_room(per_block.min(rows) * outputs);
    for first in (0..rows).step_by(per_block) {
        let block = first..rows.min(first + per_block);
        let operands = RowOperands::<f32> {
            targets: RowTargets::Classes(&classes[block.clone()]),
            weights: weights.map(|weights| weights[block.clone()].to_vec()),
        };
        let inputs = &linear.hidden[block.start * width..block.end * width];
        let inputs = without_skipped(inputs, width, row, &operands);
        let hidden = Matrix::new(&inputs, block.len(), width);

        logits.clear();
        for _ in block.clone() {
            logits.extend_from_slice(linear.bias);
        }
        product(hidden, weight.transposed(), &mut logits, Existing::AddedTo);
        let shape = Shape {
            outer: block.len(),
            classes: outputs,
            inner: 1,
        };
        let wanted = RowsWanted {
            losses: wanted.losses,
            gradient: wants_gradient,
        };
        let prediction = match wants_gradient {
            true => Prediction::Consumed(&mut logits),
            false => Prediction::Kept(&logits),
        };
        let outcome = softmax_rows(row, prediction, shape, &operands, wanted, scale);
        sum += outcome.sum;
        if let (Some(all), Some(losses)) = (&mut losses, outcome.losses) {
            all.extend(losses);
        }
        // Where it is wanted, the gradient of the logits now stands in their place.
        let gradient = || Matrix::new(&logits, shape.outer, outputs);
        if let Some(out) = &mut by_hidden {
            let out = &mut out[block.start * width..block.end * width];
            product(gradient(), weight, out, Existing::Overwritten);
            // Of these rows the gradient is 0, whatever the weight is that it has been multiplied with.
            for index in (0..block.len()).filter(|&index| is_skipped(row, &operands, index)) {
                out[index * width..(index + 1) * width].fill(0.0);
            }
        }
        if let Some(out) = &mut by_weight {
            let existing = match first {
                0 => Existing::Overwritten,
                _ => Existing::AddedTo,
            };
            match weight.is_transposed() {
                false => add_by_weight(&logits, outputs, hidden, out, existing),
                true => product(hidden.transposed(), gradient(), out, existing),
            }
        }
        if let Some(out) = &mut by_bias {
            add_columns(&logits, out);
        }
    }
    let by_bias = by_bias.map(|sums| sums.into_iter().map(|sum| sum as f32).collect());
    LinearOutcome {
        sum,
        losses,
        gradients: [by_hidden, by_weight, by_bias],
    }
}

/// Blocks of about the same number of rows, as few as memory allows.
fn rows_per_block(rows: usize, outputs: usize) -> usize {
    let most = (BLOCK / outputs.max(1)).max(1);
    rows.div_ceil(rows.div_ceil(most).max(1)).max(1)
}

/// The inputs with those of skipped rows replaced by 0: whatever they hold, it must not reach the
/// gradient of the weights.
fn without_skipped<'a>(
    inputs: &'a [f32],
    width: usize,
    row: &SoftmaxRow<'_>,
    operands: &RowOperands<'_, f32>,
) -> std::borrow::Cow<'a, [f32]> {
    let rows = 0..inputs.len() / width.max(1);
    let mut inputs = std::borrow::Cow::Borrowed(inputs);
    for index in rows.filter(|&index| is_skipped(row, operands, index)) {
        inputs.to_mut()[index * width..(index + 1) * width].fill(0.0);
    }
    inputs
}

/// Whether a row does not count: by its class, or by its weight.
fn is_skipped(row: &SoftmaxRow<'_>, operands: &RowOperands<'_, f32>, index: usize) -> bool {
    let RowTargets::Classes(classes) = operands.targets else {
        unreachable!("a linear layer has classes for targets");
    };
    operands.is_weightless(index) || row.is_nothing_at(classes[index])
}

/// The product of the gradient of logits, read by columns, and the hidden states: some classes at a time,
/// since all columns at once would be copied first, as much memory again as the logits take.
fn add_by_weight(
    gradient: &[f32],
    outputs: usize,
    hidden: Matrix<'_>,
    out: &mut [f32],
    existing: Existing,
) {
    const CLASSES: usize = 4096;
    let [rows, width] = hidden.shape();
    for first in (0..outputs).step_by(CLASSES) {
        let classes = first..outputs.min(first + CLASSES);
        let columns = Matrix::with_step(&gradient[first..], rows, classes.len(), outputs);
        let out = &mut out[classes.start * width..classes.end * width];
        product(columns.transposed(), hidden, out, existing);
    }
}

/// Adds the sum of every column of a matrix.
fn add_columns(matrix: &[f32], sums: &mut [f64]) {
    const WIDTH: usize = 1024;
    let columns = sums.len();
    map(sums.chunks_mut(WIDTH), &|index, sums| {
        for row in matrix.chunks(columns) {
            let part = &row[index * WIDTH..index * WIDTH + sums.len()];
            for (sum, &value) in sums.iter_mut().zip(part) {
                *sum += value as f64;
            }
        }
    });
}
