//! Configurations and messages.

use crate::panics::message;
use burn::{
    config::Config,
    tensor::{Device, Int, Tensor},
};
use burn_losses::*;

fn device() -> Device {
    crate::support::sites()[0].device.clone()
}

/// Panics unless a configuration was refused for a field of it.
#[track_caller]
fn assert_names<T>(built: Result<T, LossError>, config: &str, field: &str) {
    let Err(error) = built else {
        panic!("{config}: {field} was accepted");
    };
    assert_eq!((error.config(), error.field()), (config, field));
}

#[test]
fn defaults_are_those_documented() {
    let config = TripletMarginLossConfig::new();
    assert_eq!((config.margin, config.distance), (1.0, Distance::Euclidean));
    assert!(!config.normalize && !config.swap && !config.soft_margin);
    let config = TripletLossConfig::new();
    assert_eq!((config.margin, config.mining), (0.2, Mining::BatchHard));
    assert_eq!(config.reduction, MiningReduction::MeanNonZero);
    assert!(config.normalize);
    let config = ContrastiveLossConfig::new();
    assert_eq!((config.positive_margin, config.negative_margin), (0.0, 1.0));
    let config = MultiSimilarityLossConfig::new();
    assert_eq!((config.alpha, config.beta, config.base), (2.0, 50.0, 0.5));
    let config = CircleLossConfig::new();
    assert_eq!((config.margin, config.gamma), (0.4, 80.0));
    let config = LiftedStructureLossConfig::new();
    assert_eq!((config.positive_margin, config.negative_margin), (0.0, 1.0));
    assert_eq!(NPairsLossConfig::new().l2_weight, 0.002);
    let config = ArcFaceLossConfig::new(3, 2);
    assert_eq!((config.margin, config.scale), (0.5, 64.0));
    let config = CosFaceLossConfig::new(3, 2);
    assert_eq!((config.margin, config.scale), (0.35, 64.0));
    assert_eq!(NormalizedSoftmaxLossConfig::new(3, 2).temperature, 0.05);
    let config = ProxyAnchorLossConfig::new(3, 2);
    assert_eq!((config.margin, config.alpha), (0.1, 32.0));
    let config = ProxyNcaLossConfig::new(3, 2);
    assert!(config.includes_positive && config.scale == 1.0);
}

#[test]
fn a_hyperparameter_out_of_its_range_is_refused() {
    let device = device();
    for margin in [-0.1, f64::NAN, f64::INFINITY] {
        let config = TripletMarginLossConfig::new().with_margin(margin);
        assert_names(config.try_init(), "TripletMarginLossConfig", "margin");
        let config = TripletLossConfig::new().with_margin(margin);
        assert_names(config.try_init(), "TripletLossConfig", "margin");
        let config = CircleLossConfig::new().with_margin(margin);
        assert_names(config.try_init(), "CircleLossConfig", "margin");
        let config = CosFaceLossConfig::new(2, 2).with_margin(margin);
        assert_names(config.try_init(&device), "CosFaceLossConfig", "margin");
        let config = ArcFaceLossConfig::new(2, 2).with_margin(margin);
        assert_names(config.try_init(&device), "ArcFaceLossConfig", "margin");
        let config = ProxyAnchorLossConfig::new(2, 2).with_margin(margin);
        assert_names(config.try_init(&device), "ProxyAnchorLossConfig", "margin");
    }
    for p in [0.5, f64::NAN, f64::INFINITY] {
        let config = TripletMinerConfig::new().with_distance(Distance::Lp { p });
        assert_names(config.try_init(), "TripletMinerConfig", "distance");
        let config = ContrastiveLossConfig::new().with_distance(Distance::Lp { p });
        assert_names(config.try_init(), "ContrastiveLossConfig", "distance");
        let config = LiftedStructureLossConfig::new().with_distance(Distance::Lp { p });
        assert_names(config.try_init(), "LiftedStructureLossConfig", "distance");
    }
    for mining in [
        Mining::MultiSimilarity { epsilon: -0.1 },
        Mining::DistanceWeighted {
            cutoff: 0.0,
            nonzero_loss_cutoff: 1.4,
            seed: 0,
        },
        Mining::DistanceWeighted {
            cutoff: 0.5,
            nonzero_loss_cutoff: f64::NAN,
            seed: 0,
        },
    ] {
        let config = TripletLossConfig::new().with_mining(mining);
        assert_names(config.try_init(), "TripletLossConfig", "mining");
    }
    let drawn = TripletLossConfig::new().with_mining(Mining::distance_weighted(1));
    let off_sphere = drawn.clone().with_normalize(false);
    assert_names(off_sphere.try_init(), "TripletLossConfig", "mining");
    let other = drawn.clone().with_distance(Distance::DotProduct);
    assert_names(other.try_init(), "TripletLossConfig", "mining");
    // A cosine is one of norm 1 whatever is asked.
    let cosine = drawn.with_normalize(false).with_distance(Distance::Cosine);
    assert!(cosine.try_init().is_ok());
    for value in [0.0, -1.0, f64::NAN] {
        let config = MultiSimilarityLossConfig::new().with_alpha(value);
        assert_names(config.try_init(), "MultiSimilarityLossConfig", "alpha");
        let config = CircleLossConfig::new().with_gamma(value);
        assert_names(config.try_init(), "CircleLossConfig", "gamma");
        let config = NormalizedSoftmaxLossConfig::new(2, 2).with_temperature(value);
        let built = config.try_init(&device);
        assert_names(built, "NormalizedSoftmaxLossConfig", "temperature");
        let config = ProxyNcaLossConfig::new(2, 2).with_scale(value);
        assert_names(config.try_init(&device), "ProxyNcaLossConfig", "scale");
    }
    let built = NPairsLossConfig::new().with_l2_weight(-1.0).try_init();
    assert_names(built, "NPairsLossConfig", "l2_weight");
    let built = ArcFaceLossConfig::new(0, 2).try_init(&device);
    assert_names(built, "ArcFaceLossConfig", "classes");
    let built = ProxyNcaLossConfig::new(2, 0).try_init(&device);
    assert_names(built, "ProxyNcaLossConfig", "dimension");
    let built = CrossBatchMemoryConfig::new(0, 2).try_init(&device);
    assert_names(built, "CrossBatchMemoryConfig", "capacity");
}

