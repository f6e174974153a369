//! The backward pass of operations on pairs of points.

use crate::backend::pairs::{
    call::{Columns, PairCall},
    extension::PairBackend,
    operation::{Extremes, PairOperation},
    paths::{self, FusedPairs},
};
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
struct PairBackward(PairOperation);

/// What the backward pass starts from.
#[derive(Clone, Debug)]
struct PairState<B: FusedPairs> {
    call: PairCall<B>,
    terms: FloatTensor<B>,
    wanted: [bool; 2],
}

impl<B: FusedPairs> Backward<B, 2> for PairBackward {
    type State = PairState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, 2>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let PairState {
            call,
            terms,
            wanted,
        } = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let gradients = paths::gradients(&self.0, &call, terms, upstream, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: FusedPairs, C: CheckpointStrategy> PairBackend for Autodiff<B, C> {
    fn pair_operation(
        operation: PairOperation,
        is_fused: bool,
        rows: FloatTensor<Self>,
        columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self> {
        let by_rows = rows.is_tracked();
        // Where the columns are the rows, both parents are; their gradient is then the first.
        let (columns, column_node, by_columns) = match columns {
            Columns::Rows => (None, rows.node(), false),
            Columns::Others(columns) => {
                let by_columns = columns.is_tracked();
                let (columns, node) = columns.into_parts();
                (Some(columns), node, by_columns)
            }
        };
        let (rows, row_node) = rows.into_parts();
        let call = PairCall::<B> {
            rows,
            columns,
            row_labels,
            column_labels,
            is_fused,
        };
        let terms = paths::terms::<B>(&operation, &call);
        let backward = PairBackward(operation).prepare::<C>([row_node, column_node]);
        match backward.compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let state = PairState {
                    call,
                    terms: terms.clone(),
                    wanted: [by_rows, by_columns],
                };
                prep.finish(state, terms)
            }
            OpsKind::UnTracked(prep) => prep.finish(terms),
        }
    }

    fn pair_extremes(
        extremes: Extremes,
        rows: FloatTensor<Self>,
        columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> (IntTensor<Self>, IntTensor<Self>, IntTensor<Self>) {
        // A choice has no gradient.
        let columns = match columns.others() {
            None => Columns::Rows,
            Some(columns) => Columns::Others(columns.into_primitive()),
        };
        B::pair_extremes(
            extremes,
            rows.into_primitive(),
            columns,
            row_labels,
            column_labels,
        )
    }
}
