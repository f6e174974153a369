//! How well embeddings of a label are found, by plain functions.

use crate::{panics::message, support::plain_sites_and_gpu};
use burn::tensor::{Device, Int, Tensor};
use burn_losses::{Retrieval, knn_accuracy, mean_average_precision_at_r, recall_at_k};

/// Embeddings of dimension 1 or more, and their labels.
fn points(rows: &[Vec<f32>], labels: &[i64], device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let width = rows.first().map_or(1, Vec::len);
    let values = Tensor::<1>::from_floats(&rows.concat()[..], device);
    (
        values.reshape([rows.len(), width]),
        Tensor::from_ints(labels, device),
    )
}

fn line(positions: &[f32], labels: &[i64], device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let rows: Vec<Vec<f32>> = positions.iter().map(|&position| vec![position]).collect();
    points(&rows, labels, device)
}

#[track_caller]
fn assert_is(what: &str, got: Option<f64>, expected: f64) {
    let got = got.expect(what);
    assert!(
        (got - expected).abs() < 1e-12,
        "{what}: {got}, expected {expected}"
    );
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

/// Embeddings of `classes` labels, each moved by 6 along the axis `label % 3`.
fn clusters(count: usize, classes: i64, seed: u64) -> (Vec<Vec<f32>>, Vec<i64>) {
    let labels = numbers(count, seed + 1)
        .into_iter()
        .map(|n| n.rem_euclid(classes));
    let labels: Vec<i64> = labels.collect();
    let values = numbers(3 * count, seed);
    let rows = values.chunks(3).zip(&labels).map(|(row, &label)| {
        let moved = |(axis, &value): (usize, &i64)| {
            value as f32 / 16.0 + 6.0 * f32::from(axis as i64 == label % 3)
        };
        row.iter().enumerate().map(moved).collect()
    });
    (rows.collect(), labels)
}

/// `AccuracyCalculator(k="max_bin_count")` of pytorch-metric-learning 2.9.0 with
/// `CustomKNN(LpDistance(normalize_embeddings=normalize))`: `precision_at_1`, which is Recall@1, and
/// `mean_average_precision_at_r`, of the queries among themselves and in the gallery.
#[test]
fn values_of_pytorch_metric_learning() {
    let (rows, mut labels) = clusters(24, 5, 7);
    labels[23] = 99;
    let (gallery, of_gallery) = clusters(30, 6, 9);
    for site in plain_sites_and_gpu() {
        let (queries, of_queries) = points(&rows, &labels, &site.device);
        let recall = recall_at_k(queries.clone(), of_queries.clone(), 1);
        assert_is("recall", recall, 0.30434782608695654);
        let precision = mean_average_precision_at_r(queries.clone(), of_queries.clone());
        assert_is("precision", precision, 0.26165458937198066);

        let within = Retrieval::new(queries, of_queries).with_normalize(false);
        assert_is("recall", within.recall_at_k(1), 0.2608695652173913);
        let precision = within.mean_average_precision_at_r();
        assert_is("precision", precision, 0.2617753623188406);

        let (gallery, of_gallery) = points(&gallery, &of_gallery, &site.device);
        let looked_up = within.with_gallery(gallery, of_gallery);
        assert_is("recall", looked_up.recall_at_k(1), 0.391304347826087);
        let precision = looked_up.mean_average_precision_at_r();
        assert_is("precision", precision, 0.25537686088928324);
        let looked_up = looked_up.with_normalize(true);
        assert_is("recall", looked_up.recall_at_k(1), 0.391304347826087);
        let precision = looked_up.mean_average_precision_at_r();
        assert_is("precision", precision, 0.2191193433895297);
    }
}

#[test]
fn values_by_hand() {
    for site in plain_sites_and_gpu() {
        // Labels found, nearest first. 0: 8 7 7. 1: 8 7 7 (the last two as near). 2: 7 8 7. 3: 7 7 7.
        let (embeddings, labels) = line(&[0.0, 2.0, 4.0, 1.0], &[7, 7, 7, 8], &site.device);
        let retrieval = Retrieval::new(embeddings, labels).with_normalize(false);
        // The only 8 is left out.
        assert_is("recall", retrieval.recall_at_k(1), 1.0 / 3.0);
        assert_is("recall", retrieval.recall_at_k(2), 1.0);
        assert_is("recall", retrieval.recall_at_k(99), 1.0);
        let precision = retrieval.mean_average_precision_at_r();
        assert_is("precision", precision, (0.25 + 0.25 + 0.5) / 3.0);
        // Of two labels with a vote each, the nearest one's wins. 0: 8. 1: 8. 2: 7. 3: 7.
        assert_is("accuracy", retrieval.knn_accuracy(2), 0.25);
        assert_is("accuracy", retrieval.knn_accuracy(3), 0.75);
    }
}

#[test]
fn an_embedding_that_is_no_number_is_not_found() {
    for site in plain_sites_and_gpu() {
        for hostile in [f32::NAN, f32::INFINITY] {
            let rows = [vec![hostile, 0.0], vec![1.0, 0.0], vec![1.0, 0.1]];
            let (embeddings, labels) = points(&rows, &[1, 1, 1], &site.device);
            let given = || (embeddings.clone(), labels.clone());
            let (rows, of_rows) = given();
            assert_is("recall", recall_at_k(rows, of_rows, 2), 2.0 / 3.0);
            let (rows, of_rows) = given();
            assert_is("accuracy", knn_accuracy(rows, of_rows, 2), 2.0 / 3.0);
            let (rows, of_rows) = given();
            // R stays 2, so the others miss one.
            let precision = mean_average_precision_at_r(rows, of_rows);
            assert_is("precision", precision, (0.0 + 0.5 + 0.5) / 3.0);
        }
    }
}

#[test]
fn where_no_embedding_counts_there_is_no_value() {
    let device = plain_sites_and_gpu()[0].device.clone();
    let of = |positions: &[f32], labels: &[i64]| line(positions, labels, &device);
    for (positions, labels) in [(vec![], vec![]), (vec![1.0], vec![1])] {
        let (embeddings, labels) = of(&positions, &labels);
        assert_eq!(recall_at_k(embeddings.clone(), labels.clone(), 1), None);
        assert_eq!(
            mean_average_precision_at_r(embeddings.clone(), labels.clone()),
            None
        );
        assert_eq!(knn_accuracy(embeddings, labels, 1), None);
    }
    let (embeddings, labels) = of(&[1.0, 2.0, 3.0], &[1, 2, 3]);
    assert_eq!(recall_at_k(embeddings.clone(), labels.clone(), 1), None);
    assert_is("accuracy", knn_accuracy(embeddings, labels, 1), 0.0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = plain_sites_and_gpu()[0].device.clone();
    let of = |labels: &[i64]| {
        (
            Tensor::<2>::ones([2, 3], &device),
            Tensor::from_ints(labels, &device),
        )
    };
    let (embeddings, labels) = of(&[1]);
    assert_eq!(
        message(|| recall_at_k(embeddings, labels, 1)),
        "recall_at_k: 1 label for 2 embeddings, expected one for each"
    );
    let (embeddings, labels) = of(&[1, 1]);
    assert_eq!(
        message(|| knn_accuracy(embeddings, labels, 0)),
        "knn_accuracy: k is 0, expected a number of at least 1, how many neighbours are looked at"
    );
    let (embeddings, labels) = of(&[1, 1]);
    let retrieval = Retrieval::new(embeddings, labels);
    let (gallery, of_gallery) = line(&[1.0], &[1], &device);
    assert_eq!(
        message(|| retrieval.with_gallery(gallery, of_gallery)),
        "Retrieval: the embeddings have shape [2, 3] and those of the gallery [1, 1], expected embeddings of the same \
         dimension (the last)"
    );
}
