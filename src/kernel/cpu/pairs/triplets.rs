//! All triplets of every anchor, without enumerating them.
//!
//! What a hinge costs follows from the anchor's negatives in order: of a positive at distance `p` the
//! triplets that cost something are those with the negatives below `p + m`, and together they cost their
//! number times `p + m` less the sum of the distances. So an anchor takes the time of sorting.

use super::{
    Pairs,
    rows::{pair_rows, row_gradients},
};
use crate::{
    formula::{AllTriplets, Dual, Rounded, TripletPenalty, counts},
    kernel::exact::{ExactPairs, Rounding},
};

/// Of every anchor: what its triplets cost together, how many of them cost something, how many there are.
/// First the costs of all, then the other two.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn triplet_terms(triplets: &AllTriplets, pairs: &Pairs<'_>) -> Vec<f32> {
    let anchors = Anchors::new(triplets, pairs);
    let of_anchors = pair_rows(pairs, &|anchor, measures: &mut [f32]| {
        let others = anchors.others(anchor, measures);
        let costs = others.costs(triplets.penalty, None);
        let all = others.positives.len() * others.negatives.len();
        [costs.sum, costs.count, all as f64]
    });
    let term = |index: usize| of_anchors.iter().map(move |terms| terms[index] as f32);
    (0..3).flat_map(term).collect()
}

/// What an upstream gradient of the first term of each anchor is to rows and columns, each where it is
/// wanted. Of the same points there is one gradient, the first.
///
/// # Panics
/// If the lengths do not fit.
pub(crate) fn triplet_gradients(
    triplets: &AllTriplets,
    pairs: &Pairs<'_>,
    upstream: &[f32],
    wanted: [bool; 2],
) -> [Option<Vec<f32>>; 2] {
    let count = pairs.rows.labels.len();
    assert!(upstream.len() >= count, "a gradient for each anchor");
    let anchors = Anchors::new(triplets, pairs);
    row_gradients(pairs, wanted, &|anchor, measures: &mut [f32]| {
        let upstream = f64::from(upstream[anchor]);
        if upstream == 0.0 {
            measures.fill(0.0);
            return;
        }
        let others = anchors.others(anchor, measures);
        let mut slopes = Slopes {
            positives: vec![0.0; others.positives.len()],
            negatives: vec![0.0; others.negatives.len()],
        };
        others.costs(triplets.penalty, Some(&mut slopes));
        let slope_of_gap = |x: f32| -> f64 {
            let distance = triplets.gap.value(Dual::variable(f64::from(x)));
            distance.derivative()
        };
        let all = others.positives.iter().zip(&slopes.positives);
        let all = all.chain(others.negatives.iter().zip(&slopes.negatives));
        let all: Vec<_> = all
            .filter(|(_, slope)| **slope != 0.0)
            .map(|(other, slope)| {
                let x = measures[other.column];
                (other.column, (upstream * slope * slope_of_gap(x)) as f32)
            })
            .collect();
        measures.fill(0.0);
        for (column, slope) in all {
            measures[column] = slope;
        }
    })
}

/// A point next to an anchor.
#[derive(Clone, Copy)]
struct Other {
    distance: f64,
    column: usize,
}

/// The points next to an anchor, nearest first.
struct Others {
    positives: Vec<Other>,
    negatives: Vec<Other>,
    /// Whether a distance is NaN.
    has_nan: bool,
}

/// What the triplets of an anchor come to.
struct Costs {
    sum: f64,
    /// How many cost something.
    count: f64,
}

/// The slopes of the sum by the distance of each point.
struct Slopes {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

/// Points of which each is an anchor.
struct Anchors<'a> {
    triplets: &'a AllTriplets,
    pairs: &'a Pairs<'a>,
    exact: ExactPairs<'a, f32>,
}

impl<'a> Anchors<'a> {
    fn new(triplets: &'a AllTriplets, pairs: &'a Pairs<'a>) -> Self {
        let columns = pairs.checked_columns();
        let (rows, columns) = (pairs.rows.elements, columns.elements);
        Self {
            triplets,
            pairs,
            exact: ExactPairs::new(pairs.measure, pairs.width, rows, columns),
        }
    }

