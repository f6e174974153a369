//! The backward pass of operations on pairs of points.

use crate::backend::extension::{Columns, PairBackend, PairCall, PairOperation, PairOps};
use burn::backend::{
    Autodiff,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::{FloatTensor, IntTensor},
};

/// Computes all pairs once more, now that it is known what each term is multiplied with.
#[derive(Debug)]
struct PairBackward<O>(O);

/// What the backward pass starts from.
#[derive(Clone, Debug)]
struct PairState<B: PairOps> {
    call: PairCall<B>,
    terms: FloatTensor<B>,
    wanted: [bool; 2],
}

impl<B: PairOps, O: PairOperation, const N: usize> Backward<B, N> for PairBackward<O> {
    type State = PairState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let PairState {
            call,
            terms,
            wanted,
        } = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let gradients = self.0.gradients::<B>(&call, terms, upstream, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: PairOps, C: CheckpointStrategy> PairBackend for Autodiff<B, C> {
    fn pair_operation<O: PairOperation>(
        operation: O,
        is_fused: bool,
        rows: FloatTensor<Self>,
        columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self> {
        let by_rows = rows.is_tracked();
        let (rows, row_node) = rows.into_parts();
        let (columns, column_node, by_columns) = match columns {
            Columns::Rows => (None, None, false),
            Columns::Others(columns) => {
                let by_columns = columns.is_tracked();
                let (columns, node) = columns.into_parts();
                (Some(columns), Some(node), by_columns)
            }
        };
        let call = PairCall {
            rows,
            columns,
            row_labels,
            column_labels,
            is_fused,
        };
        let terms = operation.terms::<B>(&call);
        let state = PairState {
            call,
            terms: terms.clone(),
            wanted: [by_rows, by_columns],
        };
        // One operation with a parent or two, whose number is part of its type.
        macro_rules! with_parents {
            ($parents:expr) => {{
                let backward = PairBackward(operation).prepare::<C>($parents);
                match backward.compute_bound().stateful() {
                    OpsKind::Tracked(prep) => prep.finish(state, terms),
                    OpsKind::UnTracked(prep) => prep.finish(terms),
                }
            }};
        }
        match column_node {
            None => with_parents!([row_node]),
            Some(column_node) => with_parents!([row_node, column_node]),
        }
    }
}
