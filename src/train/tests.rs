//! Values by hand, by a library and by brute force.

use super::{
    EmbeddingInput, EmbeddingMetric, EmbeddingOutput, KnnAccuracyMetric,
    MeanAveragePrecisionAtRMetric, RecallAtKMetric, metric::MetricScore,
};
use burn::{
    data::dataloader::Progress,
    tensor::{Device, Int, Tensor, TensorData},
    train::{
        ItemLazy,
        metric::{Adaptor, LossInput, LossMetric, Metric, MetricMetadata, Numeric, NumericEntry},
    },
};

#[derive(Clone)]
struct Batch {
    rows: Vec<Vec<f32>>,
    labels: Vec<i64>,
}

impl Batch {
    fn new<const D: usize>(rows: &[[f32; D]], labels: &[i64]) -> Self {
        Self {
            rows: rows.iter().map(|row| row.to_vec()).collect(),
            labels: labels.to_vec(),
        }
    }

    fn line(positions: &[f32], labels: &[i64]) -> Self {
        let rows: Vec<[f32; 1]> = positions.iter().map(|&position| [position]).collect();
        Self::new(&rows, labels)
    }

    fn embeddings(&self) -> Tensor<2> {
        let dimension = self.rows.first().map_or(1, Vec::len);
        let data = TensorData::new(self.rows.concat(), [self.rows.len(), dimension]);
        Tensor::from_data(data, &Device::flex())
    }

    fn targets(&self) -> Tensor<1, Int> {
        let data = TensorData::new(self.labels.clone(), [self.labels.len()]);
        Tensor::from_data(data, &Device::flex())
    }

    fn input(&self) -> EmbeddingInput {
        EmbeddingInput::new(self.embeddings(), self.targets())
    }
}

fn metadata() -> MetricMetadata {
    MetricMetadata {
        progress: Progress::new(1, 1, None),
        iteration: None,
        lr: None,
    }
}

fn update<S: MetricScore>(metric: &mut EmbeddingMetric<S>, batch: &Batch) -> Option<(f64, usize)> {
    metric.update(&batch.input(), &metadata()).expect("read");
    parts(metric.value())
}

/// The value, from 0 to 1, and over how many queries it is the mean.
fn value<S: MetricScore>(mut metric: EmbeddingMetric<S>, batch: &Batch) -> Option<(f64, usize)> {
    update(&mut metric, batch)
}

fn parts(entry: Option<NumericEntry>) -> Option<(f64, usize)> {
    entry.map(|entry| match entry {
        NumericEntry::Aggregated {
            aggregated_value,
            count,
        } => (aggregated_value / 100.0, count),
        other => panic!("{other:?}"),
    })
}

#[track_caller]
fn assert_value(found: Option<(f64, usize)>, expected: f64, count: usize) {
    let (value, queries) = found.expect("a value");
    assert!(
        (value - expected).abs() < 1e-12,
        "{value}, expected {expected}"
    );
    assert_eq!(queries, count);
}

/// Numbers from -100 to 100, of a linear congruential generator that is as short in Python.
fn numbers(count: usize, seed: u64) -> Vec<i64> {
    let mut state = seed;
    let next = |_| {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        ((state >> 16) % 201) as i64 - 100
    };
    (0..count).map(next).collect()
}

/// Embeddings of `classes` labels, each moved along one axis by `shift`.
fn clusters(
    count: usize,
    dimension: usize,
    classes: i64,
    shift: f32,
    unit: f32,
    seed: u64,
) -> Batch {
    let values = numbers(count * dimension, seed);
    let labels: Vec<i64> = numbers(count, seed + 1)
        .into_iter()
        .map(|number| number.rem_euclid(classes))
        .collect();
    let rows = values.chunks(dimension).zip(&labels).map(|(row, &label)| {
        let axis = label as usize % dimension;
        let moved = |(index, &value)| value as f32 / unit + shift * f32::from(index == axis);
        row.iter().enumerate().map(moved).collect()
    });
    Batch {
        rows: rows.collect(),
        labels,
    }
}

