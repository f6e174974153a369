//! What formulas make of a logit or a logarithm, traced.

use super::kind::RowKind;
use crate::{
    formula::{Dual, Real, SoftCap, divergence_term},
    kernel::gpu::traced::{Traced, Words},
};
use burn_cubecl::cubecl::{self, prelude::*};

/// The logit the softmax is taken of, less scale and bias, and its slope.
#[cube]
#[allow(unused_variables)]
pub(super) fn activated(z: f32, words: &Words, #[comptime] kind: RowKind) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let z = Traced::new(&sheet, z);
        match kind.soft_cap {
            Some(bits) => {
                let cap = f64::from_bits(bits);
                let y = SoftCap { cap }.value(Dual::variable(z));
                (y.value.into_scalar(), y.derivative().into_scalar())
            }
            None => (z.into_scalar(), z.constant(1.0).into_scalar()),
        }
    })
}

/// The same of the target's class, with its margin.
#[cube]
#[allow(unused_variables)]
pub(super) fn with_margin(
    z: f32,
    parameter: f32,
    words: &Words,
    #[comptime] kind: RowKind,
) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let z = Traced::new(&sheet, z);
        let y = match kind.margin {
            Some(margin) => margin.formula.traced(
                Dual::variable(z),
                Dual::constant(Traced::new(&sheet, parameter)),
            ),
            None => Dual::variable(z),
        };
        (y.value.into_scalar(), y.derivative().into_scalar())
    })
}

/// The formula at a log-probability, and its slope.
#[cube]
#[allow(unused_variables)]
pub(super) fn phi(l: f32, words: &Words, #[comptime] kind: RowKind) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let l = Dual::variable(Traced::new(&sheet, l));
        let y = kind.phi.formula.traced(l);
        (y.value.into_scalar(), y.derivative().into_scalar())
    })
}

/// The term of a class in a divergence.
#[cube]
#[allow(unused_variables)]
pub(super) fn divergence(share: f32, probability: f32, ln_ratio: f32, words: &Words) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [share, probability, ln_ratio] =
            [share, probability, ln_ratio].map(|number| Traced::new(&sheet, number));
        divergence_term(share, probability, ln_ratio).into_scalar()
    })
}

#[cube]
#[allow(unused_variables)]
pub(super) fn ln_1p(x: f32, words: &Words) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        Traced::new(&sheet, x).ln_1p().into_scalar()
    })
}
