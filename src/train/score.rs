//! What a metric makes of the neighbours of one query.

/// The part of a metric of embeddings that differs from one to the next.
pub trait Score: Clone + Send + Sync {
    /// The metric, for messages.
    const METRIC: &'static str;

    /// The name of the metric in logs, with its parameters.
    fn name(&self) -> String;

    /// The number of neighbours a query is scored by, if `matches` candidates have its label; none for an ignored
    /// query.
    fn depth(&self, matches: usize) -> Option<usize>;

    /// The score of a query, from 0 to 1.
    fn score(&self, query: &Query<'_>) -> f64;
}

/// A query and its neighbours.
pub struct Query<'a> {
    /// The label of the query.
    pub label: i64,
    /// The number of candidates with this label.
    pub matches: usize,
    /// The labels of its neighbours, nearest first.
    pub nearest: &'a [i64],
}

/// Panics unless `k` neighbours are some.
#[track_caller]
pub(super) fn check_k(metric: &str, k: usize) {
    assert!(
        k > 0,
        "{metric}: k is {k}, expected a number of at least 1, how many neighbours are looked at"
    );
}
