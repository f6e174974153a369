//! Files that choose the loss: one configuration for each family. (What is said about classification losses is
//! tested with these, in `softmax/config_files.rs`.)

use super::object;
use crate::support::sites;
use burn::{
    config::Config,
    module::Module,
    tensor::{Device, Int, Tensor},
};
use burn_losses::*;
use serde_json::{Value, json};
use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a configuration is read as: all of it, or a complaint.
type Read = fn(&Value) -> Result<Value, String>;

fn read<C: Config>(value: &Value) -> Result<Value, String> {
    let config: C = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    Ok(serde_json::to_value(config).expect("plain data"))
}

/// A loss's name in a file, what else has to be there, and its own configuration.
type Named<C> = (&'static str, Value, C);

fn elementwise() -> Vec<Named<ElementwiseLossConfig>> {
    let named = |name, config| (name, json!({}), config);
    vec![
        named("mse", MseLossConfig::new().into()),
        named("mae", MaeLossConfig::new().into()),
        named("smooth_l1", SmoothL1LossConfig::new().into()),
        named("huber", HuberLossConfig::new().into()),
        named("log_cosh", LogCoshLossConfig::new().into()),
        named("quantile", QuantileLossConfig::new().into()),
        named("charbonnier", CharbonnierLossConfig::new().into()),
        named("cauchy", CauchyLossConfig::new().into()),
        named("welsch", WelschLossConfig::new().into()),
        named("geman_mcclure", GemanMcClureLossConfig::new().into()),
        named("wing", WingLossConfig::new().into()),
        named("adaptive_wing", AdaptiveWingLossConfig::new().into()),
        named("balanced_l1", BalancedL1LossConfig::new().into()),
        named("poisson_nll", PoissonNllLossConfig::new().into()),
        named("msle", MsleLossConfig::new().into()),
        named("barron", BarronLossConfig::new().into()),
        named(
            "binary_cross_entropy",
            BinaryCrossEntropyLossConfig::new().into(),
        ),
        named("sigmoid_focal", SigmoidFocalLossConfig::new().into()),
        named("asymmetric", AsymmetricLossConfig::new().into()),
        named("kl_div", KlDivLossConfig::new().into()),
        named("jensen_shannon", JensenShannonLossConfig::new().into()),
        named("quality_focal", QualityFocalLossConfig::new().into()),
        named("varifocal", VarifocalLossConfig::new().into()),
        named("gaussian_focal", GaussianFocalLossConfig::new().into()),
        named("hinge", HingeLossConfig::new().into()),
        named("soft_margin", SoftMarginLossConfig::new().into()),
        named("hinge_embedding", HingeEmbeddingLossConfig::new().into()),
        named("bpr", BprLossConfig::new().into()),
    ]
}

fn embeddings() -> Vec<Named<EmbeddingLossConfig>> {
    let named = |name, config| (name, json!({}), config);
    let proxied = |name, config| (name, json!({"classes": 3, "dimension": 2}), config);
    vec![
        named("sup_con", SupConLossConfig::new().into()),
        named("triplet", TripletLossConfig::new().into()),
        named("contrastive", ContrastiveLossConfig::new().into()),
        named("multi_similarity", MultiSimilarityLossConfig::new().into()),
        named("circle", CircleLossConfig::new().into()),
        named("lifted_structure", LiftedStructureLossConfig::new().into()),
        proxied("arc_face", ArcFaceLossConfig::new(3, 2).into()),
        proxied("cos_face", CosFaceLossConfig::new(3, 2).into()),
        proxied(
            "normalized_softmax",
            NormalizedSoftmaxLossConfig::new(3, 2).into(),
        ),
        proxied("proxy_anchor", ProxyAnchorLossConfig::new(3, 2).into()),
        proxied("proxy_nca", ProxyNcaLossConfig::new(3, 2).into()),
    ]
}

fn views() -> Vec<Named<ViewLossConfig>> {
    let named = |name, config| (name, json!({}), config);
    vec![
        named("nt_xent", NtXentLossConfig::new().into()),
        named("info_nce", InfoNceLossConfig::new().into()),
        named("clip", ClipLossConfig::new().into()),
        named("sig_lip", SigLipLossConfig::new().into()),
        named("dcl", DclLossConfig::new().into()),
        named(
            "hard_negative_info_nce",
            HardNegativeInfoNceLossConfig::new().into(),
        ),
        named("barlow_twins", BarlowTwinsLossConfig::new().into()),
        named("vic_reg", VicRegLossConfig::new().into()),
        named("negative_cosine", NegativeCosineLossConfig::new().into()),
    ]
}

fn segmentation() -> Vec<Named<SegmentationLossConfig>> {
    let named = |name, config| (name, json!({}), config);
    vec![
        named("dice", DiceLossConfig::new().into()),
        named("generalized_dice", GeneralizedDiceLossConfig::new().into()),
        named("jaccard", JaccardLossConfig::new().into()),
        named("tversky", TverskyLossConfig::new().into()),
        named("focal_tversky", FocalTverskyLossConfig::new().into()),
        named("mcc", MccLossConfig::new().into()),
        named("combined", CombinedLossConfig::new().into()),
        named("lovasz_hinge", LovaszHingeLossConfig::new().into()),
        named("lovasz_softmax", LovaszSoftmaxLossConfig::new().into()),
        named("boundary", BoundaryLossConfig::new().into()),
        named("cl_dice", ClDiceLossConfig::new().into()),
    ]
}

/// Panics unless a file with a name and what has to be there is read as that configuration.
#[track_caller]
fn assert_chosen<C: Config + fmt::Display>(choice: &str, cases: &[Named<C>]) {
    let read: Read = read::<C>;
    let names: Vec<_> = cases.iter().map(|(name, ..)| format!("`{name}`")).collect();
    let expected = format!("expected one of {}", names.join(", "));
    for (name, required, config) in cases {
        let mut fields = object(required.clone());
        fields.insert("loss".to_string(), json!(name));
        let full = serde_json::to_value(config).expect("plain data");
        assert_eq!(full["loss"], json!(name));
        assert_eq!(read(&fields.clone().into()), Ok(full.clone()), "{name}");
        assert_eq!(read(&full), Ok(full.clone()), "{name}");
        assert_eq!(
            serde_json::from_str::<Value>(&config.to_string()).ok(),
            Some(full)
        );
        fields.insert("gama".to_string(), json!(2));
        let text = read(&fields.into()).expect_err(name);
        assert!(
            text.contains("Config: unknown field `gama`, expected "),
            "{text}"
        );
    }
    let complaint = |value| read(&value).expect_err("unsound");
    assert_eq!(
        complaint(json!({"loss": "hings"})),
        format!("{choice}: `loss` is \"hings\", {expected}")
    );
    assert_eq!(
        complaint(json!({"loss": 3})),
        format!("{choice}: `loss` is 3, {expected}")
    );
    assert_eq!(
        complaint(json!({"beta": 1})),
        format!("{choice}: missing field `loss`, which names the loss; {expected}")
    );
}

#[test]
fn a_file_names_any_loss_of_a_family() {
    assert_chosen("ElementwiseLossConfig", &elementwise());
    assert_chosen("EmbeddingLossConfig", &embeddings());
    assert_chosen("ViewLossConfig", &views());
    assert_chosen("SegmentationLossConfig", &segmentation());
}

/// A loss and its gradient by the first argument.
fn with_gradient(loss: impl FnOnce(Tensor<2>) -> Tensor<1>, of: &Tensor<2>) -> (f32, Vec<f32>) {
    let of = of.clone().detach().require_grad();
    let loss = loss(of.clone());
    let gradient = of.grad(&loss.backward()).expect("a gradient");
    (
        loss.into_scalar(),
        gradient.into_data().iter::<f32>().collect(),
    )
}

#[test]
fn an_element_wise_loss_that_was_chosen_is_that_loss() {
    for site in sites().into_iter().filter(|site| site.device.is_autodiff()) {
        let numbers = |numbers: [[f32; 2]; 2]| Tensor::<2>::from_floats(numbers, &site.device);
        let x = numbers([[0.25, 0.5], [0.75, 0.125]]);
        let t = numbers([[1.0, 0.25], [0.5, 0.375]]);
        site.path.run(|| {
            let chosen: ElementwiseLoss = HuberLossConfig::new().with_delta(0.3).init().into();
            let own = HuberLossConfig::new().with_delta(0.3).init();
            let of_chosen = with_gradient(|x| chosen.forward(x, t.clone()), &x);
            assert_eq!(of_chosen, with_gradient(|x| own.forward(x, t.clone()), &x));
            let each = |loss: Tensor<2>| loss.into_data().iter::<f32>().collect::<Vec<_>>();
            let of_chosen = each(chosen.forward_no_reduction(x.clone(), t.clone()));
            assert_eq!(
                of_chosen,
                each(own.forward_no_reduction(x.clone(), t.clone()))
            );
            assert_eq!(chosen.to_string(), own.to_string());
            for (name, _, config) in elementwise() {
                // Its predictions are logarithms of probabilities.
                let x = if name == "kl_div" {
                    x.clone().log()
                } else {
                    x.clone()
                };
                let (loss, gradient) = with_gradient(|x| config.init().forward(x, t.clone()), &x);
                let finite = loss.is_finite() && gradient.iter().all(|g| g.is_finite());
                assert!(
                    finite && gradient.iter().any(|&g| g != 0.0),
                    "{name} on {site}"
                );
            }
        });
    }
}

#[test]
fn a_loss_of_embeddings_that_was_chosen_is_that_loss() {
    for site in sites().into_iter().filter(|site| site.device.is_autodiff()) {
        let device = &site.device;
        let points = |points: [[f32; 2]; 4]| Tensor::<2>::from_floats(points, device);
        let first = points([[1.0, 0.25], [0.5, 1.0], [-0.5, 0.75], [0.125, -1.0]]);
        let second = points([[0.75, 0.5], [0.25, 1.0], [-1.0, 0.5], [0.25, -0.5]]);
        let labels = Tensor::<1, Int>::from_ints([0, 1, 0, 2], device);
        site.path.run(|| {
            let chosen = EmbeddingLossConfig::from(CircleLossConfig::new()).init(device);
            let own = CircleLossConfig::new().init();
            let of_chosen = with_gradient(|z| chosen.forward(z, labels.clone()), &first);
            let of_own = with_gradient(|z| own.forward(z, labels.clone()), &first);
            assert_eq!(of_chosen, of_own);
            for (name, required, config) in embeddings() {
                let loss = config.init(device);
                let (value, gradient) = with_gradient(|z| loss.forward(z, labels.clone()), &first);
                let finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
                assert!(
                    finite && value > 0.0,
                    "{name} on {site}: {value}, {gradient:?}"
                );
                // Proxies are parameters of the module.
                let proxies = object(required).len() * 3;
                assert_eq!(loss.num_params(), proxies, "{name}");
            }
            for (name, _, config) in views() {
                let loss = config.init(device);
                let (value, gradient) = with_gradient(|z| loss.forward(z, second.clone()), &first);
                let finite = value.is_finite() && gradient.iter().all(|g| g.is_finite());
                assert!(
                    finite && gradient.iter().any(|&g| g != 0.0),
                    "{name} on {site}: {value}"
                );
            }
        });
    }
}

/// The message of the panic, if there is one.
fn panic_of<T>(run: impl FnOnce() -> T) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(run)).err()?;
    Some(panic.downcast_ref::<String>().expect("a message").clone())
}

