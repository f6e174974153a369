//! Distillation as plain numbers: the oracle in `f64`, and how the loss is run on a device.

use super::{
    Expected, Layout, Method, Number, Outcome, Site,
    softmax::{
        RowCall, RowOracle, Targets,
        call::{classes_tensor, reduced},
        expected::Rows,
        oracle::Row,
    },
    tensors::{Read, in_shape_of, leaf},
};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::{DistillationLoss, DistillationLossConfig, Reduction};
use serde_json::Value;

/// A distillation loss and its hyperparameters.
#[derive(Clone, Debug)]
pub struct DistillationOracle {
    pub temperature: f64,
    pub alpha: f64,
    /// Cross entropy with the labels.
    pub labels: RowOracle,
}

/// The arguments of a distillation loss: those of cross entropy, whose logits are the student's, and
/// the teacher's logits. The teacher takes the place of the target in what is tracked.
#[derive(Clone, Debug)]
pub struct DistillationCall {
    pub rows: RowCall,
    pub teacher: Vec<f64>,
    pub has_labels: bool,
}

/// The softmax of logits.
struct Softmax {
    /// The logarithms of the shares, and the size of what each is computed from.
    ln: Vec<Number>,
    /// What each share lacks of 1.
    misses: Vec<f64>,
}

impl Softmax {
    fn new(logits: &[f64], temperature: f64) -> Self {
        let scaled: Vec<f64> = logits.iter().map(|z| z / temperature).collect();
        let most = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let top = scaled.iter().position(|&z| z == most);
        let terms: Vec<f64> = scaled.iter().map(|z| (z - most).exp()).collect();
        // Beside the 1 of the largest, small ones would be lost.
        let others = terms.iter().enumerate().filter(|(i, _)| Some(*i) != top);
        let others: f64 = others.map(|(_, term)| term).sum();
        let (ln_sum, sum) = match top {
            // A logit of infinity is no share of 1.
            Some(_) if most < f64::INFINITY => (others.ln_1p(), 1.0 + others),
            _ => (f64::NAN, f64::NAN),
        };
        let of = |z: &f64| Number {
            value: z - most - ln_sum,
            scale: match z.is_finite() {
                true => 1.0 + z.abs() + most.abs() + ln_sum,
                false => 0.0,
            },
        };
        let miss = |(i, term): (usize, &f64)| match Some(i) == top {
            true => others / sum,
            false => 1.0 - term / sum,
        };
        Self {
            ln: scaled.iter().map(of).collect(),
            misses: terms.iter().enumerate().map(miss).collect(),
        }
    }
}

impl DistillationOracle {
    pub fn from_json(config: &Value) -> Self {
        let labels = RowOracle::from_json("cross_entropy", config).expect("cross entropy");
        Self {
            temperature: config["temperature"].as_f64().expect("temperature"),
            alpha: config["alpha"].as_f64().expect("alpha"),
            labels,
        }
    }

    /// `alpha T² KL(teacher || student)` of a row.
    fn soft_row(&self, student: &[f64], teacher: &[f64]) -> Row {
        let [student, teacher] =
            [student, teacher].map(|logits| Softmax::new(logits, self.temperature));
        let terms = student.ln.iter().zip(&teacher.ln).map(|(s, t)| {
            let p = t.value.exp();
            match p {
                0.0 => Number::default(),
                p => Number {
                    value: p * (t.value - s.value),
                    scale: p * (t.scale + s.scale) * (1.0 + t.scale),
                },
            }
        });
        let divergence = terms.fold(Number::default(), |sum, term| Number {
            value: sum.value + term.value,
            scale: sum.scale + term.scale,
        });
        let slope = self.alpha * self.temperature;
        let by_student = (0..student.ln.len()).map(|class| {
            let (s, t) = (student.ln[class], teacher.ln[class]);
            let (p, q) = (s.value.exp(), t.value.exp());
            let difference = match p > 0.5 && q > 0.5 {
                true => teacher.misses[class] - student.misses[class],
                false => p - q,
            };
            Number {
                value: slope * difference,
                scale: slope * (p * s.scale + q * t.scale),
            }
        });
        Row {
            by_logits: by_student.collect(),
            // The teacher is a constant.
            by_shares: vec![Number::default(); teacher.ln.len()],
            loss: divergence.times(slope * self.temperature),
        }
    }

