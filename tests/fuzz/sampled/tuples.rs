//! Losses of a few numbers of each sample: likelihoods and a margin.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, pick, power_of_ten, size},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn_losses::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::f64::consts::{LN_2, PI};

pub struct Tuples {
    name: &'static str,
    samples: usize,
}

impl Tuples {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let samples = match below(random, 200) {
            0 => 5000,
            _ => size(random, 300),
        };
        let eps = pick(random, &[1e-6, 1e-3]);
        let is_logarithm = random.chance(0.4);
        let (name, config, predictions) = match below(random, 5) {
            0 => {
                let beta = pick(random, &[0.0, 0.0, 0.5, 1.0]);
                let full = random.chance(0.5);
                let config =
                    json!({"log_variance": is_logarithm, "full": full, "eps": eps, "beta": beta});
                ("gaussian_nll", config, vec!["mean", "variance"])
            }
            1 => {
                let config = json!({"log_scale": is_logarithm, "eps": eps});
                ("laplace_nll", config, vec!["location", "scale"])
            }
            2 => {
                let names = vec!["location", "scale", "freedom"];
                ("student_t_nll", json!({"eps": eps}), names)
            }
            3 => {
                let config = json!({"coefficient": pick(random, &[0.0, 0.01, 1.0]), "eps": eps});
                ("evidential", config, vec!["gamma", "nu", "alpha", "beta"])
            }
            _ => {
                let config = json!({"margin": pick(random, &[0.0, 0.5, 0.1])});
                ("margin_ranking", config, vec!["first", "second"])
            }
        };
        let scale = power_of_ten(random, -3.0, 2.0);
        let target = random.list(samples, dtype, |random| match name {
            "margin_ranking" => pick(random, &[-1.0, 1.0]),
            _ => random.normal(scale),
        });
        let mut arguments = Vec::new();
        for argument in predictions {
            let mut place = 0..samples;
            let values = random.list(samples, dtype, |random| {
                let t = target[place.next().expect("a place each")];
                match argument {
                    "first" | "second" => random.normal(scale),
                    "mean" | "location" | "gamma" => match below(random, 4) {
                        0 => t,
                        1 => t * (1.0 + random.normal(1e-3)),
                        _ => t + random.normal(scale),
                    },
                    "variance" | "scale" if is_logarithm && name != "student_t_nll" => {
                        random.uniform(-8.0, 8.0)
                    }
                    // What is below the least, too.
                    "alpha" => 0.95 + power_of_ten(random, -2.0, 3.0),
                    _ if random.chance(0.05) => 0.0,
                    _ => power_of_ten(random, -3.0, 3.0),
                }
            });
            arguments.push(Argument::new(argument, values, &[samples], random));
        }
        arguments.push(Argument::new("target", target, &[samples], random));
        Drawn {
            family: Box::new(Self { name, samples }),
            config,
            arguments,
        }
    }

    fn joint<F, C, const P: usize>(
        &self,
        config: &Value,
        init: impl FnOnce(C) -> JointLoss<F, P>,
        mut leaves: Leaves<'_>,
    ) -> Numbers
    where
        F: formula::TupleFormula<P, 1>,
        C: DeserializeOwned,
    {
        let config = read(config);
        let predictions = std::array::from_fn(|place| leaves.of::<1>(place));
        let evaluation = init(config).on(predictions, leaves.of::<1>(P));
        leaves.finish(evaluation)
    }
}

impl Family for Tuples {
    fn name(&self) -> String {
        format!("tuples {}", self.name)
    }

    fn describe(&self) -> String {
        format!("{}", self.samples)
    }

    fn samples(&self) -> usize {
        self.samples
    }

    fn run(&self, config: &Value, leaves: Leaves<'_>) -> Numbers {
        match self.name {
            "gaussian_nll" => self.joint(config, |c: GaussianNllLossConfig| c.init(), leaves),
            "laplace_nll" => self.joint(config, |c: LaplaceNllLossConfig| c.init(), leaves),
            "student_t_nll" => self.joint(config, |c: StudentTNllLossConfig| c.init(), leaves),
            "evidential" => self.joint(config, |c: EvidentialLossConfig| c.init(), leaves),
            _ => self.joint(config, |c: MarginRankingLossConfig| c.init(), leaves),
        }
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        _: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let costs = (0..self.samples).map(|sample| {
            let x: Vec<Var<'t>> = lists.iter().map(|list| list[sample]).collect();
            let loss = loss(self.name, config, &x, tape);
            Cost { loss, count: 1.0 }
        });
        vec![costs.collect()]
    }
}

