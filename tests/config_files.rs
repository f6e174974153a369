//! Configurations in files: what may be left out, and what is said about the rest. The same holds for every
//! configuration.

mod choices;

use burn::config::Config;
use burn_losses::*;
use serde_json::{Map, Value, json};
use std::{collections::BTreeSet, fs, path::Path};

/// A configuration, whatever its type.
struct Case {
    name: &'static str,
    /// All of it, with everything at its default.
    full: Map<String, Value>,
    /// The fields that have no default.
    required: Map<String, Value>,
    /// Reads one and gives back all of it.
    read: fn(&Value) -> Result<Value, String>,
    /// Saves one, and loads and gives back all of it.
    save_and_load: fn(&Value, &Path) -> Value,
}

/// A configuration at its defaults, and its fields that have none.
fn case<C: Config>(defaults: C, required: Value) -> Case {
    let name = std::any::type_name::<C>().rsplit("::").next();
    Case {
        name: name.expect("a name"),
        full: object(serde_json::to_value(&defaults).expect("plain data")),
        required: object(required),
        read: |value| {
            let config: C =
                serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
            Ok(serde_json::to_value(config).expect("plain data"))
        },
        save_and_load: |value, file| {
            let config: C = serde_json::from_value(value.clone()).expect("sound");
            config.save(file).expect("saved");
            serde_json::to_value(C::load(file).expect("loaded")).expect("plain data")
        },
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

/// Every configuration of this crate but those of `choices`.
fn cases() -> Vec<Case> {
    let nothing = || json!({});
    let counts = || (vec![3, 9], json!({"class_counts": [3, 9]}));
    let sizes = || json!({"classes": 3, "dimension": 2});
    let range = || json!({"data_range": 1.0});
    let held = || json!({"capacity": 3, "dimension": 2});
    vec![
        case(MseLossConfig::new(), nothing()),
        case(MaeLossConfig::new(), nothing()),
        case(SmoothL1LossConfig::new(), nothing()),
        case(HuberLossConfig::new(), nothing()),
        case(LogCoshLossConfig::new(), nothing()),
        case(QuantileLossConfig::new(), nothing()),
        case(CharbonnierLossConfig::new(), nothing()),
        case(CauchyLossConfig::new(), nothing()),
        case(WelschLossConfig::new(), nothing()),
        case(GemanMcClureLossConfig::new(), nothing()),
        case(WingLossConfig::new(), nothing()),
        case(AdaptiveWingLossConfig::new(), nothing()),
        case(BalancedL1LossConfig::new(), nothing()),
        case(PoissonNllLossConfig::new(), nothing()),
        case(MsleLossConfig::new(), nothing()),
        case(BarronLossConfig::new(), nothing()),
        case(AdaptiveBarronLossConfig::new(), nothing()),
        case(GaussianNllLossConfig::new(), nothing()),
        case(LaplaceNllLossConfig::new(), nothing()),
        case(StudentTNllLossConfig::new(), nothing()),
        case(EvidentialLossConfig::new(), nothing()),
        case(MarginRankingLossConfig::new(), nothing()),
        case(IouLossConfig::new(), nothing()),
        case(DistributionFocalLossConfig::new(), nothing()),
        case(BinaryCrossEntropyLossConfig::new(), nothing()),
        case(SigmoidFocalLossConfig::new(), nothing()),
        case(AsymmetricLossConfig::new(), nothing()),
        case(KlDivLossConfig::new(), nothing()),
        case(JensenShannonLossConfig::new(), nothing()),
        case(QualityFocalLossConfig::new(), nothing()),
        case(VarifocalLossConfig::new(), nothing()),
        case(GaussianFocalLossConfig::new(), nothing()),
        case(HingeLossConfig::new(), nothing()),
        case(SoftMarginLossConfig::new(), nothing()),
        case(HingeEmbeddingLossConfig::new(), nothing()),
        case(BprLossConfig::new(), nothing()),
        case(MultiLabelSoftMarginLossConfig::new(), nothing()),
        case(CosineEmbeddingLossConfig::new(), nothing()),
        case(NllLossConfig::new(), nothing()),
        case(CrossEntropyLossConfig::new(), nothing()),
        case(SoftmaxFocalLossConfig::new(), nothing()),
        case(PolyLossConfig::new(), nothing()),
        case(BalancedSoftmaxLossConfig::new(counts().0), counts().1),
        case(LogitAdjustedLossConfig::new(counts().0), counts().1),
        case(LdamLossConfig::new(counts().0), counts().1),
        case(GeneralizedCrossEntropyLossConfig::new(), nothing()),
        case(SymmetricCrossEntropyLossConfig::new(), nothing()),
        case(DistillationLossConfig::new(), nothing()),
        case(LinearCrossEntropyLossConfig::new(), nothing()),
        case(DiceLossConfig::new(), nothing()),
        case(JaccardLossConfig::new(), nothing()),
        case(TverskyLossConfig::new(), nothing()),
        case(FocalTverskyLossConfig::new(), nothing()),
        case(GeneralizedDiceLossConfig::new(), nothing()),
        case(MccLossConfig::new(), nothing()),
        case(CombinedLossConfig::new(), nothing()),
        case(LovaszSoftmaxLossConfig::new(), nothing()),
        case(LovaszHingeLossConfig::new(), nothing()),
        case(BoundaryLossConfig::new(), nothing()),
        case(ClDiceLossConfig::new(), nothing()),
        case(NtXentLossConfig::new(), nothing()),
        case(InfoNceLossConfig::new(), nothing()),
        case(ClipLossConfig::new(), nothing()),
        case(SigLipLossConfig::new(), nothing()),
        case(SupConLossConfig::new(), nothing()),
        case(DclLossConfig::new(), nothing()),
        case(HardNegativeInfoNceLossConfig::new(), nothing()),
        case(BarlowTwinsLossConfig::new(), nothing()),
        case(VicRegLossConfig::new(), nothing()),
        case(NegativeCosineLossConfig::new(), nothing()),
        case(EmbeddingQueueConfig::new(3, 2), held()),
        case(TripletMarginLossConfig::new(), nothing()),
        case(TripletLossConfig::new(), nothing()),
        case(TripletMinerConfig::new(), nothing()),
        case(ContrastiveLossConfig::new(), nothing()),
        case(MultiSimilarityLossConfig::new(), nothing()),
        case(CircleLossConfig::new(), nothing()),
        case(LiftedStructureLossConfig::new(), nothing()),
        case(NPairsLossConfig::new(), nothing()),
        case(ArcFaceLossConfig::new(3, 2), sizes()),
        case(CosFaceLossConfig::new(3, 2), sizes()),
        case(NormalizedSoftmaxLossConfig::new(3, 2), sizes()),
        case(ProxyAnchorLossConfig::new(3, 2), sizes()),
        case(ProxyNcaLossConfig::new(3, 2), sizes()),
        case(CrossBatchMemoryConfig::new(3, 2), held()),
        case(RankNetLossConfig::new(), nothing()),
        case(ListNetLossConfig::new(), nothing()),
        case(ListMleLossConfig::new(), nothing()),
        case(ApproxNdcgLossConfig::new(), nothing()),
        case(MultiMarginLossConfig::new(), nothing()),
        case(MultiLabelMarginLossConfig::new(), nothing()),
        case(CoxLossConfig::new(), nothing()),
        case(SsimLossConfig::new(1.0), range()),
        case(MsSsimLossConfig::new(1.0), range()),
        case(TotalVariationLossConfig::new(), nothing()),
        case(PsnrLossConfig::new(1.0), range()),
        case(GradientDifferenceLossConfig::new(), nothing()),
        case(FocalFrequencyLossConfig::new(), nothing()),
    ]
}

impl Case {
    #[track_caller]
    fn complaint(&self, fields: Map<String, Value>) -> String {
        let complaint = (self.read)(&fields.into());
        complaint.expect_err(self.name)
    }

    /// All of it, with another value in one field.
    fn with(&self, field: &str, value: Value) -> Map<String, Value> {
        let mut fields = self.full.clone();
        fields.insert(field.to_string(), value);
        fields
    }
}

/// The names that stand behind some words of the source.
fn names_behind(words: &str, folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            names_behind(words, &path, names);
        } else if !path.ends_with("config/definition.rs") && !path.ends_with("config/tests.rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let found = text
                .lines()
                .filter_map(|line| line.trim().strip_prefix(words));
            let found = found.map(|rest| rest.split(' ').next().expect("a name").to_string());
            names.extend(found.filter(|name| name.ends_with("Config")));
        }
    }
}

