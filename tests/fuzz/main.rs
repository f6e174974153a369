//! Random losses with random arguments, fused and composed, against `f64`; see `model.rs` for what counts as right.
//!
//! ```sh
//! cargo test --release --test fuzz -- --seconds 60 --seed 1
//! cargo test --release --test fuzz -- --seed 1 --case 4711   # one case of these once more
//! ```

mod case;
mod classes;
mod draw;
mod elements;
mod embeddings;
mod model;
#[allow(dead_code, unused_imports)] // It is there for the other tests.
#[path = "../support/mod.rs"]
mod support;

use case::Place;
use clap::Parser;
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::Mutex,
    time::Instant,
};
use support::Random;

/// Runs random cases for some seconds.
#[derive(Parser)]
struct Options {
    /// How long.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Which sequence of cases.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The only case to run.
    #[arg(long)]
    case: Option<u64>,
    /// Whether the numbers of that case are shown.
    #[arg(long)]
    dump: bool,
    /// The first case to run.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only losses whose name contains this.
    #[arg(long, default_value = "")]
    loss: String,
    /// How many differences of a loss are shown.
    #[arg(long, default_value_t = 5)]
    show: usize,
    /// What `cargo test` is told of other tests: names, options. Then nothing is run.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Where the last panic was, and what it said.
static PANIC: Mutex<String> = Mutex::new(String::new());

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.rest.is_empty() {
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|info| {
        *PANIC.lock().expect("no panic in a panic") = info.to_string().replace('\n', " ");
    }));
    let place = Place::new();
    match place.on_one_thread(|| run(&options, &place)) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Runs cases until the time is over; how many of them are wrong.
fn run(options: &Options, place: &Place) -> usize {
    let start = Instant::now();
    let mut count = 0u64;
    let mut by_loss: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut index = options.case.unwrap_or(options.from);
    while options.case.is_some() || start.elapsed().as_secs_f64() < options.seconds {
        let mut random = Random::of(&format!("place {} {index}", options.seed));
        let mut of_case = None;
        let fault = catch_unwind(AssertUnwindSafe(|| {
            let case = case::case(options.seed, index);
            of_case = Some((case.loss(), case.describe()));
            if options.dump {
                place.show(&*case);
            }
            match case.loss().contains(&options.loss) {
                true => (true, place.check(&*case, &mut random)),
                false => (false, None),
            }
        }));
        let (ran, fault) = fault.unwrap_or_else(|_| {
            let said = PANIC.lock().expect("no panic in a panic").clone();
            (true, Some(format!("panic: {said}")))
        });
        let (loss, what) = of_case.unwrap_or_default();
        if ran {
            count += 1;
            let [cases, faults] = by_loss.entry(loss.clone()).or_default();
            *cases += 1;
            if options.case.is_some() {
                println!("{loss}: {what}");
            }
            if let Some(fault) = fault {
                *faults += 1;
                if *faults <= options.show as u64 {
                    println!(
                        "{loss}: {fault}; {what}; cargo test --release --test fuzz -- --seed {} --case {index}",
                        options.seed
                    );
                }
            }
        }
        if options.case.is_some() {
            break;
        }
        index += 1;
    }
    let faults: u64 = by_loss.values().map(|[_, faults]| faults).sum();
    println!(
        "fuzz: {count} cases of {} losses in {:.0} s, seed {}, up to case {index}: {faults} differences",
        by_loss.len(),
        start.elapsed().as_secs_f64(),
        options.seed,
    );
    for (loss, [cases, faults]) in by_loss.iter().filter(|(_, [_, faults])| *faults > 0) {
        println!("  {loss}: {faults} of {cases}");
    }
    faults as usize
}