/// `AccuracyCalculator(k="max_bin_count")` of pytorch-metric-learning 2.9.0 with
/// `CustomKNN(LpDistance(normalize_embeddings=normalize))`: `precision_at_1`, which is Recall@1, and
/// `mean_average_precision_at_r`, of the queries among themselves and in the gallery. Labels are
/// `numbers % 5` for the queries, the last 99, and `numbers % 6` for the gallery; the axis of a label is
/// `label % 3`.
#[test]
fn values_of_pytorch_metric_learning() {
    let mut queries = clusters(24, 3, 5, 6.0, 16.0, 7);
    queries.labels[23] = 99;
    let gallery = clusters(30, 3, 6, 6.0, 16.0, 9);
    let cases = [
        (
            true,
            [0.30434782608695654, 0.26165458937198066],
            [0.391304347826087, 0.2191193433895297],
        ),
        (
            false,
            [0.2608695652173913, 0.2617753623188406],
            [0.391304347826087, 0.25537686088928324],
        ),
    ];
    for (normalize, within, looked_up) in cases {
        let recall = RecallAtKMetric::new(1).with_normalize(normalize);
        let precision = MeanAveragePrecisionAtRMetric::new().with_normalize(normalize);
        assert_value(value(recall.clone(), &queries), within[0], 23);
        assert_value(value(precision.clone(), &queries), within[1], 23);

        let recall = recall.with_gallery(gallery.embeddings(), gallery.targets());
        let precision = precision.with_gallery(gallery.embeddings(), gallery.targets());
        assert_value(value(recall, &queries), looked_up[0], 23);
        assert_value(value(precision, &queries), looked_up[1], 23);
    }
}

/// Scores of all queries by sorting all candidates, as the definitions say: Recall@k, MAP@R, kNN.
fn brute_force(queries: &Batch, gallery: Option<&Batch>, normalize: bool, k: usize) -> [Mean; 3] {
    let candidates = gallery.unwrap_or(queries);
    let mut means = [Mean::default(); 3];
    for (query, &label) in queries.labels.iter().enumerate() {
        let others: Vec<usize> = (0..candidates.labels.len())
            .filter(|&other| gallery.is_some() || other != query)
            .collect();
        let r = others
            .iter()
            .filter(|&&other| candidates.labels[other] == label)
            .count();
        let mut found: Vec<(f64, i64)> = Vec::new();
        for &other in &others {
            let (one, two) = (&queries.rows[query], &candidates.rows[other]);
            let distance = plain_distance(one, two, normalize);
            if distance.is_finite() {
                found.push((distance, candidates.labels[other]));
            }
        }
        // Stable, so the lower index stays first.
        found.sort_by(|one, other| one.0.partial_cmp(&other.0).unwrap());
        let found: Vec<i64> = found.into_iter().map(|(_, label)| label).collect();
        let nearest = &found[..k.min(found.len())];

        if r > 0 {
            means[0].add(f64::from(nearest.contains(&label)));
            let precision = |i: usize| {
                let hits = found[..i].iter().filter(|&&other| other == label).count();
                hits as f64 / i as f64
            };
            let of_rank = |i: usize| match found.get(i - 1) {
                Some(&other) if other == label => precision(i),
                _ => 0.0,
            };
            means[1].add((1..=r).map(of_rank).sum::<f64>() / r as f64);
        }
        if !others.is_empty() {
            let votes = |of: i64| nearest.iter().filter(|&&other| other == of).count();
            let most = nearest.iter().map(|&other| votes(other)).max();
            let winner = nearest.iter().find(|&&other| Some(votes(other)) == most);
            means[2].add(f64::from(winner == Some(&label)));
        }
    }
    means
}

fn plain_distance(one: &[f32], other: &[f32], normalize: bool) -> f64 {
    let unit = |row: &[f32]| -> Vec<f64> {
        let norm = row
            .iter()
            .map(|&value| f64::from(value).powi(2))
            .sum::<f64>();
        let by = match normalize && norm != 0.0 {
            true => norm.sqrt(),
            false => 1.0,
        };
        row.iter().map(|&value| f64::from(value) / by).collect()
    };
    let pairs = unit(one).into_iter().zip(unit(other));
    pairs.map(|(one, other)| (one - other).powi(2)).sum()
}

#[derive(Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: usize,
}

impl Mean {
    fn add(&mut self, score: f64) {
        self.sum += score;
        self.count += 1;
    }
}

#[track_caller]
fn assert_mean(found: Option<(f64, usize)>, expected: Mean) {
    match expected.count {
        0 => assert_eq!(found, None),
        count => assert_value(found, expected.sum / count as f64, count),
    }
}

