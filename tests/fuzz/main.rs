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
mod sampled;
#[allow(dead_code, unused_imports)] // It is there for the other tests.
#[path = "../support/mod.rs"]
mod support;
mod tape;

use case::Place;
use clap::Parser;
use std::{
    collections::BTreeMap,
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
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
    /// The case to stop before, also where there is time left.
    #[arg(long, default_value_t = u64::MAX)]
    until: u64,
    /// Only losses whose name contains this.
    #[arg(long, default_value = "")]
    loss: String,
    /// How many differences of a loss are shown.
    #[arg(long, default_value_t = 5)]
    show: usize,
    /// How many cases run at once; as many as there are cores where it is not said.
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// What `cargo test` is told of other tests: names, options. Then nothing is run.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Where the last panic was, and what it said, by the name of the thread: all threads of a place have the same.
static PANICS: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

fn main() -> ExitCode {
    let options = Options::parse();
    if !options.rest.is_empty() {
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|info| {
        let said = info.to_string().replace('\n', " ");
        let mut panics = PANICS.lock().expect("no panic in a panic");
        panics.insert(thread_name(), said);
    }));
    let threads = match options.case {
        Some(_) => 1,
        None => options.threads.map_or_else(cores, NonZero::get),
    };
    let run = Run {
        start: Instant::now(),
        next: AtomicU64::new(options.case.unwrap_or(options.from)),
        by_loss: Mutex::default(),
        options,
    };
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let run = &run;
            scope.spawn(move || {
                let place = Place::new(&format!("place {thread}"));
                place.on_one_thread(|| run.cases(&place));
            });
        }
    });
    match run.report() {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

fn thread_name() -> String {
    std::thread::current()
        .name()
        .unwrap_or_default()
        .to_string()
}

/// What the threads share.
struct Run {
    options: Options,
    start: Instant,
    /// The next case.
    next: AtomicU64,
    /// How many cases of a loss there were, and how many of them were wrong.
    by_loss: Mutex<BTreeMap<String, [u64; 2]>>,
}

impl Run {
    /// Runs cases until the time, or their number, is over.
    fn cases(&self, place: &Place) {
        if let Some(index) = self.options.case {
            return self.case(place, index);
        }
        while self.start.elapsed().as_secs_f64() < self.options.seconds {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            if index >= self.options.until {
                break;
            }
            self.case(place, index);
        }
    }

    /// Runs a case, which depends on the seed and its number alone.
    fn case(&self, place: &Place, index: u64) {
        let options = &self.options;
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
            let panics = PANICS.lock().expect("no panic in a panic");
            let said = panics.get(&thread_name()).cloned().unwrap_or_default();
            (true, Some(format!("panic: {said}")))
        });
        if !ran {
            return;
        }
        let (loss, what) = of_case.unwrap_or_default();
        if options.case.is_some() {
            println!("{loss}: {what}");
        }
        let mut by_loss = self.by_loss.lock().expect("no panic while it is counted");
        let [cases, faults] = by_loss.entry(loss.clone()).or_default();
        *cases += 1;
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

    /// Prints how many cases there were; how many of them are wrong.
    fn report(self) -> u64 {
        let by_loss = self.by_loss.into_inner();
        let by_loss = by_loss.expect("no panic while it is counted");
        let [cases, faults] = by_loss.values().fold([0; 2], |[cases, faults], of_loss| {
            [cases + of_loss[0], faults + of_loss[1]]
        });
        println!(
            "fuzz: {cases} cases of {} losses in {:.0} s, seed {}, up to case {}: {faults} differences",
            by_loss.len(),
            self.start.elapsed().as_secs_f64(),
            self.options.seed,
            self.next.into_inner(),
        );
        for (loss, [cases, faults]) in by_loss.iter().filter(|(_, [_, faults])| *faults > 0) {
            println!("  {loss}: {faults} of {cases}");
        }
        faults
    }
}
