//! Losses of masks: sums over the pixels of each class, and what follows from them.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, pick, power_of_ten},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn::tensor::{Int, Tensor, TensorData};
use burn_losses::{SegmentationLoss, SegmentationLossConfig};
use serde_json::{Value, json};

/// What marks a pixel as ignored.
const IGNORED: f64 = -100.0;

pub struct Masks {
    name: &'static str,
    /// `[N, C, H, W]`
    shape: [usize; 4],
    /// The class of each pixel; otherwise masks are an argument.
    classes: Option<Vec<i64>>,
    pixel_weights: Option<Vec<f64>>,
    batch: bool,
}

/// The losses, and what one of them says of itself in a file.
fn loss(random: &mut Random) -> (&'static str, Value) {
    let smooth = pick(random, &[0.0, 1e-5, 1.0]);
    let factor = |random: &mut Random| random.uniform(0.1, 2.0);
    match below(random, 10) {
        0 | 1 => {
            let [squared, log] = [random.chance(0.3), random.chance(0.3)];
            (
                "dice",
                json!({"smooth": smooth, "squared": squared, "log": log}),
            )
        }
        2 => (
            "jaccard",
            json!({"smooth": smooth, "log": random.chance(0.3)}),
        ),
        3 => {
            let [positives, negatives] = [factor(random), factor(random)];
            let config = json!({
                "false_positives": positives, "false_negatives": negatives, "smooth": smooth,
            });
            ("tversky", config)
        }
        4 => {
            let config =
                json!({"gamma": pick(random, &[0.75, 1.0, 4.0 / 3.0, 2.0]), "smooth": smooth});
            ("focal_tversky", config)
        }
        5 => {
            let weights = pick(random, &["square", "simple", "uniform"]);
            (
                "generalized_dice",
                json!({"volume_weights": weights, "smooth": smooth}),
            )
        }
        6 => ("mcc", json!({})),
        7 => {
            let [dice, pixels] = [factor(random), factor(random)];
            let mut config = json!({
                "dice_weight": dice, "pixel_weight": pixels, "smooth": smooth,
                "gamma": pick(random, &[0.0, 0.0, 1.0, 2.0, 0.5]), "squared": random.chance(0.3),
            });
            if random.chance(0.3) {
                config["alpha"] = json!(random.uniform(0.0, 1.0));
            }
            ("combined", config)
        }
        8 => ("lovasz_softmax", json!({})),
        _ => ("lovasz_hinge", json!({})),
    }
}

