//! Everything that is measured of one workload.

use crate::{
    device::{Bench, Size},
    observe::{self, Counts, Times},
    row::Row,
    statistics::median,
    workload::{Path, Workload},
};
use burn::{
    cubecl::config::{TypeNameFormatLevel, type_name_format},
    tensor::{FloatDType, Tensor},
};
use std::time::{Duration, Instant};

/// Passes before anything is measured: kernels are compiled and tuned, memory is taken.
const WARM_UP: usize = 3;

/// The most rounds, and for how long rounds go on.
const ROUNDS: usize = 31;
const SECONDS: u64 = 3;

/// Measures a workload, and hands on what is known after each step, since the next one may fail.
pub fn all(bench: &Bench, name: &str, workload: &Workload, mut known: impl FnMut(&Row)) {
    let mut row = Row {
        workload: name.into(),
        device: bench.name(),
        shape: workload.shape.clone(),
        dtype: format!("{:?}", workload.dtype),
        least_bytes: workload.least.bytes,
        least_operations: workload.least.operations,
        ..Row::default()
    };
    known(&row);
    let fused = one_path(bench, workload, Path::Fused);
    row.launches_fused = Some(fused.counts.launches);
    row.hidden_fused = Some(fused.counts.hidden);
    row.bytes_fused = Some(fused.counts.bytes);
    row.peak_mb_fused = Some(fused.counts.peak as f64 / 1e6);
    row.ms_fused = Some(fused.milliseconds);
    row.kernel_ms_fused = fused.kernels();
    row.kernels_fused = fused.names();
    known(&row);
    if bench.is_fused_only {
        alone(bench, workload, &mut row);
        known(&row);
        return;
    }
    let composed = one_path(bench, workload, Path::Composed);
    row.launches_composed = Some(composed.counts.launches);
    row.hidden_composed = Some(composed.counts.hidden);
    row.bytes_composed = Some(composed.counts.bytes);
    row.peak_mb_composed = Some(composed.counts.peak as f64 / 1e6);
    row.ms_composed = Some(composed.milliseconds);
    row.kernel_ms_composed = composed.kernels();
    row.kernels_composed = composed.names();
    known(&row);
    rounds(bench, workload, &mut row);
    known(&row);
    compare(workload, &mut row);
    known(&row);
}

/// What is known of one path.
struct Measured {
    counts: Counts,
    times: Times,
    milliseconds: f64,
}

impl Measured {
    fn kernels(&self) -> Option<f64> {
        self.times.by_device.then(|| self.times.milliseconds())
    }

    /// Short names, and each kernel's milliseconds.
    fn names(&self) -> Vec<(String, f64)> {
        let short = |name: &str| -> String {
            let name = type_name_format(name, TypeNameFormatLevel::Balanced);
            name.chars().take(120).collect()
        };
        let kernels = self.times.kernels.iter();
        kernels
            .map(|(name, time)| (short(name), 1e3 * time.as_secs_f64()))
            .collect()
    }
}

fn one_path(bench: &Bench, workload: &Workload, path: Path) -> Measured {
    let warm_up = bench.pick(WARM_UP, WARM_UP, 1);
    for _ in 0..warm_up {
        pass(bench, workload, path);
    }
    let ready = workload.ready(bench, path);
    let (counts, _) = observe::counted(&bench.client(), ready);
    // The last of a few: the first may meet a clock that has slowed down.
    let mut times = Times::default();
    for _ in 0..bench.pick(3, 1, 1) {
        let ready = workload.ready(bench, path);
        (times, _) = observe::timed(ready);
    }
    Measured {
        counts,
        times,
        milliseconds: pass(bench, workload, path),
    }
}

/// One pass, in milliseconds.
fn pass(bench: &Bench, workload: &Workload, path: Path) -> f64 {
    let ready = workload.ready(bench, path);
    let clock = Instant::now();
    let gradients = ready();
    let time = clock.elapsed();
    drop(gradients);
    1e3 * time.as_secs_f64()
}

/// The fused path by itself.
fn alone(bench: &Bench, workload: &Workload, row: &mut Row) {
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let mut times = Vec::new();
    while times.is_empty() || times.len() < bench.pick(ROUNDS, ROUNDS, 1) && Instant::now() < until
    {
        times.push(pass(bench, workload, Path::Fused));
    }
    row.ms_fused = Some(median(times.into_iter()));
    let (loss, gradients) = workload.evaluate(Path::Fused);
    row.loss_fused = Some(loss);
    row.gradient_sum_fused = Some(sum_of(&gradients));
}

/// The sum of all absolute values.
fn sum_of(gradients: &[Tensor<2>]) -> f64 {
    let sum = |tensor: &Tensor<2>| {
        let rows = tensor.clone().cast(FloatDType::F32).abs().sum_dim(1);
        let rows: Vec<f32> = rows.into_data().try_to_vec().expect("a tensor of f32");
        rows.iter().map(|&row| row as f64).sum::<f64>()
    };
    gradients.iter().map(sum).sum()
}

/// Both paths in turn, so that whatever else the machine does meets both.
fn rounds(bench: &Bench, workload: &Workload, row: &mut Row) {
    let most = bench.pick(ROUNDS, ROUNDS, 1);
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let mut both = Vec::new();
    while both.len() < most && (both.is_empty() || Instant::now() < until) {
        let first = [Path::Fused, Path::Composed].map(|path| pass(bench, workload, path));
        both.push(first);
    }
    row.ms_fused = Some(median(both.iter().map(|[fused, _]| *fused)));
    row.ms_composed = Some(median(both.iter().map(|[_, composed]| *composed)));
    row.ratio_ms = Some(median(
        both.iter().map(|[fused, composed]| fused / composed),
    ));
}

/// How far apart the gradients are.
fn compare(workload: &Workload, row: &mut Row) {
    let (loss, ours) = workload.evaluate(Path::Fused);
    row.loss_fused = Some(loss);
    row.gradient_sum_fused = Some(sum_of(&ours));
    let (loss, theirs) = workload.evaluate(Path::Composed);
    row.loss_composed = Some(loss);
    row.gradient_sum_composed = Some(sum_of(&theirs));
    let largest = |tensor: Tensor<2>| tensor.abs().max().into_scalar::<f32>() as f64;
    let apart = ours.into_iter().zip(theirs).map(|(ours, theirs)| {
        let scale = largest(theirs.clone());
        largest(ours - theirs) / scale
    });
    // A NaN is the largest.
    row.gradients_apart = apart.max_by(f64::total_cmp);
}

/// How long a workload may take on a device of that size, in seconds.
pub fn limit(size: Size) -> u64 {
    match size {
        Size::Full => 45,
        Size::Small => 60,
        Size::Tiny => 60,
    }
}
