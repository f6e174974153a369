//! Random losses of classes and their arguments.

use crate::{
    draw::{below, largest, layout, pick, power_of_ten, size, some, upstream, weights},
    elements::rounded,
    support::{
        Dtype, Method, Random, Tracked,
        softmax::{Kind, RowCall, RowOracle, Targets},
    },
};
use burn_losses::Reduction;

pub(super) fn method(random: &mut Random) -> Method {
    match below(random, 8) {
        0 | 1 => Method::Reduced(Reduction::Sum),
        2 => Method::Reduced(Reduction::BatchMean),
        3 | 4 => Method::NoReduction,
        5 => Method::Normalized(pick(random, &[0.0, 0.5, 7.0])),
        6 => Method::NormalizedByTensor(pick(random, &[0.0, 0.5, 3.25])),
        _ => Method::Reduced(Reduction::Mean),
    }
}

pub(super) fn kind(random: &mut Random, classes: usize) -> Kind {
    let gamma = match below(random, 3) {
        0 => random.uniform(0.0, 5.0),
        _ => pick(random, &[0.0, 0.5, 1.0, 2.0, 5.0]),
    };
    let mut counts = |least: usize| -> Vec<usize> {
        let counts = 0..classes.max(1);
        counts.map(|_| least + below(random, 5000)).collect()
    };
    let (some_counts, counts) = (counts(1), counts(1));
    match below(random, 8) {
        0 => Kind::CrossEntropy,
        1 => Kind::Focal {
            alpha: random
                .chance(0.4)
                .then(|| (0..classes).map(|_| random.uniform(0.1, 1.0)).collect()),
            gamma,
        },
        2 => Kind::Poly {
            epsilon: pick(random, &[2.0, -0.9, 0.5, 0.0]),
        },
        3 => Kind::BalancedSoftmax { counts },
        4 => Kind::LogitAdjusted {
            counts,
            tau: pick(random, &[1.0, 0.3, 2.0]),
        },
        5 => Kind::Ldam {
            counts: some_counts,
            max_margin: pick(random, &[0.5, 0.1]),
            scale: pick(random, &[30.0, 1.0]),
        },
        6 => Kind::Generalized {
            q: pick(random, &[0.7, 0.1, 1.0]),
        },
        _ => Kind::Symmetric {
            alpha: pick(random, &[0.1, 1.0, 0.0]),
            beta: pick(random, &[1.0, 0.3]),
            log_zero: pick(random, &[-4.0, -1.0]),
        },
    }
}

pub(super) fn oracle(random: &mut Random, kind: Kind, classes: usize) -> RowOracle {
    let mut oracle = RowOracle::new(kind);
    if random.chance(0.3) {
        // A target beside classes that all weigh 0 has a gradient of 1 less 1 less nothing on most paths.
        let weights = (0..classes).map(|class| match below(random, 6) {
            0 if class > 1 => 0.0,
            _ => random.uniform(0.1, 3.0),
        });
        let weights = weights.collect();
        oracle = oracle.weighted(weights);
    }
    if oracle.smooths() {
        oracle.smoothing = pick(random, &[0.0, 0.0, 0.0, 0.1, 0.4]);
    }
    oracle.ignoring(pick(random, &[Some(-100), Some(0), None]))
}

/// Arguments of samples of classes: some easy, some ignored, some with masked logits.
pub(super) fn call(
    random: &mut Random,
    oracle: &RowOracle,
    shape: &[usize],
    dtype: Dtype,
) -> RowCall {
    let classes = shape[1];
    let method = method(random);
    let mut call = RowCall::new(method, shape, vec![], Targets::Classes(vec![]));
    let rows = call.rows();
    let scale = power_of_ten(random, -6.0, largest(dtype).log10());
    let count: usize = shape.iter().product();
    let mut logits = random.list(count, dtype, |random| random.normal(scale));
    let targets = (0..rows).map(|_| match oracle.ignored {
        Some(ignored) if random.chance(0.1) => ignored,
        _ => below(random, classes) as i64,
    });
    let targets: Vec<i64> = targets.collect();
    for (row, &target) in targets.iter().enumerate() {
        let ignored = Some(target) == oracle.ignored;
        let of = |class: usize| call.place(row, class);
        let class = if ignored { 0 } else { target as usize };
        match below(random, 6) {
            // An easy one.
            0 => {
                let margin = pick(random, &[10.0, 20.0, 50.0, 80.0, 700.0]);
                logits[of(class)] += margin;
            }
            // A wrong one.
            1 => logits[of(class)] -= pick(random, &[10.0, 100.0]),
            // Ties.
            2 => (0..classes).for_each(|class| logits[of(class)] = logits[of(0)]),
            _ => {}
        }
    }
    let has_masks = random.chance(0.05);
    let is_hostile = random.chance(0.07);
    for (row, &target) in targets.iter().enumerate() {
        if has_masks && random.chance(0.3) && classes > 1 {
            let class = below(random, classes);
            if class as i64 != target && oracle.smoothing == 0.0 {
                logits[call.place(row, class)] = f64::NEG_INFINITY;
            }
        }
        if is_hostile && random.chance(0.2) {
            let hostile = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            logits[call.place(row, below(random, classes))] = pick(random, &hostile);
        }
    }
    call.logits = rounded(logits, dtype);
    call.dtype = dtype;
    let soft = !has_masks && !is_hostile && oracle.takes_shares() && random.chance(0.25);
    call.targets = match soft {
        true => Targets::Shares(shares(random, &call, &targets)),
        false => Targets::Classes(targets),
    };
    if random.chance(0.4) {
        call.weights = Some(weights(random, rows, dtype));
    }
    let results = if method.reduces() { 1 } else { rows };
    call.upstream = upstream(random, results, method.reduces());
    call.tracked = Tracked {
        prediction: random.chance(0.9),
        target: soft && random.chance(0.3),
        weights: call.weights.is_some() && random.chance(0.2),
    };
    if rows > 0 {
        call.layouts = [layout(random), layout(random), layout(random)];
    }
    call
}

/// Soft labels: one class, a mixture of two, or anything that sums to 1.
pub(super) fn shares(random: &mut Random, call: &RowCall, targets: &[i64]) -> Vec<f64> {
    let classes = call.classes();
    let mut shares = vec![0.0; call.logits.len()];
    let kind = below(random, 3);
    for (row, &target) in targets.iter().enumerate() {
        let target = target.clamp(0, classes as i64 - 1) as usize;
        let other = below(random, classes);
        match kind {
            0 => shares[call.place(row, target)] = 1.0,
            1 => {
                let share = random.uniform(0.0, 1.0);
                shares[call.place(row, target)] += share;
                shares[call.place(row, other)] += 1.0 - share;
            }
            _ => {
                let numbers: Vec<f64> = (0..classes).map(|_| random.uniform(0.0, 1.0)).collect();
                let sum: f64 = numbers.iter().sum();
                for (class, number) in numbers.into_iter().enumerate() {
                    shares[call.place(row, class)] = number / sum;
                }
            }
        }
    }
    rounded(shares, call.dtype)
}

/// A shape of logits, few samples where there are many classes.
pub(super) fn shape(random: &mut Random) -> Vec<usize> {
    let classes = some(random, 300);
    let most = (1200 / classes).clamp(2, 80);
    let inner = 1 + below(random, 3);
    match below(random, 4) {
        0 => vec![size(random, most), classes, some(random, 20).min(most)],
        1 => vec![
            size(random, most),
            classes,
            inner,
            some(random, 5).min(most),
        ],
        _ => vec![size(random, most), classes],
    }
}