impl Masks {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let (name, mut config) = loss(random);
        let classes = pick(random, &[1, 1, 2, 2, 3, 4, 5, 17, 33]);
        let height = pick(random, &[1, 2, 3, 4, 5, 8]);
        let width = pick(random, &[1, 2, 3, 5, 7, 16, 17]);
        let shape = match below(random, 60) {
            0 => [0, classes, height, width],
            1 => [2, classes, 0, width],
            _ => [1 + below(random, 3), classes, height, width],
        };
        let [samples, _, _, _] = shape;
        let (all, pixels) = (shape.iter().product::<usize>(), samples * height * width);
        let pixels = if all == 0 { 0 } else { pixels };
        let batch = random.chance(0.3);
        config["batch"] = json!(batch);
        config["absent"] = json!(pick(random, &["left_out", "zero", "kept"]));
        if random.chance(0.3) {
            let weights = (0..classes).map(|_| match random.chance(0.2) {
                true => 0.0,
                false => random.uniform(0.1, 3.0),
            });
            config["class_weights"] = json!(weights.collect::<Vec<f64>>());
        }
        let is_logits = matches!(name, "combined" | "lovasz_hinge") || random.chance(0.8);
        if !is_logits {
            config["from_logits"] = json!(false);
        }
        let ignored = if random.chance(0.3) { 0.2 } else { 0.0 };
        // A class of which there is no pixel, now and then.
        let known = match random.chance(0.2) {
            true => 1 + below(random, classes.max(2)),
            false => classes.max(2),
        };
        let targets = random.chance(0.6).then(|| {
            let classes = (0..pixels).map(|_| match random.chance(ignored) {
                true => IGNORED as i64,
                false => below(random, known) as i64,
            });
            classes.collect::<Vec<i64>>()
        });
        // Powers of shares that are not whole know no soft masks.
        let soft = random.chance(0.2) && config["gamma"].as_f64().is_none_or(|gamma| gamma == 0.0);
        let density = pick(random, &[0.0, 0.05, 0.3, 0.5, 1.0]);
        let masks = random.list(all, dtype, |random| match random.chance(ignored) {
            true => IGNORED,
            false if soft => random.uniform(0.0, 1.0),
            false => f64::from(random.chance(density)),
        });
        let plane = height * width;
        let scale = power_of_ten(random, -2.0, 1.5);
        let ease = pick(random, &[0.0, 0.0, 3.0, 10.0, 30.0, 80.0]);
        let is_ratio = config["smooth"] == 0.0 && config["absent"] == "kept";
        let is_steep = is_ratio || matches!(name, "mcc" | "focal_tversky");
        let mut place = 0..all;
        let numbers = random.list(all, dtype, |random| {
            let at = place.next().expect("a place each");
            let (sample, class) = (at / (plane * classes), at / plane % classes);
            let inside = match &targets {
                Some(targets) => {
                    targets[sample * plane + at % plane] as usize
                        == class.max((classes == 1) as usize)
                }
                None => masks[at] > 0.5,
            };
            let sign = if inside { 1.0 } else { -1.0 };
            // Quotients and roots of what is below the range of `f32` are others there.
            let most = if is_steep { 8.0 } else { f64::INFINITY };
            let number = match is_logits {
                true if random.chance(0.9) => random.normal(scale) + sign * ease,
                true => random.normal(scale),
                false => match below(random, 4) {
                    0 => f64::from(inside),
                    1 => power_of_ten(random, -5.0, 0.0),
                    _ => random.uniform(0.0, 1.0),
                },
            };
            number.clamp(-most, most)
        });
        let pixel_weights = random.chance(0.3).then(|| {
            random.list(pixels, Dtype::F32, |random| match random.chance(0.2) {
                true => 0.0,
                false => random.uniform(0.1, 2.0),
            })
        });
        let mut arguments = vec![Argument::new("prediction", numbers, &shape, random)];
        if targets.is_none() {
            let masks = Argument::new("masks", masks, &shape, random);
            arguments.push(masks.untracked());
        }
        let family = Self {
            name,
            shape,
            classes: targets,
            pixel_weights,
            batch,
        };
        Drawn {
            family: Box::new(family),
            config,
            arguments,
        }
    }

    /// The pixels of one loss of a class: their places.
    fn pixels(&self, sample: usize) -> Vec<[usize; 2]> {
        let [samples, _, height, width] = self.shape;
        let samples = if self.batch {
            0..samples
        } else {
            sample..sample + 1
        };
        let of = |sample| (0..height * width).map(move |pixel| [sample, pixel]);
        samples.flat_map(of).collect()
    }
}

/// A pixel that counts.
struct Pixel<'t> {
    logit: Var<'t>,
    /// Of its probability, and of what that lacks of 1.
    shares: [Var<'t>; 2],
    /// The logarithm of its probability, where that is one of a softmax.
    ln: Option<Var<'t>>,
    target: f64,
    weight: f64,
}

/// The sums over the pixels of a class.
struct Sums<'t> {
    both: Var<'t>,
    predicted: Var<'t>,
    missed: Var<'t>,
    neither: Var<'t>,
    target: f64,
    weight: f64,
}

