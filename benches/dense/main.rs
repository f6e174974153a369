//! Speed and memory of the losses of dense prediction (boxes, masks, images), forward and backward, against the same
//! formula composed of Burn operations.
//!
//! `cargo bench --bench dense` prints a table and writes `target/bench/dense.json`; see `benches/support`. Each workload
//! has a file of its own here.

mod boxes;
mod images;
mod masks;
#[path = "../support/mod.rs"]
mod support;

use std::process::ExitCode;
use support::Build;

/// The workloads there are.
const WORKLOADS: [(&str, Build); 4] = [
    ("ciou", boxes::ciou),
    ("dice_ce", masks::dice_ce),
    ("lovasz", masks::lovasz),
    ("ssim", images::ssim),
];

fn main() -> ExitCode {
    let bench = support::Bench {
        name: "dense",
        workloads: &WORKLOADS,
    };
    bench.run()
}
