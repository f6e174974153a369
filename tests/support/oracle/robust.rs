//! Losses of a difference that large errors cannot pull far, or that small errors pull harder than usual.

use super::{Element, Number, of_difference, sign};

/// A loss of `x - t` with its slope, both of which are off by so many times the rounding of one number.
fn off_by(factor: f64, terms: &[f64], slope: f64) -> Element {
    let element = of_difference(terms, slope);
    Element {
        loss: element.loss.times_scale(factor),
        by_prediction: element.by_prediction.times_scale(factor),
        by_target: element.by_target.times_scale(factor),
    }
}

pub fn welsch(d: f64, c: f64) -> Element {
    if d.is_infinite() {
        return of_difference(&[1.0], 0.0);
    }
    let half = 0.5 * (d / c) * (d / c);
    let slope = d / c / c * (-half).exp();
    // The exponential is off by what its argument is.
    off_by(1.0 + half.min(1e3), &[-(-half).exp_m1()], slope)
}

pub fn geman_mcclure(d: f64, c: f64) -> Element {
    let square = (d / c) * (d / c);
    if square > 1e100 {
        return of_difference(&[2.0], 0.0);
    }
    let slope = 16.0 * d / c / c / (square + 4.0) / (square + 4.0);
    of_difference(&[2.0 * square / (square + 4.0)], slope)
}

pub fn wing(d: f64, width: f64, epsilon: f64) -> Element {
    let a = d.abs();
    if a < width {
        return of_difference(
            &[width * (a / epsilon).ln_1p()],
            sign(d) * width / (epsilon + a),
        );
    }
    let gap = width - width * (width / epsilon).ln_1p();
    of_difference(&[a, -gap], sign(d))
}

pub fn adaptive_wing(x: f64, t: f64, [omega, theta, epsilon, alpha]: [f64; 4]) -> Element {
    let (a, k) = ((x - t).abs(), alpha - t);
    if a == 0.0 {
        return Element::default();
    }
    // What a power of the ratio is, its share in 1 + itself, and how far that is off.
    let of = |ratio: f64| {
        let power = ratio.powf(k);
        let spread = 2.0 + k * ratio.ln().abs();
        (power, power / (1.0 + power), spread)
    };
    let ln_edge = (theta / epsilon).ln();
    let (loss, slope, by_exponent, spread) = if a < theta {
        let (power, share, spread) = of(a / epsilon);
        let by_exponent = omega * share * (a / epsilon).ln();
        (
            vec![omega * power.ln_1p()],
            omega * share * k / a,
            by_exponent,
            spread,
        )
    } else {
        let (power, share, spread) = of(theta / epsilon);
        let slope = omega * share * k / theta;
        let steeper = omega / theta * share * (1.0 + k * ln_edge / (1.0 + power));
        let by_exponent = steeper * (a - theta) + omega * share * ln_edge;
        let terms = vec![slope * a, -slope * theta, omega * power.ln_1p()];
        (terms, slope, by_exponent, spread)
    };
    let slope = sign(x - t) * slope;
    Element {
        loss: Number::sum(&loss).times_scale(spread),
        by_prediction: Number::sum(&[slope]).times_scale(spread),
        by_target: Number::sum(&[-slope, -by_exponent]).times_scale(2.0 * spread),
    }
}

pub fn balanced_l1(d: f64, alpha: f64, gamma: f64, beta: f64) -> Element {
    let (a, b) = (d.abs(), (gamma / alpha).exp_m1());
    if a >= beta {
        let terms = [gamma * (a - beta), beta * (gamma + gamma / b - alpha)];
        return of_difference(&terms, gamma * sign(d));
    }
    let u = b * a / beta;
    let (height, slope) = (alpha * beta / b, alpha * u.ln_1p() * sign(d));
    if u < 0.1 {
        // u²/2 - u³/6 + u⁴/12 - ..
        let terms = (2..25).map(|n: i32| (-u).powi(n) / f64::from(n * (n - 1)));
        let series: f64 = terms.sum();
        return off_by(1.5, &[height * series], slope);
    }
    off_by(1.5, &[height * (1.0 + u) * u.ln_1p(), -height * u], slope)
}
