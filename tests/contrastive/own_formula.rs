//! Losses by formulas of one's own.

use crate::{
    contrastive::places::assert_here,
    panics::message,
    support::{
        Random, Site, differences, differentiable_sites, differentiable_sites_and_gpu, sites,
    },
};
use burn::{
    module::Module,
    tensor::{DType, Int, Tensor, TensorData},
};
use burn_losses::{
    CircleLossConfig, MultiSimilarityLossConfig, PairLoss, Reduction, SupConLossConfig,
    formula::{AnchorFormula, Kind, Measure, PairFormula, Real, Term, has_pairs, softplus},
};

/// `-ln sum_p e^(-s d²) / sum_j e^(-s d²)`: neighbourhood components analysis (Goldberger et al., 2004).
#[derive(Clone, Debug)]
struct Neighbours {
    sharpness: f64,
}

impl PairFormula for Neighbours {
    #[inline(always)]
    fn terms(&self) -> &[Term] {
        const {
            &[
                Term::log_sum_exp(Kind::Positive),
                Term::log_sum_exp(Kind::Negative),
            ]
        }
    }

    #[inline(always)]
    fn value<R: Real>(&self, _term: usize, square: R) -> R {
        square * -self.sharpness
    }
}

impl AnchorFormula for Neighbours {
    fn measure(&self) -> Measure {
        Measure::SquaredEuclidean
    }

    fn loss<R: Real>(&self, terms: &[R]) -> R {
        softplus(terms[1].clone() - terms[0].clone())
    }

    fn counts<R: Real>(&self, terms: &[R]) -> R {
        has_pairs(&terms[0])
    }
}

const WIDTH: usize = 3;

/// Points with labels, of which some have one member alone.
struct Points {
    values: Vec<f64>,
    labels: Vec<i64>,
}

impl Points {
    fn random(name: &str, count: usize) -> Self {
        let mut random = Random::of(name);
        let labels = (0..count as i64).map(|i| if i % 7 == 3 { 50 + i } else { i % 3 });
        Self {
            values: (0..count * WIDTH)
                .map(|_| f64::from(random.uniform(-1.0, 1.0) as f32))
                .collect(),
            labels: labels.collect(),
        }
    }

    fn tensors(&self, site: &Site, dtype: DType) -> (Tensor<2>, Tensor<1, Int>) {
        let data = TensorData::new(self.values.clone(), [self.labels.len(), WIDTH]);
        let labels = TensorData::new(self.labels.clone(), [self.labels.len()]);
        (
            Tensor::from_data(data, (&site.device, dtype)),
            Tensor::from_data(labels, &site.device),
        )
    }

    fn square(&self, i: usize, others: &Self, j: usize) -> f64 {
        let at = |points: &Self, i: usize| points.values[i * WIDTH..(i + 1) * WIDTH].to_vec();
        let pairs = at(self, i).into_iter().zip(at(others, j));
        pairs.map(|(a, b)| (a - b) * (a - b)).sum()
    }
}

/// The loss of each anchor, `None` for one that is left out.
fn searched(sharpness: f64, points: &Points, others: Option<&Points>) -> Vec<Option<f64>> {
    let anchors = 0..points.labels.len();
    let of_anchor = |i: usize| {
        let among = others.unwrap_or(points);
        let columns = (0..among.labels.len()).filter(|&j| others.is_some() || i != j);
        let (mut positives, mut all) = (0.0, 0.0);
        for j in columns {
            let near = (-sharpness * points.square(i, among, j)).exp();
            all += near;
            if among.labels[j] == points.labels[i] {
                positives += near;
            }
        }
        (positives > 0.0).then(|| -(positives / all).ln())
    };
    anchors.map(of_anchor).collect()
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[track_caller]
fn assert_near(what: &str, got: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let off = (got - expected).abs();
        let bound = relative * (expected.abs() + 0.1);
        assert!(off <= bound, "{what}: {got} against {expected}");
    }
}

#[test]
fn a_formula_of_ones_own_is_what_a_search_finds() {
    let sharpness = 1.5;
    let loss = PairLoss::new(Neighbours { sharpness }, Reduction::Mean).with_normalize(false);
    for count in [2, 9, 40, 300] {
        let points = Points::random("points", count);
        let others = Points::random("others", count + 5);
        for site in sites() {
            let (rows, labels) = points.tensors(&site, DType::F32);
            for reference in [None, Some(&others)] {
                let what = format!("{count} with {} on {site}", reference.is_some());
                let expected = searched(sharpness, &points, reference);
                let kept: Vec<f64> = expected.iter().copied().flatten().collect();
                let mean = kept.iter().sum::<f64>() / kept.len().max(1) as f64;
                let on = || {
                    let evaluation = loss.on(rows.clone(), labels.clone());
                    match reference {
                        Some(others) => {
                            let (others, of_others) = others.tensors(&site, DType::F32);
                            evaluation.reference(others, of_others)
                        }
                        None => evaluation,
                    }
                };
                let (each, all) = site.path.run(|| (on().each(), on().reduce()));
                let expected: Vec<f64> = expected.iter().map(|loss| loss.unwrap_or(0.0)).collect();
                assert_near(&what, &numbers(each), &expected, 1e-5);
                assert_near(&what, &numbers(all), &[mean], 1e-5);
            }
        }
    }
}

