//! The common part of all metrics of embeddings.

use super::output::EmbeddingInput;
use crate::retrieval::{Points, Ranking, Score, scores};
use burn::{
    tensor::{Int, Tensor, TensorReadError},
    train::metric::{
        Metric, MetricAttributes, MetricMetadata, MetricName, Numeric, NumericAttributes,
        NumericEntry, SerializedEntry,
        state::{FormatOptions, NumericMetricState},
    },
};
use std::sync::Arc;

const UNIT: &str = "%";

/// A metric of embeddings: each embedding is a query, scored by the labels of its nearest candidates. The metrics are
/// [`RecallAtKMetric`], [`MeanAveragePrecisionAtRMetric`] and [`KnnAccuracyMetric`].
///
/// - **Candidates.** A query is looked up among the other embeddings of its batch, or in a fixed gallery
///   ([`with_gallery`](Self::with_gallery)). An epoch's value is the mean over its queries.
/// - **Distance.** Cosine, or Euclidean ([`with_normalize`](Self::with_normalize)), in `f64` from embeddings read as
///   `f32`. The candidate of lower index comes first at equal distance; embeddings that differ only by a factor have
///   the same cosines up to rounding. Results do not depend on the number of threads.
/// - **NaN and infinity.** An embedding that holds one is never found. As a query it finds nothing: its score is 0.
/// - **A batch without a score.** There is no value (`N/A`) if no query counts, and the running mean stays as it is.
/// - **Cost.** The distances of a batch take `queries x candidates x D` steps on the host, on all threads; memory
///   holds the embeddings and the distances of one query for each thread.
///
/// [`RecallAtKMetric`]: super::RecallAtKMetric
/// [`MeanAveragePrecisionAtRMetric`]: super::MeanAveragePrecisionAtRMetric
/// [`KnnAccuracyMetric`]: super::KnnAccuracyMetric
#[derive(Clone)]
pub struct EmbeddingMetric<S> {
    score: S,
    normalize: bool,
    gallery: Option<Arc<Points>>,
    name: MetricName,
    state: NumericMetricState,
}

/// A score as a metric.
pub trait MetricScore: Score {
    /// The metric, for messages.
    const METRIC: &'static str;

    /// The name of the metric in logs, with its parameters.
    fn name(&self) -> String;
}

impl<S: MetricScore> EmbeddingMetric<S> {
    /// A metric by `score`, of cosines within a batch.
    pub(super) fn of(score: S) -> Self {
        Self {
            name: Arc::new(score.name()),
            score,
            normalize: true,
            gallery: None,
            state: NumericMetricState::new(),
        }
    }

    /// Sets whether embeddings are divided by their norm first: the order is then that of cosines, otherwise that of
    /// Euclidean distances. Default: true. An embedding of zeros stays zero.
    pub fn with_normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self.named()
    }

    /// Looks queries up in these embeddings instead of their batch. They are read back once, here.
    ///
    /// Use it for a network that no longer changes: training makes the embeddings of a gallery outdated. A query that
    /// is also in the gallery finds itself.
    ///
    /// # Shapes
    /// - embeddings: `[G, D]`
    /// - labels: `[G]`, any numbers
    ///
    /// # Panics
    /// If shapes do not fit, there is no embedding, or one of the tensors cannot be read.
    #[track_caller]
    pub fn with_gallery(mut self, embeddings: Tensor<2>, labels: Tensor<1, Int>) -> Self {
        let gallery = Points::of_gallery(S::METRIC, &embeddings, &labels);
        self.gallery = Some(Arc::new(gallery));
        self.named()
    }

    /// The same, with a name that tells it from others.
    fn named(mut self) -> Self {
        let settings: Vec<&str> = [
            (!self.normalize).then_some("Euclidean"),
            self.gallery.is_some().then_some("gallery"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let name = self.score.name();
        self.name = Arc::new(match settings.is_empty() {
            true => name,
            false => format!("{name} ({})", settings.join(", ")),
        });
        self
    }

    /// The scores of the queries that count, in their order.
    fn scores(&self, input: &EmbeddingInput) -> Result<Vec<f64>, TensorReadError> {
        let metric = S::METRIC;
        let queries = Points::read(metric, "embeddings", &input.embeddings, &input.labels)?;
        if let Some(gallery) = &self.gallery {
            gallery.check_goes_with(metric, &queries);
        }
        let ranking = Ranking {
            queries: &queries,
            gallery: self.gallery.as_deref(),
            normalize: self.normalize,
        };
        Ok(scores(&ranking, &self.score))
    }

    fn format(&self) -> FormatOptions {
        FormatOptions::new(self.name()).unit(UNIT).precision(2)
    }
}

impl<S: MetricScore> Metric for EmbeddingMetric<S> {
    type Input = EmbeddingInput;

    fn name(&self) -> MetricName {
        self.name.clone()
    }

    fn attributes(&self) -> MetricAttributes {
        NumericAttributes {
            unit: Some(UNIT.to_string()),
            higher_is_better: true,
        }
        .into()
    }

    fn update(
        &mut self,
        input: &EmbeddingInput,
        _metadata: &MetricMetadata,
    ) -> Result<SerializedEntry, TensorReadError> {
        let scores = self.scores(input)?;
        if scores.is_empty() {
            self.state.update(f64::NAN, 0);
            return Ok(SerializedEntry::not_available(Some(UNIT)));
        }
        let percentage = 100.0 * scores.iter().sum::<f64>() / scores.len() as f64;
        self.state.update(percentage, scores.len());
        Ok(self.state.compute_update(self.format()))
    }

    fn compute(&mut self) -> Result<SerializedEntry, TensorReadError> {
        Ok(match self.running_value() {
            Some(_) => self.state.compute_final(self.format()),
            None => SerializedEntry::not_available(Some(UNIT)),
        })
    }

    fn clear(&mut self) {
        self.state.reset();
    }
}

impl<S: MetricScore> Numeric for EmbeddingMetric<S> {
    fn value(&self) -> Option<NumericEntry> {
        over_some(self.state.current_value())
    }

    fn running_value(&self) -> Option<NumericEntry> {
        over_some(self.state.running_value())
    }

    fn final_value(&self) -> NumericEntry {
        self.state.final_value()
    }
}

/// The entry, if it is the mean of at least one query.
fn over_some(entry: NumericEntry) -> Option<NumericEntry> {
    match entry {
        NumericEntry::Aggregated { count: 0, .. } => None,
        entry => Some(entry),
    }
}
