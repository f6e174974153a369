//! Mining of triplets.

use super::{
    device_mining,
    distance::Distance,
    mining::Mining,
    selection::{Anchor, Chosen},
    triplets::{Candidates, Triplets},
};
use crate::{
    backend::{PairInputs, Row, pair_rows, runs_on_cpu},
    config::config,
    embeddings::Samples,
    error::{Check, LossError, built},
    module::display,
};
use burn::{
    module::Module,
    tensor::{Device, Int, Tensor, TensorData},
};
use std::collections::HashMap;

config! {
    /// Configuration of [`TripletMiner`].
    pub struct TripletMinerConfig {
        /// The choice of triplets. Default: batch-hard.
        pub mining: Mining = Mining::BatchHard,
        /// The distance between embeddings. Default: Euclidean.
        pub distance: Distance = Distance::Euclidean,
        /// Whether embeddings are divided by their norm first. Default: true.
        pub normalize: bool = true,
    }
}

/// Makes triplets from a batch of embeddings with labels.
///
/// The choice has no gradient. Distances are computed in blocks of anchors and never stored all at once. The list
/// holds every triplet; [`TripletLoss`](crate::TripletLoss) needs no list for [`Mining::BatchAll`] and
/// [`Mining::MultiSimilarity`]. Making a list reads data back from a GPU.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Int, Tensor};
/// use burn_losses::{Mining, TripletMinerConfig};
///
/// let device = Device::flex();
/// let miner = TripletMinerConfig::new().with_mining(Mining::SemiHard).init();
/// let embeddings = Tensor::<2>::from_floats([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]], &device);
/// let labels = Tensor::<1, Int>::from_ints([0, 0, 1, 2], &device);
/// let triplets = miner.mine(embeddings, labels);
/// assert_eq!(triplets.anchors.into_data().iter::<i64>().collect::<Vec<_>>(), [0, 1]);
/// assert_eq!(triplets.negatives.into_data().iter::<i64>().collect::<Vec<_>>(), [2, 3]);
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct TripletMiner {
    #[module(skip)]
    pub(super) mining: Mining,
    #[module(skip)]
    pub(super) distance: Distance,
    pub(super) normalize: bool,
}

impl TripletMinerConfig {
    /// Builds the miner, or says which hyperparameter is out of its range.
    ///
    /// # Errors
    /// If a number of the mining is out of its range or does not fit the distance, or the p of a distance is below 1.
    pub fn try_init(&self) -> Result<TripletMiner, LossError> {
        let check = Check("TripletMinerConfig");
        self.distance.check(check)?;
        self.mining.check(check, self.distance, self.normalize)?;
        Ok(TripletMiner {
            mining: self.mining,
            distance: self.distance,
            normalize: self.normalize,
        })
    }

    /// Builds the miner.
    ///
    /// # Panics
    /// If a hyperparameter is out of its range, with the message of [`try_init`](Self::try_init).
    #[track_caller]
    pub fn init(&self) -> TripletMiner {
        built(self.try_init())
    }
}
display!(TripletMiner, |miner, content| {
    content
        .add("mining", &miner.mining.to_string())
        .add("distance", &miner.distance.to_string())
        .add_debug_attribute("normalize", &miner.normalize)
});

const NAME: &str = "TripletMiner";

impl TripletMiner {
    /// Returns the triplets of a batch, ordered by anchor.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn mine(&self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Triplets {
        self.list(Samples::new(NAME, embeddings, labels))
    }

    /// Returns triplets with anchors from a batch, and positives and negatives from a reference set, ordered by
    /// anchor. An embedding that is in both is compared with itself.
    ///
    /// # Shapes
    /// - embeddings: `[N, D]`
    /// - labels: `[N]`, any numbers
    /// - reference: `[K, D]`, of any float type
    /// - reference labels: `[K]`
    ///
    /// # Panics
    /// If shapes do not fit.
    #[track_caller]
    pub fn mine_with_reference(
        &self,
        embeddings: Tensor<2>,
        labels: Tensor<1, Int>,
        reference: Tensor<2>,
        reference_labels: Tensor<1, Int>,
    ) -> Triplets {
        let mut samples = Samples::new(NAME, embeddings, labels);
        samples.set_reference(NAME, reference, reference_labels);
        self.list(samples)
    }

    fn list(&self, samples: Samples) -> Triplets {
        let device = samples.embeddings.device();
        match samples.has_no_pair() {
            true => from_lists(&[], &device),
            false => {
                let normalize = self.distance.normalizes(self.normalize);
                self.on_host(&samples.ready(normalize, None))
            }
        }
    }

    /// The triplets of embeddings that are ready, without reading anything back where there is a way.
    pub(super) fn candidates(&self, inputs: &PairInputs) -> Candidates {
        if runs_on_cpu(&inputs.rows) {
            return self.on_host(inputs).into();
        }
        let detached = |points: &Tensor<2>| points.clone().detach();
        let inputs = PairInputs {
            rows: detached(&inputs.rows),
            columns: inputs.columns.as_ref().map(detached),
            ..inputs.clone()
        };
        match self.mining {
            Mining::BatchHard => device_mining::extremes(self.distance, inputs, true),
            Mining::EasyPositive => device_mining::extremes(self.distance, inputs, false),
            _ => self.on_host(&inputs).into(),
        }
    }

    fn on_host(&self, inputs: &PairInputs) -> Triplets {
        let labels = |labels: &Tensor<1, Int>| -> Vec<i64> { labels.to_data().iter().collect() };
        let row_labels = labels(&inputs.row_labels);
        let column_labels = labels(&inputs.column_labels);
        let detached = |points: &Tensor<2>| points.clone().detach();
        let rows = detached(&inputs.rows);
        let same = inputs.columns.is_none();
        let width = rows.dims()[1];
        let columns = inputs.columns.as_ref().map(detached);
        let mut by_label: HashMap<i64, Vec<u32>> = HashMap::new();
        for (column, &label) in column_labels.iter().enumerate() {
            by_label.entry(label).or_default().push(column as u32);
        }
        let choose = |row: usize, measures: &Row<'_>| {
            let same_label = by_label.get(&row_labels[row]);
            let anchor = Anchor {
                measures,
                labels: &column_labels,
                same_label: same_label.map_or(&[], Vec::as_slice),
                row,
                label: row_labels[row],
                itself: same.then_some(row),
                distance: self.distance,
                width,
            };
            anchor.chosen(self.mining)
        };
        let chosen = pair_rows(self.distance.measure(), rows, columns, &choose);
        from_lists(&chosen, &inputs.rows.device())
    }
}

/// The triplets of the pairs chosen for each anchor.
fn from_lists(chosen: &[Vec<Chosen>], device: &Device) -> Triplets {
    let all = || {
        let anchors = chosen.iter().enumerate();
        anchors.flat_map(|(anchor, pairs)| pairs.iter().map(move |pair| (anchor, pair)))
    };
    let list = |indices: Vec<i64>| {
        let count = indices.len();
        Tensor::from_data(TensorData::new(indices, [count]), device)
    };
    Triplets {
        anchors: list(all().map(|(anchor, _)| anchor as i64).collect()),
        positives: list(all().map(|(_, pair)| i64::from(pair.0)).collect()),
        negatives: list(all().map(|(_, pair)| i64::from(pair.1)).collect()),
    }
}
