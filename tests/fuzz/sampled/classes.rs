//! Losses of classes that are no softmax: margins, likelihoods of given logarithms, cosines.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, largest, pick, power_of_ten, size, some},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::*;
use serde_json::{Value, json};

/// What marks a sample of a likelihood as ignored.
const IGNORED: i64 = -100;

pub struct Classes {
    name: &'static str,
    shape: [usize; 2],
    /// One for each sample, or for each of its classes.
    targets: Vec<i64>,
}

impl Classes {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let names = [
            "multi_margin",
            "multi_label_margin",
            "multi_label_soft_margin",
            "nll",
            "cosine_embedding",
        ];
        let name = pick(random, &names);
        let shape = [size(random, 30), some(random, 64)];
        let [samples, classes] = shape;
        let count = samples * classes;
        let mut config = match name {
            "multi_margin" => {
                let margin = pick(random, &[1.0, 0.3, 2.5]);
                json!({"p": 1 + below(random, 2), "margin": margin})
            }
            "cosine_embedding" => json!({"margin": pick(random, &[0.0, 0.3, -0.5])}),
            _ => json!({}),
        };
        if matches!(name, "multi_margin" | "multi_label_soft_margin" | "nll") && random.chance(0.4)
        {
            let weights = (0..classes).map(|_| match random.chance(0.2) {
                true => 0.0,
                false => random.uniform(0.1, 3.0),
            });
            config["class_weights"] = json!(weights.collect::<Vec<f64>>());
        }
        let targets = match name {
            "multi_margin" => (0..samples)
                .map(|_| below(random, classes) as i64)
                .collect(),
            "nll" => (0..samples)
                .map(|_| match random.chance(0.2) {
                    true => IGNORED,
                    false => below(random, classes) as i64,
                })
                .collect(),
            "cosine_embedding" => (0..samples).map(|_| pick(random, &[1, -1])).collect(),
            "multi_label_margin" => (0..count)
                .map(|_| match random.chance(0.2) {
                    true => -1,
                    false => below(random, classes) as i64,
                })
                .collect(),
            _ => Vec::new(),
        };
        let scale = power_of_ten(random, -4.0, largest(dtype).log10());
        let first = random.list(count, dtype, |random| random.normal(scale));
        let second = random.list(count, dtype, |random| match name {
            "cosine_embedding" => random.normal(scale),
            _ if random.chance(0.2) => random.uniform(0.0, 1.0),
            _ => f64::from(random.chance(0.3)),
        });
        let second = match name == "cosine_embedding" && random.chance(0.3) {
            true => {
                let near = power_of_ten(random, -4.0, 0.0);
                let mut of = first.iter();
                random.list(count, dtype, |random| {
                    let x = of.next().expect("a number each");
                    x * (1.0 + near * random.normal(1.0))
                })
            }
            false => second,
        };
        let mut arguments = vec![Argument::new("scores", first, &shape, random)];
        if matches!(name, "cosine_embedding" | "multi_label_soft_margin") {
            arguments.push(Argument::new("others", second, &shape, random));
        }
        let family = Self {
            name,
            shape,
            targets,
        };
        Drawn {
            family: Box::new(family),
            config,
            arguments,
        }
    }
}

impl Family for Classes {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn describe(&self) -> String {
        format!("{:?} {:?}", self.shape, self.targets)
    }

    fn samples(&self) -> usize {
        self.shape[0]
    }

    fn terms(&self) -> usize {
        self.shape[1]
    }

