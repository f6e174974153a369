//! What every bench here does: check that both sides of a workload agree, measure them in turn,
//! print and write the results.
//!
//! `cargo bench --bench <name>` writes `target/bench/<name>.json`. With `-- --serve` a bench answers
//! single measurements on standard input instead (see `benches/peers/README.md`), with `-- --test`
//! it runs everything once on small tensors.

mod file;
mod measure;
mod serve;
pub mod splitmix;
mod statistics;
mod table;
pub mod workload;

use peak_alloc::PeakAlloc;
use serde::Serialize;
use std::{path::Path, process::ExitCode};
use workload::Workload;

#[global_allocator]
pub static MEMORY: PeakAlloc = PeakAlloc;

/// How often each side is measured; the medians are reported.
const ROUNDS: usize = 15;

/// A bench: its name and its workloads.
pub struct Bench {
    pub name: &'static str,
    pub workloads: &'static [(&'static str, Build)],
}

/// Whether an option is on the command line.
fn has(option: &str) -> bool {
    std::env::args().any(|argument| argument == option)
}

/// Whether times are asked for. `cargo bench` passes `--bench`; `cargo test` does not.
pub fn is_measured() -> bool {
    has("--bench") && !has("--test") && !has("--serve")
}

/// Writes results to `target/bench/<name>.json`.
pub fn write<T: Serialize>(name: &str, rows: &[T]) -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let path = folder.join(name).with_extension("json");
    file::write(rows, &path)?;
    println!("written to {}", path.display());
    Ok(())
}

/// Builds a workload, on small tensors where asked to.
pub type Build = fn(small: bool) -> Workload;

impl Bench {
    /// Does what the command line asks for.
    pub fn run(&self) -> ExitCode {
        let outcome = if has("--serve") {
            serve::run(self)
        } else {
            self.compare(!is_measured())
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(message) => {
                eprintln!("{}: {message}", self.name);
                ExitCode::FAILURE
            }
        }
    }

    fn compare(&self, test: bool) -> Result<(), String> {
        let rounds = if test { 1 } else { ROUNDS };
        let mut rows = Vec::new();
        for (name, build) in self.workloads {
            let workload = build(test);
            workload
                .verify()
                .map_err(|error| format!("{name}: {error}"))?;
            for setting in measure::SETTINGS {
                rows.push(measure::compare(name, &workload, setting, rounds, &MEMORY));
            }
        }
        table::print(&rows);
        if test {
            return Ok(());
        }
        write(self.name, &rows)
    }

    /// The workload of that name, in its full size.
    fn build(&self, name: &str) -> Result<Workload, String> {
        let known = |(own, _): &&(&str, Build)| *own == name;
        match self.workloads.iter().find(known) {
            Some((_, build)) => Ok(build(false)),
            None => {
                let names: Vec<_> = self.workloads.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "unknown workload {name:?}, expected one of {}",
                    names.join(", ")
                ))
            }
        }
    }
}
