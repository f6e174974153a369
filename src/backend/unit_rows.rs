//! Rows divided by their norm, by whichever path they can take.

use burn::tensor::Tensor;

/// Every row divided by its Euclidean norm; a row of zeros stays one.
pub(crate) fn unit_rows(rows: Tensor<2>) -> Tensor<2> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    if super::path::takes_points(&rows) && !super::nothing::is_nothing(&rows) {
        use super::extension::LossBackend;
        use burn::backend::Dispatch;

        return Tensor::from_dispatch(<Dispatch as LossBackend>::unit_rows(rows.into_dispatch()));
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

#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) mod fused {
    use crate::{
        backend::host::Host,
        kernel::cpu::{self, UnitRows},
    };
    use burn::backend::{Backend, TensorMetadata, tensor::FloatTensor};
    use std::sync::Arc;

    /// Rows of norm 1, and the norms they had.
    pub(in crate::backend) struct Units<B: Backend> {
        pub rows: FloatTensor<B>,
        pub norms: Arc<[f64]>,
    }

    pub(in crate::backend) fn forward<B: Host<f32>>(rows: FloatTensor<B>) -> Units<B> {
        let shape = rows.shape();
        let rows = B::contiguous(rows);
        let UnitRows { rows, norms } = cpu::unit_rows(B::slice(&rows), shape[1]);
        Units {
            rows: B::from_vec(rows, shape),
            norms: norms.into(),
        }
    }

    /// What an upstream gradient is to the rows.
    pub(in crate::backend) fn backward<B: Host<f32>>(
        units: Units<B>,
        upstream: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let shape = units.rows.shape();
        let (rows, upstream) = (B::contiguous(units.rows), B::contiguous(upstream));
        let (rows, upstream) = (B::slice(&rows), B::slice(&upstream));
        let gradient = cpu::unit_rows_gradient(rows, &units.norms, upstream, shape[1]);
        B::from_vec(gradient, shape)
    }
}
