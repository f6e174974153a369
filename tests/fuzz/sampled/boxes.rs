//! Losses of boxes, by the lengths of what two intervals have alone and in common.

use super::{Argument, Cost, Drawn, Family, Leaves, read};
use crate::{
    draw::{below, pick, power_of_ten, size},
    model::Numbers,
    support::{Dtype, Random},
    tape::{Tape, Var},
};
use burn_losses::IouLossConfig;
use serde_json::{Value, json};
use std::f64::consts::PI;

pub struct Boxes {
    samples: usize,
    kind: &'static str,
}

impl Boxes {
    pub fn random(random: &mut Random, dtype: Dtype) -> Drawn {
        let samples = match below(random, 200) {
            0 => 3000,
            _ => size(random, 100),
        };
        let kind = pick(random, &["iou", "giou", "diou", "ciou", "eiou", "siou"]);
        let format = pick(random, &["xyxy", "cxcywh"]);
        let scale = power_of_ten(random, -2.0, 3.0);
        let is_grid = random.chance(0.2);
        let near = power_of_ten(random, -6.0, 0.0);
        let place = scale * pick(random, &[0.0, 1.0, 10.0]);
        let mut numbers: [Vec<f64>; 2] = Default::default();
        for _ in 0..samples {
            let draw = |random: &mut Random| -> [f64; 4] {
                let side = |random: &mut Random| match is_grid {
                    true => 1.0 + below(random, 4) as f64,
                    false => scale * power_of_ten(random, -1.0, 0.5),
                };
                let corner = |random: &mut Random| match is_grid {
                    true => below(random, 6) as f64,
                    false => place + random.normal(scale),
                };
                let ([x, y], [w, h]) = (
                    [corner(random), corner(random)],
                    [side(random), side(random)],
                );
                match format {
                    "xyxy" => [x, y, x + w, y + h],
                    _ => [x, y, w, h],
                }
            };
            let target = draw(random);
            let prediction = match below(random, 4) {
                0 => target,
                1 if !is_grid => target.map(|x| x + scale * near * random.normal(1.0)),
                _ => draw(random),
            };
            numbers[0].extend(prediction);
            numbers[1].extend(target);
        }
        let names = ["prediction", "target"].into_iter().zip(numbers);
        let arguments = names.map(|(name, numbers)| {
            let mut numbers = numbers.into_iter();
            let numbers = random.list(4 * samples, dtype, |_| numbers.next().expect("each"));
            Argument::new(name, numbers, &[samples, 4], random)
        });
        Drawn {
            arguments: arguments.collect(),
            family: Box::new(Self { samples, kind }),
            config: json!({"kind": kind, "format": format}),
        }
    }
}

impl Family for Boxes {
    fn name(&self) -> String {
        format!("boxes {}", self.kind)
    }

    fn describe(&self) -> String {
        format!("{}", self.samples)
    }

    fn samples(&self) -> usize {
        self.samples
    }

    fn run(&self, config: &Value, mut leaves: Leaves<'_>) -> Numbers {
        let config: IouLossConfig = read(config);
        let evaluation = config.init().on(leaves.of::<2>(0), leaves.of::<2>(1));
        leaves.finish(evaluation)
    }

    fn costs<'t>(
        &self,
        config: &Value,
        lists: &[Vec<Var<'t>>],
        tape: &'t Tape,
        _: &[f64],
    ) -> Vec<Vec<Cost<'t>>> {
        let both = lists[0].chunks(4).zip(lists[1].chunks(4));
        let costs = both.map(|(x, t)| {
            let axis = |axis: usize| {
                let [x, t] = [x, t].map(|numbers| [numbers[axis], numbers[axis + 2]]);
                match config["format"] == "xyxy" {
                    true => Axis::of_ends(x, t),
                    false => Axis::of_centres(x, t),
                }
            };
            let loss = cost(self.kind, &axis(0), &axis(1), tape);
            Cost { loss, count: 1.0 }
        });
        vec![costs.collect()]
    }
}

