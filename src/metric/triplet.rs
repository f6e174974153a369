//! The triplet loss of a batch with labels.

use super::{
    distance::Distance,
    miner::TripletMiner,
    mining::Mining,
    reduction::MiningReduction,
    triplets::{Candidates, Triplets},
};
use crate::{
    backend::{
        ListedPairs, PairInputs, Triplets as AllOfRows, chooses_pairs, listed_pairs,
        semi_hard_terms, triplet_terms,
    },
    config::config,
    embeddings::{Batch, Complete, Costs, Numbers, SampleEvaluation, SampleLosses, Samples},
    error::{Check, LossError, built},
    formula::{AllTriplets, PairSelection, TripletPenalty, counts},
    module::display,
};
use burn::{
    module::Module,
    tensor::{Int, Tensor},
};

config! {
    /// Configuration of [`TripletLoss`].
    pub struct TripletLossConfig {
        /// The choice of triplets from a batch. Default: batch-hard.
        pub mining: Mining = Mining::BatchHard,
        /// The distance by which a negative should be farther than a positive, at least 0. Default: 0.2 (FaceNet, for
        /// squared distances).
        pub margin: f64 = 0.2,
        /// The distance between embeddings. Default: Euclidean.
        pub distance: Distance = Distance::Euclidean,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
        /// Whether the loss is `ln(1 + e^(d(a, p) - d(a, n)))`, without a margin, instead of a hinge (Hermans et al.,
        /// 2017). Default: false.
        pub soft_margin: bool = false,
        /// How the losses of all triplets become one number. Default: the mean over the losses that are not 0.
        pub reduction: MiningReduction = MiningReduction::MeanNonZero,
    }
}

/// The triplet loss: an anchor should be closer to embeddings with its label than to others, by a margin.
///
/// ```text
/// l_apn = [d(a, p) - d(a, n) + m]_+          or ln(1 + e^(d(a, p) - d(a, n)))
/// ```
/// over the triplets that the [`Mining`] makes from a batch. [`Mining::BatchAll`] takes all triplets, and the loss is
/// exact without enumerating them: on the CPU each anchor takes the time of sorting its distances (with a soft margin,
/// that of visiting its triplets), and only a block of distances is stored at a time. A batch without triplets has
/// loss 0. Other triplets can be given ([`on_triplets`](Self::on_triplets)).
///
/// Batch-hard, easy-positive, semi-hard, batch-all and multi-similarity losses read nothing back from a GPU; the last two
/// visit all triplets there, in bounded memory, and all choose by distances in `f32`. Distance-weighted triplets are
/// listed on the host.
///
/// Source: F. Schroff et al., *FaceNet: A Unified Embedding for Face Recognition and Clustering*, 2015;
/// A. Hermans et al., *In Defense of the Triplet Loss for Person Re-Identification*, 2017.
///
/// Shapes: embeddings `[N, D]`, labels `[N]`; a loss for each embedding. Panics if their numbers differ.
///
/// Equivalent: pytorch-metric-learning's `TripletMarginLoss(margin=0.2)` with `BatchHardMiner()` or another miner.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{Mining, TripletLossConfig};
///
/// let device = Device::flex();
/// let config = TripletLossConfig::new().with_mining(Mining::BatchAll);
/// let loss = config.with_normalize(false).with_margin(1.0).init();
/// let embeddings = Tensor::<2>::from_floats([[0.0], [1.0], [1.5]], &device);
/// let labels = Tensor::<1, Int>::from_ints([0, 0, 1], &device);
/// // The first is 1 from its positive and 1.5 from its negative, the second 1 and 0.5.
/// let value = loss.forward(embeddings, labels).into_scalar::<f32>();
/// assert!((value - (0.5 + 1.5) / 2.0).abs() < 1e-6);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
#[doc(alias = "FaceNet")]
#[doc(alias = "BatchHardTriplet")]
#[doc(alias = "triplet_semihard")]
pub struct TripletLoss {
    #[module(skip)]
    mining: Mining,
    margin: f64,
    #[module(skip)]
    distance: Distance,
    normalize: bool,
    soft_margin: bool,
    #[module(skip)]
    reduction: MiningReduction,
}

