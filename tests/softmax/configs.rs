//! Configurations of losses of rows: what they default to, what they refuse, how they are stored,
//! and that what they build is a module.

use crate::{
    configs::assert_refused,
    support::{Site, differentiable_sites, sites},
};
use burn::{
    config::Config,
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Int, Tensor},
};
use burn_losses::*;
use std::panic::catch_unwind;

#[test]
fn smoothing_outside_0_to_1_is_refused() {
    macro_rules! assert_all_refused {
        ($($name:literal: $config:expr;)+) => {$(
            let smooth = |by| $config.with_label_smoothing(by);
            assert_refused!(smooth(1.5), $name, "label_smoothing", "1.5");
            assert_refused!(smooth(-0.1), $name, "label_smoothing", "-0.1");
            assert_refused!(smooth(f64::NAN), $name, "label_smoothing", "NaN");
            smooth(0.0).init();
            smooth(1.0).init();
        )+};
    }
    assert_all_refused! {
        "CrossEntropyLossConfig": CrossEntropyLossConfig::new();
        "SoftmaxFocalLossConfig": SoftmaxFocalLossConfig::new();
        "PolyLossConfig": PolyLossConfig::new();
        "BalancedSoftmaxLossConfig": BalancedSoftmaxLossConfig::new(vec![1, 2]);
        "LogitAdjustedLossConfig": LogitAdjustedLossConfig::new(vec![1, 2]);
    }
}

#[test]
fn a_weight_that_is_negative_or_no_number_is_refused() {
    macro_rules! assert_all_refused {
        ($($name:literal: $config:expr;)+) => {$(
            let weigh = |list: &[f64]| $config.with_class_weights(Some(list.to_vec()));
            assert_refused!(weigh(&[1.0, -0.5]), $name, "class_weights"[1], "-0.5");
            assert_refused!(weigh(&[f64::NAN]), $name, "class_weights"[0], "NaN");
            assert_refused!(weigh(&[f64::INFINITY, 1.0]), $name, "class_weights"[0], "inf");
            assert_refused!(weigh(&[1e39]), $name, "class_weights"[0], "1e39");
            assert_refused!(weigh(&[]), $name, "class_weights", "[]");
            weigh(&[0.0, 1.0]).init();
        )+};
    }
    assert_all_refused! {
        "CrossEntropyLossConfig": CrossEntropyLossConfig::new();
        "SoftmaxFocalLossConfig": SoftmaxFocalLossConfig::new();
        "PolyLossConfig": PolyLossConfig::new();
        "BalancedSoftmaxLossConfig": BalancedSoftmaxLossConfig::new(vec![1, 2]);
        "LogitAdjustedLossConfig": LogitAdjustedLossConfig::new(vec![1, 2]);
        "LdamLossConfig": LdamLossConfig::new(vec![1, 2]);
        "GeneralizedCrossEntropyLossConfig": GeneralizedCrossEntropyLossConfig::new();
        "SymmetricCrossEntropyLossConfig": SymmetricCrossEntropyLossConfig::new();
    }
}

#[test]
fn lists_of_different_lengths_are_refused() {
    macro_rules! assert_all_refused {
        ($($name:literal: $config:expr;)+) => {$(
            let weigh = |list: &[f64]| $config.with_class_weights(Some(list.to_vec()));
            let error = weigh(&[1.0; 3]).try_init().expect_err($name);
            assert_eq!((error.config(), error.field()), ($name, "class_weights"));
            let expected = concat!(
                $name, ": class_weights is a list of 3, expected one of 2, as long as class_counts"
            );
            assert_eq!(error.to_string(), expected);
            weigh(&[1.0; 2]).init();
        )+};
    }
    assert_all_refused! {
        "BalancedSoftmaxLossConfig": BalancedSoftmaxLossConfig::new(vec![1, 2]);
        "LogitAdjustedLossConfig": LogitAdjustedLossConfig::new(vec![1, 2]);
        "LdamLossConfig": LdamLossConfig::new(vec![1, 2]);
    }
    let focal = |alpha: usize| {
        let config = SoftmaxFocalLossConfig::new().with_class_weights(Some(vec![1.0; 3]));
        config.with_alpha(Some(vec![0.5; alpha]))
    };
    assert_eq!(
        focal(2).try_init().expect_err("an alpha of 2").to_string(),
        "SoftmaxFocalLossConfig: class_weights is a list of 3, expected one of 2, as long as alpha"
    );
    focal(1).init();
    focal(3).init();
}

