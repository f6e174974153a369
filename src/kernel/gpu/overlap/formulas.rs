//! What formulas make of a pixel, traced.

use super::kind::{OverlapKind, TracedTerm};
use crate::{
    formula::{Dual, Real, of_channel, overlaps},
    kernel::gpu::traced::{Traced, Words},
};
use burn_cubecl::cubecl::{self, prelude::*};

/// A number for each of those sums that have a slope by the logits.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct Overlap {
    pub both: f32,
    pub predicted: f32,
    pub missed: f32,
    pub term: f32,
}

/// What a probability has of each of them; its term is not known of it.
#[cube]
#[allow(unused_variables)]
pub(super) fn of_share(
    p: f32,
    miss: f32,
    t: f32,
    term: f32,
    words: &Words,
    #[comptime] kind: OverlapKind,
) -> Overlap {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [p, miss, t] = [p, miss, t].map(|number| Traced::new(&sheet, number));
        let [both, predicted, missed] =
            overlaps([p, miss], t, kind.squared).map(Traced::into_scalar);
        OverlapExpand {
            both,
            predicted,
            missed,
            term,
        }
    })
}

/// The slope of that by the probability, times the slope of each sum.
#[cube]
#[allow(unused_variables)]
pub(super) fn slope_of_share(
    p: f32,
    miss: f32,
    t: f32,
    slopes: Overlap,
    words: &Words,
    #[comptime] kind: OverlapKind,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [p, miss, t] = [p, miss, t].map(|number| Traced::new(&sheet, number));
        let miss = Dual {
            value: miss,
            tangent: Some(miss.constant(-1.0)),
        };
        let overlaps = overlaps([Dual::variable(p), miss], Dual::constant(t), kind.squared);
        let slopes = [slopes.both, slopes.predicted, slopes.missed];
        let mut slope = p.constant(0.0);
        for (overlap, of_sum) in overlaps.into_iter().zip(slopes) {
            slope = slope + overlap.derivative() * Traced::new(&sheet, of_sum);
        }
        slope.into_scalar()
    })
}

/// What a channel by itself has of each sum.
#[cube]
#[allow(unused_variables)]
pub(super) fn of_logit(x: f32, t: f32, words: &Words, #[comptime] kind: OverlapKind) -> Overlap {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [x, t] = [x, t].map(|number| Traced::new(&sheet, number));
        let shares = of_channel(x, kind.activation);
        let [both, predicted, missed] = overlaps(shares, t, kind.squared);
        let term = match &kind.term {
            TracedTerm::Element(formula) => formula.formula.traced(x, t, x.constant(1.0)),
            _ => x.constant(0.0),
        };
        OverlapExpand {
            both: both.into_scalar(),
            predicted: predicted.into_scalar(),
            missed: missed.into_scalar(),
            term: term.into_scalar(),
        }
    })
}

/// The slope of that by the logit, times the slope of each sum.
#[cube]
#[allow(unused_variables)]
pub(super) fn slope_of_logit(
    x: f32,
    t: f32,
    slopes: Overlap,
    words: &Words,
    #[comptime] kind: OverlapKind,
) -> f32 {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let [x, t] = [x, t].map(|number| Traced::new(&sheet, number));
        let (x, t) = (Dual::variable(x), Dual::constant(t));
        let overlaps = overlaps(of_channel(x, kind.activation), t, kind.squared);
        let of_sums = [slopes.both, slopes.predicted, slopes.missed];
        let mut slope = t.value.constant(0.0);
        for (overlap, of_sum) in overlaps.into_iter().zip(of_sums) {
            slope = slope + overlap.derivative() * Traced::new(&sheet, of_sum);
        }
        if let TracedTerm::Element(formula) = &kind.term {
            let one = Dual::constant(t.value.constant(1.0));
            let term = formula.formula.traced_dual(x, t, one);
            slope = slope + term.derivative() * Traced::new(&sheet, slopes.term);
        }
        slope.into_scalar()
    })
}

/// The term of a pixel at the logarithm of its class's probability, and its slope.
#[cube]
#[allow(unused_variables)]
pub(super) fn of_logarithm(l: f32, words: &Words, #[comptime] kind: OverlapKind) -> (f32, f32) {
    intrinsic!(|scope| {
        let sheet = words.sheet(scope);
        let l = Traced::new(&sheet, l);
        match &kind.term {
            TracedTerm::Class(phi) => {
                let term = phi.formula.traced(Dual::variable(l));
                (term.value.into_scalar(), term.derivative().into_scalar())
            }
            _ => {
                let zero = l.constant(0.0).into_scalar();
                (zero, zero)
            }
        }
    })
}
