//! Every form of every loss: what is true of all of them, in a loop over a table.

use super::{
    acceptance::{gradients, losses, proxy_call, proxy_losses},
    paths::{is_labelled, random_call, run},
};
use crate::support::{
    Site,
    contrastive::{Ask, EmbeddingCall, EmbeddingLoss, EmbeddingOutcome, Form, Last, More},
    differentiable_sites, differentiable_sites_and_traced,
};
use serde_json::{Value, json};

/// A loss with its arguments.
struct Entry {
    key: &'static str,
    config: Value,
    call: EmbeddingCall,
}

impl Entry {
    fn new(key: &'static str, config: &Value, call: EmbeddingCall) -> Self {
        let config = config.clone();
        Self { key, config, call }
    }

    fn what(&self, site: &Site) -> String {
        let Self { key, config, call } = self;
        format!("{key} {config} {:?} on {site}", call.more)
    }

    fn run(&self, ask: Ask, site: &Site) -> EmbeddingOutcome {
        run(self.key, &self.config, &self.call.asked(ask), site)
    }

    /// The loss of each sample, and no weights.
    fn each(&self, site: &Site) -> Vec<f64> {
        let mut call = self.call.asked(Ask::Each);
        call.tracked.fill(false);
        call.upstream = vec![0.0]; // What is learned is tracked in any case.
        run(self.key, &self.config, &call, site).value
    }

    /// The same call with weights for so many samples, some of them 0.
    fn weighted(&self, samples: usize) -> Self {
        let mut weighted = Self::new(self.key, &self.config, self.call.clone());
        weighted.call.weights = (0..samples).map(|i| (i * 3 % 4) as f64 * 0.5).collect();
        weighted
    }

    /// The reductions it may have.
    fn reductions(&self) -> &'static [&'static str] {
        match self.key {
            "triplet" | "contrastive" => &["mean_non_zero", "mean", "sum"],
            _ => &["mean", "sum", "batch_mean"],
        }
    }

    /// Whether a mean is over pairs or triplets, not over samples.
    fn is_of_pairs(&self) -> bool {
        matches!(self.key, "triplet" | "contrastive" | "lifted_structure")
    }
}

/// Losses that have none of samples.
const OF_THE_BATCH: [&str; 3] = ["barlow_twins", "vic_reg", "proxy_anchor"];

/// Every loss that has losses of samples, with everything that can be added to its arguments, for so many
/// embeddings.
fn entries(count: usize) -> Vec<Entry> {
    const WIDTH: usize = 3;
    let mut entries = Vec::new();
    for (key, config) in losses() {
        if OF_THE_BATCH.contains(&key) {
            continue;
        }
        let call = random_call(key, count, WIDTH);
        let with = |more: More, others: usize| {
            let mut call = call.clone();
            call.more = more;
            if others > 0 {
                let other = random_call("others", others, WIDTH);
                call.embeddings.push(other.embeddings[0].clone());
                call.tracked.push(true);
                call.reference_labels = other.labels;
            }
            call
        };
        entries.push(Entry::new(key, &config, call.clone()));
        if is_labelled(key) && key != "lifted_structure" {
            let call = with(More::Reference, count + 4);
            entries.push(Entry::new(key, &config, call));
        }
        if key == "info_nce" {
            entries.push(Entry::new(key, &config, with(More::Negatives, count + 4)));
            if config["symmetric"] == false {
                let mut call = with(More::Offset(2), 0);
                call.embeddings[1] = random_call("keys", count + 3, WIDTH).embeddings[0].clone();
                entries.push(Entry::new(key, &config, call));
            }
        }
        if key == "triplet" && config["mining"] == "batch_all" {
            for others in [0, count + 4] {
                let mut call = with(More::Triplets, others);
                let place =
                    |step: usize| (0..count).map(move |i| ((i * step + step) % count) as i64);
                // Two triplets of some anchors, none of others.
                call.triplets = [2, 3, 7].map(|step| place(step).collect());
                entries.push(Entry::new(key, &config, call));
            }
        }
    }
    let config = json!({"margin": 1.0, "distance": "euclidean", "normalize": false, "swap": true, "soft_margin": false, "reduction": "mean"});
    let mut call = random_call("triplet_margin", count, WIDTH);
    let negatives = random_call("negatives", count, WIDTH).embeddings[0].clone();
    call.embeddings.push(negatives);
    call.tracked.push(true);
    entries.push(Entry::new("triplet_margin", &config, call));
    for (key, config) in proxy_losses() {
        if !OF_THE_BATCH.contains(&key) {
            entries.push(Entry::new(key, &config, proxy_call(count)));
        }
    }
    entries
}

