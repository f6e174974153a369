//! Losses of images: windows and neighbours.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, pick, power_of_ten},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn_losses::*;
use serde_json::{Value, json};

pub struct Images {
    name: &'static str,
    shape: [usize; 4],
}

impl Images {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let name = pick(random, &["ssim", "total_variation", "gradient_difference"]);
        let side = |random: &mut Random| 1 + below(random, 18);
        let [height, width] = [side(random), side(random)];
        let shape = [below(random, 4), 1 + below(random, 3), height, width];
        let least = height.min(width);
        let range = pick(random, &[1.0, 2.0, 255.0]);
        let scale = pick(random, &["sum", "mean"]);
        let config = match name {
            "ssim" => {
                let reflects = random.chance(0.4);
                // Half of the window has to be within an image that is reflected.
                let most = if reflects { 2 * least - 1 } else { least };
                let sizes: Vec<usize> = (1..=most.min(11)).step_by(2).collect();
                json!({
                    "data_range": range,
                    "window_size": pick(random, &sizes),
                    "window": pick(random, &["gaussian", "uniform"]),
                    "sigma": pick(random, &[1.5, 0.5]),
                    "k1": pick(random, &[0.01, 0.1]),
                    "k2": pick(random, &[0.03, 0.4]),
                    "padding": if reflects { "reflect" } else { "valid" },
                    "form": pick(random, &["one_minus", "half"]),
                })
            }
            "total_variation" => {
                json!({"norm": pick(random, &["l1", "l2", "squared_l2"]), "scale": scale})
            }
            _ => json!({
                "alpha": pick(random, &[1.0, 1.5, 2.0, 3.0]),
                "form": pick(random, &["magnitudes", "signed"]),
                "scale": scale,
            }),
        };
        let count = shape.iter().product();
        let place = range * pick(random, &[0.0, 0.5, 0.5, 3.0]);
        let spread = range * power_of_ten(random, -3.0, 0.0);
        let target = random.list(count, dtype, |random| match random.chance(0.1) {
            true => place,
            false => place + random.normal(spread),
        });
        let near = range * power_of_ten(random, -5.0, 0.0);
        let mut of = target.iter();
        let image = random.list(count, dtype, |random| {
            let t = of.next().expect("a pixel each");
            match random.chance(0.2) {
                true => *t,
                false => t + random.normal(near),
            }
        });
        let mut arguments = vec![Argument::new("image", image, &shape, random)];
        if name != "total_variation" {
            arguments.push(Argument::new("target", target, &shape, random));
        }
        Drawn {
            family: Box::new(Self { name, shape }),
            config,
            arguments,
        }
    }
}

impl Family for Images {
    fn name(&self) -> String {
        format!("images {}", self.name)
    }

    fn describe(&self) -> String {
        format!("{:?}", self.shape)
    }

    fn samples(&self) -> usize {
        self.shape[0]
    }

    fn terms(&self) -> usize {
        self.shape[1..].iter().product()
    }

