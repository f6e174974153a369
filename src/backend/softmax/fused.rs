//! A loss of softmax rows as one operation on slices.

use super::call::{Differentiated, RowGradient, Rows};
use crate::{
    backend::{
        extension::{RowTarget, Weights},
        fold::{Counts, Fold},
        fused::FusedRows,
        host::{Host, HostIndices, zeros},
        row::SoftmaxRow,
    },
    kernel::cpu::{self, Prediction, RowMargin, RowOperands, RowTargets, RowsWanted, Storage},
};
use burn::{backend::TensorMetadata, tensor::Shape};

/// A loss of softmax rows of one element type, with the gradient if it is wanted. Classes have been checked.
pub(in crate::backend) fn differentiate<B, E>(call: Rows<B>) -> Differentiated<B>
where
    B: FusedRows + Host<E> + Host<f32> + HostIndices,
    E: Storage,
{
    let row = &call.row;
    let tensor_shape = call.logits.shape();
    let shape = cpu::Shape {
        outer: tensor_shape[0],
        classes: tensor_shape[1],
        inner: tensor_shape[2],
    };
    let mut logits = <B as Host<E>>::contiguous(call.logits);
    let (classes, shares) = match call.target {
        RowTarget::Classes(classes) => (Some(B::readable(classes)), None),
        RowTarget::Shares(shares) => (None, Some(<B as Host<E>>::contiguous(shares))),
    };
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(<B as Host<f32>>::contiguous(weights)),
    };
    let operands = RowOperands {
        targets: match (&classes, &shares) {
            (Some(classes), _) => RowTargets::Classes(B::view(classes)),
            (_, Some(shares)) => RowTargets::Shares(<B as Host<E>>::slice(shares)),
            (None, None) => unreachable!("a target is one or the other"),
        },
        weights: weights.as_ref().map(<B as Host<f32>>::slice),
    };

    let counts = counts(row, &operands, shape.rows());
    let Some((factor, divisor)) = Fold::of(call.fold, counts) else {
        return Differentiated {
            loss: B::from_vec(vec![0f32], Shape::new([1])),
            gradient: call
                .gradient
                .then(|| RowGradient::Now(zeros::<B>(&tensor_shape))),
        };
    };
    let wanted = RowsWanted {
        losses: call.fold.is_none(),
        gradient: call.gradient,
    };
    let row = of_kernel(row);
    let run = |logits: Prediction<'_, E>| {
        cpu::softmax_rows(&row, logits, shape, &operands, wanted, factor / divisor)
    };
    let owned = match call.gradient {
        true => <B as Host<E>>::slice_mut(&mut logits).and_then(E::in_f32),
        false => None,
    };
    let outcome = match owned {
        Some(slice) => run(Prediction::Consumed(slice)),
        None => run(Prediction::Kept(<B as Host<E>>::slice(&logits))),
    };

    let loss = match outcome.losses {
        Some(losses) => {
            let shape = Shape::new([shape.outer, shape.inner]);
            B::from_vec(losses, shape)
        }
        None => {
            let value = (outcome.sum * factor / divisor) as f32;
            B::from_vec(vec![value], Shape::new([1]))
        }
    };
    let gradient = match outcome.gradient {
        Some(fresh) => Some(B::from_vec(fresh, tensor_shape)),
        // Where it was wanted, it now stands in the place of the logits.
        None => call.gradient.then_some(logits),
    };
    Differentiated {
        loss,
        gradient: gradient.map(RowGradient::Now),
    }
}

/// What the kernel knows of a loss.
pub(in crate::backend) fn of_kernel(row: &SoftmaxRow) -> cpu::SoftmaxRow<'_> {
    cpu::SoftmaxRow {
        phi: &*row.phi,
        margin: row.margin.as_ref().map(|margin| RowMargin {
            margin: &*margin.margin,
            parameters: &margin.parameters,
        }),
        soft_cap: row.soft_cap,
        bias: &row.bias,
        scale: row.scale,
        weights: &row.weights,
        smoothing: row.smoothing,
        ignored: row.ignore_index,
        z_loss: row.z_loss,
        divergence: row.divergence,
        factor: row.factor,
    }
}

/// By how much all rows together count in a mean.
pub(in crate::backend) fn counts<E: Storage>(
    row: &SoftmaxRow,
    operands: &RowOperands<'_, E>,
    rows: usize,
) -> Counts<impl FnOnce() -> f64, impl FnOnce() -> bool> {
    let weights = operands.weights;
    let weight = move |i: usize| weights.map_or(1.0, |weights| weights[i] as f64);
    let of_class = |class: i64| row.counts.get(class as usize).copied().unwrap_or(1.0);
    let of_row = move |i: usize| match operands.targets {
        RowTargets::Shares(_) => weight(i),
        RowTargets::Classes(classes) => match (weight(i), classes.at(i)) {
            // Whatever the class is.
            (0.0, _) => 0.0,
            (_, class) if row.ignore_index == Some(class) => 0.0,
            (weight, class) => weight * of_class(class),
        },
    };
    Counts {
        sum: move || cpu::sum_over_chunks(rows, &|range| range.map(of_row).sum()),
        are_zero: move || (0..rows).all(|i| of_row(i) == 0.0),
    }
}