fn compare_with_brute_force(queries: &Batch, gallery: Option<&Batch>, normalize: bool, k: usize) {
    fn set<S: MetricScore>(
        metric: EmbeddingMetric<S>,
        gallery: Option<&Batch>,
        normalize: bool,
    ) -> EmbeddingMetric<S> {
        let metric = metric.with_normalize(normalize);
        match gallery {
            Some(gallery) => metric.with_gallery(gallery.embeddings(), gallery.targets()),
            None => metric,
        }
    }
    let [recall, precision, accuracy] = brute_force(queries, gallery, normalize, k);
    let metric = set(RecallAtKMetric::new(k), gallery, normalize);
    assert_mean(value(metric, queries), recall);
    let metric = set(MeanAveragePrecisionAtRMetric::new(), gallery, normalize);
    assert_mean(value(metric, queries), precision);
    let metric = set(KnnAccuracyMetric::new(k), gallery, normalize);
    assert_mean(value(metric, queries), accuracy);
}

#[test]
fn values_of_brute_force() {
    for (seed, dimension) in (0..14).zip([1, 2, 3, 7, 8, 9, 17].into_iter().cycle()) {
        let queries = clusters(30 + seed as usize, dimension, 6, 40.0, 1.0, 100 + seed);
        let gallery = clusters(50, dimension, 7, 40.0, 1.0, 500 + seed);
        for k in [1, 3, 8, 1000] {
            for gallery in [None, Some(&gallery)] {
                compare_with_brute_force(&queries, gallery, false, k);
                // Whole numbers in a plane often lie in the same direction, up to rounding.
                if dimension > 2 {
                    compare_with_brute_force(&queries, gallery, true, k);
                }
            }
        }
    }
}

#[test]
fn values_of_brute_force_with_ties_and_without_numbers() {
    for seed in 0..40 {
        // On a grid of few points, so many are as near.
        let mut queries = clusters(40, 2, 4, 1.0, 50.0, 1000 + seed);
        for value in queries.rows.iter_mut().flatten() {
            *value = value.round();
        }
        queries.rows[3][0] = f32::NAN;
        queries.rows[8][1] = f32::INFINITY;
        queries.rows[9] = vec![0.0, 0.0];
        for k in [1, 2, 5, 39] {
            compare_with_brute_force(&queries, None, false, k);
        }
        let gallery = queries.clone();
        compare_with_brute_force(&queries, Some(&gallery), false, 3);
    }
}

#[test]
fn values_by_hand() {
    // Labels found, nearest first. 0: 8 7 7. 1: 8 7 7 (the last two as near). 2: 7 8 7. 3: 7 7 7.
    let batch = Batch::line(&[0.0, 2.0, 4.0, 1.0], &[7, 7, 7, 8]);
    let lone = |metric: RecallAtKMetric| value(metric.with_normalize(false), &batch);
    // The only 8 is left out.
    assert_value(lone(RecallAtKMetric::new(1)), 1.0 / 3.0, 3);
    assert_value(lone(RecallAtKMetric::new(2)), 1.0, 3);
    assert_value(lone(RecallAtKMetric::new(99)), 1.0, 3);
    // R = 2. 0 and 1: (0 + 1/2) / 2. 2: (1 + 0) / 2.
    let metric = MeanAveragePrecisionAtRMetric::new().with_normalize(false);
    assert_value(value(metric, &batch), (0.25 + 0.25 + 0.5) / 3.0, 3);
    // Of two labels with a vote each, the nearest one's wins. 0: 8. 1: 8. 2: 7. 3: 7.
    let metric = KnnAccuracyMetric::new(2).with_normalize(false);
    assert_value(value(metric, &batch), 0.25, 4);
    // All three elect 7.
    let metric = KnnAccuracyMetric::new(3).with_normalize(false);
    assert_value(value(metric, &batch), 0.75, 4);
}

#[test]
fn cosines_do_not_see_norms() {
    let batch = Batch::new(
        &[[1.0, 0.0], [100.0, 1.0], [1.0, 1.0], [0.5, 0.6]],
        &[1, 1, 2, 2],
    );
    assert_value(value(RecallAtKMetric::new(1), &batch), 1.0, 4);
    let metric = RecallAtKMetric::new(1).with_normalize(false);
    // 0 is nearest to 3, 1 to 2, 2 and 3 to each other.
    assert_value(value(metric, &batch), 0.5, 4);
}