    /// What a call has to give.
    pub fn expected(&self, call: &DistillationCall) -> Expected {
        let rows = &call.rows;
        let is_kept = |row: usize| match &rows.targets {
            Targets::Classes(classes) if call.has_labels => {
                Some(classes[row]) != self.labels.ignored
            }
            _ => true,
        };
        let soft = (0..rows.rows()).map(|row| {
            (is_kept(row) && rows.weight(row) != 0.0).then(|| {
                let student = rows.of_row(&rows.logits, row);
                self.soft_row(&student, &rows.of_row(&call.teacher, row))
            })
        });
        let soft = Rows {
            rows: soft.collect(),
            divisors: (0..rows.rows())
                .map(|row| is_kept(row) as u8 as f64)
                .collect(),
        };
        let mut expected = soft.expected(rows);
        if call.has_labels {
            let hard = rows.expected(&self.labels);
            let share = 1.0 - self.alpha;
            expected.value.add_all(&hard.value, share);
            expected.by_prediction.add_all(&hard.by_prediction, share);
            expected.by_weights.add_all(&hard.by_weights, share);
        }
        expected
    }

    /// The loss with these hyperparameters.
    pub fn loss(&self, reduction: Reduction) -> DistillationLoss {
        DistillationLossConfig::new()
            .with_temperature(self.temperature)
            .with_alpha(self.alpha)
            .with_class_weights(self.labels.weights.clone())
            .with_label_smoothing(self.labels.smoothing)
            .with_ignore_index(self.labels.ignored)
            .with_reduction(reduction)
            .init()
    }
}

impl DistillationCall {
    /// Runs the method of `loss` forward and, where something is tracked, backward.
    pub fn run(&self, loss: &DistillationLoss, site: &Site) -> Outcome {
        match self.rows.shape.len() {
            2 => self.run_rank::<2, 1>(loss, site),
            3 => self.run_rank::<3, 2>(loss, site),
            4 => self.run_rank::<4, 3>(loss, site),
            rank => panic!("no test has logits of rank {rank}"),
        }
    }

    fn run_rank<const D: usize, const T: usize>(
        &self,
        loss: &DistillationLoss,
        site: &Site,
    ) -> Outcome {
        let rows = &self.rows;
        let (row_shape, tracked) = (rows.row_shape(), rows.tracked);
        let logits = |layout: Layout, list: &[f64], tracked: bool| {
            leaf(
                layout.floats::<D>(list, &rows.shape, rows.dtype, site),
                tracked,
            )
        };
        let student = logits(rows.layouts[0], &rows.logits, tracked.prediction);
        let teacher = logits(rows.layouts[1], &self.teacher, tracked.target);
        let weights = rows.weights.as_ref().map(|weights| {
            let weights = rows.layouts[2].floats::<T>(weights, &row_shape, rows.dtype, site);
            leaf(weights, tracked.weights)
        });
        let Targets::Classes(classes) = &rows.targets else {
            panic!("labels are classes");
        };
        let labels = || classes_tensor::<T>(Layout::Contiguous, classes, &row_shape, site);
        let kept = (student.clone(), teacher.clone(), weights.clone());
        let any = tracked.prediction || tracked.target || tracked.weights;
        let upstream = TensorData::new(rows.upstream.clone(), [rows.upstream.len()]);
        let upstream =
            Tensor::<1>::from_data(upstream, (&site.device, DType::from(rows.dtype.of_loss())));

        let evaluation = site.path.run(|| {
            let evaluation = match self.has_labels {
                true => loss.on(student, teacher, labels()),
                false => loss.on_unlabeled(student, teacher),
            };
            match weights {
                Some(weights) => evaluation.weights(weights),
                None => evaluation,
            }
        });
        let (read, total) = if rows.method == Method::NoReduction {
            let value: Tensor<T> = site.path.run(|| evaluation.each());
            let upstream = in_shape_of(upstream, &value);
            (Read::of(value.clone()), (value * upstream).sum())
        } else {
            let value = site.path.run(|| reduced(evaluation, rows.method, site));
            (Read::of(value.clone()), value * upstream)
        };
        let gradients = any.then(|| total.backward());
        let by_logits = |tensor: Tensor<D>| {
            let gradient = tensor.grad(gradients.as_ref()?)?;
            Some(Read::of(gradient).values)
        };
        Outcome {
            value: read.values,
            shape: read.shape,
            dtype: read.dtype,
            by_prediction: by_logits(kept.0),
            by_target: by_logits(kept.1),
            by_weights: kept.2.and_then(|weights| {
                let gradient = weights.grad(gradients.as_ref()?)?;
                Some(Read::of(gradient).values)
            }),
        }
    }
}
