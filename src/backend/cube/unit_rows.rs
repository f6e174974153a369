//! Rows of norm 1.

use super::stream::enqueue;
use crate::{
    backend::{fused::FusedUnitRows, unit_rows::UnitRows},
    kernel::gpu,
};
use burn::{
    backend::{Cube, TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};

impl FusedUnitRows for Cube {
    /// Two factors of each norm, `[2, N]`.
    type Norms = FloatTensor<Self>;

    fn units(rows: FloatTensor<Self>) -> UnitRows<Self> {
        let shape = rows.shape();
        let outputs = [shape.clone(), Shape::new([2, shape[0]])];
        let mut outputs = enqueue(
            "burn_losses::unit_rows",
            vec![rows],
            &outputs,
            |mut inputs| gpu::unit_rows(inputs.float()).into(),
        );
        let mut next = || outputs.next().expect("an output of the operation");
        UnitRows {
            rows: next(),
            norms: next(),
        }
    }

    fn units_backward(units: UnitRows<Self>, upstream: FloatTensor<Self>) -> FloatTensor<Self> {
        let outputs = [units.rows.shape()];
        let inputs = vec![units.rows, units.norms, upstream];
        let mut outputs = enqueue(
            "burn_losses::unit_rows_backward",
            inputs,
            &outputs,
            |mut inputs| {
                let units = [inputs.float(), inputs.float()];
                vec![gpu::unit_rows_backward(units, inputs.float())]
            },
        );
        outputs.next().expect("an output of the operation")
    }
}
