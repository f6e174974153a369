//! A student and a teacher.

use super::{
    draws::{call, oracle, shape},
    truth::{describe, nudged_call, nudged_oracle, of_expected, of_outcome},
};
use crate::{
    case::Case,
    draw::{below, dtype, largest, pick, power_of_ten},
    model::{Numbers, Truth, nudge_all},
    support::{
        Dtype, Random, Site,
        distillation::{DistillationCall, DistillationOracle},
        softmax::{Kind, Targets},
    },
};

pub struct Distillation {
    oracle: DistillationOracle,
    call: DistillationCall,
}

impl Distillation {
    pub fn random(random: &mut Random) -> Self {
        let shape = shape(random);
        let mut labels = oracle(random, Kind::CrossEntropy, shape[1]);
        let has_labels = random.chance(0.6);
        let dtype = dtype(random);
        let mut rows = call(random, &labels, &shape, dtype);
        // What is expected of a class that cannot be may be 0 in `f32` alone.
        for logit in rows.logits.iter_mut().filter(|logit| logit.is_infinite()) {
            *logit = 0.0;
        }
        if let Targets::Shares(_) = rows.targets {
            let classes = (0..rows.rows()).map(|_| below(random, shape[1]) as i64);
            rows.targets = Targets::Classes(classes.collect());
            labels.ignored = None;
        }
        let temperature = pick(random, &[1.0, 2.0, 4.0, 0.5, 20.0]);
        let oracle = DistillationOracle {
            temperature,
            alpha: match has_labels {
                true => pick(random, &[0.9, 0.5, 0.1]),
                false => 1.0,
            },
            labels,
        };
        let near = power_of_ten(random, -3.0, 0.0);
        let scale = power_of_ten(random, -6.0, largest(dtype).log10());
        let teacher = match below(random, 3) {
            // A student that has learnt what its teacher knows.
            0 => (rows.logits.iter().map(|x| x + near * random.normal(1.0))).collect(),
            _ => random.list(rows.logits.len(), dtype, |random| random.normal(scale)),
        };
        let teacher: Vec<f64> = crate::elements::rounded(teacher, dtype);
        let finite = |x: f64| if x.is_finite() { x } else { 0.0 };
        let mut teacher: Vec<f64> = teacher.into_iter().map(finite).collect();
        if random.chance(0.07) && !teacher.is_empty() {
            for _ in 0..1 + below(random, 3) {
                let place = below(random, teacher.len());
                match below(random, 4) {
                    // A class that neither knows.
                    0 if !has_labels => {
                        teacher[place] = f64::NEG_INFINITY;
                        rows.logits[place] = f64::NEG_INFINITY;
                    }
                    1 => rows.logits[place] = f64::INFINITY,
                    2 => teacher[place] = f64::INFINITY,
                    _ => teacher[place] = f64::NAN,
                }
            }
        }
        rows.tracked.target = false;
        let call = DistillationCall {
            teacher,
            rows,
            has_labels,
        };
        Self { oracle, call }
    }
}

impl Case for Distillation {
    fn loss(&self) -> String {
        "distillation".to_string()
    }

    fn describe(&self) -> String {
        let labelled = self.call.has_labels;
        format!(
            "{:?} labelled {labelled} {}",
            self.oracle,
            describe(&self.call.rows)
        )
    }

    fn inputs(&self) -> String {
        format!("{:?}", self.call)
    }

    fn dtype(&self) -> Dtype {
        self.call.rows.dtype
    }

    fn run(&self, site: &Site) -> Numbers {
        let loss = self.oracle.loss(self.call.rows.method.reduction());
        of_outcome(self.call.run(&loss, site))
    }

    fn truth(&self) -> Truth {
        let expected = self.oracle.expected(&self.call);
        let rows = &self.call.rows;
        of_expected(&expected, rows.tracked, rows, &self.call.teacher)
    }

    fn nudged(&self, _: &Site, unit: f64, random: &mut Random) -> Numbers {
        let mut call = self.call.clone();
        // The logarithm of a probability is that of all classes at least.
        let besides = self.oracle.temperature.max(1.0) * (1.0 + (call.rows.classes() as f64).ln());
        call.rows = nudged_call(&call.rows, besides, unit, random);
        call.teacher = nudge_all(&call.teacher, besides, unit, random);
        let mut oracle = self.oracle.clone();
        oracle.labels = nudged_oracle(&oracle.labels, unit, random);
        let expected = oracle.expected(&call);
        of_expected(&expected, call.rows.tracked, &call.rows, &call.teacher).numbers
    }

    /// The teacher's logarithms are those of tensor operations on both paths.
    fn adds_one_by_one(&self, _: &Site) -> bool {
        true
    }

    fn terms(&self) -> usize {
        self.call.rows.classes() + self.call.rows.rows()
    }

    fn least(&self) -> f64 {
        let rows = &self.call.rows;
        let upstream = rows
            .upstream
            .iter()
            .fold(1.0f64, |most, x| most.max(x.abs()));
        1e-36 * self.oracle.temperature.max(1.0).powi(2) * (100 * rows.classes()) as f64 * upstream
    }

    fn is_hostile(&self) -> bool {
        let logits = self.call.rows.logits.iter().chain(&self.call.teacher);
        { logits }.any(|x| !x.is_finite())
    }
}