impl<'t> Sums<'t> {
    fn of(pixels: &[Pixel<'t>], squared: bool, tape: &'t Tape) -> Self {
        let mut terms: [Vec<Var<'t>>; 3] = Default::default();
        for pixel in pixels {
            let ([p, miss], t, w) = (pixel.shares, pixel.target, pixel.weight);
            let (wrong, right) = (p * (1.0 - t), miss * t);
            let (predicted, missed) = match squared {
                false => (wrong, right),
                true => {
                    let error = wrong - right;
                    let zero = tape.constant(0.0);
                    match error.value < 0.0 {
                        true => (zero, error.square()),
                        false => (error.square(), zero),
                    }
                }
            };
            let of_pixel = [p * t, predicted, missed];
            for (terms, term) in terms.iter_mut().zip(of_pixel) {
                terms.push(term * w);
            }
        }
        let [both, predicted, missed] = terms.map(|terms| tape.sum(&terms));
        let target = pixels.iter().map(|pixel| pixel.target * pixel.weight).sum();
        let weight = pixels.iter().map(|pixel| pixel.weight).sum();
        // True negatives are what is left of the absent pixels, and no more exact.
        let negative: f64 = weight - target;
        let neither = tape.constant(negative) - predicted;
        Self {
            both,
            predicted,
            missed,
            neither,
            target,
            weight,
        }
    }

    /// `1 - (TP + s) / (TP + a FP + b FN + s)`
    fn tversky(&self, [a, b, smooth]: [f64; 3], log: bool) -> Var<'t> {
        let wrong = self.predicted * a + self.missed * b;
        let right = self.both + smooth;
        let loss = wrong.over(right + wrong, 0.0);
        let score = right.over(right + wrong, 0.0);
        match log {
            false => loss,
            true if loss.value < 0.5 => -(-loss).ln_1p(),
            true if score.value > 1e-7 => -score.ln(),
            true => loss.tape().constant(-(1e-7f64.ln())),
        }
    }

    /// 1 less the correlation. With the counts a, b, c, d the square of its root less that of its numerator is a sum of
    /// products of them, none of which is negative.
    fn matthews(&self) -> Var<'t> {
        let tape = self.both.tape();
        let all = tape.sum(&[self.both, self.predicted, self.missed, self.neither]);
        let wrong = self.predicted + self.missed;
        if wrong.value == 0.0 {
            return tape.constant(0.0);
        }
        let counts = [self.both, self.predicted, self.missed, self.neither];
        let [a, b, c, d] = counts.map(|count| count / all);
        let sides = [a + b, a + c, d + b, d + c];
        if sides.iter().any(|side| side.value < 1e-18) {
            return tape.constant(1.0);
        }
        let root = (sides[0] * sides[1]).sqrt() * (sides[2] * sides[3]).sqrt();
        let correlation = (a * d - b * c) / root;
        if correlation.value < 0.5 {
            return -(correlation - 1.0);
        }
        let mixed = tape.sum(&[a * c, b * d, a * b, c * d]);
        let rest = (a * c + b * d) * (a * b + c * d);
        let terms = [a * b * c * d * 4.0, (a * d + b * c) * mixed, rest];
        tape.sum(&terms) / root / root / (correlation + 1.0)
    }
}