impl TripletLossConfig {
    /// Builds the loss, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If `margin` is negative or not finite, a number of the mining is out of its range or does not fit the distance,
    /// or the p of a distance is below 1.
    pub fn try_init(&self) -> Result<TripletLoss, LossError> {
        let check = Check("TripletLossConfig");
        check.at_least_zero("margin", self.margin)?;
        self.distance.check(check)?;
        self.mining.check(check, self.distance, self.normalize)?;
        Ok(TripletLoss {
            mining: self.mining,
            margin: self.margin,
            distance: self.distance,
            normalize: self.normalize,
            soft_margin: self.soft_margin,
            reduction: self.reduction,
        })
    }

    /// Builds the loss.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> TripletLoss {
        built(self.try_init())
    }
}
display!(TripletLoss, |loss, content| {
    content
        .add("mining", &loss.mining.to_string())
        .add_debug_attribute("margin", &loss.margin)
        .add("distance", &loss.distance.to_string())
        .add_debug_attribute("normalize", &loss.normalize)
        .add_debug_attribute("soft_margin", &loss.soft_margin)
        .add("reduction", &loss.reduction.to_string())
});

const NAME: &str = "TripletLoss";

impl TripletLoss {
    /// Returns the losses of all triplets as one number, by the configured reduction. Returns 0 for an empty batch,
    /// and if there is no triplet.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).reduce()
    }

    /// Returns the loss of each anchor: the sum of the losses of its triplets, 0 without triplets.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - output: `[N]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn forward_no_reduction(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
        self.on(embeddings, labels).each()
    }

    /// Begins an evaluation, to which a reference set, a list of triplets, weights of the anchors, a normalizer or
    /// another reduction can be added. The weight of an anchor is that of its triplets.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn on(
        &self,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
    ) -> SampleEvaluation<Mined, MiningReduction> {
        self.evaluation(Samples::new(NAME, embeddings, labels))
    }

    /// Begins an evaluation of these triplets, for example those of a [`TripletMiner`](crate::TripletMiner), instead
    /// of mined ones. Weights of the anchors, a normalizer or another reduction can be added. With a reference set
    /// they are given by [`triplets`](SampleEvaluation::triplets).
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - triplets: three lists `[T]` of indices of embeddings
    ///
    /// # Panics
    /// If shapes do not fit, or the lists are not of the same length. If an index is out of range (on the CPU; the loss
    /// is NaN on a GPU).
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use burn_losses::{TripletLossConfig, Triplets};
    ///
    /// let device = Device::flex();
    /// let loss = TripletLossConfig::new().with_normalize(false).with_margin(1.0).init();
    /// let embeddings = Tensor::<2>::from_floats([[0.0], [1.0], [1.5]], &device);
    /// let [anchors, positives, negatives] = [0, 1, 2].map(|i| Tensor::from_ints([i], &device));
    /// let triplets = Triplets { anchors, positives, negatives };
    /// // The first is 1 from its positive and 1.5 from its negative.
    /// let value = loss.on_triplets(embeddings, triplets).reduce();
    /// assert_eq!(value.into_scalar::<f32>(), 0.5);
    /// ```
    #[track_caller]
    pub fn on_triplets(
        &self,
        embeddings: Tensor<2>,
        triplets: Triplets,
    ) -> SampleEvaluation<Complete, MiningReduction> {
        let samples = Samples::unlabeled(NAME, embeddings);
        self.evaluation(samples).triplets(triplets)
    }

    fn evaluation(&self, samples: Samples) -> SampleEvaluation<Mined, MiningReduction> {
        let batch = Batch::of(NAME, &samples.embeddings);
        let loss = self.clone();
        let given = Mined {
            samples,
            triplets: None,
        };
        SampleEvaluation::new(batch, self.reduction, given, move |given, weights| {
            loss.sample_losses(given, weights)
        })
    }

    fn sample_losses(&self, given: Mined, weights: Option<&Tensor<1>>) -> SampleLosses {
        let Mined { samples, triplets } = given;
        let no_triplet = triplets.as_ref().is_some_and(Triplets::is_empty);
        if samples.has_no_pair() || no_triplet {
            return samples.nothing();
        }
        let count = samples.count();
        let normalize = self.distance.normalizes(self.normalize);
        let inputs = match triplets {
            Some(_) => samples.clone().without_labels(),
            None => samples.clone(),
        };
        let inputs = inputs.ready(normalize, weights);
        let costs = match (triplets, self.mining) {
            (Some(triplets), _) => {
                let others = inputs.columns.as_ref().unwrap_or(&inputs.rows).dims()[0];
                self.listed(inputs, triplets.guarded(count, others), weights)
            }
            (None, Mining::BatchAll) => self.all(inputs, PairSelection::All),
            (None, Mining::MultiSimilarity { epsilon }) => {
                self.all(inputs, PairSelection::MultiSimilarity { epsilon })
            }
            (None, Mining::SemiHard) if chooses_pairs(&inputs.rows) => self.semi_hard(inputs),
            (None, _) => {
                let candidates = self.miner().candidates(&inputs);
                if candidates.triplets.is_empty() {
                    return samples.nothing();
                }
                self.listed(inputs, candidates, weights)
            }
        };
        SampleLosses::of_kinds(vec![costs], count)
    }

    fn penalty(&self) -> TripletPenalty {
        TripletPenalty::new(self.margin, self.soft_margin)
    }

    fn miner(&self) -> TripletMiner {
        TripletMiner {
            mining: self.mining,
            distance: self.distance,
            normalize: self.normalize,
        }
    }

    fn of_rows(&self, selection: PairSelection) -> AllOfRows {
        AllOfRows {
            all: AllTriplets {
                penalty: self.penalty(),
                selection,
                gap: self.distance.gap(),
            },
            measure: self.distance.measure(),
        }
    }

    /// All triplets of selected pairs.
    fn all(&self, inputs: PairInputs, selection: PairSelection) -> Costs {
        let rows = inputs.rows.dims()[0];
        Self::costs(rows, triplet_terms(self.of_rows(selection), inputs))
    }

    /// One triplet for each positive, chosen where the embeddings are.
    fn semi_hard(&self, inputs: PairInputs) -> Costs {
        let rows = inputs.rows.dims()[0];
        let triplets = self.of_rows(PairSelection::All);
        Self::costs(rows, semi_hard_terms(triplets, inputs))
    }

    /// The costs of anchors from what their triplets come to.
    fn costs(rows: usize, terms: Tensor<2>) -> Costs {
        let [sum, costly, all] =
            [0, 1, 2].map(|term| terms.clone().slice_dim(0, term..term + 1).reshape([rows]));
        Costs::new(sum).with_numbers(Numbers { all, costly })
    }

    /// Triplets of a list, at least one.
    fn listed(
        &self,
        inputs: PairInputs,
        candidates: Candidates,
        weights: Option<&Tensor<1>>,
    ) -> Costs {
        let Candidates {
            triplets,
            valid,
            unknown,
        } = candidates;
        let none = valid.map(Tensor::bool_not);
        let anchors = triplets.anchors.clone();
        let weightless = weights.map(|weights| {
            weights
                .clone()
                .detach()
                .select(0, anchors)
                .equal_scalar(0.0)
        });
        let left_out = [none.clone(), unknown.clone(), weightless];
        let left_out = left_out.into_iter().flatten().reduce(Tensor::bool_or);
        let distances = |others: Tensor<1, Int>| {
            let pairs = PairInputs {
                row_labels: triplets.anchors.clone(),
                column_labels: others,
                ..inputs.clone()
            };
            let measure = self.distance.measure();
            let measures = listed_pairs(ListedPairs { measure }, pairs);
            // What is no triplet, or of an anchor that does not count, may be at no distance; that must not reach a
            // gradient.
            let measures = match &left_out {
                Some(none) => measures.mask_fill(none.clone(), 1.0),
                None => measures,
            };
            self.distance.gap().value(measures)
        };
        let excess = distances(triplets.positives) - distances(triplets.negatives);
        let mut costs = self.penalty().value(excess);
        let mut all = costs.clone().detach().ones_like();
        if let Some(none) = none {
            costs = costs.mask_fill(none.clone(), 0.0);
            all = all.mask_fill(none, 0.0);
        }
        if let Some(unknown) = unknown {
            costs = costs.mask_fill(unknown, f64::NAN);
        }
        let costly = counts(costs.clone().detach());
        let numbers = Numbers { all, costly };
        Costs::new(costs)
            .with_numbers(numbers)
            .with_samples(triplets.anchors)
    }
}

