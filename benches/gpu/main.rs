//! Kernels, bytes, time and memory of losses on a GPU, forward and backward, fused and composed of Burn's operations.
//!
//!     cargo bench --bench gpu --features wgpu                # all workloads
//!     cargo bench --bench gpu --features cuda -- focal mse   # these
//!
//! Prints a table and writes `target/bench/gpu.json`. A device in software, or any with `--small` or
//! `BURN_LOSSES_BENCH_SMALL=1`, gets small tensors. `-- --test` runs everything once on tiny ones. `observe.rs` says what
//! is counted, and `benches/peers/README.md` how to compare with PyTorch.
//!
//! Each workload runs in a process of its own with a limit of time, so that one that fails, or takes all memory, leaves
//! the others alone; what was measured before is kept.

mod child;
mod device;
#[path = "../support/file.rs"]
mod file;
mod floor;
mod measure;
mod observe;
mod row;
#[path = "../support/splitmix.rs"]
mod splitmix;
#[path = "../support/statistics.rs"]
mod statistics;
mod workload;
mod workloads;

use clap::Parser;
use device::{Bench, Size};
use floor::Floor;
use row::Row;
use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use workloads::WORKLOADS;

/// Measures losses on a GPU.
#[derive(Parser)]
struct Options {
    /// The workloads to measure (default: all).
    names: Vec<String>,
    /// The runtime, one that this program was built with (default: the first).
    #[arg(long)]
    device: Option<String>,
    /// Small tensors on any device.
    #[arg(long)]
    small: bool,
    /// The fused path alone, which takes a fraction of the time.
    #[arg(long)]
    fused: bool,
    /// Everything once, on tiny tensors.
    #[arg(long)]
    test: bool,
    /// Seconds for one workload.
    #[arg(long)]
    limit: Option<u64>,
    /// Seconds after which no further workload is started.
    #[arg(long, default_value_t = 3600)]
    total: u64,
    /// Where the results go.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Cargo says so.
    #[arg(long, hide = true)]
    bench: bool,
    /// Measure this in this process, and print it for the one that asked.
    #[arg(long, hide = true)]
    one: Option<String>,
}

fn main() -> ExitCode {
    let outcome = run(&Options::parse());
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("gpu: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went well.
fn run(options: &Options) -> Result<bool, String> {
    let is_tiny = options.test || !(options.bench || options.one.is_some());
    let is_small =
        options.small || std::env::var("BURN_LOSSES_BENCH_SMALL").is_ok_and(|set| set == "1");
    let bench = Bench {
        is_fused_only: options.fused,
        ..Bench::open(options.device.as_deref(), is_small, is_tiny)?
    };
    if let Some(name) = &options.one {
        child::answer(&bench, name)?;
        return Ok(true);
    }
    for name in &options.names {
        if !WORKLOADS.iter().any(|(known, _)| known == name) {
            let known: Vec<_> = WORKLOADS.iter().map(|(known, _)| *known).collect();
            return Err(format!(
                "unknown workload {name:?}, expected one of {}",
                known.join(", ")
            ));
        }
    }
    let until = Instant::now() + Duration::from_secs(options.total);
    let limit = Duration::from_secs(options.limit.unwrap_or(measure::limit(bench.size)));
    println!("{}, {:?} tensors", bench.name(), bench.size);
    let (floor, error) = child::ask::<Floor>(&bench, child::FLOOR, limit);
    match (&floor, error) {
        (Some(floor), _) => println!("floor: {floor:?}"),
        (None, error) => println!("no floor: {}", error.unwrap_or_default()),
    }
    let is_written = options.out.is_some() || bench.size != Size::Tiny;
    let out = options
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench/gpu.json"));
    let mut rows: Vec<Row> = Vec::new();
    row::print_head();
    for (name, _) in WORKLOADS {
        let is_chosen = options.names.is_empty() || options.names.iter().any(|own| own == name);
        if !is_chosen {
            continue;
        }
        let left = until.saturating_duration_since(Instant::now());
        let (row, error) = match left.is_zero() {
            true => (None, Some("no time left".into())),
            false => child::ask::<Row>(&bench, name, limit.min(left)),
        };
        let mut row = row.unwrap_or_else(|| Row {
            workload: name.into(),
            device: bench.name(),
            ..Row::default()
        });
        row.error = error.or(row.error);
        if let Some(floor) = &floor {
            row.compare_with(floor);
        }
        row::print(&row);
        rows.push(row);
        if is_written {
            file::write(&rows, &out)?;
        }
    }
    if is_written {
        println!("written to {}", out.display());
    }
    Ok(rows.iter().all(|row| row.error.is_none()))
}
