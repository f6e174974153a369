//! A formula of lists whose type nothing below its loss knows.

use crate::formula::{Compared, Dual, ListFormula};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu::ListKernel;
#[cfg(feature = "cube")]
use crate::kernel::gpu::TracedList as OnGpu;
use burn::tensor::Tensor;
use core::fmt::Debug;

/// Formulas are traced for CubeCL devices alone.
#[cfg(not(feature = "cube"))]
pub(crate) trait OnGpu: Send + Sync {}
#[cfg(not(feature = "cube"))]
impl<F: ListFormula> OnGpu for F {}

/// A [`ListFormula`] as an object: a virtual call for each list of a kernel, or for each stretch of tensors.
pub(crate) trait ListObject: OnGpu + Debug {
    /// What an item is compared with.
    fn compared(&self) -> Compared;

    /// What pairs cost.
    fn value(&self, differences: Tensor<3>) -> Tensor<3>;

    /// The derivative of that by the difference.
    fn derivative(&self, differences: Tensor<3>) -> Tensor<3>;

    /// What the CPU's kernels call.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn kernel(&self) -> &dyn ListKernel;
}

impl<F: ListFormula> ListObject for F {
    fn compared(&self) -> Compared {
        F::COMPARED
    }

    fn value(&self, differences: Tensor<3>) -> Tensor<3> {
        ListFormula::value(self, differences)
    }

    fn derivative(&self, differences: Tensor<3>) -> Tensor<3> {
        ListFormula::value(self, Dual::variable(differences)).derivative()
    }

    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn kernel(&self) -> &dyn ListKernel {
        self
    }
}
