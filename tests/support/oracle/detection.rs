//! Cross entropy of a logit that should say how good something is.

use super::{Element, Number, cross_entropy_of_logit, focal, share, sigmoid};

pub fn quality_focal(x: f64, t: f64, beta: f64) -> Element {
    let (p, q) = (sigmoid(x), sigmoid(-x));
    let entropy = cross_entropy_of_logit(x, t, 1.0);
    if beta == 0.0 {
        return entropy;
    }
    // t - p, of terms that may cancel.
    let gap = Number::sum(&[t * q, -(1.0 - t) * p]);
    let miss = gap.value.abs();
    if miss == 0.0 {
        let scale = gap.scale.powf(beta) * (entropy.loss.value + x.abs() + 1.0);
        let nothing = Number { value: 0.0, scale };
        return Element {
            loss: nothing,
            by_prediction: nothing,
            by_target: nothing,
        };
    }
    let power = |exponent: f64| miss.powf(exponent);
    // By how much the gap is off, and its power with the rounding of a logarithm, relative to each.
    let off = gap.scale / miss;
    let spread = 2.0 + beta * (off + miss.ln().abs());
    let steep = beta * power(beta - 1.0) * gap.value.signum();
    let h = entropy.loss.value;
    // The slope of the power is the power over the gap.
    let number = |[faded, steep]: [f64; 2], more: f64| Number {
        value: faded + steep,
        scale: faded.abs() * spread + steep.abs() * (spread + off) + more,
    };
    let slope = entropy.by_prediction;
    Element {
        loss: number([power(beta) * h, 0.0], power(beta) * entropy.loss.scale),
        by_prediction: number(
            [power(beta) * slope.value, -steep * p * q * h],
            power(beta) * slope.scale,
        ),
        by_target: number([-share(power(beta), x), steep * h], 0.0),
    }
}

pub fn varifocal(x: f64, t: f64, alpha: f64, gamma: f64, iou_weighted: bool) -> Element {
    if t == 0.0 {
        let negative = focal(x, 0.0, None, gamma);
        return Element {
            loss: negative.loss.times(alpha),
            by_prediction: negative.by_prediction.times(alpha),
            by_target: Number::default(),
        };
    }
    let entropy = cross_entropy_of_logit(x, t, 1.0);
    if !iou_weighted {
        return entropy;
    }
    let by_target = Number {
        value: entropy.loss.value + t * entropy.by_target.value,
        scale: entropy.loss.scale + t * entropy.by_target.scale,
    };
    Element {
        loss: entropy.loss.times(t),
        by_prediction: entropy.by_prediction.times(t),
        by_target,
    }
}

pub fn gaussian_focal(x: f64, t: f64, alpha: f64, gamma: f64) -> Element {
    let focal = focal(x, f64::from(u8::from(t == 1.0)), None, alpha);
    if t == 1.0 {
        return Element {
            by_target: Number::default(),
            ..focal
        };
    }
    let far = (1.0 - t).powf(gamma);
    let spread = 1.0 + gamma * (1.0 + (1.0 - t).ln().abs());
    let by_target = -gamma * (1.0 - t).powf(gamma - 1.0);
    Element {
        loss: focal.loss.times(far).times_scale(spread),
        by_prediction: focal.by_prediction.times(far).times_scale(spread),
        by_target: focal.loss.times(by_target).times_scale(spread),
    }
}