#[test]
fn counts_of_no_classes_are_refused() {
    macro_rules! assert_all_refused {
        ($($name:literal: $config:ident;)+) => {$(
            assert_refused!($config::new(vec![]), $name, "class_counts", "[]");
            $config::new(vec![1]).init();
        )+};
    }
    assert_all_refused! {
        "BalancedSoftmaxLossConfig": BalancedSoftmaxLossConfig;
        "LogitAdjustedLossConfig": LogitAdjustedLossConfig;
        "LdamLossConfig": LdamLossConfig;
    }
}

#[test]
fn a_hyperparameter_out_of_its_range_is_refused() {
    let focal = SoftmaxFocalLossConfig::new;
    let alpha = |list: &[f64]| focal().with_alpha(Some(list.to_vec()));
    assert_refused!(alpha(&[1.25]), "SoftmaxFocalLossConfig", "alpha"[0], "1.25");
    assert_refused!(
        alpha(&[0.5, -0.25]),
        "SoftmaxFocalLossConfig",
        "alpha"[1],
        "-0.25"
    );
    assert_refused!(
        alpha(&[f64::NAN]),
        "SoftmaxFocalLossConfig",
        "alpha"[0],
        "NaN"
    );
    assert_refused!(alpha(&[]), "SoftmaxFocalLossConfig", "alpha", "[]");
    alpha(&[0.0, 1.0]).init();
    let gamma = |gamma| focal().with_gamma(gamma);
    assert_refused!(gamma(-1.0), "SoftmaxFocalLossConfig", "gamma", "-1");
    assert_refused!(gamma(f64::NAN), "SoftmaxFocalLossConfig", "gamma", "NaN");
    assert_refused!(
        gamma(f64::INFINITY),
        "SoftmaxFocalLossConfig",
        "gamma",
        "inf"
    );
    gamma(0.0).init();

    let poly = |epsilon| PolyLossConfig::new().with_epsilon(epsilon);
    assert_refused!(poly(-1.5), "PolyLossConfig", "epsilon", "-1.5");
    assert_refused!(poly(f64::NAN), "PolyLossConfig", "epsilon", "NaN");
    assert_refused!(poly(f64::INFINITY), "PolyLossConfig", "epsilon", "inf");
    poly(-1.0).init();

    let tau = |tau| LogitAdjustedLossConfig::new(vec![1, 2]).with_tau(tau);
    assert_refused!(tau(-0.5), "LogitAdjustedLossConfig", "tau", "-0.5");
    assert_refused!(tau(f64::NAN), "LogitAdjustedLossConfig", "tau", "NaN");
    tau(0.0).init();

    let ldam = || LdamLossConfig::new(vec![1, 2]);
    let margin = |margin| ldam().with_max_margin(margin);
    assert_refused!(margin(-0.5), "LdamLossConfig", "max_margin", "-0.5");
    assert_refused!(margin(f64::NAN), "LdamLossConfig", "max_margin", "NaN");
    margin(0.0).init();
    let scale = |scale| ldam().with_scale(scale);
    assert_refused!(scale(0.0), "LdamLossConfig", "scale", "0");
    assert_refused!(scale(-30.0), "LdamLossConfig", "scale", "-30");
    assert_refused!(scale(f64::INFINITY), "LdamLossConfig", "scale", "inf");

    let q = |q| GeneralizedCrossEntropyLossConfig::new().with_q(q);
    assert_refused!(q(0.0), "GeneralizedCrossEntropyLossConfig", "q", "0");
    assert_refused!(q(-0.7), "GeneralizedCrossEntropyLossConfig", "q", "-0.7");
    assert_refused!(q(1.5), "GeneralizedCrossEntropyLossConfig", "q", "1.5");
    assert_refused!(q(f64::NAN), "GeneralizedCrossEntropyLossConfig", "q", "NaN");
    q(1.0).init();

    let sce = SymmetricCrossEntropyLossConfig::new;
    let name = "SymmetricCrossEntropyLossConfig";
    assert_refused!(
        sce().with_alpha(-0.1),
        "SymmetricCrossEntropyLossConfig",
        "alpha",
        "-0.1"
    );
    assert_refused!(
        sce().with_beta(f64::NAN),
        "SymmetricCrossEntropyLossConfig",
        "beta",
        "NaN"
    );
    assert_refused!(
        sce().with_log_zero(0.5),
        "SymmetricCrossEntropyLossConfig",
        "log_zero",
        "0.5"
    );
    let infinite = sce().with_log_zero(f64::NEG_INFINITY).try_init();
    assert_eq!(infinite.expect_err(name).field(), "log_zero");
    sce().with_log_zero(0.0).init();
}

