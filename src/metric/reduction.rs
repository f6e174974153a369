//! From the losses of mined pairs or triplets to one number.

use crate::{
    config::Named,
    embeddings::{Divisor, SampleEvaluation},
};
use burn::serde::{Deserialize, Serialize};
use core::fmt;

/// How the losses of pairs or triplets become one number.
///
/// It is `"mean_non_zero"`, `"mean"` or `"sum"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum MiningReduction {
    /// The sum divided by the number of losses that are not 0; 0 if all are 0.
    #[default]
    MeanNonZero,
    /// The sum divided by the number of pairs or triplets; 0 if there are none.
    Mean,
    /// The sum.
    Sum,
}

impl Named for MiningReduction {
    const NAMES: &'static [(Self, &'static str)] = &[
        (MiningReduction::MeanNonZero, "mean_non_zero"),
        (MiningReduction::Mean, "mean"),
        (MiningReduction::Sum, "sum"),
    ];
}

impl fmt::Display for MiningReduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<MiningReduction> for Divisor {
    fn from(reduction: MiningReduction) -> Self {
        match reduction {
            MiningReduction::MeanNonZero => Divisor::Costly,
            MiningReduction::Mean => Divisor::Count,
            MiningReduction::Sum => Divisor::One,
        }
    }
}

impl<A: crate::samples::Given> SampleEvaluation<A, MiningReduction> {
    /// Replaces the reduction of the loss.
    pub fn reduction(self, reduction: MiningReduction) -> Self {
        self.reduced_by(reduction)
    }
}
