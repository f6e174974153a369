//! A formula of pairs whose type nothing below its loss knows.

use crate::formula::{Dual, PairFormula, Term};
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu::PairKernel;
#[cfg(feature = "cube")]
use crate::kernel::gpu::TracedPairs as OnGpu;
use burn::tensor::Tensor;
use core::fmt::Debug;

/// Formulas are traced for CubeCL devices alone.
#[cfg(not(feature = "cube"))]
pub(crate) trait OnGpu: Send + Sync {}
#[cfg(not(feature = "cube"))]
impl<F: PairFormula> OnGpu for F {}

/// A [`PairFormula`] as an object: a virtual call for each tile of a kernel, or for each block of tensors.
pub(crate) trait PairObject: OnGpu + Debug {
    /// The terms of a row.
    fn terms(&self) -> &[Term];

    /// What a term sums, of all pairs of a block.
    fn value(&self, term: usize, measures: Tensor<2>) -> Tensor<2>;

    /// The same, with its derivative by the measure.
    fn differentiate(&self, term: usize, measures: Tensor<2>) -> Dual<Tensor<2>>;

    /// What the CPU's kernels call.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn kernel(&self) -> &dyn PairKernel;
}

impl<F: PairFormula> PairObject for F {
    fn terms(&self) -> &[Term] {
        PairFormula::terms(self)
    }

    fn value(&self, term: usize, measures: Tensor<2>) -> Tensor<2> {
        PairFormula::value(self, term, measures)
    }

    fn differentiate(&self, term: usize, measures: Tensor<2>) -> Dual<Tensor<2>> {
        PairFormula::value(self, term, Dual::variable(measures))
    }

    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn kernel(&self) -> &dyn PairKernel {
        self
    }
}
