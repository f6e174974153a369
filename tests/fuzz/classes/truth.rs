//! What calls have to give, and at nudged inputs.

use crate::{
    elements::numbers,
    model::{Numbers, Truth, nudge_all},
    support::{
        Expected, Outcome, Random, Scaled, Tracked,
        softmax::{RowCall, RowOracle, Targets},
    },
};

/// Nudges what a row call has but labels.
pub(super) fn nudged_call(call: &RowCall, besides: f64, unit: f64, random: &mut Random) -> RowCall {
    let mut nudged = call.clone();
    nudged.logits = nudge_all(&call.logits, besides, unit, random);
    if let Targets::Shares(shares) = &call.targets {
        nudged.targets = Targets::Shares(nudge_all(shares, 0.0, unit, random));
    }
    nudged.weights = (call.weights.as_ref()).map(|list| nudge_all(list, 0.0, unit, random));
    nudged
}

pub(super) fn nudged_oracle(oracle: &RowOracle, unit: f64, random: &mut Random) -> RowOracle {
    let mut nudged = oracle.clone();
    nudged.weights = (oracle.weights.as_ref()).map(|weights| nudge_all(weights, 0.0, unit, random));
    nudged
}

/// What of the numbers of a call is open: the gradients of samples that have no finite loss, and of weights beside them.
pub(super) fn open(call: &RowCall, also: &[f64]) -> impl Fn(&str, usize) -> bool {
    let [inner, classes] = [call.per_index().max(1), call.classes()];
    let row = move |index: usize| index / inner / classes * inner + index % inner;
    let mut is_open = vec![false; call.rows()];
    for list in [&call.logits[..], also] {
        for (index, &x) in list.iter().enumerate().filter(|(_, x)| !x.is_finite()) {
            // A class that cannot be is none that is expected.
            let is_masked = x == f64::NEG_INFINITY
                && match &call.targets {
                    Targets::Classes(targets) => {
                        targets[row(index)] != (index / inner % classes) as i64
                    }
                    Targets::Shares(shares) => shares[index] == 0.0,
                };
            is_open[row(index)] |= !is_masked;
        }
    }
    let any = is_open.contains(&true);
    move |name, index| match name {
        "value" => false,
        "weights" => any,
        _ => any && is_open[row(index)],
    }
}

/// What is expected of the numbers that are tracked.
pub(super) fn known(
    value: &Scaled,
    gradients: &[(&'static str, bool, &Scaled)],
    is_open: impl Fn(&str, usize) -> bool,
) -> Truth {
    let mut numbers = Vec::new();
    let mut sizes = Vec::new();
    let all = [("value", true, value)].into_iter();
    for (name, tracked, scaled) in all.chain(gradients.iter().copied()) {
        if !tracked {
            continue;
        }
        let of = |(index, value): (usize, &f64)| match is_open(name, index)
            || (name == "weights" && value.is_nan())
        {
            true => f64::INFINITY,
            // Its loss less, in a mean, what all lose by it.
            false if name == "weights" => scaled.scales[index],
            false => 0.0,
        };
        sizes.push((name, scaled.values.iter().enumerate().map(of).collect()));
        numbers.push((name, scaled.values.clone()));
    }
    Truth {
        numbers,
        sizes: Some(sizes),
        is_final: false,
    }
}

pub(super) fn of_outcome(outcome: Outcome) -> Numbers {
    numbers(
        Some(outcome.value),
        [
            ("prediction", outcome.by_prediction),
            ("target", outcome.by_target),
            ("weights", outcome.by_weights),
        ],
    )
}

pub(super) fn of_expected(
    expected: &Expected,
    tracked: Tracked,
    call: &RowCall,
    also: &[f64],
) -> Truth {
    known(
        &expected.value,
        &[
            ("prediction", tracked.prediction, &expected.by_prediction),
            ("target", tracked.target, &expected.by_target),
            ("weights", tracked.weights, &expected.by_weights),
        ],
        open(call, also),
    )
}

pub(super) fn describe(call: &RowCall) -> String {
    let RowCall {
        method,
        shape,
        dtype,
        tracked,
        layouts,
        ..
    } = call;
    let soft = matches!(call.targets, Targets::Shares(_));
    let weighted = call.weights.is_some();
    format!(
        "{method:?} {shape:?} {dtype:?} soft {soft} weighted {weighted} {tracked:?} {layouts:?}"
    )
}

pub(super) fn name(of: &dyn std::fmt::Debug) -> String {
    let name = format!("{of:?}");
    let end = name.find([' ', '{']).unwrap_or(name.len());
    name[..end].to_string()
}
