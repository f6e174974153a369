//! Configurations: what they default to, what they refuse, how they are stored, and that what they
//! build is a module.

use burn::{
    config::Config,
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor},
};
use burn_losses::*;

use crate::support::{Site, sites};

/// Asserts that `$config` is refused for `$field`, or an element of that list, by `try_init` and by
/// `init` alike.
macro_rules! assert_refused {
    ($config:expr, $name:literal, $field:literal $([$index:literal])?, $value:literal) => {{
        let config = $config;
        let error = config.try_init().expect_err($name);
        let text = error.to_string();
        assert_eq!((error.config(), error.field()), ($name, $field));
        let start = concat!(
            $name, ": ", $field, $("[", $index, "]",)? " is ", $value, ", expected "
        );
        assert!(
            text.starts_with(start),
            "{text} does not start with {start}"
        );
        let panic = ::std::panic::catch_unwind(|| config.init()).expect_err($name);
        assert_eq!(panic.downcast_ref::<String>(), Some(&text));
    }};
}

pub(crate) use assert_refused;

#[test]
fn a_width_that_is_not_above_0_is_refused() {
    let huber = |delta| HuberLossConfig::new().with_delta(delta);
    assert_refused!(huber(0.0), "HuberLossConfig", "delta", "0");
    assert_refused!(huber(-1.5), "HuberLossConfig", "delta", "-1.5");
    assert_refused!(huber(f64::NAN), "HuberLossConfig", "delta", "NaN");
    assert_refused!(huber(f64::INFINITY), "HuberLossConfig", "delta", "inf");
    assert_refused!(huber(1e-50), "HuberLossConfig", "delta", "1e-50");
    assert_refused!(huber(1e39), "HuberLossConfig", "delta", "1e39");

    let cauchy = |c| CauchyLossConfig::new().with_c(c);
    assert_refused!(cauchy(0.0), "CauchyLossConfig", "c", "0");
    assert_refused!(cauchy(f64::NAN), "CauchyLossConfig", "c", "NaN");
    let charbonnier = |epsilon| CharbonnierLossConfig::new().with_epsilon(epsilon);
    assert_refused!(charbonnier(0.0), "CharbonnierLossConfig", "epsilon", "0");
    assert_refused!(
        charbonnier(-0.1),
        "CharbonnierLossConfig",
        "epsilon",
        "-0.1"
    );
    assert_refused!(
        charbonnier(f64::NAN),
        "CharbonnierLossConfig",
        "epsilon",
        "NaN"
    );
}

#[test]
fn a_negative_beta_or_gamma_is_refused() {
    let smooth = |beta| SmoothL1LossConfig::new().with_beta(beta);
    assert_refused!(smooth(-0.5), "SmoothL1LossConfig", "beta", "-0.5");
    assert_refused!(smooth(f64::NAN), "SmoothL1LossConfig", "beta", "NaN");
    assert_refused!(smooth(f64::INFINITY), "SmoothL1LossConfig", "beta", "inf");
    smooth(0.0).init();

    let focal = |gamma| SigmoidFocalLossConfig::new().with_gamma(gamma);
    assert_refused!(focal(-1.0), "SigmoidFocalLossConfig", "gamma", "-1");
    assert_refused!(focal(f64::NAN), "SigmoidFocalLossConfig", "gamma", "NaN");
    assert_refused!(
        focal(f64::INFINITY),
        "SigmoidFocalLossConfig",
        "gamma",
        "inf"
    );
    focal(0.0).init();
}