/// The Lovasz extension of the Jaccard loss: errors, the largest first, each by how much the loss grows by it.
fn lovasz<'t>(pixels: &[Pixel<'t>], hinge: bool, tape: &'t Tape) -> Var<'t> {
    let error = |pixel: &Pixel<'t>| {
        let [p, miss] = pixel.shares;
        // -0 is as large an error as 0.
        let miss = miss + 0.0;
        match (hinge, pixel.target >= 0.5) {
            (false, true) => miss,
            (false, false) => p,
            (true, true) => -(pixel.logit - 1.0),
            (true, false) => pixel.logit + 1.0,
        }
    };
    let errors = pixels
        .iter()
        .map(|pixel| (error(pixel), pixel.target >= 0.5));
    let mut errors: Vec<(Var<'t>, bool)> = errors.collect();
    errors.sort_by(|(a, _), (b, _)| b.value.total_cmp(&a.value));
    let size = errors.iter().filter(|(_, inside)| *inside).count() as f64;
    let (mut hit, mut wrong, mut before) = (size, 0.0, 0.0);
    let mut terms = Vec::new();
    for (error, inside) in errors {
        match inside {
            true => hit -= 1.0,
            false => wrong += 1.0,
        }
        // 1 where all are wrong, and where there is no mask.
        let jaccard = 1.0 - hit / (size + wrong);
        let cost = if hinge { error.positive_part() } else { error };
        terms.push(cost * (jaccard - before));
        before = jaccard;
    }
    tape.sum(&terms)
}

impl Family for Masks {
    fn name(&self) -> String {
        format!("masks {}", self.name)
    }

    fn describe(&self) -> String {
        format!(
            "{} of {:?}, pixels weighted {}",
            if self.classes.is_some() {
                "classes"
            } else {
                "masks"
            },
            self.shape,
            self.pixel_weights.is_some()
        )
    }

    fn samples(&self) -> usize {
        match self.batch {
            true => self.shape[0].min(1),
            false => self.shape[0],
        }
    }

    fn is_of_samples(&self) -> bool {
        !self.batch
    }

    fn terms(&self) -> usize {
        self.shape[1]
    }

    /// Burn's sorts leave equal errors in any order.
    fn is_undecided(&self, arguments: &[Argument]) -> bool {
        let mut numbers: Vec<f64> = arguments[0].values.iter().map(|x| x + 0.0).collect();
        numbers.sort_by(f64::total_cmp);
        let has_equal = numbers.windows(2).any(|pair| pair[0] == pair[1]);
        self.name.starts_with("lovasz") && has_equal
    }

    fn run(&self, config: &Value, mut leaves: Leaves<'_>) -> Numbers {
        let mut config = config.clone();
        config["loss"] = self.name.into();
        let config: SegmentationLossConfig = read(&config);
        let loss: SegmentationLoss = config.init();
        let prediction = leaves.of::<4>(0);
        let [samples, _, height, width] = self.shape;
        let evaluation = match &self.classes {
            Some(classes) => {
                let data = TensorData::new(classes.clone(), [samples, height, width]);
                let classes = Tensor::<3, Int>::from_data(data, &leaves.site.device);
                loss.on(prediction, classes)
            }
            None => loss.on_masks(prediction, leaves.of::<4>(1)),
        };
        let evaluation = match &self.pixel_weights {
            Some(weights) => {
                let data = TensorData::new(weights.clone(), [samples, height, width]);
                let dtype = burn::tensor::DType::from(leaves.dtype().of_loss());
                let weights = Tensor::<3>::from_data(data, (&leaves.site.device, dtype));
                evaluation.pixel_weights(weights)
            }
            None => evaluation,
        };
        leaves.finish(evaluation)
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        weights: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let samples = (0..self.samples()).map(|sample| match weights[sample] == 0.0 {
            true => vec![
                Cost {
                    loss: tape.constant(0.0),
                    count: 0.0
                };
                1 + (self.name == "combined") as usize
            ],
            false => self.cost(config, lists, tape, sample),
        });
        let samples: Vec<Vec<Cost<'t>>> = samples.collect();
        let kinds = 1 + (self.name == "combined") as usize;
        (0..kinds)
            .map(|kind| samples.iter().map(|costs| costs[kind]).collect())
            .collect()
    }
}