const REDUCE: Form = Form {
    weighted: false,
    reduction: None,
    last: Last::Reduce,
};

/// All forms, reduced in any way.
fn forms(entry: &Entry) -> Vec<Form> {
    let mut forms = Vec::new();
    for weighted in [false, true] {
        for last in [
            Last::Reduce,
            Last::Each,
            Last::DividedBy(5.0),
            Last::DividedByTensor(5.0),
        ] {
            let form = Form {
                weighted,
                last,
                ..REDUCE
            };
            forms.push(form);
            forms.extend(entry.reductions().iter().map(|&reduction| Form {
                reduction: Some(reduction),
                ..form
            }));
        }
    }
    forms
}

/// The largest number, at least 1e-3: what the rounding of a sum is relative to.
fn size(numbers: &[f64]) -> f64 {
    numbers.iter().fold(1e-3, |most, x| most.max(x.abs()))
}

#[track_caller]
fn assert_close(what: &str, got: &[f64], expected: &[f64], size: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let off = (got - expected).abs();
        assert!(off <= 2e-5 * size, "{what}: {got} against {expected}");
    }
}

#[test]
fn the_table_has_every_loss() {
    let entries = entries(10);
    for key in EmbeddingLoss::KEYS {
        let has_samples = entries.iter().any(|entry| entry.key == *key);
        assert!(has_samples != OF_THE_BATCH.contains(key), "{key}");
    }
}

#[test]
fn the_shorthands_are_evaluations_without_more() {
    for entry in entries(10) {
        if entry.call.more != More::Nothing {
            continue;
        }
        for site in differentiable_sites_and_traced() {
            let what = entry.what(&site);
            let count = entry.each(&site).len();
            for (shorthand, last, upstream) in [
                (Ask::Reduced, Last::Reduce, 1),
                (Ask::Each, Last::Each, count),
            ] {
                let mut entry = Entry::new(entry.key, &entry.config, entry.call.clone());
                entry.call.upstream = vec![1.0; upstream];
                let short = entry.run(shorthand, &site);
                let long = entry.run(Ask::On(Form { last, ..REDUCE }), &site);
                assert_eq!(short.value.len(), upstream, "{what}");
                assert_close(&what, &short.value, &long.value, size(&long.value));
                let [short, long] =
                    [short, long].map(|outcome| gradients(&outcome).collect::<Vec<_>>());
                assert_close(&what, &short, &long, size(&long));
            }
        }
    }
}

#[test]
fn sums_are_of_the_loss_of_each() {
    for entry in entries(10) {
        for site in differentiable_sites_and_traced() {
            let what = entry.what(&site);
            let each = entry.each(&site);
            let entry = entry.weighted(each.len());
            let weights = &entry.call.weights;
            let weighted: Vec<f64> = each.iter().zip(weights).map(|(l, w)| l * w).collect();
            let scale = size(&each) * each.len() as f64;
            for (is_weighted, each) in [(false, &each), (true, &weighted)] {
                let sum: f64 = each.iter().sum();
                let value = |reduction, last, upstream: usize| {
                    let mut call = entry.call.asked(Ask::On(Form {
                        weighted: is_weighted,
                        reduction,
                        last,
                    }));
                    call.upstream = vec![1.0; upstream];
                    run(entry.key, &entry.config, &call, &site).value
                };
                let got = value(None, Last::Each, each.len());
                assert_close(&what, &got, each, size(each));
                for (got, weight) in got.iter().zip(weights) {
                    assert!(!is_weighted || *weight != 0.0 || *got == 0.0, "{what}");
                }
                assert_close(&what, &value(Some("sum"), Last::Reduce, 1), &[sum], scale);
                for reduction in [None, Some("sum")] {
                    for (number, divisor) in [(5.0, 5.0), (0.25, 1.0)] {
                        for last in [Last::DividedBy(number), Last::DividedByTensor(number)] {
                            let got = value(reduction, last, 1);
                            assert_close(&what, &got, &[sum / divisor], scale);
                        }
                    }
                }
                if !entry.is_of_pairs() {
                    // Each has the pairs its loss needs.
                    let count = match is_weighted {
                        true => weights.iter().sum(),
                        false => each.len() as f64,
                    };
                    for reduction in ["mean", "batch_mean"] {
                        let got = value(Some(reduction), Last::Reduce, 1);
                        assert_close(&what, &got, &[sum / count], scale);
                    }
                }
            }
        }
    }
}