#[test]
fn hyperparameters_of_robust_losses_out_of_range_are_refused() {
    let welsch = |c| WelschLossConfig::new().with_c(c);
    assert_refused!(welsch(0.0), "WelschLossConfig", "c", "0");
    let geman = |c| GemanMcClureLossConfig::new().with_c(c);
    assert_refused!(geman(-1.0), "GemanMcClureLossConfig", "c", "-1");
    let wing = |width, epsilon| {
        WingLossConfig::new()
            .with_width(width)
            .with_epsilon(epsilon)
    };
    assert_refused!(wing(0.0, 2.0), "WingLossConfig", "width", "0");
    assert_refused!(wing(10.0, f64::NAN), "WingLossConfig", "epsilon", "NaN");
    assert_refused!(wing(1e10, 1e-30), "WingLossConfig", "epsilon", "1e-30");
    let adaptive = |alpha| AdaptiveWingLossConfig::new().with_alpha(alpha);
    assert_refused!(adaptive(1.9), "AdaptiveWingLossConfig", "alpha", "1.9");
    assert_refused!(adaptive(1e3), "AdaptiveWingLossConfig", "alpha", "1000");
    let theta = AdaptiveWingLossConfig::new().with_theta(0.0);
    assert_refused!(theta, "AdaptiveWingLossConfig", "theta", "0");
    let balanced = |gamma| BalancedL1LossConfig::new().with_gamma(gamma);
    assert_refused!(balanced(0.0), "BalancedL1LossConfig", "gamma", "0");
    assert_refused!(balanced(50.0), "BalancedL1LossConfig", "gamma", "50");
    let steep = BalancedL1LossConfig::new()
        .with_alpha(0.0125)
        .with_gamma(1.0);
    assert_refused!(
        steep.with_beta(2e-4),
        "BalancedL1LossConfig",
        "beta",
        "0.0002"
    );
    let poisson = |epsilon| PoissonNllLossConfig::new().with_epsilon(epsilon);
    assert_refused!(poisson(0.0), "PoissonNllLossConfig", "epsilon", "0");
}

#[test]
fn hyperparameters_of_margins_and_detectors_out_of_range_are_refused() {
    let embedding = |margin| HingeEmbeddingLossConfig::new().with_margin(margin);
    assert_refused!(
        embedding(f64::NAN),
        "HingeEmbeddingLossConfig",
        "margin",
        "NaN"
    );
    let quality = |beta| QualityFocalLossConfig::new().with_beta(beta);
    assert_refused!(quality(-1.0), "QualityFocalLossConfig", "beta", "-1");
    let varifocal = |alpha| VarifocalLossConfig::new().with_alpha(alpha);
    assert_refused!(varifocal(-0.5), "VarifocalLossConfig", "alpha", "-0.5");
    let gaussian = |gamma| GaussianFocalLossConfig::new().with_gamma(gamma);
    assert_refused!(
        gaussian(f64::INFINITY),
        "GaussianFocalLossConfig",
        "gamma",
        "inf"
    );
    let labels =
        |weight| MultiLabelSoftMarginLossConfig::new().with_class_weights(Some(vec![weight]));
    assert_refused!(
        labels(-1.0),
        "MultiLabelSoftMarginLossConfig",
        "class_weights"[0],
        "-1"
    );
    let nll = |weight| NllLossConfig::new().with_class_weights(Some(vec![1.0, weight]));
    assert_refused!(nll(f64::NAN), "NllLossConfig", "class_weights"[1], "NaN");
}

#[test]
fn a_share_outside_0_to_1_is_refused() {
    let focal = |alpha| SigmoidFocalLossConfig::new().with_alpha(Some(alpha));
    assert_refused!(focal(1.25), "SigmoidFocalLossConfig", "alpha", "1.25");
    assert_refused!(focal(-0.25), "SigmoidFocalLossConfig", "alpha", "-0.25");
    assert_refused!(focal(f64::NAN), "SigmoidFocalLossConfig", "alpha", "NaN");
    focal(0.0).init();
    focal(1.0).init();

    let smoothed = |by| SigmoidFocalLossConfig::new().with_label_smoothing(by);
    assert_refused!(
        smoothed(1.5),
        "SigmoidFocalLossConfig",
        "label_smoothing",
        "1.5"
    );
    let binary = |by| BinaryCrossEntropyLossConfig::new().with_label_smoothing(by);
    assert_refused!(
        binary(-0.1),
        "BinaryCrossEntropyLossConfig",
        "label_smoothing",
        "-0.1"
    );
    assert_refused!(
        binary(f64::NAN),
        "BinaryCrossEntropyLossConfig",
        "label_smoothing",
        "NaN"
    );
}

