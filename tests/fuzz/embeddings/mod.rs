//! Losses of embeddings against the composed path in `f64`.
//!
//! What is nudged: where only differences of embeddings matter (distances, not normalised), the gaps between the
//! coordinates along each axis, by a unit of the gap: a distance is then right to its own last digits wherever its
//! points lie. Elsewhere each coordinate, by a unit of itself. Embeddings that are the same stay so. Hyperparameters
//! are nudged, too, where they are rounded to `f32` or multiply embeddings.
//!
//! The gradient of a normalised embedding is what is left when its part along the embedding is taken out: that may be
//! off by units of what there was before. This is the gradient of the loss without normalisation at the normalised
//! embeddings, over their norm.

mod config;
mod exponents;
mod mined;
mod nudges;
mod points;
mod sizes;
mod terms;

use crate::{
    case::Case,
    draw::{below, dtype, largest, layout, pick, power_of_ten, size, some, upstream, weights},
    model::{Numbers, Truth},
    support::{
        Dtype, Layout, Random, Site,
        contrastive::{Ask, EmbeddingCall, EmbeddingLoss, Form, Last, More},
        differentiable_sites,
        random::round,
    },
};
use config::{LABELLED, NAMES, OF_THE_BATCH, PROXIES, VIEWS, config};
use mined::Cache;
use points::{labels, points};
use serde_json::{Value, json};

pub struct Embeddings {
    key: &'static str,
    config: Value,
    call: EmbeddingCall,
    /// Whether everything is computed without rounding: small whole numbers in one dimension.
    is_grid: bool,
    cache: Cache,
}

