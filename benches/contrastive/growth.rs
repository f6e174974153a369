//! How time and memory grow with the batch.

use crate::{
    support::{MEMORY, write},
    workloads::embeddings,
};
use burn_losses::NtXentLossConfig;
use serde::Serialize;
use std::{process::ExitCode, time::Instant};

const VIEWS: [usize; 3] = [4096, 16_384, 65_536];

/// Up to how much memory the largest batch may take, its embeddings and their gradients included.
const MOST_MEGABYTES: f64 = 300.0;

#[derive(Serialize)]
struct Row {
    views: usize,
    milliseconds: f64,
    /// All there is: embeddings, gradients, and what the loss needs.
    peak_megabytes: f64,
    /// What a matrix of similarities would take.
    similarities_megabytes: f64,
}

pub fn run() -> ExitCode {
    println!(
        "\n{:<8} {:>10} {:>10} {:>16}",
        "views", "ms", "peak MB", "similarities MB"
    );
    let rows: Vec<Row> = VIEWS.into_iter().map(measure).collect();
    for row in &rows {
        println!(
            "{:<8} {:>10.1} {:>10.1} {:>16.1}",
            row.views, row.milliseconds, row.peak_megabytes, row.similarities_megabytes
        );
    }
    let most = rows
        .iter()
        .fold(0.0f64, |most, row| most.max(row.peak_megabytes));
    if most > MOST_MEGABYTES {
        eprintln!("contrastive: {most:.0} MB, expected at most {MOST_MEGABYTES:.0}");
        return ExitCode::FAILURE;
    }
    match write("contrastive_growth", &rows) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("contrastive: {message}");
            ExitCode::FAILURE
        }
    }
}

/// One forward and backward pass.
fn measure(views: usize) -> Row {
    let loss = NtXentLossConfig::new().init(&Default::default());
    let before = MEMORY.current_usage();
    let [first, second] = [1, 2].map(|seed| embeddings(seed, views / 2));
    MEMORY.reset_peak_usage();
    let clock = Instant::now();
    let gradients = loss
        .forward(first.tensor.clone(), second.tensor.clone())
        .backward();
    let milliseconds = clock.elapsed().as_secs_f64() * 1e3;
    let peak = MEMORY.peak_usage().saturating_sub(before);
    drop(gradients);
    Row {
        views,
        milliseconds,
        peak_megabytes: peak as f64 / 1e6,
        similarities_megabytes: (views * views * size_of::<f32>()) as f64 / 1e6,
    }
}
