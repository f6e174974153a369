//! How many kernels a loss launches on a GPU, counted in a process of its own: the observer sees those of all threads.
#![cfg(feature = "wgpu")]

mod elements;
mod images;
mod masks;
mod pairs;
mod rows;
mod tuples;

use burn::cubecl::logging::{LaunchObservation, LaunchObserver};
use std::{
    process::Command,
    sync::{Arc, Mutex, PoisonError},
};

const VARIABLE: &str = "BURN_LOSSES_COUNT_LAUNCHES";

#[test]
fn launches_are_few() {
    if std::env::var_os(VARIABLE).is_some() || std::env::var_os("BURN_LOSSES_ISA").is_some() {
        return;
    }
    let binary = std::env::current_exe().expect("this binary");
    let output = Command::new(binary)
        .args([
            "launches::elements::",
            "launches::images::",
            "launches::masks::",
            "launches::pairs::",
            "launches::rows::",
            "launches::tuples::",
        ])
        .args(["--test-threads", "1", "--nocapture"])
        .env(VARIABLE, "1")
        .output()
        .expect("this binary can be started");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    for counted in ["elements", "images", "masks", "pairs", "rows", "tuples"] {
        let counted = format!("launches of {counted}");
        assert!(text.contains(&counted), "{counted}: {text}");
    }
}

/// Whether this is the process that counts.
fn is_counting() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// What `f` launches.
fn launched(f: impl FnOnce()) -> Vec<&'static str> {
    let seen = Arc::new(Launches::default());
    let observation = LaunchObservation::new(seen.clone());
    f();
    drop(observation);
    let names = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
    names.clone()
}

/// The names of the kernels that are launched meanwhile.
#[derive(Default)]
struct Launches(Mutex<Vec<&'static str>>);

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.push(kernel);
    }
}
