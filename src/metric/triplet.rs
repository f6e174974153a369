//! The triplet loss of a batch with labels.

use super::{
    distance::Distance,
    miner::TripletMiner,
    mining::Mining,
    reduction::{Costs, MiningReduction, RowCosts},
    triplets::{Candidates, Triplets},
};
use crate::{
    backend::{ListedPairs, PairInputs, Triplets as AllOfRows, listed_pairs, triplet_terms},
    embeddings::{RowLosses, Samples, labelled_loss, ready},
    error::{Check, LossError, check_dimension, check_embeddings},
    formula::{AllTriplets, PairSelection, TripletPenalty},
    module::loss_module,
};
use burn::{
    config::Config,
    module::Module,
    tensor::{Int, Tensor},
};

/// Configuration of [`TripletLoss`].
#[derive(Config, Debug)]
pub struct TripletLossConfig {
    /// Which triplets are made of a batch. Default: batch-hard.
    #[config(default = "Mining::BatchHard")]
    pub mining: Mining,
    /// By how much a negative is to be farther than a positive, at least 0. Default 0.2, FaceNet's, which is one of
    /// squared distances.
    #[config(default = 0.2)]
    pub margin: f64,
    /// How far apart embeddings are. Default: Euclidean.
    #[config(default = "Distance::Euclidean")]
    pub distance: Distance,
    /// Whether embeddings are divided by their norm first. Default: yes.
    #[config(default = true)]
    pub normalize: bool,
    /// Whether the cost is `ln(1 + e^x)` of how much farther the positive is, without a margin, instead of a
    /// hinge (Hermans et al., 2017). Default: no.
    #[config(default = false)]
    pub soft_margin: bool,
    /// How the costs of all triplets become one number. Default: their mean over those that cost something.
    #[config(default = "MiningReduction::MeanNonZero")]
    pub reduction: MiningReduction,
}

/// The triplet loss: an anchor is to be closer to embeddings with its label than to others, by a margin.
///
/// ```text
/// l_apn = [d(a, p) - d(a, n) + m]_+          or ln(1 + e^(d(a, p) - d(a, n)))
/// ```
/// over the triplets that the [`Mining`] makes of a batch. With [`Mining::BatchAll`] these are all, and the
/// loss is exact without enumerating them: on the CPU each anchor takes the time of sorting its distances
/// (with a soft margin that of going through its triplets), and no more than a block of distances is held
/// at a time. A batch without triplets costs 0.
///
/// A batch-hard or easy-positive loss reads nothing back from a GPU, nor do batch-all and multi-similarity; these
/// two go through all triplets there, in N³ time and bounded memory. The semi-hard and distance-weighted triplets
/// are listed on the host.
///
/// Source: F. Schroff et al., *FaceNet: A Unified Embedding for Face Recognition and Clustering*, 2015;
/// A. Hermans et al., *In Defense of the Triplet Loss for Person Re-Identification*, 2017.
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
    /// If `margin` is negative or not finite, a number of the mining is out of its range or does not go with
    /// the distance, or the p of a distance is below 1.
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
}

loss_module!(
    TripletLoss,
    TripletLossConfig,
    shows: [mining, margin, distance, normalize, soft_margin]
);

labelled_loss!(
    TripletLoss,
    each: "What the triplets of each anchor cost together; 0 where it has none."
);

const NAME: &str = "TripletLoss";

impl TripletLoss {
    /// The loss of given triplets, whatever the mining, reduced as configured. Without any it is 0.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - triplets: three lists `[T]` of indices of embeddings
    /// - output: `[1]`
    ///
    /// # Panics
    /// If the lists are not of the same length. If an index is out of range, on the CPU; on a GPU the loss is NaN.
    #[track_caller]
    pub fn forward_with_triplets(&self, embeddings: Tensor<2>, triplets: Triplets) -> Tensor<1> {
        check_embeddings(NAME, "embeddings", &embeddings);
        self.given(embeddings, None, triplets)
    }