#[test]
fn lists_with_a_number_out_of_range_are_refused() {
    let quantiles = |list: &[f64]| QuantileLossConfig::new().with_quantiles(list.to_vec());
    assert_refused!(quantiles(&[]), "QuantileLossConfig", "quantiles", "[]");
    assert_refused!(quantiles(&[0.0]), "QuantileLossConfig", "quantiles"[0], "0");
    assert_refused!(
        quantiles(&[0.5, 1.0]),
        "QuantileLossConfig",
        "quantiles"[1],
        "1"
    );
    assert_refused!(
        quantiles(&[f64::NAN]),
        "QuantileLossConfig",
        "quantiles"[0],
        "NaN"
    );

    let weights =
        |list: &[f64]| BinaryCrossEntropyLossConfig::new().with_pos_weight(Some(list.to_vec()));
    let name = "BinaryCrossEntropyLossConfig";
    assert_eq!(
        weights(&[]).try_init().expect_err(name).field(),
        "pos_weight"
    );
    assert_refused!(
        weights(&[1.0, -2.0]),
        "BinaryCrossEntropyLossConfig",
        "pos_weight"[1],
        "-2"
    );
    assert_refused!(
        weights(&[f64::INFINITY]),
        "BinaryCrossEntropyLossConfig",
        "pos_weight"[0],
        "inf"
    );
    weights(&[0.0, 1.0]).init();
}

/// One that `f32` rounds to 0 or 1 would be none any more: it is refused, or counted in full.
#[test]
fn a_quantile_next_to_0_or_1_stays_inside() {
    for quantile in [1e-30, 1.0 - 1e-12] {
        let config = QuantileLossConfig::new().with_quantiles(vec![quantile]);
        let Ok(loss) = config.try_init() else {
            continue;
        };
        let device = sites().remove(0).device;
        let number = |value: f32| Tensor::<1>::from_floats([value], &device);
        for (x, t) in [(0.0, 1.0), (1.0, 0.0)] {
            let value: f32 = loss.forward(number(x), number(t)).into_scalar();
            assert!(
                value > 0.0,
                "quantile {quantile} of {x} against {t}: {value}"
            );
        }
    }
}

#[test]
fn defaults_are_those_documented() {
    assert_eq!(SmoothL1LossConfig::new().beta, 1.0);
    assert_eq!(HuberLossConfig::new().delta, 1.0);
    assert_eq!(CharbonnierLossConfig::new().epsilon, 1e-3);
    assert_eq!(QuantileLossConfig::new().quantiles, [0.5]);
    let binary = BinaryCrossEntropyLossConfig::new();
    assert!(binary.logits);
    assert_eq!((binary.pos_weight, binary.label_smoothing), (None, 0.0));
    let focal = SigmoidFocalLossConfig::new();
    assert_eq!((focal.alpha, focal.gamma), (Some(0.25), 2.0));
    assert_eq!(focal.label_smoothing, 0.0);
    assert_eq!(Reduction::default(), Reduction::Mean);
}

/// Runs a loss on fixed input: which configuration it came from shows in the result.
macro_rules! fingerprint {
    ($loss:expr) => {
        fingerprint!($loss, [0.0, 0.0])
    };
    // With something added to prediction and target, to make logarithms of probabilities.
    ($loss:expr, $shift:expr) => {{
        let device = sites().remove(0).device;
        let [of_prediction, of_target]: [f32; 2] = $shift;
        let x = Tensor::<2>::from_floats([[0.3, 0.9], [0.1, 0.6]], &device);
        let t = Tensor::<2>::from_floats([[0.0, 1.0], [1.0, 0.0]], &device);
        let loss = $loss.forward(x + of_prediction, t + of_target);
        loss.into_scalar::<f32>()
    }};
}