#[test]
fn a_number_out_of_its_range_is_named_when_the_loss_is_built() {
    let device = Device::default();
    let config = ElementwiseLossConfig::from(HuberLossConfig::new().with_delta(0.0));
    let error = config.try_init().expect_err("0").to_string();
    assert!(error.starts_with("HuberLossConfig: delta is 0, expected "));
    assert_eq!(panic_of(|| config.init()), Some(error));
    let config = EmbeddingLossConfig::from(ArcFaceLossConfig::new(0, 2));
    let error = config.try_init(&device).expect_err("0").to_string();
    assert!(error.starts_with("ArcFaceLossConfig: classes is 0, expected "));
    assert_eq!(panic_of(|| config.init(&device)), Some(error));
    let config = ViewLossConfig::from(DclLossConfig::new().with_temperature(-1.0));
    let error = config.try_init(&device).expect_err("-1").to_string();
    assert!(error.starts_with("DclLossConfig: temperature is -1, expected "));
    assert_eq!(panic_of(|| config.init(&device)), Some(error));
}

/// Per-sample losses, weights and a normalizer of an evaluation go with the loss of all samples.
#[track_caller]
fn assert_forms(what: &str, loss: Tensor<1>, evaluation: SampleEvaluation) {
    let number = |loss: Tensor<1>| loss.into_scalar::<f32>();
    let near = |a: f32, b: f32| assert!((a - b).abs() <= 1e-5 * b.abs(), "{what}: {a} {b}");
    near(number(evaluation.clone().reduce()), number(loss));
    let each = evaluation.clone().each();
    let weights = Tensor::arange(0..each.dims()[0] as i64, &each.device()).float();
    let weighted = || evaluation.clone().weights(weights.clone());
    let sum = number((each * weights.clone()).sum());
    near(number(weighted().reduction(Reduction::Sum).reduce()), sum);
    near(number(weighted().divided_by(4)), sum / 4.0);
}

