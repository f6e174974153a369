//! Speed and memory of the pointwise losses, forward and backward, against what Burn offers
//! otherwise: its own loss, or the same formula composed of Burn operations.
//!
//! `cargo bench --bench pointwise` prints a table and writes `target/bench/pointwise.json`; see
//! `benches/support`.

#[path = "../support/mod.rs"]
mod support;
mod workloads;

use std::process::ExitCode;

fn main() -> ExitCode {
    let bench = support::Bench {
        name: "pointwise",
        workloads: &workloads::WORKLOADS,
    };
    bench.run()
}