#[test]
fn its_gradient_is_that_of_central_differences() {
    let loss = PairLoss::new(Neighbours { sharpness: 1.5 }, Reduction::Sum);
    let points = Points::random("gradients", 9);
    let sites = differentiable_sites();
    for site in sites.iter().filter(|site| site.is_flex()) {
        let of = |points: &Points, dtype| {
            let (rows, labels) = points.tensors(site, dtype);
            let rows = rows.require_grad();
            let value = site.path.run(|| loss.forward(rows.clone(), labels));
            let gradient = rows.grad(&value.backward()).expect("it is tracked");
            (numbers(value)[0], numbers(gradient))
        };
        let (_, exact) = of(&points, DType::F64);
        let quotients = differences::quotients(points.values.len(), |place, step| {
            let mut moved = Points {
                values: points.values.clone(),
                labels: points.labels.clone(),
            };
            moved.values[place] += step;
            of(&moved, DType::F64).0
        });
        differences::assert_all_near(&site.to_string(), Some(&exact), &quotients);
        let (_, fused) = of(&points, DType::F32);
        assert_near(&site.to_string(), &fused, &exact, 1e-4);
    }
}

#[test]
fn anchors_that_are_left_out_cost_nothing_and_get_no_gradient() {
    let loss = PairLoss::new(Neighbours { sharpness: 1.5 }, Reduction::Mean);
    for site in differentiable_sites_and_gpu() {
        for labels in [vec![], vec![4], vec![1, 2, 3]] {
            let mut points = Points::random("alone", labels.len());
            points.labels = labels;
            let (rows, labels) = points.tensors(&site, DType::F32);
            let rows = rows.require_grad();
            let value = site.path.run(|| loss.forward(rows.clone(), labels));
            let gradients = value.backward();
            assert_eq!(numbers(value), [0.0], "{site}");
            let gradient = rows.grad(&gradients).map(numbers).unwrap_or_default();
            assert!(gradient.iter().all(|&g| g == 0.0), "{gradient:?} on {site}");
        }
    }
}

/// Weights that are 0 count an anchor out, like the pairs it lacks.
#[test]
fn it_has_weights_and_a_normalizer() {
    let sharpness = 1.5;
    let loss = PairLoss::new(Neighbours { sharpness }, Reduction::Mean).with_normalize(false);
    let points = Points::random("weights", 12);
    let losses = searched(sharpness, &points, None);
    let weights: Vec<f64> = (0..12).map(|i| f64::from(i % 3) * 0.5).collect();
    let counted = || {
        losses
            .iter()
            .zip(&weights)
            .filter_map(|(l, w)| Some(((*l)?, w)))
    };
    let total: f64 = counted().map(|(l, w)| l * w).sum();
    let count: f64 = counted().map(|(_, w)| w).sum();
    for site in sites() {
        let (rows, labels) = points.tensors(&site, DType::F32);
        let given = TensorData::new(weights.clone(), [weights.len()]);
        let given = Tensor::<1>::from_data(given, (&site.device, DType::F32));
        let on = || loss.on(rows.clone(), labels.clone()).weights(given.clone());
        let (mean, quarter) = site.path.run(|| (on().reduce(), on().divided_by(4)));
        let what = site.to_string();
        assert_near(&what, &numbers(mean), &[total / count], 1e-5);
        assert_near(&what, &numbers(quarter), &[total / 4.0], 1e-5);
    }
}

/// The losses of this crate are instances of the same.
#[test]
fn a_formula_of_the_crate_is_the_loss_that_is_named_by_it() {
    let points = Points::random("named", 20);
    let circle = CircleLossConfig::new().init();
    let similarity = MultiSimilarityLossConfig::new().init();
    for site in sites() {
        let supervised = SupConLossConfig::new().init(&site.device);
        let (rows, labels) = points.tensors(&site, DType::F32);
        macro_rules! check {
            ($loss:expr) => {
                let own = PairLoss::new(*$loss.formula(), Reduction::Mean);
                let [named, own] = site
                    .path
                    .run(|| [&$loss, &own].map(|loss| loss.forward(rows.clone(), labels.clone())));
                assert_eq!(numbers(named), numbers(own), "{} on {site}", $loss);
            };
        }
        check!(circle);
        check!(similarity);
        check!(supervised);
    }
}

