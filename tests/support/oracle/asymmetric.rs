//! Asymmetric loss (Ridnik et al., 2021).

use super::{Element, Number, share, sigmoid, softplus};

/// The exponents of both sides, and the probability up to which negatives are left out.
pub fn asymmetric(x: f64, t: f64, positive: f64, negative: f64, clip: f64) -> Element {
    let (p, rest) = (sigmoid(x), sigmoid(-x));
    let ln_p = -softplus(-x);
    // A power is off by its exponent times the size of the logarithm.
    let of_power = |exponent: f64, ln: f64| 1.0 + exponent * (1.0 + ln.abs());
    let faded = rest.powf(positive);
    let up = Number::sum(&[faded * positive * p * ln_p, -faded * rest]);
    let up_scale = of_power(positive, softplus(x));
    let (down, slope) = below([p, rest], -softplus(x), negative, clip);
    let loss_up = -share(faded, ln_p);
    Element {
        loss: Number {
            value: share(t, loss_up) + share(1.0 - t, down.value),
            scale: share(t, loss_up) * up_scale + share(1.0 - t, down.scale),
        },
        by_prediction: Number {
            value: t * up.value + (1.0 - t) * slope.value,
            scale: t * up.scale * up_scale + (1.0 - t) * slope.scale,
        },
        by_target: Number {
            value: loss_up - down.value,
            scale: loss_up * up_scale + down.scale,
        },
    }
}

/// The loss of a negative and its slope, by its probability, what that lacks of 1, and the logarithm of the latter.
fn below([p, rest]: [f64; 2], ln_rest: f64, exponent: f64, clip: f64) -> (Number, Number) {
    let at = |shifted: f64| -> (f64, f64) {
        if shifted <= 0.0 && clip > 0.0 {
            return (0.0, 0.0);
        }
        // 1 - (p - clip), which is not 0 where p is 1; of a tiny p the other way round.
        let ln = if shifted == p {
            ln_rest
        } else if shifted < 0.5 {
            (-shifted).ln_1p()
        } else {
            (rest + (p - shifted)).ln()
        };
        let power = shifted.powf(exponent);
        let steep = match exponent {
            0.0 => 0.0,
            // Nothing is left of p, whose power may be infinite.
            _ if p == 0.0 => 0.0,
            _ => -exponent * shifted.powf(exponent - 1.0) * ln * p * rest,
        };
        let lack = if shifted == p {
            1.0
        } else {
            rest / (rest + (p - shifted))
        };
        (-power * ln, steep + power * p * lack)
    };
    let shifted = p - clip;
    let here = at(shifted);
    let nudge = 1e-6 * (p + clip);
    let size = |value: f64, there: f64| value.abs() + (value - there).abs() / 1e-6;
    let (up, down) = (at(shifted + nudge.min(rest / 2.0)), at(shifted - nudge));
    let spread = 1.0 + exponent * (1.0 + shifted.max(1e-300).ln().abs());
    let number = |here: f64, up: f64, down: f64| Number {
        value: here,
        scale: spread * size(here, up).max(size(here, down)),
    };
    (number(here.0, up.0, down.0), number(here.1, up.1, down.1))
}
