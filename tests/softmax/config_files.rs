//! Files that choose any classification loss: what may be left out, and what is said about the rest.

use burn::config::Config;
use burn_losses::*;
use serde_json::{Value, json};

fn read(json: &Value) -> Result<ClassificationLossConfig, String> {
    serde_json::from_value(json.clone()).map_err(|error| error.to_string())
}

#[track_caller]
fn complaint(json: Value) -> String {
    read(&json).expect_err("an unsound file")
}

#[test]
fn a_field_that_is_left_out_has_its_default() {
    let counts = || vec![3, 9];
    let cases: [(Value, ClassificationLossConfig); 8] = [
        (
            json!({"loss": "cross_entropy"}),
            CrossEntropyLossConfig::new().into(),
        ),
        (
            json!({"loss": "softmax_focal"}),
            SoftmaxFocalLossConfig::new().into(),
        ),
        (json!({"loss": "poly"}), PolyLossConfig::new().into()),
        (
            json!({"loss": "balanced_softmax", "class_counts": [3, 9]}),
            BalancedSoftmaxLossConfig::new(counts()).into(),
        ),
        (
            json!({"loss": "logit_adjusted", "class_counts": [3, 9]}),
            LogitAdjustedLossConfig::new(counts()).into(),
        ),
        (
            json!({"loss": "ldam", "class_counts": [3, 9]}),
            LdamLossConfig::new(counts()).into(),
        ),
        (
            json!({"loss": "generalized_cross_entropy"}),
            GeneralizedCrossEntropyLossConfig::new().into(),
        ),
        (
            json!({"loss": "symmetric_cross_entropy"}),
            SymmetricCrossEntropyLossConfig::new().into(),
        ),
    ];
    for (json, expected) in cases {
        let config = read(&json).expect("sound");
        assert_eq!(format!("{config:?}"), format!("{expected:?}"));
        let saved = serde_json::to_value(&config).expect("plain data");
        assert_eq!(saved["ignore_index"], -100);
        let again = read(&saved).expect("sound");
        assert_eq!(format!("{again:?}"), format!("{expected:?}"));
    }
    let json = json!({"gamma": 3, "loss": "softmax_focal", "ignore_index": null});
    let expected = SoftmaxFocalLossConfig::new()
        .with_gamma(3.0)
        .with_ignore_index(None);
    let expected = ClassificationLossConfig::from(expected);
    let config = read(&json).expect("sound");
    assert_eq!(format!("{config:?}"), format!("{expected:?}"));
}

#[test]
fn a_field_of_the_wrong_type_is_named() {
    let focal = |name: &str, value: Value| complaint(json!({"loss": "softmax_focal", name: value}));
    assert_eq!(
        focal("gamma", json!("two")),
        "SoftmaxFocalLossConfig: `gamma` is \"two\", expected a number"
    );
    assert_eq!(
        focal("alpha", json!(0.25)),
        "SoftmaxFocalLossConfig: `alpha` is 0.25, expected a list of numbers or null"
    );
    assert_eq!(
        focal("ignore_index", json!(0.5)),
        "SoftmaxFocalLossConfig: `ignore_index` is 0.5, expected a whole number or null"
    );
    assert_eq!(
        focal("reduction", json!("average")),
        "SoftmaxFocalLossConfig: `reduction` is \"average\", expected one of \
         `mean`, `sum`, `batch_mean`"
    );
    assert_eq!(
        focal("label_smoothing", Value::Null),
        "SoftmaxFocalLossConfig: `label_smoothing` is null, expected a number"
    );
    assert_eq!(
        complaint(json!({"loss": "ldam", "class_counts": [100, -1]})),
        "LdamLossConfig: `class_counts` is [100,-1], of which element 1 is -1, expected a whole number of 0 or \
         above"
    );
    let long = focal("weights", json!(vec!["1"; 1000]));
    let start = "SoftmaxFocalLossConfig: `class_weights` is [\"1\",\"1\",";
    assert!(long.starts_with(start) && long.len() < 200, "{long}");
}

#[test]
fn a_field_that_is_unknown_missing_or_given_twice_is_named() {
    assert_eq!(
        complaint(json!({"loss": "poly", "gama": 2.0})),
        "PolyLossConfig: unknown field `gama`, expected one of `epsilon`, `class_weights`, \
         `label_smoothing`, `ignore_index`, `reduction`"
    );
    assert_eq!(
        complaint(json!({"loss": "balanced_softmax", "weights": null})),
        "BalancedSoftmaxLossConfig: missing field `class_counts`, which has no default; add it"
    );
    let twice = r#"{"loss": "poly", "epsilon": 1.0, "epsilon": 2.0}"#;
    let error = serde_json::from_str::<ClassificationLossConfig>(twice).expect_err("twice");
    let text = error.to_string();
    assert!(
        text.starts_with(
            "ClassificationLossConfig: the field `epsilon` is given twice; leave one out"
        ),
        "{text}"
    );
}

#[test]
fn a_loss_that_there_is_not_is_answered_with_those_there_are() {
    let names = "expected one of `cross_entropy`, `softmax_focal`, `poly`, `balanced_softmax`, \
                 `logit_adjusted`, `ldam`, `generalized_cross_entropy`, `symmetric_cross_entropy`";
    assert_eq!(
        complaint(json!({"loss": "hinge"})),
        format!("ClassificationLossConfig: `loss` is \"hinge\", {names}")
    );
    assert_eq!(
        complaint(json!({"loss": 3})),
        format!("ClassificationLossConfig: `loss` is 3, {names}")
    );
    assert_eq!(
        complaint(json!({"weights": null})),
        format!("ClassificationLossConfig: missing field `loss`, which names the loss; {names}")
    );
    assert_eq!(
        complaint(json!([1, 2])),
        "invalid type: sequence, expected an object with the fields of a ClassificationLossConfig"
    );
}

#[test]
fn a_number_out_of_range_is_named_when_the_loss_is_built() {
    let config = read(&json!({"loss": "softmax_focal", "alpha": [0.5, 1.5]})).expect("numbers");
    assert_eq!(
        config.try_init().expect_err("an alpha above 1").to_string(),
        "SoftmaxFocalLossConfig: alpha[1] is 1.5, expected a number from 0 to 1"
    );
}

#[test]
fn a_file_that_is_loaded_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("loss.json");
    let load = |text: &str| {
        std::fs::write(&file, text).expect("written");
        ClassificationLossConfig::load(&file).map_err(|error| error.to_string())
    };
    let config = load(r#"{"loss": "poly"}"#).expect("sound");
    assert!(matches!(config, ClassificationLossConfig::Poly(_)));
    let text = load(r#"{"loss": "poly", "epsilon": "two"}"#).expect_err("a text");
    assert!(
        text.contains("`epsilon` is \"two\", expected a number"),
        "{text}"
    );
    let text = load("{\n  \"loss\": poly\n}").expect_err("no JSON");
    assert!(text.contains("line 2 column"), "{text}");
}
