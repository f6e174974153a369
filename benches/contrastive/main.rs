//! Speed and memory of the losses of all pairs, forward and backward, against the same formula composed
//! of Burn operations.
//!
//! `cargo bench --bench contrastive` prints a table and writes `target/bench/contrastive.json`; see
//! `benches/support`. Then it shows how time and memory grow with the batch, up to one whose similarities
//! would take 17 GB, and writes `target/bench/contrastive_growth.json`.

mod growth;
#[path = "../support/mod.rs"]
mod support;
mod workloads;

use std::process::ExitCode;

fn main() -> ExitCode {
    let bench = support::Bench {
        name: "contrastive",
        workloads: &workloads::WORKLOADS,
    };
    match bench.run() {
        ExitCode::SUCCESS if support::is_measured() => growth::run(),
        outcome => outcome,
    }
}
