//! A formula of tuples as an object.

use crate::formula::TupleFormula;
#[cfg(any(feature = "flex", feature = "ndarray"))]
use crate::kernel::cpu::{self, TupleKernel as OnCpu};
#[cfg(feature = "cube")]
use crate::{
    formula::Dual,
    kernel::gpu::{Traced, TracedTuple as OnGpu, name_of, of_lists},
};
use burn::tensor::Tensor;
use core::{fmt, fmt::Debug};
use std::sync::Arc;

/// Formulas are kernels on the CPU backends alone.
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
pub(crate) trait OnCpu: Send + Sync {}

/// Nor are they traced for GPUs without these.
#[cfg(not(feature = "cube"))]
pub(crate) trait OnGpu: Send + Sync {}

/// A formula without its type and without its numbers of numbers.
pub(crate) trait TupleObject: OnCpu + OnGpu + Debug {
    /// How many numbers are predicted of a sample.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn predicted(&self) -> usize;

    /// How many numbers its target has.
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn targets(&self) -> usize;

    /// The formula on tensors of the numbers: any backend, any float type, gradients by autodiff.
    fn on_tensors(&self, x: Vec<Tensor<1>>, t: Vec<Tensor<1>>) -> Tensor<1>;
}

/// The object of a formula. To be called where the formula is no type parameter: there its kernels are compiled.
pub(crate) fn object<F: TupleFormula<P, T>, const P: usize, const T: usize>(
    formula: F,
) -> Arc<dyn TupleObject> {
    Arc::new(Shaped::<F, P, T>(formula))
}

/// A formula that knows how many numbers it takes.
struct Shaped<F, const P: usize, const T: usize>(F);

impl<F: Debug, const P: usize, const T: usize> Debug for Shaped<F, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<F: TupleFormula<P, T>, const P: usize, const T: usize> TupleObject for Shaped<F, P, T> {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn predicted(&self) -> usize {
        P
    }

    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn targets(&self) -> usize {
        T
    }

    fn on_tensors(&self, x: Vec<Tensor<1>>, t: Vec<Tensor<1>>) -> Tensor<1> {
        let x = x.try_into().expect("as many as are predicted");
        let t = t.try_into().expect("as many as a target has");
        self.0.value(x, t)
    }
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
impl<F: TupleFormula<P, T>, const P: usize, const T: usize> OnCpu for Shaped<F, P, T> {
    fn evaluate(&self, choice: cpu::Choice, block: &mut cpu::Block<'_>) {
        cpu::evaluate_tuples(&self.0, choice, block);
    }
}
#[cfg(not(any(feature = "flex", feature = "ndarray")))]
impl<F: TupleFormula<P, T>, const P: usize, const T: usize> OnCpu for Shaped<F, P, T> {}

#[cfg(feature = "cube")]
impl<F: TupleFormula<P, T>, const P: usize, const T: usize> OnGpu for Shaped<F, P, T> {
    fn widths(&self) -> [usize; 2] {
        [P, T]
    }

    fn traced<'s>(&self, x: &[Traced<'s>], t: &[Traced<'s>]) -> Traced<'s> {
        of_lists(&self.0, x, t)
    }

    fn traced_dual<'s>(&self, x: &[Dual<Traced<'s>>], t: &[Dual<Traced<'s>>]) -> Dual<Traced<'s>> {
        of_lists(&self.0, x, t)
    }

    fn name(&self) -> String {
        name_of(&self.0)
    }
}
#[cfg(not(feature = "cube"))]
impl<F: TupleFormula<P, T>, const P: usize, const T: usize> OnGpu for Shaped<F, P, T> {}
