//! A loss, read from a JSON file into the library's `ClassificationLossConfig`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn_losses::{ClassificationLoss, ClassificationLossConfig};
use serde_json::Value;

use crate::error::{Error, Result};

/// A loss as its file describes it.
pub struct LossFile {
    /// The name of the file, without its ending: what tables and pictures call the loss.
    pub name: String,
    pub config: ClassificationLossConfig,
    pub loss: ClassificationLoss,
}

impl LossFile {
    /// Reads files whose losses go by names of their own.
    pub fn read_all(paths: &[PathBuf], class_counts: &[usize]) -> Result<Vec<Self>> {
        let files = paths.iter().map(|path| Self::read(path, class_counts));
        let files = files.collect::<Result<Vec<_>>>()?;
        for (index, file) in files.iter().enumerate() {
            let namesake = files[..index].iter().position(|one| one.name == file.name);
            if let Some(namesake) = namesake {
                return Err(Error::new(format!(
                    "the losses of {} and {} would both be called {}; name one of the files otherwise",
                    paths[namesake].display(),
                    paths[index].display(),
                    file.name
                )));
            }
        }
        Ok(files)
    }

    /// Reads a file, and holds its numbers against those of the training digits.
    pub fn read(path: &Path, class_counts: &[usize]) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|fault| {
            Error::new(format!(
                "cannot read the loss in {}: {fault}",
                path.display()
            ))
        })?;
        let complain = |fault: String| Error::new(format!("{}: {fault}", path.display()));
        let (config, loss) = parse(&text, class_counts).map_err(complain)?;
        let name = path.file_stem().unwrap_or(path.as_os_str());
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            config,
            loss,
        })
    }
}

/// What went wrong, without the name of the file.
type Fault = String;

fn parse(
    text: &str,
    class_counts: &[usize],
) -> std::result::Result<(ClassificationLossConfig, ClassificationLoss), Fault> {
    // The library names the field that is wrong, here and in what follows.
    let config: ClassificationLossConfig =
        serde_json::from_str(text).map_err(|fault| fault.to_string())?;
    let loss = config.try_init().map_err(|fault| fault.to_string())?;
    let fields = serde_json::to_value(&config).map_err(|fault| fault.to_string())?;
    check_counts(&fields, class_counts)?;
    check_length(&fields, "class_weights", &[class_counts.len()])?;
    check_length(&fields, "alpha", &[1, class_counts.len()])?;
    Ok((config, loss))
}

/// A loss that corrects for class counts has to know those it is trained with.
fn check_counts(fields: &Value, class_counts: &[usize]) -> std::result::Result<(), Fault> {
    match fields.get("class_counts") {
        Some(given) if *given != Value::from(class_counts) => Err(format!(
            "`class_counts` is {given}, but the training digits number {class_counts:?}"
        )),
        _ => Ok(()),
    }
}