#[test]
fn a_configuration_saved_and_loaded_builds_the_same_loss() {
    let folder = tempfile::tempdir().expect("a folder");
    macro_rules! assert_kept {
        ($($type:ident: $config:expr, $json:literal;)+) => {$({
            let config = $config.with_reduction(Reduction::Sum);
            assert_eq!(fingerprint!(config.init()), 2.0 * 2.0 * fingerprint!($config.init()));
            let file = folder.path().join(stringify!($type));
            config.save(&file).expect("saved");
            let text = std::fs::read_to_string(&file).expect("a text");
            assert!(text.contains("\"reduction\": \"sum\""), "{text}");
            let loaded = $type::load(&file).expect("loaded");
            assert_eq!(fingerprint!(loaded.init()), fingerprint!(config.init()));
            assert_eq!(format!("{loaded:?}"), format!("{config:?}"));

            let written: $type = serde_json::from_str($json).expect("the format of a file");
            assert_eq!(format!("{written:?}"), format!("{config:?}"));
        })+};
    }
    assert_kept! {
        MseLossConfig: MseLossConfig::new(), r#"{"reduction": "sum"}"#;
        MaeLossConfig: MaeLossConfig::new(), r#"{"reduction": "sum"}"#;
        LogCoshLossConfig: LogCoshLossConfig::new(), r#"{"reduction": "sum"}"#;
        SmoothL1LossConfig:
            SmoothL1LossConfig::new().with_beta(0.5), r#"{"beta": 0.5, "reduction": "sum"}"#;
        HuberLossConfig:
            HuberLossConfig::new().with_delta(0.5), r#"{"delta": 0.5, "reduction": "sum"}"#;
        CharbonnierLossConfig:
            CharbonnierLossConfig::new().with_epsilon(0.5),
            r#"{"epsilon": 0.5, "reduction": "sum"}"#;
        QuantileLossConfig:
            QuantileLossConfig::new().with_quantiles(vec![0.75]),
            r#"{"quantiles": [0.75], "reduction": "sum"}"#;
        BinaryCrossEntropyLossConfig:
            BinaryCrossEntropyLossConfig::new().with_pos_weight(Some(vec![2.0, 3.0])),
            r#"{"logits": true, "pos_weight": [2.0, 3.0], "label_smoothing": 0.0,
                "reduction": "sum"}"#;
        AsymmetricLossConfig:
            AsymmetricLossConfig::new().with_clip(0.25),
            r#"{"gamma_positive": 1.0, "gamma_negative": 4.0, "clip": 0.25, "reduction": "sum"}"#;
        SigmoidFocalLossConfig:
            SigmoidFocalLossConfig::new().with_alpha(None),
            r#"{"alpha": null, "gamma": 2.0, "label_smoothing": 0.0, "reduction": "sum"}"#;
    }
}

#[test]
fn the_configuration_of_a_divergence_keeps_its_reduction() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("divergence.json");
    for reduction in [Reduction::BatchMean, Reduction::Mean, Reduction::Sum] {
        let kl = KlDivLossConfig::new().with_log_target(true);
        let kl = kl.with_reduction(reduction);
        kl.save(&file).expect("saved");
        let text = std::fs::read_to_string(&file).expect("a text");
        assert!(text.contains(&format!("\"{reduction}\"")), "{text}");
        let loaded = KlDivLossConfig::load(&file).expect("loaded");
        assert_eq!(format!("{loaded:?}"), format!("{kl:?}"));
        let logarithms = [-1.0, -1.0];
        let print = fingerprint!(kl.init(), logarithms);
        assert_eq!(fingerprint!(loaded.init(), logarithms), print);

        let js = JensenShannonLossConfig::new().with_reduction(reduction);
        js.save(&file).expect("saved");
        let loaded = JensenShannonLossConfig::load(&file).expect("loaded");
        assert_eq!(format!("{loaded:?}"), format!("{js:?}"));
    }
    let kl = KlDivLossConfig::new();
    assert!(kl.log_prediction && !kl.log_target);
    assert_eq!(kl.reduction, Reduction::BatchMean);
    let js = JensenShannonLossConfig::new();
    assert!(!js.log_inputs);
    assert_eq!(js.reduction, Reduction::BatchMean);
    let json = r#"{"log_prediction": true, "log_target": false, "reduction": "batch_mean"}"#;
    let written: KlDivLossConfig = serde_json::from_str(json).expect("the format of a file");
    assert_eq!(format!("{written:?}"), format!("{kl:?}"));
}

