//! Which embeddings are nearest to one.

use super::points::Points;
use crate::summed::summed;

/// Queries and what they are looked up in.
#[derive(Clone, Copy)]
pub(crate) struct Ranking<'a> {
    pub queries: &'a Points,
    /// None: a query is looked up among the other queries.
    pub gallery: Option<&'a Points>,
    /// Whether all are of norm 1 first.
    pub normalize: bool,
}

/// What the search for one query after another works with, for one thread.
#[derive(Default)]
pub(crate) struct Search {
    query: Vec<f64>,
    found: Vec<(f64, usize)>,
    labels: Vec<i64>,
}

impl Ranking<'_> {
    fn candidates(&self) -> &Points {
        self.gallery.unwrap_or(self.queries)
    }

    /// How many candidates each query has.
    pub fn candidate_count(&self) -> usize {
        match self.gallery {
            Some(gallery) => gallery.len(),
            None => self.queries.len().saturating_sub(1),
        }
    }

    /// How many candidates have the label of a query.
    pub fn matches(&self, query: usize) -> usize {
        let count = self.candidates().count_of(self.queries.label(query));
        count - usize::from(self.gallery.is_none())
    }

    /// The labels of the `count` candidates nearest to a query, nearest first, the lower index first
    /// where they are as near. A candidate at no finite distance is not found, so there may be fewer.
    pub fn nearest<'s>(&self, query: usize, count: usize, search: &'s mut Search) -> &'s [i64] {
        let Search {
            query: values,
            found,
            labels,
        } = search;
        let candidates = self.candidates();
        let factor = |inverse_norm| if self.normalize { inverse_norm } else { 1.0 };

        let (row, inverse_norm) = self.queries.row(query);
        let scale = factor(inverse_norm);
        values.clear();
        values.extend(row.iter().map(|&value| f64::from(value) * scale));

        found.clear();
        found.extend((0..candidates.len()).filter_map(|index| {
            let is_itself = self.gallery.is_none() && index == query;
            let (row, inverse_norm) = candidates.row(index);
            let distance = (!is_itself).then(|| distance(values, row, factor(inverse_norm)))?;
            distance.is_finite().then_some((distance, index))
        }));
        let order = |one: &(f64, usize), other: &(f64, usize)| {
            one.0.total_cmp(&other.0).then(one.1.cmp(&other.1))
        };
        if count < found.len() {
            found.select_nth_unstable_by(count, order);
            found.truncate(count);
        }
        found.sort_unstable_by(order);

        labels.clear();
        labels.extend(found.iter().map(|&(_, index)| candidates.label(index)));
        labels
    }
}

/// The squared Euclidean distance of `query` and `scale` times `row`. Of points on the unit sphere the
/// order of distances is that of cosines, and near points keep their digits.
fn distance(query: &[f64], row: &[f32], scale: f64) -> f64 {
    summed::<8, _, _, _>(query, row, |query, value| {
        (query - f64::from(value) * scale).powi(2)
    })
}
