//! A linear layer and a loss of the softmax of its outputs, which are never held at once.
//!
//! A block of rows is multiplied out, evaluated by [`softmax_rows`], and replaced by its gradient in
//! the same memory; two more products take that on to the inputs and the weights of the layer.

use super::{
    element::Prediction,
    fresh::with_room,
    gemm::{Existing, Matrix, Workers, append_product, product, product_with_step},
    indices::Indices,
    softmax::{RowOperands, RowTargets, RowsWanted, Shape, SoftmaxRow, softmax_rows},
    threads::map,
};
use core::mem::MaybeUninit;

/// How many logits a block has at most, unless a single row has more: 32 MB of them.
const BLOCK: usize = 8 << 20;

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
    classes: Indices<'_>,
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
    let mut by_hidden = by_hidden.then(|| with_room(rows * width));
    let mut by_weight = by_weight.then(|| with_room(outputs * width));
    let mut by_bias = by_bias.then(|| vec![0f64; outputs]);

    let mut sum = 0.0;
    let per_block = rows_per_block(rows, outputs);
    let mut logits = with_room(per_block.min(rows) * outputs);
    for first in (0..rows).step_by(per_block) {
        let block = first..rows.min(first + per_block);
        let operands = RowOperands::<f32> {
            targets: RowTargets::Classes(classes.range(block.clone())),
            weights: weights.map(|weights| &weights[block.clone()]),
        };
        let inputs = &linear.hidden[block.start * width..block.end * width];
        let inputs = without_skipped(inputs, width, row, &operands);
        let hidden = Matrix::new(&inputs, block.len(), width);

        write_outputs(hidden, weight, linear.bias, &mut logits);
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
            append_product(gradient(), weight, out);
            let out = &mut out[block.start * width..];
            // Of these rows the gradient is 0, whatever the weight is that it has been multiplied with.
            for index in (0..block.len()).filter(|&index| is_skipped(row, &operands, index)) {
                out[index * width..(index + 1) * width].fill(0.0);
            }
        }
        if let Some(out) = &mut by_weight {
            match weight.is_transposed() {
                false => add_by_weight(&logits, outputs, hidden, out),
                true => add_product(hidden.transposed(), gradient(), out),
            }
        }
        if let Some(out) = &mut by_bias {
            add_columns(&logits, out);
        }
    }
    // Of no rows.
    if let Some(out) = &mut by_weight {
        out.resize(outputs * width, 0.0);
    }
    let by_bias = by_bias.map(|sums| sums.into_iter().map(|sum| sum as f32).collect());
    LinearOutcome {
        sum,
        losses,
        gradients: [by_hidden, by_weight, by_bias],
    }
}

/// How many rows have to be multiplied with a class at a time for their lanes to be worth it.
const ROWS: usize = 64;

/// Writes the outputs of the layer, `[rows, classes]`, over what was in the vector; it has room for them.
fn write_outputs(hidden: Matrix<'_>, weight: Matrix<'_>, bias: &[f32], out: &mut Vec<f32>) {
    let ([rows, _], classes) = (hidden.shape(), bias.len());
    out.clear();
    if rows >= ROWS && !weight.is_transposed() {
        let places = &mut out.spare_capacity_mut()[..rows * classes];
        write_by_class(hidden, weight, bias, places);
        // SAFETY: they lie within the capacity, and all of them have been written.
        unsafe { out.set_len(rows * classes) };
        return;
    }
    append_product(hidden, weight.transposed(), out);
    if bias.iter().any(|&bias| bias != 0.0) {
        map(out.chunks_mut(classes), &|_, row| {
            row.iter_mut()
                .zip(bias)
                .for_each(|(out, bias)| *out += bias);
        });
    }
}

/// The same, some classes at a time: with the rows side by side in memory the weight is read as it lies, where a
/// product in the order of `out` would copy all of it first, with rows and columns exchanged.
fn write_by_class(
    hidden: Matrix<'_>,
    weight: Matrix<'_>,
    bias: &[f32],
    out: &mut [MaybeUninit<f32>],
) {
    let [rows, _] = hidden.shape();
    let outputs = bias.len();
    // Not by the number of threads: how a product is rounded depends on its shape.
    let per_task = (outputs / 4).clamp(64, 1024);
    let mut tasks: Vec<Vec<&mut [MaybeUninit<f32>]>> = Vec::new();
    tasks.resize_with(outputs.div_ceil(per_task), || Vec::with_capacity(rows));
    for row in out.chunks_mut(outputs) {
        for (task, part) in tasks.iter_mut().zip(row.chunks_mut(per_task)) {
            task.push(part);
        }
    }
    map(tasks, &|index, mut parts| {
        let first = index * per_task;
        let bias = &bias[first..outputs.min(first + per_task)];
        let mut by_class = with_room(bias.len() * rows);
        for &bias in bias {
            by_class.extend(core::iter::repeat_n(bias, rows));
        }
        let weight = weight.rows(first, bias.len());
        let out = (&mut by_class[..], rows);
        product_with_step(
            weight,
            hidden.transposed(),
            out,
            Existing::AddedTo,
            Workers::One,
        );
        exchange(&by_class, rows, &mut parts);
    });
}

/// Writes the columns of a matrix of so many columns to rows, all of them.
fn exchange(matrix: &[f32], columns: usize, rows: &mut [&mut [MaybeUninit<f32>]]) {
    const TILE: usize = 16;
    for (tile, rows) in rows.chunks_mut(TILE).enumerate() {
        for (block, lines) in matrix.chunks(TILE * columns).enumerate() {
            for (column, row) in rows.iter_mut().enumerate() {
                let place = tile * TILE + column;
                let line = lines.chunks_exact(columns).map(|line| line[place]);
                let to = &mut row[block * TILE..];
                to.iter_mut().zip(line).for_each(|(to, value)| {
                    to.write(value);
                });
            }
        }
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
    operands.is_weightless(index) || row.is_nothing_at(classes.at(index))
}

/// The product of the gradient of logits, read by columns, and the hidden states: some classes at a time,
/// since all columns at once would be copied first, as much memory again as the logits take.
fn add_by_weight(gradient: &[f32], outputs: usize, hidden: Matrix<'_>, out: &mut Vec<f32>) {
    const CLASSES: usize = 4096;
    let [rows, width] = hidden.shape();
    for first in (0..outputs).step_by(CLASSES) {
        let classes = first..outputs.min(first + CLASSES);
        let columns = Matrix::with_step(&gradient[first..], rows, classes.len(), outputs);
        match out.get_mut(classes.start * width..classes.end * width) {
            Some(out) => product(columns.transposed(), hidden, out, Existing::AddedTo),
            // The first block.
            None => append_product(columns.transposed(), hidden, out),
        }
    }
}

/// Adds a product to what stands in a vector, or writes it where there is nothing yet.
fn add_product(a: Matrix<'_>, b: Matrix<'_>, out: &mut Vec<f32>) {
    match out.is_empty() {
        true => append_product(a, b, out),
        false => product(a, b, out, Existing::AddedTo),
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