#[test]
fn an_exponent_or_a_margin_out_of_range_is_refused() {
    let config = AsymmetricLossConfig::new;
    let positive = |gamma| config().with_gamma_positive(gamma);
    assert_refused!(
        positive(-1.0),
        "AsymmetricLossConfig",
        "gamma_positive",
        "-1"
    );
    let negative = |gamma| config().with_gamma_negative(gamma);
    assert_refused!(
        negative(-0.5),
        "AsymmetricLossConfig",
        "gamma_negative",
        "-0.5"
    );
    assert_refused!(
        negative(f64::NAN),
        "AsymmetricLossConfig",
        "gamma_negative",
        "NaN"
    );
    let clip = |clip| config().with_clip(clip);
    assert_refused!(clip(1.0), "AsymmetricLossConfig", "clip", "1");
    assert_refused!(clip(-0.05), "AsymmetricLossConfig", "clip", "-0.05");
    assert_refused!(clip(f64::NAN), "AsymmetricLossConfig", "clip", "NaN");
    // `f32` may have 0 for it.
    assert_refused!(clip(1e-50), "AsymmetricLossConfig", "clip", "1e-50");
    clip(0.0).init();
    clip(f32::MIN_POSITIVE as f64).init();
    let defaults = config();
    assert_eq!(
        (defaults.gamma_positive, defaults.gamma_negative),
        (1.0, 4.0)
    );
    assert_eq!(defaults.clip, 0.05);
}

#[test]
fn the_display_shows_hyperparameters_and_reduction() {
    let sum = SigmoidFocalLossConfig::new().with_reduction(Reduction::Sum);
    let shown = [
        (
            format!("{}", sum.init()),
            &[
                "SigmoidFocalLoss",
                "alpha: 0.25",
                "gamma: 2",
                "reduction: sum",
            ][..],
        ),
        (
            format!("{}", HuberLossConfig::new().with_delta(0.5).init()),
            &["HuberLoss", "delta: 0.5", "reduction: mean"],
        ),
        (
            format!("{}", QuantileLossConfig::new().init()),
            &["QuantileLoss", "quantiles: [0.5]", "reduction: mean"],
        ),
        (
            format!("{}", BinaryCrossEntropyLossConfig::new().init()),
            &[
                "logits: true",
                "pos_weight: null",
                "label_smoothing: 0",
                "reduction: mean",
            ],
        ),
        (
            format!("{}", MseLossConfig::new().init()),
            &["MseLoss", "reduction: mean"],
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
    loss: SigmoidFocalLoss,
    regression: Option<HuberLoss>,
}

impl Model {
    fn new(device: &Device) -> Self {
        Self {
            linear: LinearConfig::new(3, 2).init(device),
            loss: SigmoidFocalLossConfig::new().with_gamma(1.5).init(),
            regression: Some(HuberLossConfig::new().init()),
        }
    }

    fn loss(&self) -> Tensor<1> {
        let device = self.linear.weight.val().device();
        let x = Tensor::<2>::from_floats([[1.0, 2.0, 3.0]], &device);
        let targets = Tensor::<2>::from_floats([[0.0, 1.0]], &device);
        self.loss.forward(self.linear.forward(x), targets)
    }
}

#[test]
fn a_loss_is_a_module_without_parameters() {
    let on_autodiff = |site: &Site| site.device.is_autodiff();
    for site in sites().into_iter().filter(on_autodiff) {
        let model = Model::new(&site.device);
        assert_eq!(model.num_params(), 3 * 2 + 2);
        assert_eq!(model.loss.num_params(), 0);

        let value = site.path.run(|| model.loss());
        let gradients = value.backward();
        assert!(
            model.linear.weight.val().grad(&gradients).is_some(),
            "on {site}"
        );

        let expected: f32 = value.into_scalar();
        // A GPU may choose another kernel for the same product.
        let allowed = if site.is_gpu() { 1e-5 } else { 0.0 };
        let assert_same = |other: &Model| {
            let got = site.path.run(|| other.loss()).into_scalar::<f32>();
            assert!(
                (got - expected).abs() <= allowed,
                "on {site}: {got}, {expected}"
            );
        };
        assert_same(&model.clone().to_device(&site.device));
        assert_same(&model.valid());
        let shown = format!("{model}");
        assert!(shown.contains("gamma: 1.5"), "{shown}");
    }
}
