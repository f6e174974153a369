//! The backward pass of the fused operations.

use super::chain::chained;
use crate::backend::{
    element::{
        ElementFormula, PerClass,
        fused::{Differentiated, ElementCall},
    },
    extension::{LossBackend, RowTarget, Weights},
    fold::Fold,
    fused::FusedBackend,
    linear::fused::LinearCall,
    row::SoftmaxRow,
    softmax::fused::Rows,
    unit_rows::fused::Units,
};
use burn::{
    backend::{
        Autodiff, Backend, TensorMetadata,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        tensor::{FloatTensor, IntTensor},
    },
    tensor::DType,
};
use std::sync::Arc;

/// Hands on the gradients the forward pass has computed.
#[derive(Debug)]
struct ComputedBackward;

impl<B: FusedBackend, const N: usize> Backward<B, N> for ComputedBackward {
    /// The gradients the forward pass left, to each operand, and the data type of these.
    type State = ([Option<FloatTensor<B>>; N], DType);

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let (gradients, dtype) = ops.state;
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                let gradient = B::chain(gradient, upstream.clone(), dtype);
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: FusedBackend + LossBackend, C: CheckpointStrategy> LossBackend for Autodiff<B, C> {
    fn elements(
        formula: Arc<dyn ElementFormula>,
        prediction: FloatTensor<Self>,
        target: FloatTensor<Self>,
        weights: Weights<Self>,
        parameters: Option<PerClass>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (prediction_gradient, target_gradient) = (prediction.is_tracked(), target.is_tracked());
        let dtype = prediction.dtype();
        let (prediction, prediction_node) = prediction.into_parts();
        let (target, target_node) = target.into_parts();
        let Differentiated {
            loss,
            prediction_gradient,
            target_gradient,
        } = B::differentiate(ElementCall {
            formula,
            prediction,
            target,
            weights: weights.into_inner(),
            parameters,
            fold,
            prediction_gradient,
            target_gradient,
        });
        let gradients = [prediction_gradient, target_gradient];
        match ComputedBackward
            .prepare::<C>([prediction_node, target_node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((gradients, dtype), loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }

    fn unit_rows(rows: FloatTensor<Self>) -> FloatTensor<Self> {
        let (rows, node) = rows.into_parts();
        let units = B::units(rows);
        let rows = units.rows.clone();
        match UnitRowsBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish((units.rows, units.norms), rows),
            OpsKind::UnTracked(prep) => prep.finish(rows),
        }
    }

    fn softmax_rows(
        row: Arc<SoftmaxRow>,
        logits: FloatTensor<Self>,
        target: RowTarget<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let (gradient, dtype) = (logits.is_tracked(), logits.dtype());
        let (logits, node) = logits.into_parts();
        let outcome = B::differentiate_rows(Rows {
            row,
            logits,
            target: match target {
                RowTarget::Classes(classes) => RowTarget::Classes(classes),
                RowTarget::Shares(shares) => RowTarget::Shares(shares.into_primitive()),
            },
            weights: weights.into_inner(),
            fold,
            gradient,
        });
        match ComputedBackward
            .prepare::<C>([node])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(([outcome.gradient], dtype), outcome.loss),
            OpsKind::UnTracked(prep) => prep.finish(outcome.loss),
        }
    }

    fn linear_softmax(
        row: Arc<SoftmaxRow>,
        hidden: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        classes: IntTensor<Self>,
        weights: Weights<Self>,
        fold: Option<Fold>,
    ) -> FloatTensor<Self> {
        let dtype = hidden.dtype();
        let tracked = [&hidden, &weight, &bias].map(|operand| operand.is_tracked());
        let (hidden, hidden_node) = hidden.into_parts();
        let (weight, weight_node) = weight.into_parts();
        let (bias, bias_node) = bias.into_parts();
        let nodes = [hidden_node, weight_node, bias_node];
        let operands = [hidden, weight, bias];
        let weights = weights.into_inner();
        if fold.is_some() {
            // The upstream gradient will be one number, so the gradients can be had now, while the
            // logits are there.
            let outcome = B::differentiate_linear(LinearCall {
                row,
                operands,
                classes,
                weights,
                fold,
                gradients: tracked,
            });
            let prep = ComputedBackward.prepare::<C>(nodes).compute_bound();
            return match prep.stateful() {
                OpsKind::Tracked(prep) => prep.finish((outcome.gradients, dtype), outcome.loss),
                OpsKind::UnTracked(prep) => prep.finish(outcome.loss),
            };
        }
        let kept = match &weights {
            Weights::Equal => None,
            Weights::Each(weights) => Some(weights.clone()),
        };
        let loss = B::linear_softmax(
            row.clone(),
            operands[0].clone(),
            operands[1].clone(),
            operands[2].clone(),
            classes.clone(),
            weights,
            None,
        );
        let state = LinearState {
            row,
            operands,
            classes,
            weights: kept,
            tracked,
        };
        match LinearBackward
            .prepare::<C>(nodes)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(state, loss),
            OpsKind::UnTracked(prep) => prep.finish(loss),
        }
    }
}

/// Takes what is along a row of norm 1 out of its gradient.
#[derive(Debug)]
struct UnitRowsBackward;

impl<B: FusedBackend> Backward<B, 1> for UnitRowsBackward {
    /// The rows and the norms they had.
    type State = (FloatTensor<B>, Arc<[f64]>);

    fn backward(
        self,
        ops: Ops<Self::State, 1>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let upstream = grads.consume::<B>(&ops.node);
        let [parent] = ops.parents;
        if let Some(parent) = parent {
            let (rows, norms) = ops.state;
            let gradient = B::units_backward(Units { rows, norms }, upstream);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

/// Computes the logits of a linear layer once more, now that it is known what each row's loss is
/// multiplied with.
#[derive(Debug)]
struct LinearBackward;

/// What the backward pass of an unreduced loss of a linear layer starts from.
#[derive(Clone, Debug)]
struct LinearState<B: Backend> {
    row: Arc<SoftmaxRow>,
    operands: [FloatTensor<B>; 3],
    classes: IntTensor<B>,
    weights: Option<FloatTensor<B>>,
    tracked: [bool; 3],
}

impl<B: FusedBackend> Backward<B, 3> for LinearBackward {
    type State = LinearState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 3>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let state = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let factors = match state.weights {
            Some(weights) => chained::<B>(weights, upstream),
            None => upstream,
        };
        let outcome = B::differentiate_linear(LinearCall {
            row: state.row,
            operands: state.operands,
            classes: state.classes,
            weights: Weights::Each(factors),
            fold: Some(Fold::Sum { factor: 1.0 }),
            gradients: state.tracked,
        });
        for (parent, gradient) in ops.parents.into_iter().zip(outcome.gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: Backend, C: CheckpointStrategy> Weights<Autodiff<B, C>> {
    /// The weights as constants: where they are tracked, the composed path is taken.
    fn into_inner(self) -> Weights<B> {
        match self {
            Weights::Equal => Weights::Equal,
            Weights::Each(weights) => Weights::Each(weights.into_primitive()),
        }
    }
}