/// By how much an end lies beyond another, with half a slope where it does not.
fn reach(beyond: Var<'_>) -> Var<'_> {
    match beyond.value == 0.0 {
        true => beyond * 0.5,
        false => beyond.positive_part(),
    }
}

/// An interval beside that of a target.
struct Axis<'t> {
    lengths: [Var<'t>; 2],
    /// What each of them has for itself.
    alone: [Var<'t>; 2],
    common: Var<'t>,
    gap: Var<'t>,
    /// By how much it is longer.
    longer: Var<'t>,
    /// From the centre of the target.
    offset: Var<'t>,
}

impl<'t> Axis<'t> {
    fn of_ends([x1, x2]: [Var<'t>; 2], [t1, t2]: [Var<'t>; 2]) -> Self {
        let before = |end: Var<'t>, begin: Var<'t>| (end - begin).positive_part();
        let reach = |end: Var<'t>, begin: Var<'t>| reach(end - begin);
        // An interval that ends before it begins is its begin.
        let x2 = if x2.value < x1.value { x1 } else { x2 };
        let t2 = if t2.value < t1.value { t1 } else { t2 };
        let is_apart = x2.value < t1.value || t2.value < x1.value;
        let lengths = [x2 - x1, t2 - t1];
        let (starts, ends) = (x1 - t1, x2 - t2);
        let (common, alone) = match is_apart {
            true => (x1 * 0.0, lengths),
            false => {
                // Of equal ends half of each.
                let begin = match t1.value == x1.value {
                    true => (t1 + x1) * 0.5,
                    false if t1.value > x1.value => t1,
                    false => x1,
                };
                let end = match t2.value == x2.value {
                    true => (t2 + x2) * 0.5,
                    false if t2.value < x2.value => t2,
                    false => x2,
                };
                let alone = reach(t1, x1) + reach(x2, t2);
                (end - begin, [alone, reach(x1, t1) + reach(t2, x2)])
            }
        };
        Self {
            lengths,
            alone,
            common,
            gap: before(t1, x2) + before(x1, t2),
            longer: ends - starts,
            offset: (starts + ends) * 0.5,
        }
    }

    fn of_centres([x, w]: [Var<'t>; 2], [t, v]: [Var<'t>; 2]) -> Self {
        let [w, v] = [w, v].map(|side| if side.value < 0.0 { side * 0.0 } else { side });
        let offset = x - t;
        let longer = w - v;
        // How far it reaches beyond the target on either side.
        let [left, right] = [longer * 0.5 - offset, longer * 0.5 + offset];
        let half = (w + v) * 0.5;
        let gap = (offset.abs() - half).positive_part();
        let is_apart = offset.value.abs() > half.value;
        let alone = match is_apart {
            true => [w, v],
            false => [reach(left) + reach(right), reach(-left) + reach(-right)],
        };
        Self {
            common: w - alone[0],
            lengths: [w, v],
            alone,
            gap,
            longer,
            offset,
        }
    }

    fn covered(&self) -> Var<'t> {
        self.common + self.alone[0] + self.alone[1]
    }

    fn hull(&self) -> Var<'t> {
        self.covered() + self.gap
    }
}

fn cost<'t>(kind: &str, x: &Axis<'t>, y: &Axis<'t>, tape: &'t Tape) -> Var<'t> {
    let beside = |side: usize| x.alone[side] * y.lengths[side] + x.common * y.alone[side];
    let alone = beside(0) + beside(1);
    let union = alone + x.common * y.common;
    let loss = alone.over(union, 1.0);
    let diagonal = x.hull().square() + y.hull().square();
    let apart = (x.offset.square() + y.offset.square()).over(diagonal, 0.0);
    match kind {
        "iou" => loss,
        "giou" => {
            let corners = x.alone[0] * y.alone[1] + x.alone[1] * y.alone[0];
            let strips = x.gap * y.hull() + x.covered() * y.gap;
            loss + (corners + strips).over(x.hull() * y.hull(), 0.0)
        }
        "diou" => loss + apart,
        "ciou" => {
            let ([w, v], [h, u]) = (x.lengths, y.lengths);
            // A point is as tall as wide is nothing: its angle is 0.
            let [raised, of_target] = [w.value + h.value, v.value + u.value]
                .map(|sides| f64::from(u8::from(sides == 0.0)));
            let (tall, target_tall) = (h + raised, u + of_target);
            let taller = y.longer + (raised - of_target);
            // The angle between both diagonals.
            let angle = (w * taller - tall * x.longer).atan2(w * v + tall * target_tall);
            let aspect = angle.square() * (4.0 / (PI * PI));
            let share = aspect.over(loss + aspect, 0.0).detached();
            loss + apart + share * aspect
        }
        "eiou" => {
            let sides = [x, y].map(|axis| axis.longer.over(axis.hull(), 0.0).square());
            loss + apart + sides[0] + sides[1]
        }
        _ => {
            let [dx, dy] = [x.offset.abs(), y.offset.abs()];
            let angle = (dx * dy * 2.0).over(dx.square() + dy.square(), 0.0);
            let of_axis = |axis: &Axis<'t>| {
                let share = axis.offset.over(axis.hull(), 0.0).square();
                -((angle - 2.0) * share).exp_m1()
            };
            let of_sides = |axis: &Axis<'t>| {
                let [w, v] = axis.lengths;
                let longest = if w.value < v.value { v } else { w };
                let share = axis.longer.abs().over(longest, 0.0);
                (-(-share).exp_m1()).square().square()
            };
            let terms = [of_axis(x), of_axis(y), of_sides(x), of_sides(y)];
            loss + tape.sum(&terms) * 0.5
        }
    }
}