#[test]
fn a_configuration_saved_and_loaded_builds_the_same_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("loss.json");
    for mining in [
        Mining::SemiHard,
        Mining::multi_similarity(),
        Mining::distance_weighted(9),
    ] {
        let config = TripletLossConfig::new().with_mining(mining);
        config.save(&path).expect("a saved configuration");
        let loaded = TripletLossConfig::load(&path).expect("a loaded configuration");
        assert_eq!(loaded.init().to_string(), config.init().to_string());
    }
    let config = TripletMinerConfig::new().with_distance(Distance::Lp { p: 1.5 });
    config.save(&path).expect("a saved configuration");
    let loaded = TripletMinerConfig::load(&path).expect("a loaded configuration");
    assert_eq!(loaded.distance, Distance::Lp { p: 1.5 });
    let text = config.init().to_string();
    assert!(
        text.contains(r#"{"lp":{"p":1.5}}"#) && text.contains("batch_hard"),
        "{text}"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let device = device();
    let zeros = |rows, width| Tensor::<2>::zeros([rows, width], &device);
    let labels = |count: usize| Tensor::<1, Int>::zeros([count], &device);
    let loss = TripletLossConfig::new().init();
    let text = message(|| loss.forward(zeros(3, 2), labels(4)));
    assert!(
        text.starts_with("TripletLoss: 4 labels for 3 embeddings"),
        "{text}"
    );
    let evaluation = || loss.on(zeros(3, 2), labels(3));
    let text = message(|| evaluation().reference(zeros(2, 5), labels(2)));
    assert!(
        text.contains("reference embeddings have shape [2, 5]"),
        "{text}"
    );
    let list = |values: &[i64]| Tensor::<1, Int>::from_ints(values, &device);
    let triplets = Triplets {
        anchors: list(&[0, 1]),
        positives: list(&[1, 0]),
        negatives: list(&[2, 3]),
    };
    let text = message(|| evaluation().triplets(triplets));
    assert!(
        text.contains("triplet 1 has 3 among its negatives"),
        "{text}"
    );
    let triplets = Triplets {
        anchors: list(&[0, 1]),
        positives: list(&[1]),
        negatives: list(&[2, 2]),
    };
    let text = message(|| evaluation().triplets(triplets));
    assert!(text.contains("1 positives for 2 anchors"), "{text}");
    let loss = TripletMarginLossConfig::new().init();
    let text = message(|| loss.forward(zeros(3, 2), zeros(3, 2), zeros(2, 2)));
    assert!(text.contains("negatives have shape [2, 2]"), "{text}");
    let loss = ArcFaceLossConfig::new(4, 2).init(&device);
    let text = message(|| loss.forward(zeros(1, 3), labels(1)));
    assert!(
        text.starts_with("ArcFaceLoss: the embeddings have shape [1, 3]"),
        "{text}"
    );
    let text = message(|| loss.clone().with_proxies(zeros(3, 2)));
    assert!(
        text.contains("the proxies have shape [3, 2], expected [4, 2]"),
        "{text}"
    );
    let memory = CrossBatchMemoryConfig::new(4, 2).init(&device);
    let text = message(|| memory.clone().push(zeros(3, 3), labels(3)));
    assert!(text.contains("expected [N, 2]"), "{text}");
}