#[test]
fn every_configuration_is_tested_here() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut written = BTreeSet::new();
    names_behind("pub struct ", &source, &mut written);
    let tested = cases().iter().map(|case| case.name.to_string()).collect();
    assert_eq!(written, tested);
}

#[test]
fn what_has_a_default_may_be_left_out() {
    for case in cases() {
        let read = (case.read)(&case.required.clone().into());
        assert_eq!(read, Ok(case.full.clone().into()), "{}", case.name);
        // One field alone leaves the others at their defaults.
        for (field, value) in &case.full {
            let mut fields = case.required.clone();
            fields.insert(field.clone(), value.clone());
            let read = (case.read)(&fields.into());
            assert_eq!(read, Ok(case.full.clone().into()), "{}, {field}", case.name);
        }
    }
}

#[test]
fn what_is_saved_is_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    for case in cases() {
        let file = folder.path().join(case.name);
        // Other values than the defaults, too, as far as their type shows what these may be.
        let mut changed = case.full.clone();
        for value in changed.values_mut() {
            *value = match &*value {
                Value::Bool(value) => (!value).into(),
                Value::Number(number) if number.is_f64() => 0.625.into(),
                Value::Number(_) => 7.into(),
                Value::Array(_) => json!([4, 5, 6]),
                Value::Null => continue,
                name if name == "mean" => json!("sum"),
                _ => continue,
            };
        }
        for fields in [case.full.clone(), changed] {
            let expected = Value::from(fields);
            let loaded = (case.save_and_load)(&expected, &file);
            assert_eq!(numbers(loaded), numbers(expected), "{}", case.name);
        }
    }
}