#[test]
fn another_reduction_is_that_of_a_loss_configured_with_it() {
    for entry in entries(10) {
        for site in differentiable_sites_and_traced() {
            let entry = entry.weighted(entry.each(&site).len());
            for &reduction in entry.reductions() {
                let mut configured = Entry::new(entry.key, &entry.config, entry.call.clone());
                configured.config["reduction"] = json!(reduction);
                for weighted in [false, true] {
                    let form = Form { weighted, ..REDUCE };
                    let expected = configured.run(Ask::On(form), &site);
                    let reduction = Some(reduction);
                    let got = entry.run(Ask::On(Form { reduction, ..form }), &site);
                    let what = entry.what(&site);
                    assert_close(&what, &got.value, &expected.value, size(&expected.value));
                    let [got, expected] =
                        [got, expected].map(|outcome| gradients(&outcome).collect::<Vec<_>>());
                    assert_close(&what, &got, &expected, size(&expected));
                }
            }
        }
    }
}

/// Weights are what the losses of samples are multiplied by in the backward pass, too.
#[test]
fn a_weighted_gradient_is_the_sum_of_weighted_gradients() {
    for entry in entries(10) {
        for site in differentiable_sites_and_traced() {
            let what = entry.what(&site);
            let each = entry.each(&site);
            let entry = entry.weighted(each.len());
            let form = |weighted, reduction, last| {
                Ask::On(Form {
                    weighted,
                    reduction,
                    last,
                })
            };
            let mut plain = entry.call.asked(form(false, None, Last::Each));
            plain.upstream = plain.weights.clone();
            let mut weighted = entry.call.asked(form(true, None, Last::Each));
            weighted.upstream = vec![1.0; each.len()];
            let sum = entry.call.asked(form(true, Some("sum"), Last::Reduce));
            let [plain, weighted, sum] =
                [plain, weighted, sum].map(|call| run(entry.key, &entry.config, &call, &site));
            let expected: Vec<f64> = gradients(&plain).collect();
            for outcome in [weighted, sum] {
                let got: Vec<f64> = gradients(&outcome).collect();
                assert_close(&what, &got, &expected, 10.0 * size(&expected));
                // The slope of a weight is the loss of its sample, which is not looked at where the weight is 0.
                let of_weights = &outcome.others["weights"];
                for ((slope, loss), weight) in of_weights.iter().zip(&each).zip(&entry.call.weights)
                {
                    let expected = if *weight == 0.0 { 0.0 } else { *loss };
                    assert_close(&what, &[*slope], &[expected], size(&each));
                }
            }
        }
    }
}

#[test]
fn an_empty_batch_is_loss_0_in_every_form() {
    for entry in entries(0) {
        for form in forms(&entry) {
            for site in differentiable_sites_and_traced() {
                let what = format!("{form:?} of {}", entry.what(&site));
                let mut call = entry.call.asked(Ask::On(form));
                let count = match form.last {
                    Last::Each => 0,
                    _ => 1,
                };
                call.upstream = vec![1.0; count];
                let outcome = run(entry.key, &entry.config, &call, &site);
                assert_eq!(outcome.value, vec![0.0; count], "{what}");
                assert!(gradients(&outcome).all(|g| g == 0.0), "{what}");
            }
        }
    }
}