#[test]
fn of_equals_the_lower_index_is_first() {
    let batch = Batch::line(&[5.0; 4], &[1, 2, 2, 1]);
    // Found: 0: 1 (2). 1: 0 (1). 2: 0 (1). 3: 0 (1).
    assert_value(value(RecallAtKMetric::new(1), &batch), 0.25, 4);
    let gallery = Batch::line(&[5.0; 2], &[2, 1]);
    let metric = RecallAtKMetric::new(1).with_gallery(gallery.embeddings(), gallery.targets());
    assert_value(value(metric, &batch), 0.5, 4);
}

#[test]
fn embeddings_without_a_distance_are_neither_found_nor_find() {
    for hostile in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let batch = Batch::new(&[[hostile, 0.0], [1.0, 0.0], [1.0, 0.1]], &[1, 1, 1]);
        for normalize in [true, false] {
            let metric = RecallAtKMetric::new(2).with_normalize(normalize);
            assert_value(value(metric, &batch), 2.0 / 3.0, 3);
            // R stays 2, so the others miss one.
            let metric = MeanAveragePrecisionAtRMetric::new().with_normalize(normalize);
            assert_value(value(metric, &batch), (0.0 + 0.5 + 0.5) / 3.0, 3);
            let metric = KnnAccuracyMetric::new(2).with_normalize(normalize);
            assert_value(value(metric, &batch), 2.0 / 3.0, 3);
        }
    }
    let batch = Batch::line(&[f32::NAN; 3], &[1, 1, 1]);
    assert_value(value(RecallAtKMetric::new(1), &batch), 0.0, 3);
    assert_value(value(KnnAccuracyMetric::new(1), &batch), 0.0, 3);
}

#[test]
fn numbers_at_the_ends_of_f32() {
    let (large, small) = (f32::MAX, f32::from_bits(1));
    for unit in [large, small] {
        let rows = [[unit, 0.0], [unit, 0.0], [0.0, unit], [0.0, unit]];
        let batch = Batch::new(&rows, &[1, 1, 2, 2]);
        for normalize in [true, false] {
            let metric = RecallAtKMetric::new(1).with_normalize(normalize);
            assert_value(value(metric, &batch), 1.0, 4);
        }
    }
}

#[test]
fn batches_that_say_nothing_leave_the_mean_as_it_is() {
    let empty = Batch::line(&[], &[]);
    let single = Batch::line(&[1.0], &[1]);
    let all_different = Batch::line(&[1.0, 2.0, 3.0], &[1, 2, 3]);
    let good = Batch::line(&[1.0, 1.0, 3.0], &[1, 1, 2]);

    let mut metric = RecallAtKMetric::new(1).with_normalize(false);
    for batch in [&empty, &single, &all_different] {
        let entry = metric.update(&batch.input(), &metadata()).expect("read");
        assert!(entry.is_not_available());
        assert!(metric.value().is_none() && metric.running_value().is_none());
    }
    assert!(metric.compute().expect("read").is_not_available());
    assert!(metric.final_value().current().is_nan());

    assert_value(update(&mut metric, &good), 1.0, 2);
    assert_eq!(update(&mut metric, &all_different), None);
    assert_value(parts(metric.running_value()), 1.0, 2);
    assert_eq!(metric.compute().expect("read").serialized, "100,final");
    metric.clear();
    assert!(metric.running_value().is_none());

    let accuracy = KnnAccuracyMetric::new(1);
    assert_eq!(value(accuracy.clone(), &empty), None);
    assert_eq!(value(accuracy.clone(), &single), None);
    assert_value(value(accuracy, &all_different), 0.0, 3);
}