/// The same with all numbers as floats: `[4, 5]` may be read as `[4.0, 5.0]`.
fn numbers(mut value: Value) -> Value {
    match &mut value {
        Value::Number(number) => value = number.as_f64().into(),
        Value::Array(values) => values
            .iter_mut()
            .for_each(|value| *value = numbers(value.take())),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| *value = numbers(value.take())),
        _ => {}
    }
    value
}

#[test]
fn an_unknown_field_is_named_and_those_there_are() {
    for case in cases() {
        for mut fields in [case.full.clone(), case.required.clone(), Map::new()] {
            fields.insert("gama".to_string(), json!(2));
            let text = case.complaint(fields);
            let start = format!("{}: unknown field `gama`, expected ", case.name);
            assert!(text.starts_with(&start), "{text}");
            for field in case.full.keys() {
                assert!(text.contains(&format!("`{field}`")), "{field}: {text}");
            }
        }
    }
}

#[test]
fn a_field_of_the_wrong_type_is_named() {
    for case in cases() {
        for field in case.full.keys() {
            let text = case.complaint(case.with(field, json!({"a": "b"})));
            let start = format!("{}: `{field}` is {{\"a\":\"b\"}}, expected ", case.name);
            assert!(text.starts_with(&start), "{text}");
            // In plain words.
            for word in ["invalid", "f64", "i64", "usize", "sequence", "variant"] {
                assert!(!text.contains(word), "{text}");
            }
        }
    }
}