impl Masks {
    /// The pixels of a sample that count, for each class.
    fn counted<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        sample: usize,
    ) -> Vec<Vec<Pixel<'t>>> {
        let [_, classes, height, width] = self.shape;
        let plane = height * width;
        let is_softmax = self.classes.is_some() && classes > 1;
        let mut counted: Vec<Vec<Pixel<'t>>> = (0..classes).map(|_| Vec::new()).collect();
        for [sample, pixel] in self.pixels(sample) {
            let weight = self.pixel_weights.as_ref();
            let weight = weight.map_or(1.0, |weights| weights[sample * plane + pixel]);
            let own = self.classes.as_ref().map(|all| all[sample * plane + pixel]);
            if weight == 0.0 || own == Some(IGNORED as i64) {
                continue;
            }
            let place = |class: usize| (sample * classes + class) * plane + pixel;
            let logits: Vec<Var<'t>> = (0..classes).map(|class| lists[0][place(class)]).collect();
            let (shares, logs) = match (config["from_logits"] == false, is_softmax) {
                (true, _) => (logits.iter().map(|&p| [p, -(p - 1.0)]).collect(), None),
                (false, true) => (tape.softmax(&logits), Some(tape.log_softmax(&logits))),
                (false, false) => {
                    let shares = logits.iter().map(|&x| [x.sigmoid(), (-x).sigmoid()]);
                    (shares.collect::<Vec<_>>(), None)
                }
            };
            for class in 0..classes {
                let target = match own {
                    Some(own) if classes == 1 => own as f64,
                    Some(own) => f64::from(own as usize == class),
                    None => lists[1][place(class)].value,
                };
                if own.is_none() && target == IGNORED {
                    continue;
                }
                counted[class].push(Pixel {
                    logit: logits[class],
                    shares: shares[class],
                    ln: logs.as_ref().map(|logs| logs[class]),
                    target,
                    weight,
                });
            }
        }
        counted
    }

    fn cost<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        sample: usize,
    ) -> Vec<Cost<'t>> {
        let number = |name: &str, default: f64| config[name].as_f64().unwrap_or(default);
        let classes = self.counted(config, lists, tape, sample);
        let given: Vec<f64> = match config["class_weights"].as_array() {
            Some(list) => list.iter().map(|w| w.as_f64().expect("a number")).collect(),
            None => vec![1.0; classes.len()],
        };
        let squared = config["squared"] == true;
        let sums = classes.iter().map(|pixels| Sums::of(pixels, squared, tape));
        let sums: Vec<Sums<'t>> = sums.collect();
        let is_lovasz = self.name.starts_with("lovasz");
        let is_absent = |class: usize| match is_lovasz {
            // A pixel is in the mask or not.
            true => !classes[class].iter().any(|pixel| pixel.target >= 0.5),
            false => sums[class].target == 0.0,
        };
        let weight = |class: usize| match config["absent"] == "left_out" && is_absent(class) {
            true => 0.0,
            false => given[class],
        };
        let total: f64 = (0..classes.len()).map(weight).sum();
        let log = config["log"] == true;
        let smooth = number("smooth", 1e-5);
        let of_class = |class: usize| {
            let sums = &sums[class];
            match self.name {
                "dice" | "combined" => sums.tversky([0.5, 0.5, 0.5 * smooth], log),
                "jaccard" => sums.tversky([1.0, 1.0, smooth], log),
                "tversky" => {
                    let [a, b] =
                        ["false_positives", "false_negatives"].map(|name| number(name, 0.5));
                    sums.tversky([a, b, smooth], false)
                }
                "focal_tversky" => {
                    let loss = sums.tversky([0.3, 0.7, smooth], false);
                    match loss.value == 0.0 {
                        true => tape.constant(0.0),
                        false => loss.powf(1.0 / number("gamma", 4.0 / 3.0)),
                    }
                }
                "mcc" => sums.matthews(),
                name => lovasz(&classes[class], name == "lovasz_hinge", tape),
            }
        };
        let loss = match self.name {
            "generalized_dice" => generalized(config, &sums, &weight, smooth, tape),
            _ => {
                let counted = (0..classes.len())
                    .filter(|&class| weight(class) != 0.0)
                    .filter(|&class| !(config["absent"] == "zero" && is_absent(class)));
                let terms = counted.map(|class| of_class(class) * weight(class));
                match total == 0.0 {
                    true => tape.constant(0.0),
                    false => tape.sum(&terms.collect::<Vec<_>>()) / total,
                }
            }
        };
        let count = f64::from(total != 0.0);
        if self.name != "combined" {
            return vec![Cost { loss, count }];
        }
        let loss = loss * number("dice_weight", 1.0);
        let of_pixels = self.of_pixels(config, &classes, &given, &sums, tape);
        vec![Cost { loss, count }, of_pixels]
    }

    /// The mean over the pixels.
    fn of_pixels<'t>(
        &self,
        config: &Value,
        classes: &[Vec<Pixel<'t>>],
        given: &[f64],
        sums: &[Sums<'t>],
        tape: &'t Tape,
    ) -> Cost<'t> {
        let gamma = config["gamma"].as_f64().expect("a number");
        let alpha = config["alpha"].as_f64();
        let power = |x: Var<'t>| match gamma {
            0.0 => tape.constant(1.0),
            1.0 => x,
            2.0 => x.square(),
            gamma => x.powf(gamma),
        };
        let mut terms = Vec::new();
        let mut count = 0.0;
        for ((pixels, weight), sums) in classes.iter().zip(given).zip(sums) {
            if *weight == 0.0 {
                continue;
            }
            let is_softmax = self.classes.is_some() && classes.len() > 1;
            count += weight * if is_softmax { sums.target } else { sums.weight };
            for pixel in pixels {
                let ([p, miss], t) = (pixel.shares, pixel.target);
                let term = match pixel.ln {
                    Some(_) if t == 0.0 => continue,
                    Some(ln) => -ln * power(miss),
                    None => {
                        let positive = (-pixel.logit).softplus() * power(miss) * t;
                        let negative = pixel.logit.softplus() * power(p) * (1.0 - t);
                        // Of a soft mask as much as there is of it.
                        let factor = |alpha: f64| alpha * t + (1.0 - alpha) * (1.0 - t);
                        (positive + negative) * alpha.map_or(1.0, factor)
                    }
                };
                terms.push(term * pixel.weight * *weight);
            }
        }
        if count == 0.0 {
            return Cost {
                loss: tape.constant(0.0),
                count: 0.0,
            };
        }
        let factor = config["pixel_weight"].as_f64().expect("a number");
        Cost {
            loss: tape.sum(&terms) / count * factor,
            count: 1.0,
        }
    }
}

