//! A case, and what is looked at in each.

use crate::{
    classes::{Classes, Distillation, Layer},
    draw::{below, pick},
    elements::Elements,
    embeddings::Embeddings,
    model::{self, Numbers, Rounding, Truth},
    sampled::Sampled,
    support::{Dtype, Path, Random, Site, differentiable_sites},
};
use rayon::ThreadPool;

/// A loss with its arguments.
pub trait Case: Sync {
    /// What differences are counted by.
    fn loss(&self) -> String;
    /// Everything but the numbers.
    fn describe(&self) -> String;
    fn dtype(&self) -> Dtype;
    /// The numbers.
    fn inputs(&self) -> String;
    /// Value and gradients.
    fn run(&self, site: &Site) -> Numbers;
    /// The same in `f64`.
    fn truth(&self) -> Truth;
    /// What rounds besides, and costs more to be known than the truth; beside which it is infinite where anything may
    /// stand.
    fn sizes(&self, _: &Site) -> Option<Numbers> {
        None
    }
    /// The same of inputs nudged by a unit of this size, or of results that are rounded as on a site.
    fn nudged(&self, _: &Site, unit: f64, random: &mut Random) -> Numbers;
    /// Whether an input is not finite.
    fn is_hostile(&self) -> bool;
    /// Whether what is chosen there may be chosen otherwise.
    fn is_undecided(&self, _: &Site) -> bool {
        false
    }
    /// How many numbers tensor operations add up one by one.
    fn terms(&self) -> usize {
        0
    }
    /// Whether they do: on the composed path.
    fn adds_one_by_one(&self, site: &Site) -> bool {
        !site.sums_in_f64(self.dtype())
    }
    /// What is lost of numbers below the normal range.
    fn least(&self) -> f64 {
        match self.dtype() {
            Dtype::F64 => 1e-300,
            _ => 1e-36,
        }
    }
}

/// The case of a number in a sequence.
pub fn case(seed: u64, index: u64) -> Box<dyn Case> {
    let mut random = Random::of(&format!("{seed} {index}"));
    match below(&mut random, 100) {
        0..25 => Box::new(Elements::random(&mut random)),
        25..50 => Box::new(Classes::random(&mut random)),
        50..55 => Box::new(Distillation::random(&mut random)),
        55..60 => Box::new(Layer::random(&mut random)),
        60..90 => Box::new(Embeddings::random(&mut random)),
        _ => Box::new(Sampled::random(&mut random)),
    }
}

/// Where cases are run.
pub struct Place {
    /// The fused and the composed path of each device.
    sites: Vec<[Site; 2]>,
    one: ThreadPool,
    three: ThreadPool,
}

impl Place {
    /// A place whose threads have this name.
    pub fn new(name: &str) -> Self {
        let pool = |threads| {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let name = name.to_string();
            let named = builder.thread_name(move |_| name.clone());
            named.build().expect("a pool of threads")
        };
        let sites = differentiable_sites();
        let of = |path: Path| sites.iter().filter(move |site| site.path == path).cloned();
        Self {
            sites: of(Path::Chosen)
                .zip(of(Path::Composed))
                .map(|(fused, composed)| [fused, composed])
                .collect(),
            one: pool(1),
            three: pool(3),
        }
    }

    /// Runs `f` on one thread.
    pub fn on_one_thread<T: Send>(&self, f: impl FnOnce() -> T + Send) -> T {
        self.one.install(f)
    }

    /// The numbers of a case on both paths beside the truth, where they differ by more than a millionth.
    pub fn show(&self, case: &dyn Case) {
        let truth = case.truth().numbers;
        println!("{}", case.inputs());
        let [fused, composed] = &self.sites[0];
        let [fused, composed] = [case.run(fused), case.run(composed)];
        for (place, (name, list)) in truth.iter().enumerate() {
            for (index, right) in list.iter().enumerate() {
                let got = [fused[place].1[index], composed[place].1[index]];
                let off = got.map(|x| {
                    let is_near = (x - right).abs() <= 1e-6 * right.abs();
                    !(is_near || x == *right || x.is_nan() && right.is_nan())
                });
                if off.contains(&true) {
                    println!(
                        "{name}[{index}]: fused {:e}, composed {:e}, right {right:e}",
                        got[0], got[1]
                    );
                }
            }
        }
    }

    /// What is wrong with a case; called on one thread.
    pub fn check(&self, case: &dyn Case, random: &mut Random) -> Option<String> {
        let sites = pick(random, &self.sites);
        let takes = |site: &&Site| match case.dtype() {
            Dtype::F16 | Dtype::BF16 => site.is_flex(),
            _ => true,
        };
        let truth = case.truth();
        for site in sites.iter().filter(takes) {
            let got = case.run(site);
            let again = self.three.install(|| case.run(site));
            if !same_bits(&got, &again) {
                return Some(format!("other bits on three threads on {site}"));
            }
            let is_nan = |(_, list): &(&str, Vec<f64>)| list.iter().any(|x| x.is_nan());
            let right_is_nan = truth.numbers.iter().any(is_nan);
            if got.iter().any(is_nan) && !case.is_hostile() && !right_is_nan {
                return Some(format!("NaN from finite input on {site}"));
            }
            if case.is_undecided(site) {
                continue;
            }
            let nudged = |unit: f64, random: &mut Random| case.nudged(site, unit, random);
            let sizes = || case.sizes(site);
            let rounding = Rounding {
                dtype: case.dtype(),
                least: case.least(),
                terms: match case.adds_one_by_one(site) {
                    true => case.terms(),
                    false => 0,
                },
            };
            let difference = model::difference(&got, &truth, rounding, &sizes, &nudged);
            if let Some(difference) = difference {
                return Some(format!("{difference} on {site}"));
            }
        }
        None
    }
}

fn same_bits(a: &Numbers, b: &Numbers) -> bool {
    let bits = |numbers: &Numbers| -> Vec<Vec<u64>> {
        let lists = numbers.iter();
        lists
            .map(|(_, list)| list.iter().map(|x| x.to_bits()).collect())
            .collect()
    };
    bits(a) == bits(b)
}
