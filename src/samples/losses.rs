//! From the losses of samples to what a loss returns.

use crate::{
    backend::{
        Count, Fold, everywhere, is_nothing, joined, none_of, nothing_of, ordered_sum, runs_on_cpu,
        widened,
    },
    reduction::{Normalizer, Reduction},
};
use burn::tensor::{Bool, DType, IndexingUpdateOp, Int, Shape, Tensor};

/// What the (weighted) sum of all costs is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Divisor {
    /// Nothing.
    One,
    /// How many there are, or their weights.
    Count,
    /// How many of them are not 0, or their weights.
    Costly,
}

impl From<Reduction> for Divisor {
    fn from(reduction: Reduction) -> Self {
        match reduction {
            Reduction::Mean | Reduction::BatchMean => Divisor::Count,
            Reduction::Sum => Divisor::One,
        }
    }
}

/// The losses of the samples of a batch, in `f32` where the embeddings are of half precision.
pub(crate) struct SampleLosses {
    /// Of one kind, or of several that are reduced each by itself. Where there are no samples a single 0 with a
    /// backward pass.
    kinds: Vec<Costs>,
    samples: usize,
}

/// What a loss is made of: a number for each sample, or for each entry of a list.
pub(crate) struct Costs {
    costs: Tensor<1>,
    /// Which say nothing: they cost 0 and do not count in a mean.
    silent: Option<Tensor<1, Bool>>,
    /// As how many each counts, if not as one.
    numbers: Option<Numbers>,
    /// Of a list the sample of each entry.
    samples: Option<Tensor<1, Int>>,
}

/// What a cost is the sum of.
pub(crate) struct Numbers {
    /// How many there are.
    pub all: Tensor<1>,
    /// How many of them are not 0.
    pub costly: Tensor<1>,
}

impl SampleLosses {
    /// One for each sample.
    pub fn new(losses: Tensor<1>) -> Self {
        let samples = losses.dims()[0];
        Self::of_kinds(vec![Costs::new(losses)], samples)
    }

    /// One for each sample, some of which say nothing: they cost 0 and do not count in a mean.
    pub fn with_silent(losses: Tensor<1>, silent: Tensor<1, Bool>) -> Self {
        let samples = losses.dims()[0];
        Self::of_kinds(vec![Costs::with_silent(losses, silent)], samples)
    }

    /// Those of samples of which none says anything.
    pub fn silent(losses: Tensor<1>) -> Self {
        let all = everywhere(&losses);
        Self::with_silent(losses, all)
    }

    /// Those of no samples: each operand gets a gradient of 0.
    pub fn none<const D: usize>(operands: &[&Tensor<D>]) -> Self {
        Self::none_beside(operands.iter().map(|&operand| nothing_of(operand)))
    }

    /// Those of no samples, by the zeros of their operands.
    pub fn none_beside(zeros: impl IntoIterator<Item = Tensor<1>>) -> Self {
        Self {
            samples: 0,
            ..Self::new(joined(zeros))
        }
    }

    /// So many samples that say nothing in place of none.
    pub fn with_samples(mut self, samples: usize) -> Self {
        match samples {
            0 => self,
            _ => {
                let zero = self.kinds.remove(0).costs;
                Self::silent(zero.expand(Shape::new([samples])))
            }
        }
    }

    /// What so many samples cost, in several kinds or in lists.
    pub fn of_kinds(kinds: Vec<Costs>, samples: usize) -> Self {
        Self { kinds, samples }
    }

    /// These and others times a factor, of the same samples.
    pub fn plus(mut self, factor: f64, others: Self) -> Self {
        let others = others.kinds.into_iter().map(|kind| Costs {
            costs: kind.costs * factor,
            ..kind
        });
        self.kinds.extend(others);
        self
    }

    /// The loss of each sample, times its weight if there are weights.
    pub fn each(self, weights: Option<Tensor<1>>) -> Tensor<1> {
        let samples = self.samples;
        if samples == 0 {
            let zero = self.folded(Divisor::One, weights);
            return none_of(zero, [0]);
        }
        let weights = weights.map(widened);
        let kinds = self.kinds.into_iter().map(|kind| {
            let weights = weights.clone();
            kind.each(samples, weights)
        });
        kinds.reduce(|a, b| a + b).expect("a kind")
    }

    /// All losses as one number, times their weights if there are weights.
    pub fn reduced(self, divisor: Divisor, weights: Option<Tensor<1>>) -> Tensor<1> {
        self.folded(divisor, weights)
    }

    /// The sum of all losses, times their weights if there are weights, divided by the larger of a number and 1.
    ///
    /// # Panics
    /// If that is not one finite number.
    #[track_caller]
    pub fn divided_by(
        self,
        loss: &str,
        normalizer: Normalizer,
        weights: Option<Tensor<1>>,
    ) -> Tensor<1> {
        let sum = |fold: Fold| {
            let sum = self.folded(Divisor::One, weights);
            fold.on_tensors(sum, || unreachable!("it is a sum"))
        };
        normalizer.divide(loss, sum)
    }

