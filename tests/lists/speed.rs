//! How fast the fused path is beside the composed one: `cargo test --release --test losses lists::speed -- --ignored --nocapture`.

use super::case::Case;
use crate::support::{Dtype, Path, Random, Site, differentiable_sites};
use std::time::{Duration, Instant};

fn median(site: &Site, case: &Case, rounds: usize) -> Duration {
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            case.run(site, Dtype::F32);
            start.elapsed()
        })
        .collect();
    times.sort();
    times[rounds / 2]
}

#[test]
#[ignore = "a measurement, of a release build"]
fn fused_lists_are_faster() {
    let mut random = Random::of("speed");
    let mut scores = |count| random.list(count, Dtype::F32, |random| random.normal(3.0));
    let mut other = Random::of("relevances");
    let relevances = other.list(64_000, Dtype::F32, |random| {
        random.uniform(0.0, 5.0).floor()
    });
    let targets: Vec<i64> = (0..4096).map(|_| (other.bits() % 1000) as i64).collect();
    let times = other.list(100_000, Dtype::F32, |random| {
        random.uniform(0.0, 1e4).floor()
    });
    let events = vec![true; 100_000];
    let ranked =
        |loss, scores: &[f64]| Case::ranking(loss, [64, 1000], scores, &relevances).reduced();
    let lists = scores(64_000);
    let cases = [
        ("RankNet 64 x 1000", ranked("rank_net", &lists)),
        ("ApproxNDCG 64 x 1000", ranked("approx_ndcg", &lists)),
        ("ListMLE 64 x 1000", ranked("list_mle", &lists)),
        ("ListNet 64 x 1000", ranked("list_net", &lists)),
        (
            "MultiMargin 4096 x 1000",
            Case::margin("multi_margin", [4096, 1000], &scores(4_096_000), &targets).reduced(),
        ),
        (
            "Cox 100000",
            Case::cox("efron", &scores(100_000), &times, &events).reduced(),
        ),
    ];
    let site = &differentiable_sites()[0];
    for (name, case) in cases {
        let [fused, composed] = Path::BOTH.map(|path| {
            let site = site.on(path);
            median(&site, &case, 3)
        });
        let ratio = fused.as_secs_f64() / composed.as_secs_f64();
        println!("{name}: {fused:?} against {composed:?}, {ratio:.3}");
    }
}
