//! Linear cross entropy as plain numbers: the oracle in `f64` over the whole matrix of logits, and how
//! the loss is run on a device.

use super::{
    Dtype, Layout, Method, Number, Random, Scaled, Site,
    compare::Tolerance,
    softmax::{
        RowOracle, Target,
        call::{classes_tensor, reduced},
        expected::Rows,
        oracle::{Logit, Row},
    },
    tensors::{Read, in_shape_of, leaf},
};
use burn::tensor::{DType, Tensor, TensorData};
use burn_losses::{LinearCrossEntropyLoss, LinearCrossEntropyLossConfig, OutputLayer, Reduction};
use serde_json::Value;

/// A linear cross entropy and its hyperparameters.
#[derive(Clone, Debug)]
pub struct LinearOracle {
    pub entropy: RowOracle,
    pub z_loss: f64,
    pub soft_cap: Option<f64>,
}

/// Which inputs want a gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearTracked {
    pub hidden: bool,
    pub matrix: bool,
    pub bias: bool,
    pub weights: bool,
}

impl LinearTracked {
    pub const NONE: Self = Self {
        hidden: false,
        matrix: false,
        bias: false,
        weights: false,
    };
    pub const ALL: Self = Self {
        hidden: true,
        matrix: true,
        bias: true,
        weights: true,
    };
}

/// The arguments of a linear cross entropy. Lists are in row-major order.
#[derive(Clone, Debug)]
pub struct LinearCall {
    pub method: Method,
    /// Of the hidden states, `[.., H]`.
    pub shape: Vec<usize>,
    pub hidden: Vec<f64>,
    /// The weight of the layer, `[V, H]`.
    pub matrix: Vec<f64>,
    pub vocabulary: usize,
    pub bias: Option<Vec<f64>>,
    pub classes: Vec<i64>,
    /// Of the rows.
    pub weights: Option<Vec<f64>>,
    pub upstream: Vec<f64>,
    pub tracked: LinearTracked,
    pub dtype: Dtype,
    /// How hidden states, matrix and weights of rows lie in memory.
    pub layouts: [Layout; 3],
}

/// What a call gave, or has to give.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearOutcome<T> {
    pub value: T,
    pub hidden: Option<T>,
    pub matrix: Option<T>,
    pub bias: Option<T>,
    pub weights: Option<T>,
}

impl LinearOracle {
    pub fn from_json(config: &Value) -> Self {
        Self {
            entropy: RowOracle::from_json("cross_entropy", config).expect("cross entropy"),
            z_loss: config["z_loss"].as_f64().expect("z_loss"),
            soft_cap: config["soft_cap"].as_f64(),
        }
    }

    /// The loss with these hyperparameters.
    pub fn loss(&self, reduction: Reduction) -> LinearCrossEntropyLoss {
        LinearCrossEntropyLossConfig::new()
            .with_class_weights(self.entropy.weights.clone())
            .with_label_smoothing(self.entropy.smoothing)
            .with_ignore_index(self.entropy.ignored)
            .with_z_loss(self.z_loss)
            .with_soft_cap(self.soft_cap)
            .with_reduction(reduction)
            .init()
    }

    /// An output of the layer, which is a sum of terms of some size, as it goes into the softmax.
    fn capped(&self, output: Number) -> Logit {
        let Some(cap) = self.soft_cap else {
            return Logit {
                value: output.value,
                rounded: output.scale,
                slope: 1.0,
            };
        };
        let tanh = (output.value / cap).tanh();
        // 1 - tanh² without a difference, which is 0 long before the slope is.
        let decay = (-2.0 * (output.value / cap).abs()).exp();
        let slope = 4.0 * decay / ((1.0 + decay) * (1.0 + decay));
        Logit {
            value: cap * tanh,
            rounded: slope * output.scale + cap * tanh.abs(),
            slope,
        }
    }

    /// The loss of a row of outputs of the layer, with its derivatives by them.
    fn row(&self, outputs: &[Number], class: usize) -> Row {
        let logits: Vec<Logit> = outputs.iter().map(|&output| self.capped(output)).collect();
        let mut row = self.entropy.row_of(&logits, Target::Class(class));
        let most = logits
            .iter()
            .fold(f64::NEG_INFINITY, |most, a| most.max(a.value));
        let sum: f64 = logits.iter().map(|a| (a.value - most).exp()).sum();
        let lse = most + sum.ln();
        // Of a logit of minus infinity nothing is rounded.
        let there = logits.iter().filter(|a| a.value != f64::NEG_INFINITY);
        let size = there.fold(0.0f64, |size, a| size.max(a.rounded)) + lse.abs() + 1.0;
        if self.z_loss != 0.0 {
            row.loss.value += self.z_loss * lse * lse;
            row.loss.scale += self.z_loss * lse.abs() * size * 2.0;
        }
        for (j, (a, by)) in logits.iter().zip(&mut row.by_logits).enumerate() {
            let p = (a.value - lse).exp();
            by.value += a.slope * self.z_loss * 2.0 * lse * p;
            by.scale += a.slope * self.z_loss * 2.0 * p * size * (1.0 + lse.abs());
            if let Some(cap) = self.soft_cap {
                // 1 - tanh² is rounded where both are 1, and turns with tanh.
                let steep = by.value.abs() / a.slope.max(1e-12);
                by.scale += steep * (1.0 + outputs[j].scale / cap);
            }
        }
        row
    }

