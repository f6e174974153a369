//! Rows divided by their norm, by whichever path they can take.

use burn::tensor::Tensor;

/// Every row divided by its Euclidean norm; a row of zeros stays one.
pub(crate) fn unit_rows(rows: Tensor<2>) -> Tensor<2> {
    #[cfg(feature = "kernels")]
    if super::path::has_pair_kernels(&rows) && !super::nothing::is_nothing(&rows) {
        use super::extension::UnitRowsBackend;
        use burn::backend::Dispatch;

        let rows = rows.into_dispatch();
        return Tensor::from_dispatch(<Dispatch as UnitRowsBackend>::unit_rows(rows));
    }
    composed(rows)
}

/// Rows are first brought near 1, so that no square is too large or too small for the data type. That changes neither
/// the result nor its gradient.
fn composed(rows: Tensor<2>) -> Tensor<2> {
    let largest = rows.clone().detach().abs().max_dim(1);
    let none = largest.clone().equal_scalar(0.0);
    let near_1 = rows / largest.mask_fill(none.clone(), 1.0);
    let square = (near_1.clone() * near_1.clone()).sum_dim(1);
    near_1 / square.mask_fill(none, 1.0).sqrt()
}

/// Rows of norm 1, and the norms they had.
#[cfg(feature = "kernels")]
pub(super) struct UnitRows<B: super::fused::FusedUnitRows> {
    pub rows: burn::backend::tensor::FloatTensor<B>,
    pub norms: B::Norms,
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused {
    use super::UnitRows;
    use crate::{
        backend::{fused::FusedUnitRows, host::Host},
        kernel::cpu,
    };
    use burn::backend::{TensorMetadata, tensor::FloatTensor};
    use std::sync::Arc;

    pub(in crate::backend) fn forward<B>(rows: FloatTensor<B>) -> UnitRows<B>
    where
        B: Host<f32> + FusedUnitRows<Norms = Arc<[f64]>>,
    {
        let shape = rows.shape();
        let rows = B::contiguous(rows);
        let cpu::UnitRows { rows, norms } = cpu::unit_rows(B::slice(&rows), shape[1]);
        UnitRows {
            rows: B::from_vec(rows, shape),
            norms: norms.into(),
        }
    }

    /// What an upstream gradient is to the rows.
    pub(in crate::backend) fn backward<B>(
        units: UnitRows<B>,
        upstream: FloatTensor<B>,
    ) -> FloatTensor<B>
    where
        B: Host<f32> + FusedUnitRows<Norms = Arc<[f64]>>,
    {
        let shape = units.rows.shape();
        let (rows, upstream) = (B::contiguous(units.rows), B::contiguous(upstream));
        let (rows, upstream) = (B::slice(&rows), B::slice(&upstream));
        let gradient = cpu::unit_rows_gradient(rows, &units.norms, upstream, shape[1]);
        B::from_vec(gradient, shape)
    }
}
