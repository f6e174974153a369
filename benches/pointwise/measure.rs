//! Time and memory of one forward and backward pass.

use crate::workload::Workload;
use burn::tensor::Tensor;
use peak_alloc::PeakAlloc;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Who else holds the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// The caller keeps it, so the gradient needs memory of its own.
    #[default]
    Kept,
    /// It is an intermediate result nobody else holds.
    InPlace,
}

pub const SETTINGS: [Setting; 2] = [Setting::Kept, Setting::InPlace];

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
    pub fused_peak_mb: f64,
    pub baseline_peak_mb: f64,
}

/// Runs one side once. The clock covers the loss and its backward pass, with all they allocate;
/// the memory is what they need at most beyond the inputs.
pub fn pass(
    workload: &Workload,
    loss: &dyn Fn(Tensor<2>, Tensor<2>) -> Tensor<1>,
    setting: Setting,
    memory: &PeakAlloc,
) -> Pass {
    let leaf = &workload.leaf;
    let prediction = match setting {
        Setting::Kept => leaf.clone(),
        // Adding 0 makes a new tensor, and its backward pass hands the gradient on as it is.
        Setting::InPlace => leaf.clone().add_scalar(0.0),
    };
    let target = workload.target.clone();
    memory.reset_peak_usage();
    let before = memory.current_usage();
    let clock = Instant::now();
    let gradients = loss(prediction, target).backward();
    let milliseconds = clock.elapsed().as_secs_f64() * 1e3;
    let peak = memory.peak_usage().saturating_sub(before);
    drop(gradients);
    Pass {
        milliseconds,
        peak_megabytes: peak as f64 / 1e6,
    }
}

/// Measures both sides in turn and takes the medians. As in a training loop, each pass follows one
/// of its own kind: the first finds the allocator as the other side left it, the second counts.
pub fn compare(workload: &Workload, setting: Setting, rounds: usize, memory: &PeakAlloc) -> Row {
    let run =
        |loss: &dyn Fn(Tensor<2>, Tensor<2>) -> Tensor<1>| pass(workload, loss, setting, memory);
    let (mut fused, mut baseline) = (Vec::new(), Vec::new());
    run(&*workload.fused);
    run(&*workload.baseline);
    for _ in 0..rounds {
        fused.push(run(&*workload.fused));
        baseline.push(run(&*workload.baseline));
    }
    let time = |passes: &[Pass]| median(passes.iter().map(|pass| pass.milliseconds));
    let peak = |passes: &[Pass]| median(passes.iter().map(|pass| pass.peak_megabytes));
    let ratio = median(
        fused
            .iter()
            .zip(&baseline)
            .map(|(fused, baseline)| fused.milliseconds / baseline.milliseconds),
    );
    Row {
        workload: workload.name,
        setting,
        against: workload.against,
        fused_ms: time(&fused),
        baseline_ms: time(&baseline),
        ratio,
        fused_peak_mb: peak(&fused),
        baseline_peak_mb: peak(&baseline),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        0.5 * (values[middle - 1] + values[middle])
    }
}