#[test]
fn a_field_without_a_default_has_to_be_there() {
    for case in cases() {
        for missing in case.required.keys() {
            let mut fields = case.full.clone();
            fields.remove(missing);
            let text = case.complaint(fields);
            let expected = format!(
                "{}: missing field `{missing}`, which has no default; add it",
                case.name
            );
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn something_else_than_fields_is_refused() {
    for case in cases() {
        let text = (case.read)(&json!([1.0, "mean"])).expect_err(case.name);
        let expected = format!("expected an object with the fields of a {}", case.name);
        assert!(text.ends_with(&expected), "{text}");
    }
}

#[test]
fn a_field_may_be_given_once() {
    let text = r#"{"delta": 1.0, "delta": 2.0}"#;
    let error = serde_json::from_str::<HuberLossConfig>(text).expect_err("twice");
    let start = "HuberLossConfig: the field `delta` is given twice; leave one out at line 1 column";
    assert!(error.to_string().starts_with(start), "{error}");
}

#[test]
fn choices_within_a_field_leave_out_and_name_as_well() {
    let read = |mining: Value| -> Result<Mining, String> {
        let config: Result<TripletLossConfig, _> =
            serde_json::from_value(json!({"mining": mining}));
        config
            .map(|config| config.mining)
            .map_err(|error| error.to_string())
    };
    let drawn = Mining::distance_weighted(0);
    assert_eq!(read(json!({"distance_weighted": {}})), Ok(drawn));
    let drawn = Mining::distance_weighted(7);
    assert_eq!(read(json!({"distance_weighted": {"seed": 7}})), Ok(drawn));
    let hard = Mining::multi_similarity();
    assert_eq!(read(json!({"multi_similarity": {}})), Ok(hard));
    // The name alone leaves out everything, and one number needs no name.
    assert_eq!(read(json!("multi_similarity")), Ok(hard));
    assert_eq!(
        read(json!("distance_weighted")),
        Ok(Mining::distance_weighted(0))
    );
    let epsilon = Mining::MultiSimilarity { epsilon: 1.0 };
    assert_eq!(read(json!({"multi_similarity": 1})), Ok(epsilon));
    assert_eq!(read(json!({"batch_hard": {}})), Ok(Mining::BatchHard));
    let text = read(json!({"distance_weighted": {"sede": 7}})).expect_err("misspelt");
    assert_eq!(
        text,
        "TripletLossConfig: `mining` is {\"distance_weighted\":{\"sede\":7}}: unknown field `sede`, \
         expected one of `cutoff`, `nonzero_loss_cutoff`, `seed`; write {\"distance_weighted\": {\"cutoff\": .., \
         \"nonzero_loss_cutoff\": .., \"seed\": ..}}"
    );
    let config = json!({"distance": {"lp": {"p": 3, "q": 2}}});
    let error = serde_json::from_value::<ContrastiveLossConfig>(config).expect_err("q");
    assert!(
        error
            .to_string()
            .contains("unknown field `q`, expected `p`"),
        "{error}"
    );
}

#[test]
fn a_distance_is_read_with_its_exponent_in_any_form() {
    let read = |distance: Value| -> Result<Distance, String> {
        let config: Result<ContrastiveLossConfig, _> =
            serde_json::from_value(json!({"distance": distance}));
        let distance = config.map(|config| config.distance);
        distance.map_err(|error| error.to_string())
    };
    for three in [
        json!({"lp": {"p": 3.0}}),
        json!({"lp": {"p": 3}}),
        json!({"lp": 3}),
    ] {
        assert_eq!(read(three), Ok(Distance::Lp { p: 3.0 }));
    }
    for (wrong, about) in [
        (
            json!("lp"),
            "is \"lp\": missing field `p`, which has no default; add it; write {\"lp\": {\"p\": ..}}",
        ),
        (
            json!({"lp": "three"}),
            "is {\"lp\":\"three\"}: `p` is \"three\", expected a number; write {\"lp\": {\"p\": ..}}",
        ),
        (
            json!({"cosine": 3}),
            "is {\"cosine\":3}: its fields are no object; write \"cosine\"",
        ),
        (
            json!({"cosine": {"p": 3}}),
            "is {\"cosine\":{\"p\":3}}: unknown field `p`, expected none; write \"cosine\"",
        ),
        (
            json!("euclid"),
            "is \"euclid\", expected one of `euclidean`, `squared_euclidean`, `cosine`, `dot_product`, `lp`",
        ),
    ] {
        let expected = format!("ContrastiveLossConfig: `distance` {about}");
        assert_eq!(read(wrong), Err(expected));
    }
    // By itself, in a configuration of somebody else.
    let error = serde_json::from_value::<Distance>(json!(3)).expect_err("a number");
    let start = "the value is 3, expected one of `euclidean`, ";
    assert!(error.to_string().starts_with(start), "{error}");
}

/// What is displayed is what a file says.
#[test]
fn a_field_is_displayed_as_it_is_written() {
    let device = burn::tensor::Device::default();
    let mining = Mining::distance_weighted(7);
    let triplets = TripletLossConfig::new().with_mining(mining);
    let lp = Distance::Lp { p: 3.0 };
    let pairs = ContrastiveLossConfig::new().with_distance(lp);
    let form = SupConLossConfig::new().with_form(SupConForm::In);
    let none = CrossEntropyLossConfig::new().with_ignore_index(None);
    let drawn = r#"{"distance_weighted":{"cutoff":0.5,"nonzero_loss_cutoff":1.4,"seed":7}}"#;
    assert_eq!(mining.to_string(), drawn);
    for (shown, parts) in [
        (
            TripletLossConfig::new().init().to_string(),
            vec![
                "mining: batch_hard,",
                "distance: euclidean,",
                "reduction: mean_non_zero",
            ],
        ),
        (triplets.init().to_string(), vec![drawn]),
        (
            pairs.init().to_string(),
            vec![r#"distance: {"lp":{"p":3.0}}"#],
        ),
        (form.init(&device).to_string(), vec!["form: in,"]),
        (none.init().to_string(), vec!["ignore_index: null,"]),
        (
            LinearCrossEntropyLossConfig::new().init().to_string(),
            vec!["class_weights: null,", "ignore_index: -100,"],
        ),
        (
            TripletMinerConfig::new().init().to_string(),
            vec!["mining: batch_hard,"],
        ),
    ] {
        for part in parts {
            assert!(shown.contains(part), "{part} is not in {shown}");
        }
    }
    for mining in [mining, Mining::multi_similarity(), Mining::SemiHard] {
        let written = serde_json::to_value(mining).expect("plain data");
        let read = serde_json::from_value::<Mining>(written).expect("what was written");
        assert_eq!(read, mining);
    }
}

/// A configuration of a program, as Burn's users write it.
#[derive(Config, Debug)]
struct Training {
    #[config(default = 1e-3)]
    learning_rate: f64,
    loss: SmoothL1LossConfig,
}

#[test]
fn a_configuration_may_hold_one() {
    let text = br#"{"learning_rate": 0.1, "loss": {"beta": 0.5}}"#;
    let training = Training::load_binary(text).expect("sound");
    assert_eq!((training.learning_rate, training.loss.beta), (0.1, 0.5));
    assert_eq!(training.loss.reduction, Reduction::Mean);
    let text = br#"{"learning_rate": 0.1, "loss": {"gama": 2}}"#;
    let error = Training::load_binary(text).expect_err("gama");
    let expected = "SmoothL1LossConfig: unknown field `gama`, expected one of `beta`, `reduction`";
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_configuration_is_shown_as_the_file_it_would_be() {
    let shown = HuberLossConfig::new().with_delta(2.0).to_string();
    let read: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(read, json!({"delta": 2.0, "reduction": "mean"}));
    let default = HuberLossConfig::default().to_string();
    assert_eq!(default, HuberLossConfig::new().to_string());
}
