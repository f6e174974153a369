//! Speed and memory of the pointwise losses, forward and backward, against what Burn offers
//! otherwise: its own loss, or the same formula composed of Burn operations.
//!
//! `cargo bench --bench pointwise` checks that both agree, measures them in turn, prints a table
//! and writes `target/bench/pointwise.json`. With `-- --serve` it answers single measurements on
//! standard input instead (see `benches/peers/README.md`), with `-- --test` it runs everything once
//! on small tensors.

mod measure;
mod serve;
mod splitmix;
mod table;
mod workload;

use peak_alloc::PeakAlloc;
use std::{path::Path, process::ExitCode};
use workload::Workload;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// How often each side is measured; the medians are reported.
const ROUNDS: usize = 15;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let outcome = if has("--serve") {
        serve::run()
    } else {
        // `cargo bench` passes `--bench`; `cargo test` does not.
        compare(has("--test") || !has("--bench"))
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("pointwise: {message}");
            ExitCode::FAILURE
        }
    }
}

fn compare(test: bool) -> Result<(), String> {
    let rounds = if test { 1 } else { ROUNDS };
    let mut rows = Vec::new();
    for name in workload::NAMES {
        let workload = Workload::new(name, test)?;
        workload.verify()?;
        for setting in measure::SETTINGS {
            rows.push(measure::compare(&workload, setting, rounds, &MEMORY));
        }
    }
    table::print(&rows);
    if test {
        return Ok(());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/pointwise.json");
    table::write(&rows, &path)
}