#[test]
fn a_loss_that_was_chosen_has_the_forms_of_its_samples() {
    for site in sites() {
        let device = &site.device;
        let points = |points: [[f32; 2]; 4]| Tensor::<2>::from_floats(points, device);
        let first = points([[1.0, 0.25], [0.5, 1.0], [-0.5, 0.75], [0.125, -1.0]]);
        let second = points([[0.75, 0.5], [0.25, 1.0], [-1.0, 0.5], [0.25, -0.5]]);
        let labels = Tensor::<1, Int>::from_ints([0, 1, 0, 2], device);
        site.path.run(|| {
            for (name, _, config) in views() {
                let loss = config.init(device);
                match loss.on(first.clone(), second.clone()) {
                    Some(evaluation) => {
                        let value = loss.forward(first.clone(), second.clone());
                        assert_forms(name, value, evaluation);
                    }
                    None => assert!(["barlow_twins", "vic_reg"].contains(&name), "{name}"),
                }
            }
            for (name, required, config) in embeddings() {
                let loss = config.init(device);
                let arguments = || (first.clone(), labels.clone());
                let (z, of_z) = arguments();
                match loss.on(z, of_z) {
                    Some(evaluation) => {
                        let (z, of_z) = arguments();
                        assert_forms(name, loss.forward(z, of_z), evaluation);
                    }
                    None => assert_eq!(name, "proxy_anchor"),
                }
                let (z, of_z) = arguments();
                let has_reference = object(required).is_empty() && name != "lifted_structure";
                let against = loss.on_reference(z, of_z, second.clone(), labels.clone());
                assert_eq!(against.is_some(), has_reference, "{name}");
                if let (Some(evaluation), EmbeddingLoss::SupCon(own)) = (against, &loss) {
                    let own = own.on(first.clone(), labels.clone());
                    let own = own.reference(second.clone(), labels.clone()).reduce();
                    assert_forms(name, own, evaluation);
                }
            }
        });
    }
}

/// The reduction of the file stands until it is replaced.
#[test]
fn a_loss_that_was_chosen_keeps_its_reduction() {
    let device = Device::default();
    let embeddings = Tensor::<2>::from_floats([[0.0], [0.5], [0.5]], &device);
    let labels = Tensor::<1, Int>::from_ints([0, 0, 0], &device);
    for (reduction, expected) in [
        (MiningReduction::MeanNonZero, 0.5),
        (MiningReduction::Mean, 1.0 / 3.0),
        (MiningReduction::Sum, 2.0),
    ] {
        let config = ContrastiveLossConfig::new().with_normalize(false);
        let config = EmbeddingLossConfig::from(config.with_reduction(reduction));
        let loss = config.init(&device);
        let evaluation = loss.on(embeddings.clone(), labels.clone());
        let value = evaluation.expect("losses of embeddings").reduce();
        assert!(
            (value.into_scalar::<f32>() - expected).abs() < 1e-6,
            "{reduction}"
        );
    }
}