#[test]
fn it_is_a_module_that_shows_its_formula() {
    let loss = PairLoss::new(Neighbours { sharpness: 2.0 }, Reduction::Sum);
    let text = loss.to_string();
    for part in [
        "Neighbours",
        "sharpness: 2.0",
        "normalize: true",
        "reduction: sum",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(
        format!("{loss:?}"),
        "Neighbours { formula: Neighbours { sharpness: 2.0 }, normalize: true, reduction: Sum }"
    );
    assert_eq!(loss.num_params(), 0);
    assert_eq!(loss.valid().formula().sharpness, 2.0);
    let circle = CircleLossConfig::new().init();
    assert_eq!(
        format!("{circle:?}"),
        "CircleLoss { margin: 0.4, gamma: 80.0, normalize: true, reduction: Mean }"
    );
}

/// A formula that says what a test wants it to.
#[derive(Clone, Debug)]
struct Stated {
    terms: &'static [Term],
    measure: Measure,
}

impl PairFormula for Stated {
    fn terms(&self) -> &[Term] {
        self.terms
    }

    fn value<R: Real>(&self, _term: usize, x: R) -> R {
        x
    }
}

impl AnchorFormula for Stated {
    fn measure(&self) -> Measure {
        self.measure
    }

    fn loss<R: Real>(&self, terms: &[R]) -> R {
        terms[0].clone()
    }
}

const ONE_TERM: &[Term] = &[Term::sum(Kind::Positive)];

#[test]
fn a_formula_without_terms_is_refused() {
    let formula = Stated {
        terms: &[],
        measure: Measure::Dot,
    };
    let text = message(|| PairLoss::new(formula.clone(), Reduction::Mean));
    assert!(
        text.starts_with("Stated: `terms` is empty, expected at least one sum"),
        "{text}"
    );
    assert_here(|| PairLoss::new(formula, Reduction::Mean));
}

#[test]
fn a_norm_that_is_none_is_refused() {
    let formula = |p| Stated {
        terms: ONE_TERM,
        measure: Measure::Lp(p),
    };
    for (p, shown) in [
        (0.5, "Lp(0.5)"),
        (-1.0, "Lp(-1)"),
        (f64::INFINITY, "Lp(inf)"),
        (f64::NAN, "Lp(NaN)"),
    ] {
        let text = message(|| PairLoss::new(formula(p), Reduction::Mean));
        let expected = format!("Stated: `measure` is {shown}, expected a finite p of at least 1");
        assert!(text.starts_with(&expected), "{text}");
        assert_here(|| PairLoss::new(formula(p), Reduction::Mean));
    }
    for p in [1.0, 1.5, 2.0, 7.0] {
        PairLoss::new(formula(p), Reduction::Mean);
    }
}

/// A cosine distance is one of directions, so embeddings are divided by their norm in any case.
#[test]
fn a_cosine_distance_normalizes() {
    let formula = Stated {
        terms: ONE_TERM,
        measure: Measure::Cosine,
    };
    let loss = PairLoss::new(formula, Reduction::Sum).with_normalize(false);
    for site in differentiable_sites() {
        let points = Tensor::<2>::from_floats([[3.0, 4.0], [0.0, 5.0]], &site.device);
        let labels = Tensor::<1, Int>::from_ints([1, 1], &site.device);
        let each = site.path.run(|| loss.forward_no_reduction(points, labels));
        for distance in numbers(each) {
            assert!((distance - 0.2).abs() < 1e-6, "{distance} on {site}");
        }
    }
}

/// Of tensors as of other numbers.
#[test]
fn a_softplus_is_right_far_out() {
    let least = (-40f64).exp();
    for site in differentiable_sites() {
        for (x, value, slope) in [
            (f64::INFINITY, f64::INFINITY, 1.0),
            (1e4, 1e4, 1.0),
            (0.0, 2f64.ln(), 0.5),
            (-40.0, least, least),
            (-1e4, 0.0, 0.0),
            (f64::NEG_INFINITY, 0.0, 0.0),
            (f64::NAN, f64::NAN, f64::NAN),
        ] {
            let x = Tensor::<1>::from_floats([x as f32], &site.device).require_grad();
            let found = softplus(x.clone());
            let slope_found = x.grad(&found.clone().backward()).expect("it is tracked");
            let found = [numbers(found)[0], numbers(slope_found)[0]];
            for (found, expected) in found.into_iter().zip([value, slope]) {
                let same = found == expected || found.is_nan() && expected.is_nan();
                let near = (found - expected).abs() <= 1e-6 * expected;
                assert!(same || near, "{found} against {expected} on {site}");
            }
        }
    }
}
