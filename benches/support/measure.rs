//! Time and memory of one forward and backward pass.

use super::{
    statistics::median,
    workload::{Side, Workload},
};
use peak_alloc::PeakAlloc;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Who else holds the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// The caller keeps it, so the gradient needs memory of its own.
    #[default]
    Kept,
    /// It is an intermediate result nobody else holds.
    InPlace,
}

pub const SETTINGS: [Setting; 2] = [Setting::Kept, Setting::InPlace];

/// Beyond this a side is measured less often.
const SLOW_MS: f64 = 2000.0;

/// One pass.
pub struct Pass {
    pub milliseconds: f64,
    pub peak_megabytes: f64,
}

/// Both sides of a workload, compared.
#[derive(Debug, Serialize)]
pub struct Row {
    pub workload: &'static str,
    pub setting: Setting,
    pub against: &'static str,
    pub fused_ms: f64,
    pub baseline_ms: f64,
    pub ratio: f64,
    /// Beyond the inputs.
    pub fused_peak_mb: f64,
    pub baseline_peak_mb: f64,
    /// Of these the gradients, where they need memory of their own.
    pub gradients_mb: f64,
    /// Beyond the inputs and these gradients.
    pub fused_extra_mb: f64,
    pub baseline_extra_mb: f64,
}

/// Runs one side once. The clock covers the loss and its backward pass, with all they allocate;
/// the memory is what they need at most beyond the inputs.
pub fn pass(side: &Side, setting: Setting, memory: &PeakAlloc) -> Pass {
    let forward = side(setting);
    memory.reset_peak_usage();
    let before = memory.current_usage();
    let clock = Instant::now();
    let gradients = forward().backward();
    let milliseconds = clock.elapsed().as_secs_f64() * 1e3;
    let peak = memory.peak_usage().saturating_sub(before);
    drop(gradients);
    Pass {
        milliseconds,
        peak_megabytes: peak as f64 / 1e6,
    }
}

/// Measures both sides in turn, so that whatever else the machine does meets both, and takes the
/// medians. The first pass of each settles the allocator and does not count.
pub fn compare(
    name: &'static str,
    workload: &Workload,
    setting: Setting,
    rounds: usize,
    memory: &PeakAlloc,
) -> Row {
    let run = |side| pass(side, setting, memory);
    let (mut fused, mut baseline) = (Vec::new(), Vec::new());
    run(&workload.fused);
    let slowest = run(&workload.baseline).milliseconds;
    // What takes seconds is noisy by less.
    let rounds = if slowest > SLOW_MS {
        rounds.min(5)
    } else {
        rounds
    };
    for _ in 0..rounds {
        fused.push(run(&workload.fused));
        baseline.push(run(&workload.baseline));
    }
    let time = |passes: &[Pass]| median(passes.iter().map(|pass| pass.milliseconds));
    let peak = |passes: &[Pass]| median(passes.iter().map(|pass| pass.peak_megabytes));
    let ratio = median(
        fused
            .iter()
            .zip(&baseline)
            .map(|(fused, baseline)| fused.milliseconds / baseline.milliseconds),
    );
    let gradients = workload.gradient_bytes(setting) as f64 / 1e6;
    Row {
        workload: name,
        setting,
        against: workload.against,
        fused_ms: time(&fused),
        baseline_ms: time(&baseline),
        ratio,
        fused_peak_mb: peak(&fused),
        baseline_peak_mb: peak(&baseline),
        gradients_mb: gradients,
        fused_extra_mb: (peak(&fused) - gradients).max(0.0),
        baseline_extra_mb: (peak(&baseline) - gradients).max(0.0),
    }
}
