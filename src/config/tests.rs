//! Tests of earlier names of fields, which no configuration of this crate has.

use super::config;
use burn::config::Config;

config! {
    /// A configuration with a past.
    pub struct RenamedConfig {
        /// Has to be given.
        #[alias = "size"]
        pub count: usize,
        /// Has had two names.
        #[alias = "weights"]
        #[alias = "loads"]
        pub class_weights: Option<Vec<f64>> = None,
    }
}

fn read(text: &str) -> Result<RenamedConfig, String> {
    RenamedConfig::load_binary(text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_field_may_be_called_by_a_name_it_has_had() {
    for text in [
        r#"{"count": 3, "class_weights": [1.0, 2.0]}"#,
        r#"{"size": 3, "weights": [1.0, 2.0]}"#,
        r#"{"loads": [1.0, 2.0], "count": 3}"#,
    ] {
        let config = read(text).expect("sound");
        assert_eq!(
            (config.count, config.class_weights),
            (3, Some(vec![1.0, 2.0]))
        );
    }
    let saved = RenamedConfig::new(3).with_class_weights(None).to_string();
    assert!(saved.contains("\"class_weights\"") && !saved.contains("\"weights\""));
}

#[test]
fn messages_call_it_by_the_name_it_has_now() {
    let text = read(r#"{"count": 3, "weights": 2}"#).expect_err("a number");
    assert!(
        text.contains("RenamedConfig: `class_weights` is 2, expected a list of numbers or null"),
        "{text}"
    );
    let text = read(r#"{"count": 3, "weigths": null}"#).expect_err("misspelt");
    assert!(
        text.contains("unknown field `weigths`, expected one of `count`, `class_weights`"),
        "{text}"
    );
    let twice = r#"{"count": 3, "weights": null, "class_weights": null}"#;
    let text = read(twice).expect_err("twice");
    assert!(
        text.contains("the field `class_weights` is given twice, once as `weights`; leave one out"),
        "{text}"
    );
}
