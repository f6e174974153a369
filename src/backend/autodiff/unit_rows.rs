//! The backward pass of rows of norm 1.

use crate::backend::{extension::UnitRowsBackend, fused::FusedUnitRows, unit_rows::UnitRows};
use burn::backend::{
    Autodiff,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    tensor::FloatTensor,
};

impl<B: FusedUnitRows, C: CheckpointStrategy> UnitRowsBackend for Autodiff<B, C> {
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
}

/// Takes what is along a row of norm 1 out of its gradient.
#[derive(Debug)]
struct UnitRowsBackward;

impl<B: FusedUnitRows> Backward<B, 1> for UnitRowsBackward {
    /// The rows and the norms they had.
    type State = (FloatTensor<B>, B::Norms);

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
            let gradient = B::units_backward(UnitRows { rows, norms }, upstream);
            grads.register::<B>(parent.id, gradient);
        }
    }
}