#[test]
fn defaults_are_those_documented() {
    let ce = CrossEntropyLossConfig::new();
    assert_eq!((ce.class_weights, ce.label_smoothing), (None, 0.0));
    assert_eq!(
        (ce.ignore_index, ce.reduction),
        (Some(-100), Reduction::Mean)
    );
    let focal = SoftmaxFocalLossConfig::new();
    assert_eq!((focal.alpha, focal.gamma), (None, 2.0));
    assert_eq!(PolyLossConfig::new().epsilon, 2.0);
    assert_eq!(LogitAdjustedLossConfig::new(vec![1]).tau, 1.0);
    let ldam = LdamLossConfig::new(vec![1]);
    assert_eq!((ldam.max_margin, ldam.scale), (0.5, 30.0));
    assert_eq!(GeneralizedCrossEntropyLossConfig::new().q, 0.7);
    let sce = SymmetricCrossEntropyLossConfig::new();
    assert_eq!((sce.alpha, sce.beta, sce.log_zero), (0.1, 1.0, -4.0));
    assert_eq!(sce.ignore_index, Some(-100));
}

fn inputs(site: &Site) -> (Tensor<2>, Tensor<1, Int>) {
    (
        Tensor::from_floats([[0.3, 0.9], [0.1, -0.6], [2.0, 1.0]], &site.device),
        Tensor::from_ints([0, 1, 255], &site.device),
    )
}

/// Which configuration a loss came from shows in this number.
macro_rules! fingerprint {
    ($loss:expr) => {{
        let (logits, targets) = inputs(&sites().remove(0));
        $loss.forward(logits, targets).into_scalar::<f32>()
    }};
}