    /// What a call has to give.
    pub fn expected(&self, call: &LinearCall) -> LinearOutcome<Scaled> {
        let (width, rows) = (call.width(), call.rows());
        let hidden = |row: usize| &call.hidden[row * width..][..width];
        let matrix = |class: usize| &call.matrix[class * width..][..width];
        let is_kept = |row: usize| Some(call.classes[row]) != self.entropy.ignored;
        let evaluated = (0..rows).map(|row| {
            (is_kept(row) && call.weight(row) != 0.0).then(|| {
                let outputs: Vec<Number> = (0..call.vocabulary)
                    .map(|class| {
                        let mut terms: Vec<f64> = hidden(row)
                            .iter()
                            .zip(matrix(class))
                            .map(|(h, w)| h * w)
                            .collect();
                        terms.extend(call.bias.as_ref().map(|bias| bias[class]));
                        Number::sum(&terms)
                    })
                    .collect();
                self.row(&outputs, call.classes[row] as usize)
            })
        });
        let divisors = (0..rows).map(|row| match is_kept(row) {
            true => self.entropy.weight(call.classes[row] as usize),
            false => 0.0,
        });
        let rows = Rows {
            rows: evaluated.collect(),
            divisors: divisors.collect(),
        };
        let (value, factors, by_weights) = rows.reduce(
            call.method,
            call.per_index(),
            |row| call.weight(row),
            &call.upstream,
        );
        let mut by_hidden = Scaled::zeros(call.hidden.len());
        let mut by_matrix = Scaled::zeros(call.matrix.len());
        let mut by_bias = Scaled::zeros(call.vocabulary);
        for (i, (row, factor)) in rows.rows.iter().zip(factors).enumerate() {
            let Some(row) = row else { continue };
            if factor == 0.0 {
                continue;
            }
            for (class, by) in row.by_logits.iter().enumerate() {
                for k in 0..width {
                    by_hidden.add(i * width + k, *by, factor * matrix(class)[k]);
                    by_matrix.add(class * width + k, *by, factor * hidden(i)[k]);
                }
                by_bias.add(class, *by, factor);
            }
        }
        LinearOutcome {
            value,
            hidden: call.tracked.hidden.then_some(by_hidden),
            matrix: call.tracked.matrix.then_some(by_matrix),
            bias: (call.tracked.bias && call.bias.is_some()).then_some(by_bias),
            weights: (call.tracked.weights && call.weights.is_some()).then_some(by_weights),
        }
    }
}

impl LinearCall {
    /// A random call, a seventh of whose rows is ignored, with a random upstream gradient and all but
    /// the weights of rows tracked.
    pub fn random(
        oracle: &LinearOracle,
        method: Method,
        shape: &[usize],
        vocabulary: usize,
        weighted: bool,
        dtype: Dtype,
    ) -> Self {
        let mut random = Random::of(&format!("{method:?} {shape:?} {vocabulary} {dtype:?}"));
        let width = *shape.last().expect("a width");
        let rows: usize = shape[..shape.len() - 1].iter().product();
        let deviation = 3.0 / (width as f64).sqrt();
        let classes = (0..rows).map(|_| match oracle.entropy.ignored {
            Some(ignored) if random.chance(0.15) => ignored,
            _ => (random.bits() % vocabulary as u64) as i64,
        });
        let classes = classes.collect();
        let upstream = match method.reduces() {
            true => random.list(1, dtype, |_| 3.7),
            false => random.list(rows, dtype, |random| random.normal(2.0)),
        };
        let weights = weighted.then(|| {
            random.list(rows, dtype, |random| match random.chance(0.25) {
                true => 0.0,
                false => random.uniform(0.1, 2.0),
            })
        });
        let hidden = shape.iter().product();
        Self {
            method,
            shape: shape.to_vec(),
            hidden: random.list(hidden, dtype, |random| random.normal(1.0)),
            matrix: random.list(vocabulary * width, dtype, |random| random.normal(deviation)),
            vocabulary,
            bias: Some(random.list(vocabulary, dtype, |random| random.normal(0.5))),
            classes,
            weights,
            upstream,
            tracked: LinearTracked {
                hidden: true,
                matrix: true,
                bias: true,
                weights: false,
            },
            dtype,
            layouts: [Layout::Contiguous; 3],
        }
    }

    pub fn width(&self) -> usize {
        *self.shape.last().expect("a width")
    }

    pub fn row_shape(&self) -> &[usize] {
        &self.shape[..self.shape.len() - 1]
    }

    pub fn rows(&self) -> usize {
        self.row_shape().iter().product()
    }

