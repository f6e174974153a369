//! What the device does at best: how fast it copies, and how fast it multiplies matrices. No loss is faster than its
//! least work at these rates.

use crate::{device::Bench, observe, statistics::median, workload::spread};
use burn::tensor::{FloatDType, Tensor};
use serde::{Deserialize, Serialize};
use std::time::Instant;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Floor {
    /// Bytes read and written by a kernel that adds a number to each element, in GB (10^9) a second.
    pub copy_gb_s: f64,
    /// 10^12 operations a second of a product of two square matrices by Burn.
    pub product_f32_tflops: f64,
    pub product_bf16_tflops: Option<f64>,
    /// How far a product in f32 is off, as a share of its largest element: above 1e-4 the device has rounded the factors
    /// to fewer digits (TF32).
    pub product_f32_error: f64,
    /// Whether the device measured, or the host, launches included.
    pub by_device: bool,
}

/// What is left to run without being counted.
const WARM_UP: usize = 3;

const ROUNDS: usize = 7;

pub fn measure(bench: &Bench) -> Floor {
    let plain = Bench {
        device: bench.device.clone(),
        ..bench.clone()
    };
    let rows = plain.pick(1 << 17, 1 << 12, 1 << 8);
    let matrix = spread(&plain, 1, [rows, 2048], 4.0).inner();
    let bytes = 8.0 * (rows * 2048) as f64;
    let (copy, by_device) = milliseconds(&plain, || matrix.clone().add_scalar(1.0));
    let product = |dtype: FloatDType| {
        let side = plain.pick(4096, 512, 64);
        let [a, b] = [1, 2].map(|seed| {
            let matrix = spread(&plain, seed, [side, side], 1.0).inner();
            match dtype {
                FloatDType::F32 => matrix,
                _ => matrix.cast(dtype),
            }
        });
        let (time, _) = milliseconds(&plain, || a.clone().matmul(b.clone()));
        2.0 * (side as f64).powi(3) / time * 1e-9
    };
    Floor {
        copy_gb_s: bytes / copy * 1e-6,
        product_f32_tflops: product(FloatDType::F32),
        product_bf16_tflops: plain.has_bf16().then(|| product(FloatDType::BF16)),
        product_f32_error: error(&plain),
        by_device,
    }
}

/// The time of an operation: what its kernels take, or where the device does not say, what the host waits.
fn milliseconds(bench: &Bench, operation: impl Fn() -> Tensor<2>) -> (f64, bool) {
    let pass = || {
        let clock = Instant::now();
        let outcome = operation();
        bench.sync();
        drop(outcome);
        1e3 * clock.elapsed().as_secs_f64()
    };
    bench.sync();
    for _ in 0..WARM_UP {
        pass();
    }
    let rounds: Vec<_> = (0..ROUNDS).map(|_| observe::timed(pass)).collect();
    let by_device = rounds.iter().all(|(times, _)| times.by_device);
    let times = rounds.iter().map(|(times, waited)| match by_device {
        true => times.milliseconds(),
        false => *waited,
    });
    (median(times), by_device)
}

/// The error of a product, against one in `f64` on the host.
fn error(bench: &Bench) -> f64 {
    const SIDE: usize = 128;
    let [a, b] = [1, 2].map(|seed| spread(bench, seed, [SIDE, SIDE], 1.0).inner());
    let numbers = |tensor: Tensor<2>| -> Vec<f32> {
        let data = tensor.into_data();
        data.try_to_vec().expect("a tensor of f32")
    };
    let ours = numbers(a.clone().matmul(b.clone()));
    let [a, b] = [a, b].map(numbers);
    let (mut largest, mut furthest) = (0f64, 0f64);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let terms = (0..SIDE).map(|k| a[row * SIDE + k] as f64 * b[k * SIDE + column] as f64);
            let exact: f64 = terms.sum();
            largest = largest.max(exact.abs());
            furthest = furthest.max((exact - ours[row * SIDE + column] as f64).abs());
        }
    }
    furthest / largest
}
