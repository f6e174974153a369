//! Speed and memory of the losses over classes, forward and backward, against what Burn offers
//! otherwise: its own loss, or the same formula composed of Burn operations.
//!
//! `cargo bench --bench softmax` prints a table and writes `target/bench/softmax.json`; see
//! `benches/support`.

#[path = "../support/mod.rs"]
mod support;
mod workloads;

use std::process::ExitCode;

fn main() -> ExitCode {
    let bench = support::Bench {
        name: "softmax",
        workloads: &workloads::WORKLOADS,
    };
    bench.run()
}