    /// How many rows there are for each index of the first dimension.
    fn per_index(&self) -> usize {
        self.row_shape()[1..].iter().product()
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// Runs the method of `loss` forward and, where something is tracked, backward.
    pub fn run(&self, loss: &LinearCrossEntropyLoss, site: &Site) -> LinearOutcome<Vec<f64>> {
        match self.shape.len() {
            2 => self.run_rank::<2, 1>(loss, site),
            3 => self.run_rank::<3, 2>(loss, site),
            rank => panic!("no test has hidden states of rank {rank}"),
        }
    }

    fn run_rank<const D: usize, const T: usize>(
        &self,
        loss: &LinearCrossEntropyLoss,
        site: &Site,
    ) -> LinearOutcome<Vec<f64>> {
        let [for_hidden, for_matrix, for_weights] = self.layouts;
        let (dtype, tracked) = (self.dtype, self.tracked);
        let of_layer = [self.vocabulary, self.width()];
        let hidden = leaf(
            for_hidden.floats::<D>(&self.hidden, &self.shape, dtype, site),
            tracked.hidden,
        );
        let matrix = leaf(
            for_matrix.floats::<2>(&self.matrix, &of_layer, dtype, site),
            tracked.matrix,
        );
        let bias = self.bias.as_ref().map(|bias| {
            let bias = Layout::Contiguous.floats::<1>(bias, &[self.vocabulary], dtype, site);
            leaf(bias, tracked.bias)
        });
        let weights = self.weights.as_ref().map(|weights| {
            let weights = for_weights.floats::<T>(weights, self.row_shape(), dtype, site);
            leaf(weights, tracked.weights)
        });
        let plain = Layout::Contiguous;
        let targets = classes_tensor::<T>(plain, &self.classes, self.row_shape(), site);
        let (h, m, b, w) = (
            hidden.clone(),
            matrix.clone(),
            bias.clone(),
            weights.clone(),
        );
        let upstream = TensorData::new(self.upstream.clone(), [self.upstream.len()]);
        let upstream =
            Tensor::<1>::from_data(upstream, (&site.device, DType::from(dtype.of_loss())));
        let evaluation = site.path.run(|| {
            let evaluation = loss.on(h, OutputLayer::with_rows(m).with_bias(b), targets);
            match w {
                Some(w) => evaluation.weights(w),
                None => evaluation,
            }
        });
        let (read, total) = if self.method.reduces() {
            let value = site.path.run(|| reduced(evaluation, self.method, site));
            (Read::of(value.clone()), value * upstream)
        } else {
            let value: Tensor<T> = site.path.run(|| evaluation.each());
            let upstream = in_shape_of(upstream, &value);
            (Read::of(value.clone()), (value * upstream).sum())
        };
        assert_eq!(
            read.dtype,
            dtype.of_loss().into(),
            "the data type of the loss"
        );
        let LinearTracked {
            hidden: by_hidden,
            matrix: by_matrix,
            bias: by_bias,
            weights: by_weights,
        } = tracked;
        let any = by_hidden || by_matrix || (by_bias && bias.is_some()) || by_weights;
        let gradients = any.then(|| total.backward());
        let gradients = gradients.as_ref();
        LinearOutcome {
            value: read.values,
            hidden: gradients.and_then(|g| Some(Read::of(hidden.grad(g)?).values)),
            matrix: gradients.and_then(|g| Some(Read::of(matrix.grad(g)?).values)),
            bias: gradients.and_then(|g| Some(Read::of(bias?.grad(g)?).values)),
            weights: gradients.and_then(|g| Some(Read::of(weights?.grad(g)?).values)),
        }
    }
}

/// Panics unless `outcome` is what is expected of the call.
#[track_caller]
pub fn check_linear(
    what: &str,
    site: &Site,
    call: &LinearCall,
    outcome: &LinearOutcome<Vec<f64>>,
    expected: &LinearOutcome<Scaled>,
) {
    let what = format!("{what} on {site}");
    let terms = call.width() + call.vocabulary + call.rows();
    let at = |dtype| Tolerance::at(site, dtype).summed(dtype, terms);
    let of_loss = at(call.dtype.of_loss());
    of_loss.check(&format!("{what}: value"), &outcome.value, &expected.value);
    let tolerance = at(call.dtype);
    let gradients = [
        ("hidden states", &outcome.hidden, &expected.hidden),
        ("weight", &outcome.matrix, &expected.matrix),
        ("bias", &outcome.bias, &expected.bias),
    ];
    for (name, got, expected) in gradients {
        assert_eq!(
            got.is_some(),
            expected.is_some(),
            "{what}: gradient of the {name}"
        );
        if let (Some(got), Some(expected)) = (got, expected) {
            tolerance.check(&format!("{what}: gradient of the {name}"), got, expected);
        }
    }
    assert_eq!(
        outcome.weights.is_some(),
        expected.weights.is_some(),
        "{what}: gradient of the weights of rows"
    );
    if let (Some(got), Some(expected)) = (&outcome.weights, &expected.weights) {
        let pairs = got.iter().zip(&expected.values);
        let known: Vec<f64> = pairs
            .filter(|(_, expected)| !expected.is_nan())
            .map(|(got, _)| *got)
            .collect();
        let what = format!("{what}: gradient of the weights of rows");
        tolerance.check(&what, &known, &expected.known());
    }
}