    fn run(&self, config: &Value, mut leaves: Leaves<'_>) -> Numbers {
        let image = leaves.of::<4>(0);
        let evaluation = match self.name {
            "total_variation" => read::<TotalVariationLossConfig>(config).init().on(image),
            "ssim" => {
                let loss = read::<SsimLossConfig>(config).init();
                loss.on(image, leaves.of::<4>(1))
            }
            _ => {
                let loss = read::<GradientDifferenceLossConfig>(config).init();
                loss.on(image, leaves.of::<4>(1))
            }
        };
        leaves.finish(evaluation)
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        _: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let [_, channels, height, width] = self.shape;
        let plane = height * width;
        let costs = (0..self.shape[0]).map(|sample| {
            let planes = (0..channels).map(|channel| {
                let first = (sample * channels + channel) * plane;
                lists
                    .iter()
                    .map(|list| &list[first..first + plane])
                    .collect()
            });
            let planes: Vec<Vec<&[Var<'t>]>> = planes.collect();
            let loss = match self.name {
                "ssim" => similarity(config, &planes, [height, width], tape),
                _ => neighbours(self.name, config, &planes, [height, width], tape),
            };
            Cost { loss, count: 1.0 }
        });
        vec![costs.collect()]
    }
}

/// What neighbours differ by, in each direction by itself.
fn neighbours<'t>(
    name: &str,
    config: &Value,
    planes: &[Vec<&[Var<'t>]>],
    [height, width]: [usize; 2],
    tape: &'t Tape,
) -> Var<'t> {
    let mut sums = Vec::new();
    for [down, right] in [[1, 0], [0, 1]] {
        let mut terms = Vec::new();
        for plane in planes {
            for (i, j) in (down..height).flat_map(|i| (right..width).map(move |j| (i, j))) {
                let gap = |image: &[Var<'t>]| {
                    image[i * width + j] - image[(i - down) * width + j - right]
                };
                let gap_of_both = |image: &[Var<'t>], target: &[Var<'t>]| {
                    let less = |place: usize| image[place] - target[place];
                    less(i * width + j) - less((i - down) * width + j - right)
                };
                terms.push(match name {
                    "total_variation" if config["norm"] == "l1" => gap(plane[0]).abs(),
                    "total_variation" => gap(plane[0]).square(),
                    _ => {
                        let error = match config["form"] == "signed" {
                            true => gap_of_both(plane[0], plane[1]),
                            false => gap(plane[0]).abs() - gap(plane[1]).abs(),
                        };
                        match config["alpha"].as_f64().expect("a number") {
                            1.0 => error.abs(),
                            alpha if error.value != 0.0 => error.abs().powf(alpha),
                            _ => tape.constant(0.0),
                        }
                    }
                });
            }
        }
        if terms.is_empty() {
            continue;
        }
        let sum = tape.sum(&terms);
        sums.push(match config["scale"] == "mean" {
            true => sum / terms.len() as f64,
            false => sum,
        });
    }
    let total = tape.sum(&sums);
    match config["norm"] == "l2" && total.value != 0.0 {
        true => total.sqrt(),
        false if config["norm"] == "l2" => tape.constant(0.0),
        false => total,
    }
}

/// One less the structural similarity, from the differences of pixels to the middle of the window.
fn similarity<'t>(
    config: &Value,
    planes: &[Vec<&[Var<'t>]>],
    [height, width]: [usize; 2],
    tape: &'t Tape,
) -> Var<'t> {
    let number = |name: &str| config[name].as_f64().expect("a number");
    let size = number("window_size") as usize;
    let (half, sigma) = (size / 2, number("sigma"));
    let weights = (0..size).map(|place| match config["window"] == "gaussian" {
        true => (-((place as f64 - half as f64) / sigma).powi(2) / 2.0).exp(),
        false => 1.0,
    });
    let weights: Vec<f64> = weights.collect();
    let total: f64 = weights.iter().sum();
    let [c1, c2] = ["k1", "k2"].map(|k| (number(k) * number("data_range")).powi(2));
    let reflects = config["padding"] == "reflect";
    let middles = |side: usize| match reflects {
        true => 0..side,
        false => half..side - half,
    };
    let inside = |place: usize, offset: usize, side: usize| {
        let place = (place + offset) as isize - half as isize;
        let last = side as isize - 1;
        (if place < 0 {
            -place
        } else {
            last - (last - place).abs()
        }) as usize
    };
    let mut terms = Vec::new();
    for plane in planes {
        let (x, t) = (plane[0], plane[1]);
        let all: f64 = [x, t].into_iter().flatten().map(|pixel| pixel.value).sum();
        let middle = all / (2 * height * width) as f64;
        for (i, j) in middles(height).flat_map(|i| middles(width).map(move |j| (i, j))) {
            let mut window = Vec::new();
            for (a, b) in (0..size).flat_map(|a| (0..size).map(move |b| (a, b))) {
                let place = inside(i, a, height) * width + inside(j, b, width);
                window.push((place, weights[a] * weights[b] / total / total));
            }
            let mean = |of: &dyn Fn(usize) -> Var<'t>| {
                let terms = window.iter().map(|&(place, weight)| of(place) * weight);
                tape.sum(&terms.collect::<Vec<_>>())
            };
            let means = [x, t].map(|image| mean(&|place| image[place]));
            let gap = mean(&|place| x[place] - t[place]);
            let variances = [(x, means[0]), (t, means[1])]
                .map(|(image, middle)| mean(&|place| (image[place] - middle).square()));
            let of_gaps = mean(&|place| (x[place] - t[place] - gap).square());
            let mut variance = variances[0] + variances[1];
            let mut of_gaps = of_gaps;
            if tape.is_composed {
                // Tensor operations take them from squares, beside the middle of the plane.
                let beside = |image: &[Var<'t>], place: usize| image[place] - middle;
                let squares = mean(&|place| beside(x, place).square() + beside(t, place).square());
                let [a, b] = [x, t].map(|image| mean(&|place| beside(image, place)).square());
                variance = squares - a - b;
                of_gaps = mean(&|place| (x[place] - t[place]).square()) - gap.square();
            }
            // What each factor lacks of 1: a square of a difference.
            let bright = gap.square() / (means[0].square() + means[1].square() + c1);
            let contrast = of_gaps / (variance + c2);
            terms.push(bright + contrast - bright * contrast);
        }
    }
    let mean = tape.sum(&terms) / terms.len() as f64;
    if config["form"] == "half" {
        mean * 0.5
    } else {
        mean
    }
}
