//! What is made of the neighbours of one query.

use super::ranking::{Ranking, Search};
use rayon::prelude::*;

/// What tells one score from another.
pub trait Score: Clone + Send + Sync {
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

/// The scores of the queries that count, in their order.
pub(crate) fn scores<S: Score>(ranking: &Ranking<'_>, score: &S) -> Vec<f64> {
    if ranking.candidate_count() == 0 {
        return Vec::new();
    }
    let of_query = |search: &mut Search, query: usize| {
        let matches = ranking.matches(query);
        let depth = score.depth(matches)?;
        let query = Query {
            label: ranking.queries.label(query),
            matches,
            nearest: ranking.nearest(query, depth, search),
        };
        Some(score.score(&query))
    };
    let scores: Vec<Option<f64>> = (0..ranking.queries.len())
        .into_par_iter()
        .map_init(Search::default, of_query)
        .collect();
    scores.into_iter().flatten().collect()
}

/// Panics unless `k` neighbours are some.
#[track_caller]
pub(crate) fn check_k(name: &str, k: usize) {
    assert!(
        k > 0,
        "{name}: k is {k}, expected a number of at least 1, how many neighbours are looked at"
    );
}
