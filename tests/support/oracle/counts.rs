//! Losses of rates and counts.

use super::{Element, Number, share};
use core::f64::consts::PI;

pub fn poisson_nll(x: f64, t: f64, log_input: bool, full: bool, epsilon: f64) -> Element {
    let rate = x + epsilon;
    // The logarithm of a rounded number is off by its rounding, however small it is.
    let (mut loss, by_prediction, ln_rate, of_ln) = if log_input {
        let loss = Number::sum(&[x.exp(), -share(t, x)]);
        (loss, Number::sum(&[x.exp(), -t]), x, x.abs())
    } else {
        let size = rate.ln().abs().max(1.0);
        let loss = Number {
            value: x - share(t, rate.ln()),
            scale: x.abs() + t.abs() * size,
        };
        (loss, Number::sum(&[1.0, -t / rate]), rate.ln(), size)
    };
    let mut by_target = Number {
        value: -ln_rate,
        scale: of_ln,
    };
    if full && t > 1.0 {
        let stirling = [t * t.ln(), -t, 0.5 * (2.0 * PI * t).ln()];
        loss.value += stirling.iter().sum::<f64>();
        loss.scale += Number::sum(&stirling).scale + 1.0;
        by_target.value += t.ln() + 0.5 / t;
        by_target.scale += t.ln() + 2.0;
    }
    Element {
        loss,
        by_prediction,
        by_target,
    }
}

pub fn msle(x: f64, t: f64) -> Element {
    // The logarithm of how many times the one is the other.
    let ln = if x >= t {
        ((x - t) / (1.0 + t)).ln_1p()
    } else {
        -((t - x) / (1.0 + x)).ln_1p()
    };
    let number = |value: f64| Number::sum(&[value]).times_scale(1.5);
    Element {
        loss: number(ln * ln),
        by_prediction: number(2.0 * ln / (1.0 + x)),
        by_target: number(-2.0 * ln / (1.0 + t)),
    }
}
