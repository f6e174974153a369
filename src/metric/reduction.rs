//! From the costs of mined pairs or triplets to one number.

use crate::{
    backend::Fold,
    embeddings::{RowLosses, widened},
    error::check_loss_weights,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::{DType, IndexingUpdateOp, Int, Tensor},
};
use core::fmt;

/// How the costs of pairs or triplets become one number.
///
/// In a configuration file it is `"mean_non_zero"`, `"mean"` or `"sum"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum MiningReduction {
    /// The sum divided by how many cost something; 0 where none does.
    #[default]
    MeanNonZero,
    /// The sum divided by how many there are; 0 where there are none.
    Mean,
    /// The sum.
    Sum,
}

impl fmt::Display for MiningReduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MiningReduction::MeanNonZero => "mean of non-zero",
            MiningReduction::Mean => "mean",
            MiningReduction::Sum => "sum",
        })
    }
}

/// What costs of one kind come to, for each row or for each triplet of a list.
pub(super) struct Costs {
    pub sum: Tensor<1>,
    /// How many cost something.
    pub costly: Tensor<1>,
    /// How many there are.
    pub all: Tensor<1>,
    /// Of a list the row of each triplet, and how many rows there are.
    pub anchors: Option<(Tensor<1, Int>, usize)>,
}

impl Costs {
    fn rows(&self) -> usize {
        match &self.anchors {
            Some((_, rows)) => *rows,
            None => self.sum.dims()[0],
        }
    }

    /// The sum of each row's costs.
    fn each(self) -> Tensor<1> {
        match self.anchors {
            Some((anchors, rows)) => {
                let options = (&self.sum.device(), self.sum.dtype());
                let zeros = Tensor::zeros([rows], options);
                zeros.select_assign(0, anchors, self.sum, IndexingUpdateOp::Add)
            }
            None => self.sum,
        }
    }

    /// Weights of rows as those of what is summed.
    fn weights(&self, of_rows: &Tensor<1>) -> Tensor<1> {
        match &self.anchors {
            Some((anchors, _)) => of_rows.clone().select(0, anchors.clone()),
            None => of_rows.clone(),
        }
    }
}

/// The costs of all rows, of one kind or of several, in `f32` where the embeddings are of half precision.
pub(super) enum RowCosts {
    /// There is no pair.
    Nothing(Box<RowLosses>),
    Some {
        kinds: Vec<Costs>,
        dtype: DType,
    },
}

impl RowCosts {
    /// Those of rows that say nothing.
    pub fn nothing(rows: RowLosses) -> Self {
        Self::Nothing(Box::new(rows))
    }

    pub fn new(kinds: Vec<Costs>, dtype: DType) -> Self {
        Self::Some { kinds, dtype }
    }

    /// The sum of each row's costs.
    pub fn each(self) -> Tensor<1> {
        match self {
            RowCosts::Nothing(rows) => rows.each(),
            RowCosts::Some { kinds, dtype } => {
                let sums = kinds.into_iter().map(Costs::each);
                sums.reduce(|a, b| a + b).expect("a kind").cast(dtype)
            }
        }
    }

    /// All costs as one number, each kind by itself, each row with a weight if there are weights.
    #[track_caller]
    pub fn reduced(
        self,
        loss: &str,
        reduction: MiningReduction,
        weights: Option<Tensor<1>>,
    ) -> Tensor<1> {
        let (kinds, dtype) = match self {
            RowCosts::Nothing(rows) => {
                return rows.reduced(loss, crate::Reduction::Sum, weights);
            }
            RowCosts::Some { kinds, dtype } => (kinds, dtype),
        };
        if let Some(weights) = &weights {
            check_loss_weights(loss, weights, kinds[0].rows(), dtype);
        }
        let weights = weights.map(widened);
        let reduced = kinds.into_iter().map(|kind| {
            let weights = weights.as_ref().map(|weights| kind.weights(weights));
            let total = |numbers: Tensor<1>| match &weights {
                Some(weights) => {
                    // A weight of 0 ignores its row, whatever that holds.
                    let ignored = weights.clone().equal_scalar(0.0);
                    (numbers.mask_fill(ignored, 0.0) * weights.clone()).sum()
                }
                None => numbers.sum(),
            };
            let sum = total(kind.sum);
            match reduction {
                MiningReduction::Sum => sum,
                MiningReduction::Mean => mean(sum, || total(kind.all.detach())),
                MiningReduction::MeanNonZero => mean(sum, || total(kind.costly.detach())),
            }
        });
        reduced.reduce(|a, b| a + b).expect("a kind").cast(dtype)
    }
}

fn mean(total: Tensor<1>, count: impl FnOnce() -> Tensor<1>) -> Tensor<1> {
    Fold::WeightedMean { factor: 1.0 }.on_tensors(total, count)
}