/// A number that counts as no less than another, and can grow.
fn floored<'t>(x: Var<'t>, least: f64) -> Var<'t> {
    x.tape().result(x.value.max(least), [(x, 1.0)])
}

/// `ln Gamma(x + 1/2) - ln Gamma(x) - ln(x) / 2`, by the series of large numbers (Graham, Knuth and Patashnik, *Concrete
/// Mathematics*, exercise 9.60) and steps down to x.
fn step<'t>(x: Var<'t>) -> Var<'t> {
    let near = x.value;
    let steps = if near < 60.0 { 60 } else { 0 };
    let far = near + f64::from(steps);
    let mut value = -1.0 / (8.0 * far) + 1.0 / (192.0 * far.powi(3)) - 1.0 / (640.0 * far.powi(5))
        + 17.0 / (14336.0 * far.powi(7));
    let mut slope = 1.0 / (8.0 * far * far) - 1.0 / (64.0 * far.powi(4))
        + 1.0 / (128.0 * far.powi(6))
        - 17.0 / (2048.0 * far.powi(8));
    if steps > 0 {
        value += 0.5 * (far / near).ln();
        slope += 0.5 / far - 0.5 / near;
    }
    for step in 0..steps {
        let at = near + f64::from(step);
        value -= (0.5 / at).ln_1p();
        slope += 0.5 / (at * (at + 0.5));
    }
    x.tape().result(value, [(x, slope)])
}

fn loss<'t>(name: &str, config: &Value, x: &[Var<'t>], tape: &'t Tape) -> Var<'t> {
    let number = |name: &str| config[name].as_f64().expect("a number");
    let spread = |x: Var<'t>, is_logarithm: bool| match is_logarithm {
        true => {
            let ln = floored(x, number("eps").ln());
            (ln, (-ln).exp())
        }
        false => {
            let spread = floored(x, number("eps"));
            (spread.ln(), tape.constant(1.0) / spread)
        }
    };
    match (name, x) {
        ("gaussian_nll", &[mean, variance, t]) => {
            let (ln, precision) = spread(variance, config["log_variance"] == true);
            let gap = mean - t;
            let constant = if config["full"] == true {
                (2.0 * PI).ln()
            } else {
                0.0
            };
            let loss = (ln + gap * precision * gap + constant) * 0.5;
            match number("beta") {
                0.0 => loss,
                beta => loss * (ln * beta).exp().detached(),
            }
        }
        ("laplace_nll", &[location, scale, t]) => {
            let (ln, precision) = spread(scale, config["log_scale"] == true);
            ln + (location - t).abs() * precision + LN_2
        }
        ("student_t_nll", &[location, scale, freedom, t]) => {
            let [scale, freedom] = [scale, freedom].map(|x| floored(x, number("eps")));
            let ratio = (location - t) / scale;
            let tail = (freedom + 1.0) * 0.5 * (ratio.square() / freedom).ln_1p();
            // ln(n pi) / 2 is ln(n / 2) / 2 + ln(2 pi) / 2.
            scale.ln() + tail - step(freedom * 0.5) + 0.5 * (2.0 * PI).ln()
        }
        ("evidential", &[gamma, nu, alpha, beta, t]) => {
            let [nu, beta] = [nu, beta].map(|x| floored(x, number("eps")));
            let alpha = floored(alpha, 1.0);
            let gap = gamma - t;
            let omega = beta * (nu + 1.0) * 2.0;
            let tail = (alpha + 0.5) * (gap.square() * nu / omega).ln_1p();
            let scale = (omega.ln() - nu.ln() - alpha.ln() + PI.ln()) * 0.5;
            let evidence = gap.abs() * (nu * 2.0 + alpha) * number("coefficient");
            scale - step(alpha) + tail + evidence
        }
        (_, &[first, second, t]) => (t * (second - first) + number("margin")).positive_part(),
        _ => unreachable!("a list for each argument"),
    }
}