    /// The loss of given triplets whose positives and negatives are in a reference set, such as
    /// [`TripletMiner::mine_with_reference`] makes.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - reference: `[K, D]`
    /// - triplets: lists `[T]` of indices, of embeddings the anchors, of the reference set the others
    /// - output: `[1]`
    ///
    /// # Panics
    /// If shapes do not fit or the lists are not of the same length. If an index is out of range, on the CPU;
    /// on a GPU the loss is NaN.
    #[track_caller]
    pub fn forward_with_reference_triplets(
        &self,
        embeddings: Tensor<2>,
        reference: Tensor<2>,
        triplets: Triplets,
    ) -> Tensor<1> {
        let others = ("reference embeddings", &reference);
        check_dimension(NAME, ("embeddings", &embeddings), others);
        self.given(embeddings, Some(reference), triplets)
    }

    #[track_caller]
    fn given(
        &self,
        embeddings: Tensor<2>,
        reference: Option<Tensor<2>>,
        triplets: Triplets,
    ) -> Tensor<1> {
        let (dtype, count) = (embeddings.dtype(), embeddings.dims()[0]);
        let others = reference.as_ref().map_or(count, |points| points.dims()[0]);
        triplets.check(NAME, count, others);
        if count == 0 || others == 0 || triplets.is_empty() {
            let mut operands = vec![&embeddings];
            operands.extend(&reference);
            let nothing = RowLosses::none(&operands);
            return RowCosts::nothing(nothing).reduced(NAME, self.reduction, None);
        }
        let normalize = self.distance.normalizes(self.normalize);
        let candidates = triplets.guarded(count, others);
        let rows = ready(embeddings, normalize);
        let inputs = PairInputs {
            columns: reference.map(|points| ready(points, normalize).cast(rows.dtype())),
            rows,
            row_labels: candidates.triplets.anchors.clone(),
            column_labels: candidates.triplets.positives.clone(),
        };
        let costs = self.listed(inputs, candidates);
        RowCosts::new(vec![costs], dtype).reduced(NAME, self.reduction, None)
    }

    fn row_losses(&self, samples: Samples) -> RowCosts {
        if samples.has_no_pair() {
            return RowCosts::nothing(samples.nothing());
        }
        let dtype = samples.dtype();
        let inputs = samples
            .clone()
            .ready(self.distance.normalizes(self.normalize));
        let costs = match self.mining {
            Mining::BatchAll => self.all(inputs, PairSelection::All),
            Mining::MultiSimilarity { epsilon } => {
                self.all(inputs, PairSelection::MultiSimilarity { epsilon })
            }
            _ => {
                let candidates = self.miner().candidates(&inputs);
                if candidates.triplets.is_empty() {
                    return RowCosts::nothing(samples.nothing());
                }
                self.listed(inputs, candidates)
            }
        };
        RowCosts::new(vec![costs], dtype)
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

    /// All triplets of selected pairs.
    fn all(&self, inputs: PairInputs, selection: PairSelection) -> Costs {
        let rows = inputs.rows.dims()[0];
        let triplets = AllOfRows {
            all: AllTriplets {
                penalty: self.penalty(),
                selection,
                gap: self.distance.gap(),
            },
            measure: self.distance.measure(),
        };
        let terms = triplet_terms(triplets, inputs);
        let [sum, costly, all] =
            [0, 1, 2].map(|term| terms.clone().slice_dim(0, term..term + 1).reshape([rows]));
        Costs {
            sum,
            costly,
            all,
            anchors: None,
        }
    }

    /// Triplets of a list, at least one.
    fn listed(&self, inputs: PairInputs, candidates: Candidates) -> Costs {
        let Candidates {
            triplets,
            valid,
            unknown,
        } = candidates;
        let rows = inputs.rows.dims()[0];
        let none = valid.map(Tensor::bool_not);
        let no_triplet = match (&none, &unknown) {
            (Some(none), Some(unknown)) => Some(none.clone().bool_or(unknown.clone())),
            (one, other) => one.clone().or(other.clone()),
        };
        let distances = |others: Tensor<1, Int>| {
            let pairs = PairInputs {
                row_labels: triplets.anchors.clone(),
                column_labels: others,
                ..inputs.clone()
            };
            let measure = self.distance.measure();
            let measures = listed_pairs(ListedPairs { measure }, pairs);
            // What is no triplet may be at no distance; that must not reach a gradient.
            let measures = match &no_triplet {
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
        let nought = costs.clone().detach().equal_scalar(0.0);
        let costly = all.clone().mask_fill(nought, 0.0);
        let anchors = Some((triplets.anchors, rows));
        Costs {
            sum: costs,
            costly,
            all,
            anchors,
        }
    }
}