    /// All losses as one number, not yet in the data type of the embeddings.
    fn folded(self, divisor: Divisor, weights: Option<Tensor<1>>) -> Tensor<1> {
        if self.samples == 0 {
            let kinds = self.kinds.into_iter().map(|kind| kind.costs);
            return joined(kinds.chain(weights.map(|weights| nothing_of(&weights))));
        }
        let weights = weights.map(widened);
        let kinds = self.kinds.into_iter();
        kinds
            .map(|kind| kind.folded(divisor, weights.clone()))
            .reduce(|a, b| a + b)
            .expect("a kind")
    }
}

impl Costs {
    /// One cost for each sample.
    pub fn new(costs: Tensor<1>) -> Self {
        Self {
            costs,
            silent: None,
            numbers: None,
            samples: None,
        }
    }

    /// One cost for each sample, some of which say nothing: they cost 0 and do not count in a mean.
    pub fn with_silent(costs: Tensor<1>, silent: Tensor<1, Bool>) -> Self {
        Self {
            silent: Some(silent.clone()),
            ..Self::new(costs.mask_fill(silent, 0.0))
        }
    }

    /// Costs that are sums of so many.
    pub fn with_numbers(self, numbers: Numbers) -> Self {
        let numbers = Some(numbers);
        Self { numbers, ..self }
    }

    /// The costs of the entries of a list, each of that sample.
    pub fn with_samples(self, samples: Tensor<1, Int>) -> Self {
        let samples = Some(samples);
        Self { samples, ..self }
    }

    fn each(self, samples: usize, weights: Option<Tensor<1>>) -> Tensor<1> {
        let losses = match self.samples {
            Some(places) => by_sample(self.costs, places, samples),
            None => self.costs,
        };
        match (weights, self.silent) {
            (None, _) => losses,
            (Some(weights), Some(silent)) => weighted(losses, &weights.mask_fill(silent, 0.0)),
            (Some(weights), None) => weighted(losses, &weights),
        }
    }

    fn folded(self, divisor: Divisor, weights: Option<Tensor<1>>) -> Tensor<1> {
        let Self {
            costs,
            silent,
            numbers,
            samples,
        } = self;
        let weights = match (weights, samples) {
            (Some(weights), Some(samples)) => Some(weights.select(0, samples)),
            (weights, _) => weights,
        };
        let weights = match (weights, &silent) {
            (Some(weights), Some(silent)) => Some(weights.mask_fill(silent.clone(), 0.0)),
            (weights, _) => weights,
        };
        let fold = match divisor {
            Divisor::One => Fold::Sum { factor: 1.0 },
            Divisor::Count | Divisor::Costly => Fold::WeightedMean { factor: 1.0 },
        };
        let weights = weights.map(|weights| fold.shifted(weights));
        let of_all = |numbers: Tensor<1>| match &weights {
            Some(weights) => weighted(numbers, weights),
            None => numbers,
        };
        let entries = costs.dims()[0];
        let sum = ordered_sum(of_all(costs));
        let counts = match (divisor, numbers) {
            (Divisor::One, _) => return sum,
            (Divisor::Costly, Some(numbers)) => of_all(numbers.costly.detach()),
            (Divisor::Count, Some(numbers)) => of_all(numbers.all.detach()),
            (_, None) => match (weights, silent) {
                (Some(weights), _) => weights,
                (None, Some(silent)) => {
                    let counted = silent.bool_not();
                    let options = (&sum.device(), sum.dtype());
                    Tensor::zeros([entries], options).mask_fill(counted, 1.0)
                }
                (None, None) => return sum * (1.0 / entries as f64),
            },
        };
        fold.on_tensors(sum, || Count::of(counts))
    }
}

/// The sum of the costs of each sample, of a list of costs with their samples. On a CPU it is added up in `f64`.
fn by_sample(costs: Tensor<1>, places: Tensor<1, Int>, samples: usize) -> Tensor<1> {
    let dtype = costs.dtype();
    let wide = match runs_on_cpu(&costs) {
        true => DType::F64,
        false => dtype,
    };
    let zeros = Tensor::zeros([samples], (&costs.device(), wide));
    zeros
        .select_assign(0, places, costs.cast(wide), IndexingUpdateOp::Add)
        .cast(dtype)
}

/// Numbers times their weights. A weight of 0 ignores its number, whatever that is.
fn weighted(numbers: Tensor<1>, weights: &Tensor<1>) -> Tensor<1> {
    let ignored = weights.clone().equal_scalar(0.0);
    numbers.mask_fill(ignored, 0.0) * weights.clone()
}

/// The samples (the indices of dimension 0) with those of weight 0 replaced by zeros: whatever they hold, it must not reach
/// a gradient. For samples that no other is compared with.
pub(crate) fn without_weightless<const D: usize>(
    samples: Tensor<D>,
    weights: Option<&Tensor<1>>,
) -> Tensor<D> {
    let Some(weights) = weights.filter(|_| !is_nothing(&samples)) else {
        return samples;
    };
    let weightless = weights.clone().detach().equal_scalar(0.0);
    let mut of_samples = [1; D];
    of_samples[0] = samples.dims()[0];
    let mask = weightless.reshape(of_samples).expand(samples.shape());
    samples.mask_fill(mask, 0.0)
}