#[test]
fn an_epoch_is_the_mean_over_queries() {
    let mut metric = RecallAtKMetric::new(1).with_normalize(false);
    let right = Batch::line(&[0.0, 1.0], &[1, 1]);
    let wrong = Batch::line(&[0.0, 1.0, 10.0, 11.0], &[1, 2, 1, 2]);
    assert_value(update(&mut metric, &right), 1.0, 2);
    assert_value(update(&mut metric, &wrong), 0.0, 4);
    assert_value(parts(metric.running_value()), 1.0 / 3.0, 6);
    assert!((metric.final_value().current() - 100.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_gallery_needs_a_match_for_a_query_to_count() {
    let gallery = Batch::line(&[0.0, 10.0], &[1, 2]);
    let metric = RecallAtKMetric::new(1).with_normalize(false);
    let metric = metric.with_gallery(gallery.embeddings(), gallery.targets());
    // One query is enough. Label 3 is not in the gallery.
    assert_value(value(metric.clone(), &Batch::line(&[1.0], &[1])), 1.0, 1);
    assert_value(
        value(metric.clone(), &Batch::line(&[9.0, 9.0], &[1, 3])),
        0.0,
        1,
    );
    assert_eq!(value(metric.clone(), &Batch::line(&[9.0], &[3])), None);
    assert_eq!(value(metric, &Batch::line(&[], &[])), None);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let batch = clusters(300, 9, 11, 20.0, 1.0, 3);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let metric = MeanAveragePrecisionAtRMetric::new();
        pool.expect("threads").install(|| value(metric, &batch))
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn names_tell_metrics_apart() {
    let gallery = Batch::line(&[0.0], &[1]);
    let metric = RecallAtKMetric::new(5);
    assert_eq!(*metric.name(), "Recall@5");
    assert_eq!(
        *metric.clone().with_normalize(false).name(),
        "Recall@5 (Euclidean)"
    );
    let metric = metric.with_gallery(gallery.embeddings(), gallery.targets());
    assert_eq!(*metric.name(), "Recall@5 (gallery)");
    assert_eq!(
        *metric.with_normalize(false).name(),
        "Recall@5 (Euclidean, gallery)"
    );
    assert_eq!(*MeanAveragePrecisionAtRMetric::new().name(), "MAP@R");
    assert_eq!(*KnnAccuracyMetric::new(20).name(), "kNN Accuracy@20");
}

#[test]
fn an_output_feeds_loss_and_embeddings() {
    let batch = Batch::line(&[0.0, 1.0], &[1, 1]);
    let device = Device::flex().autodiff();
    let embeddings = Tensor::from_data(batch.embeddings().into_data(), &device).require_grad();
    let loss = Tensor::<1>::from_floats([3.0], &device);
    let output = EmbeddingOutput::new(loss, embeddings, batch.targets());

    // With a graph, and without one.
    let tracked: EmbeddingInput = output.adapt();
    let mut metric = RecallAtKMetric::new(1);
    metric.update(&tracked, &metadata()).expect("read");
    let output = output.sync().expect("sync");
    assert!(!output.embeddings.is_autodiff());
    let input: EmbeddingInput = output.adapt();
    metric.update(&input, &metadata()).expect("read");
    assert_value(parts(metric.running_value()), 1.0, 4);

    let loss: LossInput = output.adapt();
    let mut metric = LossMetric::new();
    metric.update(&loss, &metadata()).expect("read");
    assert_eq!(metric.final_value().current(), 3.0);
}

#[test]
#[should_panic(expected = "RecallAtKMetric: k is 0, expected a number of at least 1")]
fn recall_among_none_is_an_error() {
    RecallAtKMetric::new(0);
}

#[test]
#[should_panic(expected = "KnnAccuracyMetric: k is 0, expected a number of at least 1")]
fn accuracy_by_none_is_an_error() {
    KnnAccuracyMetric::new(0);
}

#[test]
#[should_panic(expected = "RecallAtKMetric: 1 label for 2 embeddings, expected one for each")]
fn labels_have_to_fit() {
    value(RecallAtKMetric::new(1), &Batch::line(&[0.0, 1.0], &[1]));
}

#[test]
#[should_panic(
    expected = "RecallAtKMetric: the embeddings have shape [1, 1] and those of the \
                           gallery [1, 2], expected embeddings of the same dimension (the last)"
)]
fn a_gallery_has_to_fit() {
    let gallery = Batch::new(&[[1.0, 2.0]], &[1]);
    let metric = RecallAtKMetric::new(1).with_gallery(gallery.embeddings(), gallery.targets());
    value(metric, &Batch::line(&[0.0], &[1]));
}

#[test]
#[should_panic(expected = "the embeddings of the gallery have shape [0, 1], expected at least 1")]
fn a_gallery_is_not_empty() {
    let gallery = Batch::line(&[], &[]);
    let _ = RecallAtKMetric::new(1).with_gallery(gallery.embeddings(), gallery.targets());
}