#[test]
fn a_configuration_saved_and_loaded_builds_the_same_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    macro_rules! assert_kept {
        ($($type:ident, $key:literal: $config:expr, $json:literal;)+) => {$({
            let config = $config.with_ignore_index(Some(255)).with_reduction(Reduction::Sum);
            let mean = config.clone().with_reduction(Reduction::Mean);
            assert_ne!(fingerprint!(config.init()), fingerprint!(mean.init()));
            let file = folder.path().join(stringify!($type));
            config.save(&file).expect("saved");
            let loaded = $type::load(&file).expect("loaded");
            assert_eq!(fingerprint!(loaded.init()), fingerprint!(config.init()));
            assert_eq!(format!("{loaded:?}"), format!("{config:?}"));

            let json = format!(
                "{{{}, \"ignore_index\": 255, \"reduction\": \"sum\"}}", $json
            );
            let written: $type = serde_json::from_str(&json).expect("the format of a file");
            assert_eq!(format!("{written:?}"), format!("{config:?}"));

            // The same fields, with the name of the loss, are any classification loss.
            let json = format!(
                "{{\"loss\": \"{}\", {}, \"ignore_index\": 255, \"reduction\": \"sum\"}}",
                $key, $json
            );
            let any: ClassificationLossConfig = serde_json::from_str(&json).expect("any loss");
            assert_eq!(
                format!("{any:?}"),
                format!("{:?}", ClassificationLossConfig::from(config.clone()))
            );
            assert_eq!(fingerprint!(any.init()), fingerprint!(config.init()));
            let file = folder.path().join(concat!("any ", stringify!($type)));
            any.save(&file).expect("saved");
            let loaded = ClassificationLossConfig::load(&file).expect("loaded");
            assert_eq!(format!("{loaded:?}"), format!("{any:?}"));
        })+};
    }
    assert_kept! {
        CrossEntropyLossConfig, "cross_entropy":
            CrossEntropyLossConfig::new().with_class_weights(Some(vec![2.0, 3.0])),
            r#""class_weights": [2.0, 3.0], "label_smoothing": 0.0"#;
        SoftmaxFocalLossConfig, "softmax_focal":
            SoftmaxFocalLossConfig::new().with_alpha(Some(vec![0.25])).with_label_smoothing(0.1),
            r#""alpha": [0.25], "gamma": 2.0, "class_weights": null, "label_smoothing": 0.1"#;
        PolyLossConfig, "poly":
            PolyLossConfig::new().with_epsilon(-0.5),
            r#""epsilon": -0.5, "class_weights": null, "label_smoothing": 0.0"#;
        BalancedSoftmaxLossConfig, "balanced_softmax":
            BalancedSoftmaxLossConfig::new(vec![3, 9]),
            r#""class_counts": [3, 9], "class_weights": null, "label_smoothing": 0.0"#;
        LogitAdjustedLossConfig, "logit_adjusted":
            LogitAdjustedLossConfig::new(vec![3, 9]).with_tau(0.5),
            r#""class_counts": [3, 9], "tau": 0.5, "class_weights": null, "label_smoothing": 0.0"#;
        LdamLossConfig, "ldam":
            LdamLossConfig::new(vec![3, 9]).with_scale(2.0),
            r#""class_counts": [3, 9], "max_margin": 0.5, "scale": 2.0, "class_weights": null"#;
        GeneralizedCrossEntropyLossConfig, "generalized_cross_entropy":
            GeneralizedCrossEntropyLossConfig::new().with_q(0.25),
            r#""q": 0.25, "class_weights": null"#;
        SymmetricCrossEntropyLossConfig, "symmetric_cross_entropy":
            SymmetricCrossEntropyLossConfig::new().with_beta(0.5),
            r#""alpha": 0.1, "beta": 0.5, "log_zero": -4.0, "class_weights": null"#;
    }
}

#[test]
fn any_loss_refuses_what_its_configuration_refuses() {
    let config = ClassificationLossConfig::from(PolyLossConfig::new().with_epsilon(-2.0));
    let error = config.try_init().expect_err("an epsilon below -1");
    assert_eq!(
        (error.config(), error.field()),
        ("PolyLossConfig", "epsilon")
    );
    let panic = catch_unwind(|| config.init()).expect_err("an epsilon below -1");
    assert_eq!(panic.downcast_ref::<String>(), Some(&error.to_string()));
}

#[test]
fn any_loss_is_the_loss_it_names_in_every_method() {
    for site in sites() {
        let config = SoftmaxFocalLossConfig::new().with_ignore_index(Some(255));
        let (any, loss) = (
            ClassificationLossConfig::from(config.clone()).init(),
            config.init(),
        );
        let (x, t) = inputs(&site);
        let w = || Tensor::<1>::from_floats([0.5, 2.0, 1.0], &site.device);
        let pairs = site.path.run(|| {
            [
                (
                    any.forward(x.clone(), t.clone()),
                    loss.forward(x.clone(), t.clone()),
                ),
                (
                    any.forward_no_reduction(x.clone(), t.clone()),
                    loss.forward_no_reduction(x.clone(), t.clone()),
                ),
                (
                    any.on(x.clone(), t.clone()).weights(w()).reduce(),
                    loss.on(x, t).weights(w()).reduce(),
                ),
            ]
        });
        for (any, loss) in pairs {
            assert_eq!(any.into_data(), loss.into_data(), "on {site}");
        }
    }
}

