//! Losses of a score that should be right by a margin.

use super::{Element, Number, share, sigmoid, softplus};

/// The loss of a score and a side, and how the side follows from the target.
pub fn hinge(x: f64, t: f64, squared: bool, from_zero: bool) -> Element {
    let (side, of_target) = if from_zero {
        (2.0 * t - 1.0, 2.0)
    } else {
        (t, 1.0)
    };
    let short = Number::sum(&[1.0, -side * x]);
    if short.value <= 0.0 {
        return Element::default();
    }
    let slope = if squared {
        short.times(2.0)
    } else {
        Number::sum(&[1.0])
    };
    Element {
        loss: match squared {
            true => Number {
                value: short.value * short.value,
                scale: short.value * (short.value + 2.0 * short.scale),
            },
            false => short,
        },
        by_prediction: slope.times(-side),
        by_target: slope.times(-x * of_target),
    }
}

pub fn soft_margin(x: f64, t: f64) -> Element {
    let reach = t * x;
    // The exponential is off by what the product is.
    let number = |value: f64| Number::sum(&[value]).times_scale(1.0 + reach.abs().min(100.0));
    Element {
        loss: number(softplus(-reach)),
        by_prediction: number(-t * sigmoid(-reach)),
        by_target: number(-share(sigmoid(-reach), x)),
    }
}

pub fn hinge_embedding(x: f64, t: f64, margin: f64) -> Element {
    let (loss, slope) = match t > 0.0 {
        true => (Number::sum(&[x]), 1.0),
        false if x < margin => (Number::sum(&[margin, -x]), -1.0),
        false => (Number::default(), 0.0),
    };
    Element {
        loss,
        by_prediction: Number::sum(&[slope]),
        by_target: Number::default(),
    }
}

pub fn preference(x: f64, t: f64) -> Element {
    let short = t - x;
    let number = |value: f64| Number::sum(&[value]).times_scale(1.0 + short.abs().min(100.0));
    Element {
        loss: number(softplus(short)),
        by_prediction: number(-sigmoid(short)),
        by_target: number(sigmoid(short)),
    }
}