impl Embeddings {
    pub fn random(random: &mut Random) -> Self {
        let key = match below(random, 24) {
            index @ 0..9 => VIEWS[index],
            index @ 9..14 => PROXIES[index - 9],
            14 => "triplet_margin",
            15 => "n_pairs",
            index => LABELLED[(index - 16).min(5)],
        };
        let dtype = match dtype(random) {
            // That is the truth itself.
            Dtype::F64 => Dtype::F32,
            other => other,
        };
        let width = some(random, 40);
        let most = match below(random, 300) {
            0 => 270,
            _ => 24,
        };
        let rows = size(random, most);
        let classes = 1 + below(random, 6);
        let mut config = config(random, key, [classes, width]);
        let is_grid = matches!(key, "triplet" | "contrastive" | "triplet_margin")
            && config["normalize"] == false
            && config["distance"].is_string()
            && config["distance"] != "cosine"
            && random.chance(0.3);
        let width = if is_grid { 1 } else { width };
        let scale = match config["normalize"] == true {
            true => power_of_ten(random, -6.0, 3.0),
            // Similarities are products.
            false if config["distance"].is_null() => power_of_ten(random, -3.0, 1.0),
            false if config["distance"] == "dot_product" => power_of_ten(random, -3.0, 1.5),
            false => match random.chance(0.5) {
                true => power_of_ten(random, -1.0, 0.5),
                false => power_of_ten(random, -6.0, largest(dtype).log10()),
            },
        };
        let scale = scale.max(if dtype == Dtype::F16 { 1e-3 } else { 0.0 });
        let is_mined =
            key == "triplet" && (config["normalize"] == true || config["distance"] == "cosine");
        let embed = |random: &mut Random, rows: usize| {
            let mut points = points(random, [rows, width], scale, dtype, is_mined);
            if is_grid {
                points.values.fill_with(|| below(random, 8) as f64);
            }
            points
        };
        if is_grid {
            config["soft_margin"] = json!(false);
            if config["margin"].is_number() {
                config["margin"] = json!(pick(random, &[0.0, 0.5, 1.0]));
            }
            if config["positive_margin"].is_number() {
                config["positive_margin"] = json!(pick(random, &[0.0, 0.5, 1.0]));
            }
            if key == "contrastive" {
                config
                    .as_object_mut()
                    .expect("fields")
                    .remove("soft_margin");
            }
        }
        let first = embed(random, rows);
        let mut call = EmbeddingCall::new(Ask::Reduced, vec![first]);
        let unlabelled = random.chance(0.2);
        if VIEWS.contains(&key) {
            let others = match key {
                "info_nce" if config["symmetric"] == false && random.chance(0.4) => {
                    let offset = below(random, 4);
                    call.more = More::Offset(offset);
                    rows + offset + below(random, 8)
                }
                _ => rows,
            };
            let mut second = embed(random, others);
            if random.chance(0.5) {
                // Views that are alike: easy.
                let near = power_of_ten(random, -5.0, 0.0);
                for (x, y) in second.values.iter_mut().zip(&call.embeddings[0].values) {
                    *x = round(y * (1.0 + near * random.normal(1.0)), dtype);
                }
            }
            call.embeddings.push(second);
            if key == "info_nce" && call.more == More::Nothing && random.chance(0.3) {
                let others = size(random, 40);
                let negatives = embed(random, others);
                call.embeddings.push(negatives);
                call.more = More::Negatives;
            }
        } else if LABELLED.contains(&key) {
            call.labels = labels(random, rows, classes, unlabelled);
            if key != "lifted_structure" && random.chance(0.25) {
                let others = size(random, 30);
                call.reference_labels = labels(random, others, classes, unlabelled);
                let others = embed(random, others);
                call.embeddings.push(others);
                call.more = More::Reference;
            }
        } else if PROXIES.contains(&key) {
            call.labels = labels(random, rows, classes, false);
            call.labels.iter_mut().for_each(|l| *l %= classes as i64);
            let proxies = points(random, [classes, width], 1.0, dtype, false);
            call.embeddings.push(proxies);
        } else {
            let second = embed(random, rows);
            call.embeddings.push(second);
            match key {
                "n_pairs" => call.labels = labels(random, rows, classes.max(rows), false),
                _ => {
                    let third = embed(random, rows);
                    call.embeddings.push(third);
                }
            }
        }
        call.dtype = dtype;
        call.layout = layout(random);
        call.tracked = call.embeddings.iter().map(|_| random.chance(0.9)).collect();
        let mut case = Self {
            key,
            config,
            call,
            is_grid,
            cache: Cache::default(),
        };
        case.limit_exponents();
        if !is_grid && random.chance(0.03) {
            let argument = below(random, case.call.embeddings.len());
            let values = &mut case.call.embeddings[argument].values;
            if !values.is_empty() {
                let place = below(random, values.len());
                values[place] = pick(random, &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
            }
        }
        case.ask(random);
        case
    }

    /// Draws the form of the loss. How many losses of samples there are, the loss says.
    fn ask(&mut self, random: &mut Random) {
        let weighted = random.chance(0.4);
        let last = match below(random, 6) {
            0 => Last::Each,
            1 => Last::DividedBy(pick(random, &[0.5, 5.0])),
            2 => Last::DividedByTensor(pick(random, &[0.5, 5.0])),
            _ => Last::Reduce,
        };
        let form = Form {
            weighted,
            reduction: None,
            last,
        };
        if OF_THE_BATCH.contains(&self.key) || (!weighted && last == Last::Reduce) {
            self.call.upstream = upstream(random, 1, true);
            return;
        }
        let mut each = self.exact();
        each.call.ask = Ask::On(Form {
            weighted: false,
            last: Last::Each,
            ..form
        });
        each.call.tracked.fill(false);
        each.call.upstream = vec![0.0]; // What is learned is tracked in any case.
        let count = each.numbers(&composed())[0].1.len();
        self.call.ask = Ask::On(form);
        let results = if last == Last::Each { count } else { 1 };
        self.call.upstream = upstream(random, results, last != Last::Each);
        if weighted {
            self.call.weights = weights(random, count, self.call.dtype);
        }
    }

    /// The same in `f64`.
    fn exact(&self) -> Self {
        let mut call = self.call.clone();
        call.dtype = Dtype::F64;
        call.layout = Layout::Contiguous;
        Self {
            key: self.key,
            config: self.config.clone(),
            call,
            is_grid: self.is_grid,
            cache: Cache::default(),
        }
    }

    /// The truth.
    fn exact_numbers(&self) -> &Numbers {
        let truth = &self.cache.truth;
        truth.get_or_init(|| self.exact().numbers(&composed()))
    }

    fn is_hostile_case(&self) -> bool {
        let all = self.call.embeddings.iter();
        all.flat_map(|points| &points.values)
            .any(|x| !x.is_finite())
    }

    fn numbers(&self, site: &Site) -> Numbers {
        let loss = EmbeddingLoss::from_json(self.key, self.config.clone(), &site.device)
            .unwrap_or_else(|error| panic!("{}: {error}", self.config));
        let outcome = self.call.run(&loss, site);
        let gradients = outcome.gradients.into_iter().zip(NAMES);
        let gradients = gradients.filter_map(|(list, name)| Some((name, list?)));
        let value = [("value", outcome.value)];
        value
            .into_iter()
            .chain(gradients)
            .chain(outcome.others)
            .collect()
    }

    fn is_normalized(&self) -> bool {
        self.config["normalize"] == true
            || self.config["distance"] == "cosine"
            || PROXIES.contains(&self.key)
            || self.key == "negative_cosine"
    }

    /// Whether the loss depends on differences of embeddings only.
    fn is_of_differences(&self) -> bool {
        let distance = &self.config["distance"];
        !self.is_normalized()
            && (!distance.is_null() && distance != "dot_product" || self.key == "vic_reg")
    }
}

/// The composed path, where `f64` is computed anyway.
fn composed() -> Site {
    differentiable_sites().swap_remove(1)
}

impl Case for Embeddings {
    fn loss(&self) -> String {
        match &self.config["mining"] {
            Value::String(mining) => format!("{} {mining}", self.key),
            Value::Object(mining) => {
                let mining = mining.keys().next().map_or("", |name| name.as_str());
                format!("{} {mining}", self.key)
            }
            _ => self.key.to_string(),
        }
    }

