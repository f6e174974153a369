//! Losses of ranked lists, some of whose places hold no item.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, largest, pick, power_of_ten, size},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn::tensor::{Bool, Tensor, TensorData};
use burn_losses::*;
use serde_json::{Value, json};

pub struct Lists {
    name: &'static str,
    shape: [usize; 2],
    relevances: Vec<f64>,
    padded: Option<Vec<bool>>,
}

impl Lists {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let name = pick(random, &["rank_net", "list_net", "list_mle", "approx_ndcg"]);
        let length = size(random, 48);
        let shape = [size(random, 6), length];
        let count = shape[0] * length;
        let config = match name {
            "rank_net" => json!({"sigma": pick(random, &[1.0, 0.3, 7.0])}),
            "approx_ndcg" => json!({"alpha": pick(random, &[1.0, 10.0, 0.25])}),
            _ => json!({}),
        };
        let is_graded = random.chance(0.6);
        let relevances = random.list(count, Dtype::F32, |random| match is_graded {
            true => below(random, 5) as f64,
            false => random.normal(2.0),
        });
        let scale = power_of_ten(random, -4.0, largest(dtype).log10());
        let ease = pick(random, &[0.0, 0.0, 1.0, 10.0, 40.0]);
        let mut place = 0..count;
        let scores = random.list(count, dtype, |random| {
            let relevance = relevances[place.next().expect("a place each")];
            match below(random, 12) {
                0 => 0.0,
                _ => random.normal(scale) + ease * relevance,
            }
        });
        let padded = random.chance(0.5).then(|| {
            let share = pick(random, &[0.2, 0.8, 1.0]);
            (0..count).map(|_| random.chance(share)).collect()
        });
        let scores = Argument::new("scores", scores, &shape, random);
        let family = Self {
            name,
            shape,
            relevances,
            padded,
        };
        Drawn {
            family: Box::new(family),
            config,
            arguments: vec![scores],
        }
    }

    fn evaluation<T: Clone + std::fmt::Debug + Send + Sync + 'static>(
        &self,
        loss: ListLoss<T>,
        mut leaves: Leaves<'_>,
    ) -> Numbers {
        let device = &leaves.site.device;
        let data = TensorData::new(self.relevances.clone(), self.shape);
        let relevances = Tensor::<2>::from_data(data, (device, burn::tensor::DType::F32));
        let padded = self.padded.as_ref().map(|padded| {
            let data = TensorData::new(padded.clone(), self.shape);
            Tensor::<2, Bool>::from_data(data, device)
        });
        let evaluation = loss.on(leaves.of::<2>(0), relevances);
        leaves.finish(match padded {
            Some(padded) => evaluation.padded(padded),
            None => evaluation,
        })
    }
}

impl Family for Lists {
    fn name(&self) -> String {
        format!("lists {}", self.name)
    }

    fn describe(&self) -> String {
        format!("{:?} padded {}", self.shape, self.padded.is_some())
    }

    fn samples(&self) -> usize {
        self.shape[0]
    }

    fn terms(&self) -> usize {
        self.shape[1]
    }

    /// A scan passes the gradient of a sum on through one item to the next, and takes it off again.
    fn sums(&self, is_composed: bool) -> usize {
        match is_composed && self.name == "list_mle" {
            true => self.shape[1],
            false => 0,
        }
    }

    fn run(&self, config: &Value, leaves: Leaves<'_>) -> Numbers {
        match self.name {
            "rank_net" => self.evaluation(read::<RankNetLossConfig>(config).init(), leaves),
            "list_net" => self.evaluation(read::<ListNetLossConfig>(config).init(), leaves),
            "list_mle" => self.evaluation(read::<ListMleLossConfig>(config).init(), leaves),
            _ => self.evaluation(read::<ApproxNdcgLossConfig>(config).init(), leaves),
        }
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        _: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let [count, length] = self.shape;
        let costs = (0..count).map(|list| {
            let places = list * length..(list + 1) * length;
            let is_item =
                |place: &usize| !self.padded.as_ref().is_some_and(|padded| padded[*place]);
            let items = places.filter(is_item);
            let items = items.map(|place| (lists[0][place], self.relevances[place]));
            let items: Vec<(Var<'t>, f64)> = items.collect();
            cost(self.name, config, &items, tape)
        });
        vec![costs.collect()]
    }
}

/// What a list of scores and relevances costs.
fn cost<'t>(name: &str, config: &Value, items: &[(Var<'t>, f64)], tape: &'t Tape) -> Cost<'t> {
    let number = |name: &str| config[name].as_f64().expect("a number");
    let relevances = || items.iter().map(|(_, relevance)| *relevance);
    let has_order = relevances().any(|relevance| relevance != items[0].1);
    if !has_order {
        return Cost {
            loss: tape.constant(0.0),
            count: 0.0,
        };
    }
    let scores: Vec<Var<'t>> = items.iter().map(|(score, _)| *score).collect();
    let one = |loss| Cost { loss, count: 1.0 };
    match name {
        "rank_net" => {
            let sigma = number("sigma");
            let mut terms = Vec::new();
            for (s, relevance) in items {
                for (other, lower) in items {
                    if relevance > lower {
                        terms.push((-((*s - *other) * sigma)).softplus());
                    }
                }
            }
            Cost {
                loss: tape.sum(&terms),
                count: terms.len() as f64,
            }
        }
        "list_net" => {
            let most = relevances().fold(f64::MIN, f64::max);
            let total: f64 = relevances().map(|r| (r - most).exp()).sum();
            let logs = tape.log_softmax(&scores);
            let shares = relevances().map(|r| (r - most).exp() / total);
            let terms = logs.iter().zip(shares).map(|(&ln, share)| -ln * share);
            one(tape.sum(&terms.collect::<Vec<_>>()))
        }
        "list_mle" => {
            let mut order: Vec<usize> = (0..items.len()).collect();
            order.sort_by(|&a, &b| items[b].1.total_cmp(&items[a].1));
            let ordered: Vec<Var<'t>> = order.iter().map(|&item| scores[item]).collect();
            let terms = (0..ordered.len()).map(|first| -tape.log_share(&ordered[first..], 0));
            one(tape.sum(&terms.collect::<Vec<_>>()))
        }
        _ => {
            let alpha = number("alpha");
            let gain = |relevance: f64| relevance.max(0.0).exp2() - 1.0;
            let mut best: Vec<f64> = relevances().map(gain).collect();
            best.sort_by(|a, b| b.total_cmp(a));
            let ideal = best.iter().enumerate();
            let ideal: f64 = ideal
                .map(|(rank, gain)| gain / (2.0 + rank as f64).ln())
                .sum();
            let above = relevances().map(|relevance| relevance.max(0.0));
            let above: Vec<f64> = above.collect();
            if above.iter().all(|relevance| *relevance == above[0]) {
                return Cost {
                    loss: tape.constant(0.0),
                    count: 0.0,
                };
            }
            let terms = (0..items.len()).map(|i| {
                let others = (0..items.len()).filter(|j| *j != i);
                let behind = others.map(|j| (-((scores[i] - scores[j]) * alpha)).sigmoid());
                let behind = tape.sum(&behind.collect::<Vec<_>>());
                tape.constant(gain(items[i].1)) / (behind + 2.0).ln()
            });
            let found = tape.sum(&terms.collect::<Vec<_>>());
            one(-(found / ideal - 1.0))
        }
    }
}
