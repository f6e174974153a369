//! Cox's partial likelihood.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, largest, pick, power_of_ten, size},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn::tensor::{Bool, DType, Tensor, TensorData};
use burn_losses::CoxLossConfig;
use serde_json::{Value, json};

pub struct Cox {
    times: Vec<f64>,
    events: Vec<bool>,
}

impl Cox {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let count = size(random, 64);
        let scale = power_of_ten(random, -4.0, largest(dtype).log10());
        let known = pick(random, &[1, 4, 10, 1000]);
        let times = (0..count)
            .map(|_| below(random, known) as f64 - 2.0)
            .collect();
        let share = pick(random, &[0.0, 0.3, 0.7, 1.0]);
        let events = (0..count).map(|_| random.chance(share)).collect();
        let risks = random.list(count, dtype, |random| random.normal(scale));
        Drawn {
            family: Box::new(Self { times, events }),
            config: json!({"ties": pick(random, &["breslow", "efron"])}),
            arguments: vec![Argument::new("log-risks", risks, &[count], random)],
        }
    }
}

impl Family for Cox {
    fn name(&self) -> String {
        "cox".to_string()
    }

    fn describe(&self) -> String {
        format!("{:?} {:?}", self.times, self.events)
    }

    fn samples(&self) -> usize {
        self.times.len()
    }

    fn is_of_samples(&self) -> bool {
        false
    }

    fn terms(&self) -> usize {
        self.times.len()
    }

    /// A scan passes the gradient of a sum on through one item to the next, and takes it off again.
    fn sums(&self, is_composed: bool) -> usize {
        match is_composed {
            true => self.times.len(),
            false => 0,
        }
    }

    fn run(&self, config: &Value, mut leaves: Leaves<'_>) -> Numbers {
        let device = leaves.site.device.clone();
        let loss: CoxLossConfig = read(config);
        let count = self.times.len();
        let times = TensorData::new(self.times.clone(), [count]);
        let times = Tensor::<1>::from_data(times, (&device, DType::F32));
        let events = TensorData::new(self.events.clone(), [count]);
        let events = Tensor::<1, Bool>::from_data(events, &device);
        let evaluation = loss.init().on(leaves.of::<1>(0), times, events);
        leaves.finish(evaluation)
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        weights: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let risks = &lists[0];
        let all: Vec<usize> = (0..risks.len()).filter(|&i| weights[i] != 0.0).collect();
        let cost = |sample: usize| {
            if !self.events[sample] || weights[sample] == 0.0 {
                return Cost {
                    loss: tape.constant(0.0),
                    count: 0.0,
                };
            }
            let time = self.times[sample];
            let at_risk = all
                .iter()
                .copied()
                .filter(|&other| self.times[other] >= time);
            let at_risk: Vec<usize> = at_risk.collect();
            let is_tied = |other: usize| self.events[other] && self.times[other] == time;
            let ties = at_risk.iter().filter(|&&other| is_tied(other)).count();
            let steps = if config["ties"] == "efron" { ties } else { 1 };
            // Tensor operations take what events at one time share beside one of them, which may be any.
            let beside = match tape.is_composed && ties > 1 {
                true => {
                    let tied = at_risk.iter().copied().filter(|&other| is_tied(other));
                    tied.min_by(|&a, &b| risks[a].value.total_cmp(&risks[b].value))
                }
                false => None,
            };
            let of = beside.unwrap_or(sample);
            let place = at_risk.iter().position(|&other| other == of);
            let place = place.expect("it is at risk itself");
            let terms = (0..steps).map(|step| {
                // With a share of the risk of those that are tied.
                let share = (1.0 - step as f64 / steps as f64).ln();
                let logits = at_risk
                    .iter()
                    .map(|&other| match is_tied(other) && step > 0 {
                        true => risks[other] + share,
                        false => risks[other],
                    });
                let ln = -tape.log_share(&logits.collect::<Vec<_>>(), place);
                let ln = if step > 0 { ln + share } else { ln };
                match beside {
                    Some(other) => ln + (risks[other] - risks[sample]),
                    None => ln,
                }
            });
            let terms: Vec<Var<'t>> = terms.collect();
            Cost {
                loss: tape.sum(&terms) / steps as f64,
                count: 1.0,
            }
        };
        vec![(0..risks.len()).map(cost).collect()]
    }
}
