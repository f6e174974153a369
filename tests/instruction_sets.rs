//! The kernels with every instruction set this CPU has: the tests against references and oracles
//! once more, each time in a process of its own.
#![cfg(any(feature = "flex", feature = "ndarray"))]

use std::process::{Command, Output};

const VARIABLE: &str = "BURN_LOSSES_ISA";

/// Runs the tests of this binary that the filters name, with an instruction set.
fn run_with(name: &str, filters: &[&str]) -> Output {
    let binary = std::env::current_exe().expect("this binary");
    Command::new(binary)
        .args(filters)
        .env(VARIABLE, name)
        .output()
        .expect("this binary can be started")
}

/// In a process that was started with an instruction set there is nothing more to start.
fn is_inner() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

fn assert_passes_with(name: &str) {
    if is_inner() {
        return;
    }
    let filters = [
        "goldens",
        "paths::every",
        "paths::half",
        "extremes::",
        "distillation::random",
        "linear::random",
        "lists::paths",
    ];
    let output = run_with(name, &filters);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "with {name}:\n{text}");
    let references = [
        "test goldens::losses_and_gradients",
        "test softmax::goldens::losses_and_gradients",
        "test linear::goldens_of_losses_and_gradients",
    ];
    for test in references {
        assert!(text.contains(test), "{test} did not run:\n{text}");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_kernels_are_right_with_sse2() {
    assert_passes_with("sse2");
}

#[test]
#[cfg(any(feature = "portable-simd", not(target_arch = "x86_64")))]
fn the_kernels_are_right_with_portable_vectors() {
    assert_passes_with("portable");
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_kernels_are_right_with_avx2() {
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        assert_passes_with("avx2");
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_kernels_are_right_with_avx512() {
    let has_all = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl");
    if has_all {
        assert_passes_with("avx512");
    }
}

#[test]
fn an_unknown_instruction_set_is_answered_with_the_variable_to_look_at() {
    if is_inner() {
        return;
    }
    let output = run_with("sse9", &["goldens::losses_and_gradients"]);
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains(VARIABLE) && text.contains("sse9"), "{text}");
}
