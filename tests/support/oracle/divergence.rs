//! Divergences, term by term.

use super::{Element, Number};

/// `t (ln t - ln x)` (Kullback and Leibler, 1951); `logs` says which are logarithms already.
pub fn kullback_leibler(x: f64, t: f64, logs: [bool; 2]) -> Element {
    let p = if logs[1] { t.exp() } else { t };
    if p == 0.0 {
        return Element::default();
    }
    let ln_x = if logs[0] { x } else { x.ln() };
    let ln_t = if logs[1] { t } else { t.ln() };
    let by_x = if logs[0] { -p } else { -p / x };
    // The exponential of a logarithm is off by its size.
    let spread = if logs[1] { 1.0 + t.abs() } else { 1.0 };
    let by_p = Number::sum(&[ln_t, 1.0, -ln_x]);
    Element {
        loss: Number {
            value: p * (ln_t - ln_x),
            scale: spread * p * (ln_t.abs() + ln_x.abs()),
        },
        by_prediction: Number {
            value: by_x,
            scale: spread * by_x.abs(),
        },
        by_target: if logs[1] { by_p.times(p) } else { by_p }.times_scale(spread),
    }
}

/// `(x ln(x / m) + t ln(t / m)) / 2` with the mean `m` of both (Lin, 1991).
pub fn jensen_shannon(x: f64, t: f64, logs: bool) -> Element {
    let (p, q) = if logs { (x.exp(), t.exp()) } else { (x, t) };
    // ln(a / m), a digit or two better than by its quotient where both are near.
    let ratio = |a: f64, b: f64| ((a - b) / (a + b)).ln_1p();
    let (of_p, of_q) = (ratio(p, q), ratio(q, p));
    let ln = |a: f64| if a == 0.0 { 0.0 } else { a.ln().abs() };
    let spread = 1.0 + ln(p) + ln(q);
    let part = |a: f64, ln: f64| if a == 0.0 { 0.0 } else { 0.5 * a * ln };
    let slope = |a: f64, ln: f64| {
        let slope = Number {
            value: 0.5 * ln,
            scale: spread,
        };
        if logs { slope.times(a) } else { slope }
    };
    Element {
        loss: Number::sum(&[part(p, of_p), part(q, of_q)]).times_scale(spread),
        by_prediction: slope(p, of_p),
        by_target: slope(q, of_q),
    }
}
