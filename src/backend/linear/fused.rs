//! A linear layer with a loss of the softmax of its outputs as one operation on slices of `f32`.

use super::call::{Differentiated, LinearCall};
use crate::{
    backend::{
        extension::Weights,
        fold::Fold,
        host::{Host, HostIndices, zeros},
        softmax::fused::{counts, of_kernel},
    },
    kernel::cpu::{self, Linear, LinearWanted, Matrix, RowOperands, RowTargets},
};
use burn::{
    backend::{TensorMetadata, tensor::FloatTensor},
    tensor,
};

/// The loss with the gradients that are wanted. Classes have been checked.
pub(in crate::backend) fn differentiate<B: Host<f32> + HostIndices>(
    call: LinearCall<B>,
) -> Differentiated<B> {
    let shapes = call.operands.each_ref().map(|operand| operand.shape());
    let [hidden, weight, bias] = call.operands;
    let (hidden, bias) = (B::contiguous(hidden), B::contiguous(bias));
    let (weight, is_transposed) = either_way_round::<B>(weight);
    let [classes, width] = [shapes[1][0], shapes[1][1]];
    let linear = Linear {
        hidden: B::slice(&hidden),
        weight: match is_transposed {
            false => Matrix::new(B::slice(&weight), classes, width),
            true => Matrix::new(B::slice(&weight), width, classes).transposed(),
        },
        bias: B::slice(&bias),
        rows: shapes[0][0],
        width: shapes[0][1],
    };
    let indices = B::readable(call.classes);
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(B::contiguous(weights)),
    };
    let operands = RowOperands::<f32> {
        targets: RowTargets::Classes(B::view(&indices)),
        weights: weights.as_ref().map(|weights| B::slice(weights)),
    };
    let row = &call.row;

    let counts = counts(row, &operands, linear.rows);
    let Some((factor, divisor)) = Fold::of(call.fold, counts) else {
        let zeros = |index: usize| call.gradients[index].then(|| zeros::<B>(&shapes[index]));
        return Differentiated {
            loss: B::from_vec(vec![0.0], tensor::Shape::new([1])),
            gradients: [zeros(0), zeros(1), zeros(2)],
        };
    };
    let wanted = LinearWanted {
        losses: call.fold.is_none(),
        gradients: call.gradients,
    };
    let scale = factor / divisor;
    let outcome = cpu::linear_softmax(
        &of_kernel(row),
        &linear,
        B::view(&indices),
        operands.weights,
        wanted,
        scale,
    );
    let loss = match outcome.losses {
        Some(losses) => B::from_vec(losses, tensor::Shape::new([shapes[0][0]])),
        None => {
            let value = (outcome.sum * factor / divisor) as f32;
            B::from_vec(vec![value], tensor::Shape::new([1]))
        }
    };
    let [by_hidden, by_weight, by_bias] = outcome.gradients;
    let [hidden_shape, weight_shape, bias_shape] = shapes;
    let by_weight = by_weight.map(|gradient| match is_transposed {
        false => B::from_vec(gradient, weight_shape),
        true => {
            let gradient = B::from_vec(gradient, tensor::Shape::new([width, classes]));
            B::float_swap_dims(gradient, 0, 1)
        }
    });
    Differentiated {
        loss,
        gradients: [
            by_hidden.map(|gradient| B::from_vec(gradient, hidden_shape)),
            by_weight,
            by_bias.map(|gradient| B::from_vec(gradient, bias_shape)),
        ],
    }
}

/// A matrix without gaps in memory, and whether rows and columns are exchanged there. (Burn's `Linear`
/// keeps its weight as `[H, V]`, so ours is a view of that.)
fn either_way_round<B: Host<f32>>(matrix: FloatTensor<B>) -> (FloatTensor<B>, bool) {
    if B::is_contiguous(&matrix) {
        return (matrix, false);
    }
    let transposed = B::float_swap_dims(matrix.clone(), 0, 1);
    match B::is_contiguous(&transposed) {
        true => (transposed, true),
        false => (B::contiguous(matrix), false),
    }
}