/// Dice of all classes together, each weighted by its size.
fn generalized<'t>(
    config: &Value,
    sums: &[Sums<'t>],
    weight: &dyn Fn(usize) -> f64,
    smooth: f64,
    tape: &'t Tape,
) -> Var<'t> {
    let is_kept = config["absent"] == "kept";
    let is_in = |class: &usize| weight(*class) != 0.0 && (is_kept || sums[*class].target != 0.0);
    let counted: Vec<usize> = (0..sums.len()).filter(is_in).collect();
    let sizes = counted.iter().map(|&class| sums[class].target);
    let least = sizes
        .filter(|&size| size != 0.0)
        .fold(f64::INFINITY, f64::min);
    let (mut wrong, mut both) = (Vec::new(), Vec::new());
    for class in counted {
        let sums = &sums[class];
        let ratio = if sums.target == 0.0 {
            1.0
        } else {
            least / sums.target
        };
        let weight = weight(class)
            * match config["volume_weights"].as_str() {
                Some("square") => ratio * ratio,
                Some("simple") => ratio,
                _ => 1.0,
            };
        wrong.push((sums.predicted + sums.missed) * weight);
        both.push(sums.both * weight);
    }
    let wrong = tape.sum(&wrong);
    wrong.over(tape.sum(&both) * 2.0 + wrong + smooth, 0.0)
}