    fn describe(&self) -> String {
        let EmbeddingCall {
            ask,
            more,
            embeddings,
            tracked,
            dtype,
            layout,
            ..
        } = &self.call;
        let shapes: Vec<[usize; 2]> = embeddings.iter().map(|points| points.shape).collect();
        format!(
            "{} {ask:?} {more:?} {shapes:?} {dtype:?} {tracked:?} {layout:?}{}",
            self.config,
            if self.is_grid { " grid" } else { "" }
        )
    }

    fn inputs(&self) -> String {
        format!("{:?}", self.call)
    }

    fn dtype(&self) -> Dtype {
        self.call.dtype
    }

    fn run(&self, site: &Site) -> Numbers {
        self.numbers(site)
    }

    fn truth(&self) -> Truth {
        let numbers = self.exact_numbers().clone();
        // A loss that is no number stays none, and a gradient that is not finite may be anything.
        let sizes = self.is_hostile().then(|| {
            let sizes = numbers.iter().map(|(name, list)| {
                let sizes = list
                    .iter()
                    .map(|x| match *name == "value" || x.is_finite() {
                        true => 0.0,
                        false => f64::INFINITY,
                    });
                (*name, sizes.collect())
            });
            sizes.collect()
        });
        Truth {
            sizes,
            numbers,
            is_final: self.is_grid,
        }
    }

    fn sizes(&self, _: &Site) -> Option<Numbers> {
        let truth = self.exact_numbers();
        let mut sizes = self.sizes_beside(truth);
        self.add_sizes_of_weights(truth, &mut sizes);
        // What comes of numbers that are none says nothing.
        let all = sizes.iter_mut().flat_map(|(_, sizes)| sizes);
        all.filter(|size| size.is_nan())
            .for_each(|size| *size = 0.0);
        Some(sizes)
    }

    fn nudged(&self, _: &Site, unit: f64, random: &mut Random) -> Numbers {
        let listed = self.to_be_nudged(unit, random);
        let case = listed.as_ref().unwrap_or(self);
        match below(random, 3) {
            0 => case.nudged_points(unit, random),
            _ if case.is_of_differences() => case.nudged_across(unit, random),
            1 if case.config["distance"].is_null() && !OF_THE_BATCH.contains(&case.key) => {
                case.nudged_similarities(unit, random)
            }
            _ => case.nudged_on_the_sphere(unit, random),
        }
    }

    fn is_hostile(&self) -> bool {
        self.is_hostile_case()
    }

    /// Tensor operations choose hard pairs by the distances they charge, the kernels by exact ones.
    fn is_undecided(&self, site: &Site) -> bool {
        !self.config["mining"]["multi_similarity"].is_null()
            && self.adds_one_by_one(site)
            && self.hangs_on_rounding()
    }

    /// As many as there are pairs of a sample.
    fn terms(&self) -> usize {
        let rows = self.call.embeddings.iter().map(|points| points.shape[0]);
        rows.max().unwrap_or(0)
    }

    fn least(&self) -> f64 {
        1e-30
    }
}
