//! Where a loss runs: the fused kernels on CPU backends, ordinary tensor operations elsewhere.
//!
//! The rest of the crate calls a pair of functions for each shape of loss: [`losses`] and [`reduced`]
//! for elements, [`row_losses`] and [`reduced_rows`] for softmax rows, [`linear_losses`] and
//! [`reduced_linear`] for the outputs of a linear layer. They look at the tensors once: Flex or
//! NdArray, with a data type the kernels know, take the fused operation of
//! `extension::LossBackend`; everything else evaluates the same formula on tensors (the `composed`
//! module of each). This layer knows data types, memory layout, ownership and graph nodes; it does
//! not know what a formula computes.

#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
mod autodiff;
mod element;
#[cfg(any(feature = "flex", feature = "ndarray", feature = "cube"))]
mod extension;
#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "ndarray"))]
mod fused;
mod linear;
mod log_sum_exp;
#[cfg(feature = "ndarray")]
mod ndarray;
mod nothing;
mod pairs;
mod path;
mod real;
mod softmax;

use burn::tensor::Tensor;

pub(crate) use element::{ElementFormula, Inputs, losses, reduced};
pub(crate) use linear::{LinearInputs, LinearRow, linear_losses, reduced_linear};
pub(crate) use nothing::{is_nothing, loss_of_nothing};
pub(crate) use pairs::{
    AllPairs, Block, ListedPairs, NO_LABEL, PairInputs, Triplets, between, listed_pairs, pair_rows,
    pair_terms, triplet_terms,
};
pub use path::composed;
pub(crate) use path::runs_on_cpu;
pub(crate) use softmax::{RowInputs, Target, ignored, log_softmax, reduced_rows, row_losses};

/// How the losses of all elements become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fold {
    /// Their (weighted) sum times a factor.
    Sum {
        /// What the sum is multiplied with.
        factor: f64,
    },
    /// Their weighted sum divided by the sum of the weights, times a factor; 0 where the weights sum
    /// to 0.
    WeightedMean {
        /// What the mean is multiplied with.
        factor: f64,
    },
}

impl Fold {
    /// A sum of losses, folded: multiplied with a factor, or divided by a count; 0 where that is 0.
    pub(crate) fn on_tensors<const D: usize>(
        self,
        total: Tensor<D>,
        count: impl FnOnce() -> Tensor<D>,
    ) -> Tensor<D> {
        match self {
            Fold::Sum { factor } => total * factor,
            Fold::WeightedMean { factor } => {
                let count = count();
                let nothing = count.clone().equal_scalar(0.0);
                let mean = total.mask_fill(nothing.clone(), 0.0) / count.mask_fill(nothing, 1.0);
                if factor == 1.0 { mean } else { mean * factor }
            }
        }
    }

    /// What a sum is multiplied with and divided by, given by how much everything counts together;
    /// `None` where that is nothing. (Dividing, where multiplying by a reciprocal would round twice.)
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    fn of(self, count: impl FnOnce() -> f64) -> Option<(f64, f64)> {
        match self {
            Fold::Sum { factor } => Some((factor, 1.0)),
            Fold::WeightedMean { factor } => match count() {
                0.0 => None,
                count => Some((factor, count)),
            },
        }
    }
}