    fn run(&self, config: &Value, mut leaves: Leaves<'_>) -> Numbers {
        let scores = leaves.of::<2>(0);
        let device = &leaves.site.device;
        let targets = |shape: &[usize]| TensorData::new(self.targets.clone(), shape.to_vec());
        let of_samples = |device| Tensor::<1, Int>::from_data(targets(&self.shape[..1]), device);
        if self.name == "nll" {
            let loss = read::<NllLossConfig>(config).init();
            let targets = of_samples(device);
            return leaves.finish(loss.on(scores, targets));
        }
        let evaluation = match self.name {
            "multi_margin" => {
                let loss = read::<MultiMarginLossConfig>(config).init();
                loss.on(scores, of_samples(device))
            }
            "multi_label_margin" => {
                let loss = read::<MultiLabelMarginLossConfig>(config).init();
                let targets = Tensor::<2, Int>::from_data(targets(&self.shape), device);
                loss.on(scores, targets)
            }
            "cosine_embedding" => {
                let loss = read::<CosineEmbeddingLossConfig>(config).init();
                let targets = of_samples(device);
                loss.on(scores, leaves.of::<2>(1), targets)
            }
            _ => {
                let loss = read::<MultiLabelSoftMarginLossConfig>(config).init();
                loss.on(scores, leaves.of::<2>(1))
            }
        };
        leaves.finish(evaluation)
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        _: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let classes = self.shape[1];
        let weights = config["class_weights"].as_array();
        let weight = |class: usize| match weights {
            Some(weights) => weights[class].as_f64().expect("a number"),
            None => 1.0,
        };
        let costs = (0..self.shape[0]).map(|sample| {
            let row = |list: usize| &lists[list][sample * classes..(sample + 1) * classes];
            let mut count = 1.0;
            let loss = match self.name {
                "nll" => {
                    // A mean divides by the weights of the classes.
                    let class = self.targets[sample];
                    count = if class == IGNORED {
                        0.0
                    } else {
                        weight(class as usize)
                    };
                    match count == 0.0 {
                        true => tape.constant(0.0),
                        false => -row(0)[class as usize] * count,
                    }
                }
                "multi_margin" => {
                    let (x, y) = (row(0), self.targets[sample] as usize);
                    let margin = config["margin"].as_f64().expect("a number");
                    let others = (0..classes).filter(|class| *class != y);
                    let short = others.map(|class| {
                        let short = (-(x[y] - x[class]) + margin).positive_part();
                        if config["p"] == 2 {
                            short.square()
                        } else {
                            short
                        }
                    });
                    let short = tape.sum(&short.collect::<Vec<_>>());
                    short / classes as f64 * weight(y)
                }
                "multi_label_margin" => {
                    let x = row(0);
                    let targets = &self.targets[sample * classes..(sample + 1) * classes];
                    let labels = targets.iter().take_while(|target| **target != -1);
                    let labels: Vec<usize> = labels.map(|&target| target as usize).collect();
                    let others = (0..classes).filter(|class| !labels.contains(class));
                    let short = others.flat_map(|class| {
                        let beside =
                            |&label: &usize| (-(x[label] - x[class]) + 1.0).positive_part();
                        labels.iter().map(beside).collect::<Vec<_>>()
                    });
                    tape.sum(&short.collect::<Vec<_>>()) / classes as f64
                }
                "cosine_embedding" => {
                    let margin = config["margin"].as_f64().expect("a number");
                    cosine(row(0), row(1), self.targets[sample], margin, tape)
                }
                _ => {
                    let terms = (0..classes)
                        .filter(|&class| weight(class) != 0.0)
                        .map(|class| {
                            let (x, t) = (row(0)[class], row(1)[class]);
                            (t * (-x).softplus() + -(t - 1.0) * x.softplus()) * weight(class)
                        });
                    tape.sum(&terms.collect::<Vec<_>>()) / classes as f64
                }
            };
            Cost { loss, count }
        });
        vec![costs.collect()]
    }
}

/// What a pair costs that belongs together, or does not.
fn cosine<'t>(
    first: &[Var<'t>],
    second: &[Var<'t>],
    target: i64,
    margin: f64,
    tape: &'t Tape,
) -> Var<'t> {
    let direction = |side: &[Var<'t>]| -> Vec<Var<'t>> {
        let squares = side.iter().map(|x| x.square()).collect::<Vec<_>>();
        let norm = tape.sum(&squares).sqrt();
        let ways = side.iter().map(|&x| match norm.value == 0.0 {
            true => tape.constant(0.0),
            false => x / norm,
        });
        ways.collect()
    };
    let [a, b] = [first, second].map(direction);
    let both = a.iter().zip(&b);
    match target {
        1 => {
            let gaps = both.map(|(&a, &b)| (a - b).square());
            let lost = [&a, &b].map(|side| side.iter().all(|x| x.value == 0.0));
            let lost = lost.into_iter().filter(|lost| *lost).count();
            tape.sum(&gaps.collect::<Vec<_>>()) * 0.5 + 0.5 * lost as f64
        }
        _ => {
            let products = both.map(|(&a, &b)| a * b);
            (tape.sum(&products.collect::<Vec<_>>()) - margin).positive_part()
        }
    }
}
