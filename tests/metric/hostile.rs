//! Embeddings that are no numbers: they show in the loss of every anchor that is compared with them, whatever is mined.

use crate::support::{differentiable_sites_and_gpu, tensors::Read};
use burn::tensor::{Int, Tensor};
use burn_losses::{Distance, Mining, MiningReduction, TripletLossConfig};

#[test]
fn an_embedding_without_a_distance_shows_in_every_choice() {
    let minings = [
        Mining::BatchHard,
        Mining::BatchAll,
        Mining::SemiHard,
        Mining::EasyPositive,
        Mining::multi_similarity(),
        Mining::distance_weighted(7),
    ];
    let distances = [
        Distance::Euclidean,
        Distance::SquaredEuclidean,
        Distance::Cosine,
    ];
    for mining in minings {
        for distance in distances {
            let loss = TripletLossConfig::new()
                .with_mining(mining)
                .with_distance(distance)
                .init();
            for hostile in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                for site in differentiable_sites_and_gpu() {
                    let points = [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [hostile, -1.0]];
                    let points = Tensor::<2>::from_floats(points, &site.device).require_grad();
                    let labels = Tensor::<1, Int>::from_ints([0, 0, 1, 1], &site.device);
                    let each = site.path.run(|| loss.forward_no_reduction(points, labels));
                    let each = Read::of(each).values;
                    assert!(
                        each.iter().all(|x| x.is_nan()),
                        "{mining:?} {distance:?} {hostile} on {site}: {each:?}"
                    );
                }
            }
        }
    }
}

/// Of the triplets of an anchor, those without the hostile embedding have their own slopes, and are counted as ever: on a
/// line, the positive at 1, negatives at 1.5, at 9 and nowhere, a margin of 1.
#[test]
fn a_hostile_negative_leaves_the_others_their_gradients() {
    for mining in [Mining::BatchAll, Mining::multi_similarity()] {
        let loss = TripletLossConfig::new()
            .with_mining(mining)
            .with_normalize(false)
            .with_margin(1.0)
            .with_reduction(MiningReduction::MeanNonZero)
            .init();
        for site in differentiable_sites_and_gpu() {
            let anchors = Tensor::<2>::from_floats([[0.0]], &site.device);
            let others = [[1.0], [1.5], [9.0], [f32::NAN]];
            let others = Tensor::<2>::from_floats(others, &site.device).require_grad();
            let label = Tensor::<1, Int>::from_ints([0], &site.device);
            let labels = Tensor::<1, Int>::from_ints([0, 1, 1, 1], &site.device);
            let value = site.path.run(|| {
                let evaluation = loss.on(anchors, label).reference(others.clone(), labels);
                evaluation.reduce()
            });
            let gradient = others.grad(&value.clone().backward()).expect("tracked");
            assert!(Read::of(value).values[0].is_nan(), "{mining:?} on {site}");
            // Two triplets cost something: that of 1.5, and the one that is no number.
            let gradient = Read::of(gradient).values;
            assert_eq!(gradient[..3], [1.0, -0.5, 0.0], "{mining:?} on {site}");
        }
    }
}

/// An infinite distance is one: of a positive that far away all negatives are hard, while a positive that is nearer than
/// they are stays out.
#[test]
fn a_positive_at_infinity_selects_no_easy_one() {
    let loss = TripletLossConfig::new()
        .with_mining(Mining::multi_similarity())
        .with_normalize(false)
        .with_margin(1.0)
        .with_reduction(MiningReduction::Sum)
        .init();
    for site in differentiable_sites_and_gpu() {
        let anchors = Tensor::<2>::from_floats([[0.0]], &site.device);
        let others = [[0.25], [f32::INFINITY], [0.5]];
        let others = Tensor::<2>::from_floats(others, &site.device).require_grad();
        let label = Tensor::<1, Int>::from_ints([0], &site.device);
        let labels = Tensor::<1, Int>::from_ints([0, 0, 1], &site.device);
        let value = site.path.run(|| {
            let evaluation = loss.on(anchors, label).reference(others.clone(), labels);
            evaluation.reduce()
        });
        let gradient = others.grad(&value.clone().backward()).expect("tracked");
        assert_eq!(Read::of(value).values, [f64::INFINITY], "{site}");
        assert_eq!(Read::of(gradient).values[0], 0.0, "{site}");
    }
}
