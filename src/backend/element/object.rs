//! A formula as an object: what everything below the public losses knows of it.

use crate::formula::ColumnFormula;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu::ElementKernel as OnCpu;
#[cfg(feature = "cube")]
use crate::kernel::gpu::TracedElement as OnGpu;
use burn::tensor::Tensor;
use core::fmt::Debug;

/// Formulas are kernels on the CPU backends alone.
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
pub(crate) trait OnCpu: Send + Sync {}
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
impl<F: ColumnFormula> OnCpu for F {}

/// Nor are they traced for GPUs without these.
#[cfg(not(feature = "cube"))]
pub(crate) trait OnGpu: Send + Sync {}
#[cfg(not(feature = "cube"))]
impl<F: ColumnFormula> OnGpu for F {}

/// A formula without its type. An object is made where the formula is still known: of a formula of this
/// crate in its configuration, so it is compiled here; of a user's formula in the user's crate.
pub(crate) trait ElementFormula: OnCpu + OnGpu + Debug {
    /// The formula on tensors: any backend, any float type, gradients by autodiff.
    fn on_tensors(&self, x: Tensor<2>, t: Tensor<2>, column: Tensor<2>) -> Tensor<2>;
}

impl<F: ColumnFormula> ElementFormula for F {
    fn on_tensors(&self, x: Tensor<2>, t: Tensor<2>, column: Tensor<2>) -> Tensor<2> {
        self.value_in_column(x, t, column)
    }
}