    /// Those next to one of them.
    fn others(&self, anchor: usize, measures: &[f32]) -> Others {
        let (triplets, pairs) = (self.triplets, self.pairs);
        let columns = pairs.columns.unwrap_or(pairs.rows).labels;
        let itself = pairs.columns.is_none().then_some(anchor);
        let label = pairs.rows.labels[anchor];
        let (mut positives, mut negatives) = (Vec::new(), Vec::new());
        for (column, (&x, &other)) in measures.iter().zip(columns).enumerate() {
            if Some(column) == itself || other.is_nan() || label.is_nan() {
                continue;
            }
            let distance = triplets.gap.value(f64::from(x));
            let points = match other == label {
                true => &mut positives,
                false => &mut negatives,
            };
            points.push(Other { distance, column });
        }
        if positives.is_empty() || negatives.is_empty() {
            positives.clear();
            negatives.clear();
        }
        let distances = Distances {
            anchors: self,
            anchor,
            measures,
            rounding: self.exact.rounding(anchor),
        };
        let selection = triplets.selection;
        selection.select(&mut positives, &mut negatives, &distances);
        let by_distance = |a: &Other, b: &Other| a.distance.total_cmp(&b.distance);
        positives.sort_unstable_by(by_distance);
        negatives.sort_unstable_by(by_distance);
        let all = || positives.iter().chain(&negatives);
        Others {
            has_nan: all().any(|other: &Other| other.distance.is_nan()),
            positives,
            negatives,
        }
    }
}

/// The distances of an anchor to others, from rounded measures.
struct Distances<'a> {
    anchors: &'a Anchors<'a>,
    anchor: usize,
    measures: &'a [f32],
    rounding: Rounding,
}

impl Rounded<Other> for Distances<'_> {
    fn around(&self, other: &Other) -> (f64, f64) {
        let (least, most) = self.rounding.around(self.measures[other.column]);
        self.anchors.triplets.gap.between(least, most)
    }

    fn exact(&self, other: &Other) -> f64 {
        let measure = self.anchors.exact.of(self.anchor, other.column);
        self.anchors.triplets.gap.value(measure)
    }
}

impl Others {
    /// What all triplets come to, and the slopes if they are wanted.
    fn costs(&self, penalty: TripletPenalty, slopes: Option<&mut Slopes>) -> Costs {
        match penalty {
            // What is no number has no place in an order.
            TripletPenalty::Hinge { margin } if !self.has_nan => {
                self.hinges(penalty, margin, slopes)
            }
            _ => self.one_by_one(penalty, slopes),
        }
    }

    fn hinges(
        &self,
        penalty: TripletPenalty,
        margin: f64,
        mut slopes: Option<&mut Slopes>,
    ) -> Costs {
        let mut costs = Costs {
            sum: 0.0,
            count: 0.0,
        };
        let (mut below, mut sum_below) = (0, 0.0);
        for (index, positive) in self.positives.iter().enumerate() {
            let reach = positive.distance + margin;
            while let Some(negative) = self.negatives.get(below)
                && counts(penalty.value(positive.distance - negative.distance)) != 0.0
            {
                sum_below += negative.distance;
                below += 1;
            }
            costs.sum += below as f64 * reach - sum_below;
            costs.count += below as f64;
            if let Some(slopes) = &mut slopes {
                slopes.positives[index] = below as f64;
                // Where the negatives that this one reaches end; put together below.
                if below > 0 {
                    slopes.negatives[below - 1] -= 1.0;
                }
            }
        }
        if let Some(slopes) = slopes {
            let mut reached = 0.0;
            for slope in slopes.negatives.iter_mut().rev() {
                reached += *slope;
                *slope = reached;
            }
        }
        costs
    }

    fn one_by_one(&self, penalty: TripletPenalty, mut slopes: Option<&mut Slopes>) -> Costs {
        let mut costs = Costs {
            sum: 0.0,
            count: 0.0,
        };
        for (i, positive) in self.positives.iter().enumerate() {
            for (j, negative) in self.negatives.iter().enumerate() {
                let x = positive.distance - negative.distance;
                let Some(slopes) = &mut slopes else {
                    let cost = penalty.value(x);
                    costs.sum += cost;
                    costs.count += counts(cost);
                    continue;
                };
                let slope = penalty.value(Dual::variable(x)).derivative();
                slopes.positives[i] += slope;
                slopes.negatives[j] -= slope;
            }
        }
        costs
    }
}
