//! A formula as an object: what everything below the public losses knows of it.

use crate::formula::ColumnFormula;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu::ElementKernel as OnCpu;
use burn::tensor::Tensor;
use core::fmt::Debug;

/// Formulas are kernels on the CPU backends alone.
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
pub(crate) trait OnCpu: Send + Sync {}
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
impl<F: ColumnFormula> OnCpu for F {}

/// A formula without its type. An object is made where the formula is still known: of a formula of this
/// crate in its configuration, so it is compiled here; of a user's formula in the user's crate.
pub(crate) trait ElementFormula: OnCpu + Debug {
    /// The formula on tensors: any backend, any float type, gradients by autodiff.
    fn on_tensors(&self, x: Tensor<2>, t: Tensor<2>, column: Tensor<2>) -> Tensor<2>;

    // With the GPU path: `fn traced(&self, x: Dual<Traced>, t: Dual<Traced>, column) -> Dual<Traced>`, and
    // `fn key(&self) -> String`, the name of the type and what Debug says of it.
}

impl<F: ColumnFormula> ElementFormula for F {
    fn on_tensors(&self, x: Tensor<2>, t: Tensor<2>, column: Tensor<2>) -> Tensor<2> {
        self.value_in_column(x, t, column)
    }
}