/// A list has a number for each class; one that is null or not there has nothing to check.
fn check_length(fields: &Value, name: &str, lengths: &[usize]) -> std::result::Result<(), Fault> {
    match fields.get(name).and_then(Value::as_array) {
        Some(list) if !lengths.contains(&list.len()) => Err(format!(
            "`{name}` has {} values, expected {lengths:?}: one for each class",
            list.len(),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::Cli, split};
    use burn_losses::class_balanced_weights;
    use clap::Parser;
    use serde_json::json;

    /// Reads a file with this text from a folder of its own.
    fn read(text: &str) -> Result<LossFile> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("my_loss.json");
        fs::write(&path, text).expect("a writable temporary folder");
        LossFile::read(&path, &split::class_counts())
    }

    /// What is said about a file with this text; it always names the file and is one line.
    fn complaint(text: &str) -> String {
        let message = read(text).err().expect("an unsound file").to_string();
        assert!(message.contains("my_loss.json"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
        message
    }

    /// A sound file of a focal loss, with one field replaced.
    fn focal_with(name: &str, value: Value) -> String {
        let mut fields = json!({
            "loss": "softmax_focal", "alpha": null, "gamma": 2.0, "class_weights": null,
            "label_smoothing": 0.0, "ignore_index": null, "reduction": "mean",
        });
        fields[name] = value;
        fields.to_string()
    }

    /// A file of balanced softmax for classes of these sizes.
    fn balanced(class_counts: Value) -> String {
        json!({
            "loss": "balanced_softmax", "class_counts": class_counts, "class_weights": null,
            "label_smoothing": 0.0, "ignore_index": null, "reduction": "mean",
        })
        .to_string()
    }

    fn configs() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/configs")
    }

    #[test]
    fn the_files_are_sound() {
        let folder = fs::read_dir(configs()).expect("the folder is there");
        let files: Vec<PathBuf> = folder
            .map(|entry| entry.expect("an entry").path())
            .collect();
        let defaults = Cli::parse_from(["long_tail_classification"]).loss_files();
        assert!(
            defaults.iter().all(|path| files.contains(path)),
            "{files:?}"
        );
        for path in files {
            let read = LossFile::read(&path, &split::class_counts());
            let file = read.unwrap_or_else(|fault| panic!("{fault}"));
            assert_eq!(path.file_stem(), Some(file.name.as_ref()));
        }
    }

    #[test]
    fn the_weights_in_the_files_are_the_class_balanced_ones() {
        let counts = split::class_counts();
        let expected = class_balanced_weights(&counts, 0.99).expect("sound counts");
        for name in ["ldam.json", "cross_entropy_weighted.json"] {
            let file = LossFile::read(&configs().join(name), &counts);
            let file = file.unwrap_or_else(|fault| panic!("{fault}"));
            let given = match file.config {
                ClassificationLossConfig::Ldam(config) => config.class_weights,
                ClassificationLossConfig::CrossEntropy(config) => config.class_weights,
                other => panic!("{other:?} in {name}"),
            };
            let given = given.expect("the file has weights");
            for (given, expected) in given.iter().zip(&expected) {
                assert!((given - expected).abs() < 1e-4, "{given} {expected}");
            }
        }
    }

    #[test]
    fn files_of_one_name_are_refused() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let paths = folders.each_ref().map(|folder| {
            let path = folder.path().join("my_loss.json");
            fs::write(&path, r#"{"loss": "poly"}"#).expect("a writable temporary folder");
            path
        });
        let counts = split::class_counts();
        assert!(LossFile::read_all(&paths[..1], &counts).is_ok());
        let error = LossFile::read_all(&paths, &counts).err();
        let message = error.expect("the same name twice").to_string();
        for path in &paths {
            assert!(message.contains(&path.display().to_string()), "{message}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let path = Path::new("no/such/loss.json");
        let error = LossFile::read(path, &[1, 1]).err().expect("there is none");
        let message = error.to_string();
        assert!(
            message.starts_with("cannot read the loss in no/such/loss.json: "),
            "{message}"
        );
    }

    #[test]
    fn what_is_no_json_says_where() {
        let message = complaint("{\n  \"loss\": cross_entropy\n}");
        assert!(message.contains("line 2 column"), "{message}");
        let message = complaint("[1, 2]");
        assert!(
            message.contains("expected an object with the fields of a ClassificationLossConfig"),
            "{message}"
        );
        assert!(complaint("").contains("EOF"));
    }

    #[test]
    fn an_unknown_loss_is_answered_with_those_there_are() {
        let message = complaint(&focal_with("loss", json!("focall")));
        assert!(message.contains("`loss` is \"focall\""), "{message}");
        assert!(message.contains("`softmax_focal`"), "{message}");
        let message = complaint(&focal_with("loss", json!(3)));
        assert!(message.contains("`loss` is 3"), "{message}");
    }

    #[test]
    fn missing_fields_are_named() {
        let message = complaint("{}");
        assert!(message.contains("missing field `loss`"), "{message}");
        let message = complaint(r#"{"loss": "balanced_softmax"}"#);
        assert!(
            message.contains("missing field `class_counts`"),
            "{message}"
        );
    }

    #[test]
    fn fields_that_are_left_out_have_their_defaults() {
        let file = read(r#"{"loss": "softmax_focal"}"#).unwrap_or_else(|fault| panic!("{fault}"));
        let ClassificationLossConfig::SoftmaxFocal(config) = file.config else {
            panic!("{:?} is no focal loss", file.config);
        };
        assert_eq!((config.gamma, config.ignore_index), (2.0, Some(-100)));
    }

    #[test]
    fn fields_of_the_wrong_type_are_named() {
        for (name, value) in [
            ("gamma", json!("two")),
            ("class_weights", json!([1.0, "two"])),
            ("ignore_index", json!(0.5)),
            ("reduction", json!("average")),
        ] {
            let message = complaint(&focal_with(name, value.clone()));
            assert!(
                message.contains(&format!("`{name}` is {value}")) && message.contains("expected"),
                "{message}"
            );
        }
        let message = complaint(&balanced(json!([100, -1])));
        assert!(
            message.contains("`class_counts` is [100,-1], of which element 1 is -1, expected"),
            "{message}"
        );
    }

    #[test]
    fn surplus_fields_are_named() {
        let message = complaint(&focal_with("class_counts", json!([1, 2])));
        assert!(
            message.contains("unknown field `class_counts`"),
            "{message}"
        );
        assert!(message.contains("`gamma`"), "{message}");
    }

    #[test]
    fn hyperparameters_out_of_range_are_named() {
        for (name, value, expected) in [
            ("gamma", json!(-1.0), "gamma is -1, "),
            ("label_smoothing", json!(1.5), "label_smoothing is 1.5, "),
            ("alpha", json!([2.0]), "alpha[0] is 2, "),
            (
                "class_weights",
                json!([1.0, -1.5]),
                "class_weights[1] is -1.5, ",
            ),
        ] {
            let message = complaint(&focal_with(name, value));
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn class_counts_have_to_be_those_of_the_split() {
        assert!(read(&balanced(json!(split::class_counts()))).is_ok());
        for counts in [json!([100, 65]), Value::from(vec![100; 10])] {
            let message = complaint(&balanced(counts));
            assert!(message.contains("`class_counts` is [100,"), "{message}");
            assert!(message.contains("[100, 65, 42,"), "{message}");
        }
    }

    #[test]
    fn lists_have_to_have_a_value_for_each_class() {
        for name in ["class_weights", "alpha"] {
            let message = complaint(&focal_with(name, json!([0.5, 0.5, 0.5])));
            assert!(
                message.contains(&format!("`{name}` has 3 values")),
                "{message}"
            );
        }
        assert!(read(&focal_with("alpha", json!([0.5]))).is_ok());
    }
}