/// Embeddings with labels, from which triplets are made. One labelled
/// [`CrossBatchMemory::NO_LABEL`](crate::CrossBatchMemory::NO_LABEL) is in none.
#[derive(Clone, Debug)]
pub struct Mined {
    samples: Samples,
    triplets: Option<Triplets>,
}

impl crate::samples::Given for Mined {}

impl SampleEvaluation<Mined, MiningReduction> {
    /// Takes positives and negatives from a reference set, such as a gallery or the contents of a memory
    /// ([`CrossBatchMemory`](crate::CrossBatchMemory)). An embedding that is in both is compared with itself.
    ///
    /// # Shapes
    /// - embeddings: `[K, D]`, of any float type
    /// - labels: `[K]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn reference(mut self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let samples = &mut self.given.samples;
        samples.set_reference(NAME, embeddings, labels);
        self
    }

    /// Uses these triplets, for example those of a [`TripletMiner`](crate::TripletMiner). Nothing is mined, and the
    /// labels have no effect: [`on_triplets`](TripletLoss::on_triplets) does without them. A reference set must be
    /// given before; positives and negatives are then indices in it.
    ///
    /// # Shapes
    /// - triplets: three lists `[T]` of indices
    ///
    /// # Panics
    /// If the lists are not of the same length. If an index is out of range (on the CPU; the loss is NaN on a GPU).
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Int, Tensor};
    /// use burn_losses::{TripletLossConfig, Triplets};
    ///
    /// let device = Device::flex();
    /// let loss = TripletLossConfig::new().with_normalize(false).with_margin(1.0).init();
    /// let embeddings = Tensor::<2>::from_floats([[0.0]], &device);
    /// let labels = Tensor::<1, Int>::from_ints([0], &device);
    /// let gallery = Tensor::<2>::from_floats([[1.0], [1.5]], &device);
    /// let of_gallery = Tensor::<1, Int>::from_ints([0, 1], &device);
    /// let [anchors, positives, negatives] = [0, 0, 1].map(|i| Tensor::from_ints([i], &device));
    /// let triplets = Triplets { anchors, positives, negatives };
    /// // The embedding is 1 from its positive and 1.5 from its negative.
    /// let among = loss.on(embeddings, labels).reference(gallery, of_gallery);
    /// let value = among.triplets(triplets).reduce();
    /// assert_eq!(value.into_scalar::<f32>(), 0.5);
    /// ```
    #[track_caller]
    pub fn triplets(self, triplets: Triplets) -> SampleEvaluation<Complete, MiningReduction> {
        let samples = self.given.samples.clone();
        let count = samples.count();
        let others = match &samples.reference {
            Some((others, _)) => others.dims()[0],
            None => count,
        };
        triplets.check(NAME, count, others);
        self.completed(Mined {
            samples,
            triplets: Some(triplets),
        })
    }
}
