//! The results.

use crate::floor::Floor;
use serde::{Deserialize, Serialize};

/// What is known of a workload on a device. A workload that failed has what was measured before, and the reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    pub workload: String,
    pub device: String,
    pub shape: String,
    pub dtype: String,
    /// Kernels of a forward and backward pass.
    pub launches_fused: Option<usize>,
    pub launches_composed: Option<usize>,
    /// Launches whose tensors are not all in the bytes.
    pub hidden_fused: Option<usize>,
    pub hidden_composed: Option<usize>,
    pub bytes_fused: Option<u64>,
    pub bytes_composed: Option<u64>,
    /// The wait for one pass: the host's work, the launches and the kernels.
    pub ms_fused: Option<f64>,
    pub ms_composed: Option<f64>,
    /// The median of fused / composed of one round.
    pub ratio_ms: Option<f64>,
    /// What the kernels take, one after the other, where the device says so.
    pub kernel_ms_fused: Option<f64>,
    pub kernel_ms_composed: Option<f64>,
    /// The most memory in use beyond the inputs.
    pub peak_mb_fused: Option<f64>,
    pub peak_mb_composed: Option<f64>,
    pub loss_fused: Option<f64>,
    pub loss_composed: Option<f64>,
    /// The sum of the absolute values of all gradients.
    pub gradient_sum_fused: Option<f64>,
    pub gradient_sum_composed: Option<f64>,
    /// The furthest apart that an element of a gradient is, as a share of the largest.
    pub gradients_apart: Option<f64>,
    /// The least that has to be moved and multiplied, and how long that takes at the rates of the floor.
    pub least_bytes: f64,
    pub least_operations: f64,
    pub floor_ms: Option<f64>,
    /// The floor as a share of the kernels' time, or of the wait, where there is no other.
    pub share_of_floor: Option<f64>,
    pub floor: Option<Floor>,
    /// Names and milliseconds of the kernels, where the device says so.
    pub kernels_fused: Vec<(String, f64)>,
    pub kernels_composed: Vec<(String, f64)>,
    pub error: Option<String>,
}

impl Row {
    /// Sets the time of the floor and the share.
    pub fn compare_with(&mut self, floor: &Floor) {
        let rate = match self.dtype.as_str() {
            "BF16" => floor.product_bf16_tflops,
            _ => Some(floor.product_f32_tflops),
        };
        let moving = self.least_bytes / floor.copy_gb_s * 1e-6;
        let multiplying = self.least_operations / rate.unwrap_or(f64::INFINITY) * 1e-9;
        let least = moving.max(multiplying);
        let time = self.kernel_ms_fused.or(self.ms_fused);
        self.floor_ms = Some(least);
        self.share_of_floor = time.map(|time| least / time);
        self.floor = Some(floor.clone());
    }
}

/// A number, or a dash where there is none.
fn cell(number: Option<f64>, digits: usize) -> String {
    number.map_or("-".into(), |number| format!("{number:.digits$}"))
}

fn ratio(ours: Option<u64>, theirs: Option<u64>) -> Option<f64> {
    Some(ours? as f64 / theirs? as f64)
}

pub fn print_head() {
    println!(
        "{:<15} {:<22} {:<5} {:>9} {:>9} {:>9} {:>6} {:>9} {:>9} {:>7} {:>7} {:>9} {:>6} {:>8} {:>8} {:>8}",
        "workload",
        "shape",
        "type",
        "launches",
        "composed",
        "MB",
        "bytes",
        "ms",
        "composed",
        "ratio",
        "kern ms",
        "floor ms",
        "share",
        "peak MB",
        "composed",
        "apart",
    );
}

pub fn print(row: &Row) {
    let count = |number: Option<usize>| number.map_or("-".into(), |number| number.to_string());
    println!(
        "{:<15} {:<22} {:<5} {:>9} {:>9} {:>9} {:>6} {:>9} {:>9} {:>7} {:>7} {:>9} {:>6} {:>8} {:>8} {:>8}",
        row.workload,
        row.shape,
        row.dtype,
        count(row.launches_fused),
        count(row.launches_composed),
        cell(row.bytes_fused.map(|bytes| bytes as f64 / 1e6), 2),
        cell(ratio(row.bytes_fused, row.bytes_composed), 3),
        cell(row.ms_fused, 3),
        cell(row.ms_composed, 3),
        cell(row.ratio_ms, 3),
        cell(row.kernel_ms_fused, 3),
        cell(row.floor_ms, 4),
        cell(row.share_of_floor, 2),
        cell(row.peak_mb_fused, 1),
        cell(row.peak_mb_composed, 1),
        row.gradients_apart
            .map_or("-".into(), |apart| format!("{apart:.1e}")),
    );
    if let Some(error) = &row.error {
        println!("    {error}");
    }
}
