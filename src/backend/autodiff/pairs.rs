//! The backward pass of terms of all pairs.

use crate::{
    backend::extension::{Columns, PairBackend, PairCall, PairOps},
    formula::PairFormula,
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

/// Computes all similarities once more, now that it is known what each term is multiplied with.
#[derive(Debug)]
struct PairBackward<F>(F);

/// What the backward pass starts from.
#[derive(Clone, Debug)]
struct PairState<B: PairOps> {
    call: PairCall<B>,
    terms: FloatTensor<B>,
    wanted: [bool; 2],
}

impl<B: PairOps, F: PairFormula, const N: usize> Backward<B, N> for PairBackward<F> {
    type State = PairState<B>;

    fn backward(
        self,
        ops: Ops<Self::State, N>,
        grads: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        let state = ops.state;
        let upstream = grads.consume::<B>(&ops.node);
        let gradients = B::gradients_of(self.0, &state.call, state.terms, upstream, state.wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: PairOps, C: CheckpointStrategy> PairBackend for Autodiff<B, C> {
    fn pair_terms<F: PairFormula>(
        formula: F,
        both: bool,
        is_fused: bool,
        rows: FloatTensor<Self>,
        columns: Columns<Self>,
        row_labels: IntTensor<Self>,
        column_labels: IntTensor<Self>,
    ) -> FloatTensor<Self> {
        let by_rows = rows.is_tracked();
        let (rows, row_node) = rows.into_parts();
        let mut call = PairCall {
            rows,
            columns: None,
            row_labels,
            column_labels,
            both,
            is_fused,
        };
        match columns {
            Columns::Rows => {
                let terms = B::terms_of(formula, &call);
                let state = PairState {
                    call,
                    terms: terms.clone(),
                    wanted: [by_rows, false],
                };
                let backward = PairBackward(formula).prepare::<C>([row_node]);
                match backward.compute_bound().stateful() {
                    OpsKind::Tracked(prep) => prep.finish(state, terms),
                    OpsKind::UnTracked(prep) => prep.finish(terms),
                }
            }
            Columns::Others(columns) => {
                let by_columns = columns.is_tracked();
                let (columns, column_node) = columns.into_parts();
                call.columns = Some(columns);
                let terms = B::terms_of(formula, &call);
                let state = PairState {
                    call,
                    terms: terms.clone(),
                    wanted: [by_rows, by_columns],
                };
                let backward = PairBackward(formula).prepare::<C>([row_node, column_node]);
                match backward.compute_bound().stateful() {
                    OpsKind::Tracked(prep) => prep.finish(state, terms),
                    OpsKind::UnTracked(prep) => prep.finish(terms),
                }
            }
        }
    }
}
