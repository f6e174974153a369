//! The golden files.

use super::{Scaled, Tolerance};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// A float; JSON has no infinity and no NaN, so those are strings.
#[derive(Deserialize)]
#[serde(untagged)]
enum Float {
    Number(f64),
    Name(String),
}

impl Float {
    fn value(&self) -> f64 {
        match self {
            Float::Number(value) => *value,
            Float::Name(name) => name
                .parse()
                .unwrap_or_else(|_| panic!("{name:?} as a number")),
        }
    }
}

/// Reads a list of numbers, or one number.
pub fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Numbers {
        Many(Vec<Float>),
        One(Float),
    }
    Ok(match Numbers::deserialize(deserializer)? {
        Numbers::Many(list) => list.iter().map(Float::value).collect(),
        Numbers::One(one) => vec![one.value()],
    })
}

pub fn optional_list<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<f64>>, D::Error> {
    let list: Option<Vec<Float>> = Option::deserialize(input)?;
    Ok(list.map(|list| list.iter().map(Float::value).collect()))
}

/// Reads lists of numbers by their names.
pub fn named_lists<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<BTreeMap<String, Vec<f64>>, D::Error> {
    let lists: BTreeMap<String, Vec<Float>> = BTreeMap::deserialize(input)?;
    let lists = lists.into_iter();
    Ok(lists
        .map(|(name, list)| (name, list.iter().map(Float::value).collect()))
        .collect())
}

/// The cases of every file in a folder of `tests`.
pub fn golden_cases<T: DeserializeOwned>(folder: &str) -> Vec<T> {
    let path = path_of(folder);
    let mut files: Vec<_> = fs::read_dir(&path)
        .unwrap_or_else(|error| missing(&path, error))
        .map(|entry| entry.expect("an entry of it").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files.iter().flat_map(|path| cases_in(path)).collect()
}

/// The cases of one file in `tests`.
pub fn golden_file<T: DeserializeOwned>(file: &str) -> Vec<T> {
    cases_in(&path_of(file))
}

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn missing<T>(path: &Path, error: io::Error) -> T {
    panic!(
        "{}: {error}. These are the reference values (goldens) of the tests. They are in the repository of burn-losses, \
         not in the package on crates.io: run the tests in a checkout, or make them with the scripts in tests/goldens \
         there.",
        path.display()
    )
}

fn cases_in<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    #[derive(Deserialize)]
    struct File<T> {
        cases: Vec<T>,
    }
    let text = fs::read_to_string(path).unwrap_or_else(|error| missing(path, error));
    let file: File<T> =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.cases
}

/// The list that numbers of a reference are, in the scale an oracle gives them.
pub fn scaled(values: &[f64], expected: &mut Scaled) {
    assert_eq!(values.len(), expected.values.len());
    expected.values = values.to_vec();
}

/// Panics unless an oracle's numbers are those of a reference.
#[track_caller]
pub fn assert_agrees(what: &str, tolerance: Tolerance, oracle: &Scaled, reference: &[f64]) {
    let reference = Scaled {
        values: reference.to_vec(),
        scales: oracle.scales.clone(),
    };
    tolerance.check(what, &oracle.values, &reference);
}