#[test]
fn weights_of_0_are_loss_0_in_every_form() {
    for entry in entries(10) {
        for form in forms(&entry).into_iter().filter(|form| form.weighted) {
            for site in differentiable_sites() {
                let what = format!("{form:?} of {}", entry.what(&site));
                let samples = entry.each(&site).len();
                let mut call = entry.call.asked(Ask::On(form));
                call.weights = vec![0.0; samples];
                let count = match form.last {
                    Last::Each => samples,
                    _ => 1,
                };
                call.upstream = vec![1.0; count];
                let outcome = run(entry.key, &entry.config, &call, &site);
                assert_eq!(outcome.value, vec![0.0; count], "{what}");
                assert!(gradients(&outcome).all(|g| g == 0.0), "{what}");
            }
        }
    }
}

/// The arguments whose samples no other sample is compared with.
fn apart(entry: &Entry) -> Vec<usize> {
    let is_apart = match entry.call.more {
        More::Negatives => return vec![0, 1],
        More::Reference | More::Offset(_) => true,
        More::Triplets => entry.call.embeddings.len() > 1,
        More::Nothing => match entry.key {
            "triplet_margin" => return vec![0, 1, 2],
            "info_nce" => entry.config["symmetric"] == false,
            "siglip" | "negative_cosine" | "n_pairs" => true,
            key => proxy_losses().iter().any(|(proxied, _)| key == *proxied),
        },
    };
    if is_apart { vec![0] } else { vec![] }
}

#[test]
fn a_sample_of_weight_0_may_hold_anything_in_every_form() {
    let mut checked = 0;
    for entry in entries(10) {
        let entry = entry.weighted(10);
        let apart = apart(&entry);
        checked += apart.len();
        let weighted = forms(&entry).into_iter().filter(|form| form.weighted);
        for (form, argument) in weighted.flat_map(|form| apart.iter().map(move |&i| (form, i))) {
            for site in differentiable_sites() {
                let what = format!("{form:?} of {}, argument {argument}", entry.what(&site));
                let mut sound = entry.call.asked(Ask::On(form));
                sound.upstream = vec![1.0; if form.last == Last::Each { 10 } else { 1 }];
                let mut spoiled = sound.clone();
                // Of the fifth sample, whose weight is 0.
                let held = [f64::NAN, f64::INFINITY, 1e38];
                spoiled.embeddings[argument].values[12..15].copy_from_slice(&held);
                let [sound, spoiled] =
                    [sound, spoiled].map(|call| run(entry.key, &entry.config, &call, &site));
                assert_eq!(spoiled.value, sound.value, "{what}");
                assert_eq!(spoiled.gradients, sound.gradients, "{what}");
                let own = &spoiled.gradients[argument].as_ref().expect("a gradient")[12..15];
                assert_eq!(own, [0.0; 3], "{what}");
            }
        }
    }
    assert!(checked > 25, "{checked}");
}

/// The sum of the weights is 0, but not of nothing: the quotient is not finite.
#[test]
fn weights_that_cancel_leave_the_quotient_as_it_is() {
    for entry in entries(10) {
        if entry.is_of_pairs() {
            continue; // Their mean is over pairs, of which some anchors have more.
        }
        for site in differentiable_sites_and_traced() {
            let each = entry.each(&site);
            let counted = each.iter().filter(|&&loss| loss != 0.0).count();
            if counted < each.len() || counted % 2 == 1 {
                continue; // Some may be left out of the sum of the weights.
            }
            let mut entry = Entry::new(entry.key, &entry.config, entry.call.clone());
            let signs = (0..each.len()).map(|i| if i % 2 == 0 { 2.0 } else { -2.0 });
            entry.call.weights = signs.collect();
            let form = Form {
                weighted: true,
                reduction: Some("mean"),
                ..REDUCE
            };
            let value = entry.run(Ask::On(form), &site).value;
            assert!(!value[0].is_finite(), "{}: {value:?}", entry.what(&site));
        }
    }
}