#[test]
fn class_balanced_weights_are_those_of_the_paper() {
    // (1 - b) / (1 - b^n), scaled to sum to the number of classes that occur.
    let naive = |counts: &[usize], beta: f64| -> Vec<f64> {
        let effective = |&n: &usize| match n {
            0 => 0.0,
            n => (1.0 - beta) / (1.0 - beta.powi(n as i32)),
        };
        let weights: Vec<f64> = counts.iter().map(effective).collect();
        let occurring = counts.iter().filter(|n| **n > 0).count() as f64;
        let total: f64 = weights.iter().sum();
        weights.iter().map(|w| w * occurring / total).collect()
    };
    for beta in [0.0, 0.5, 0.9, 0.999] {
        for counts in [&[1][..], &[5, 5], &[900, 100, 1], &[0, 7, 0, 3000]] {
            let weights = class_balanced_weights(counts, beta).expect("weights");
            for (got, expected) in weights.iter().zip(naive(counts, beta)) {
                assert!(
                    (got - expected).abs() < 1e-10,
                    "{beta} {counts:?}: {weights:?}"
                );
            }
        }
    }
    // So near 1 that the naive difference has no digits: inverse frequency.
    let weights = class_balanced_weights(&[1, 3], 1.0 - 1e-15).expect("weights");
    assert!(
        (weights[0] - 1.5).abs() < 1e-6 && (weights[1] - 0.5).abs() < 1e-6,
        "{weights:?}"
    );
    assert_eq!(class_balanced_weights(&[0, 0], 0.9), Ok(vec![0.0; 2]));
    let refused = |counts: &[usize], beta| {
        let error = class_balanced_weights(counts, beta).expect_err("refused");
        (error.config().to_string(), error.field().to_string())
    };
    let named = |field: &str| ("class_balanced_weights".to_string(), field.to_string());
    assert_eq!(refused(&[], 0.9), named("counts"));
    for beta in [1.0, -0.1, f64::NAN] {
        assert_eq!(refused(&[1, 2], beta), named("beta"));
    }
}

#[test]
fn the_display_shows_hyperparameters_and_reduction() {
    let sum = SoftmaxFocalLossConfig::new().with_reduction(Reduction::Sum);
    let shown = [
        (
            format!("{}", sum.init()),
            &[
                "SoftmaxFocalLoss",
                "alpha: null",
                "gamma: 2",
                "reduction: sum",
            ][..],
        ),
        (
            format!("{}", CrossEntropyLossConfig::new().init()),
            &[
                "label_smoothing: 0",
                "ignore_index: -100",
                "reduction: mean",
            ],
        ),
        (
            format!("{}", LdamLossConfig::new(vec![3, 9]).init()),
            &[
                "LdamLoss",
                "class_counts: [3, 9]",
                "max_margin: 0.5",
                "scale: 30",
            ],
        ),
    ];
    for (text, parts) in shown {
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }
}

/// A model that carries its loss along.
#[derive(Module, Debug)]
struct Model {
    linear: Linear,
    loss: ClassificationLoss,
    auxiliary: Option<CrossEntropyLoss>,
}

#[test]
fn a_loss_is_a_module_without_parameters() {
    for site in differentiable_sites() {
        let model = Model {
            linear: LinearConfig::new(2, 3).init(&site.device),
            loss: ClassificationLossConfig::from(LdamLossConfig::new(vec![3, 9, 1])).init(),
            auxiliary: Some(CrossEntropyLossConfig::new().init()),
        };
        assert_eq!(model.num_params(), 2 * 3 + 3);
        let loss = |model: &Model| {
            let features = Tensor::<2>::from_floats([[0.3, 0.9], [0.1, -0.6]], &site.device);
            let targets = Tensor::<1, Int>::from_ints([2, 0], &site.device);
            let logits = model.linear.forward(features);
            site.path.run(|| {
                let loss = model.loss.forward(logits.clone(), targets.clone());
                let auxiliary = model.auxiliary.as_ref().expect("a loss");
                loss + auxiliary.forward(logits, targets)
            })
        };
        let value = loss(&model);
        let gradients = value.backward();
        assert!(
            model.linear.weight.val().grad(&gradients).is_some(),
            "on {site}"
        );
        let expected: f32 = value.into_scalar();
        assert_eq!(
            loss(&model.clone().to_device(&site.device)).into_scalar::<f32>(),
            expected
        );
        assert!(format!("{model}").contains("max_margin: 0.5"), "{model}");
    }
}
