//! The backward pass of rows of norm 1.

use super::later::{Later, tracked};
use crate::backend::{extension::UnitRowsBackend, fused::FusedUnitRows, unit_rows::UnitRows};
use burn::backend::{
    Autodiff, autodiff::checkpoint::strategy::CheckpointStrategy, tensor::FloatTensor,
};

impl<B: FusedUnitRows, C: CheckpointStrategy> UnitRowsBackend for Autodiff<B, C> {
    fn unit_rows(rows: FloatTensor<Self>) -> FloatTensor<Self> {
        let (rows, node) = rows.into_parts();
        let units = B::units(rows);
        let rows = units.rows.clone();
        tracked::<B, C, _>(UnitRowsGradient, node, (units.rows, units.norms), rows)
    }
}

/// Takes what is along a row of norm 1 out of its gradient.
#[derive(Debug)]
struct UnitRowsGradient;

impl<B: FusedUnitRows> Later<B> for UnitRowsGradient {
    /// The rows and the norms they had.
    type State = (FloatTensor<B>, B::Norms);

    fn gradient(self, (rows, norms): Self::State, upstream: FloatTensor<B>) -> FloatTensor<B> {
        B::units_backward(UnitRows { rows, norms }, upstream)
    }
}
