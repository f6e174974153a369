//! What the target of a row makes of its softmax.

use super::{
    formulas::{divergence, ln_1p, phi},
    kind::RowKind,
    logits::{AHEAD, Common, RowAt, read_ahead, share_of, transformed},
    peak::Peak,
};
use crate::kernel::gpu::{sum::Board, traced::Words};
use burn_cubecl::cubecl::{self, prelude::*};

/// The softmax of a row, so that neither the probability of the largest logit nor what that lacks of 1 is had by a
/// subtraction.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(in crate::kernel::gpu) struct Softmax {
    /// The largest logit.
    pub most: f32,
    /// Its class.
    pub top: u32,
    /// The exponentials of all others, less the largest.
    pub others: f32,
    /// Those of all.
    pub sum: f32,
    pub ln_sum: f32,
}

#[cube]
impl Softmax {
    pub fn new(peak: Peak, count: u32, words: &Words) -> Softmax {
        // Where nothing is the largest, or that is infinite, there is no softmax.
        let is_none = peak.top == count || peak.most > f32::max_value();
        let others = select(is_none, words.nan, peak.others);
        Softmax {
            most: peak.most,
            top: peak.top,
            others,
            sum: others + 1.0_f32,
            ln_sum: ln_1p(others, words),
        }
    }

    /// The logarithm of the probability of a class whose logit is `a`.
    pub fn ln(self, a: f32, c: u32) -> f32 {
        select(c == self.top, -self.ln_sum, a - self.most - self.ln_sum)
    }
}

/// The loss of a row, and what of its slopes by the logarithms of probabilities falls to the largest logit, and to all
/// others together.
#[derive(CubeType, CubeTypeMut, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(super) struct RowLoss {
    pub loss: f32,
    pub of_top: f32,
    pub of_others: f32,
}

#[cube]
impl RowLoss {
    pub fn none() -> RowLoss {
        RowLoss {
            loss: 0.0_f32,
            of_top: 0.0_f32,
            of_others: 0.0_f32,
        }
    }

    /// What all units of a row have of it.
    pub fn sum(self, board: &mut Board, slot: usize, lane: u32, #[comptime] units: u32) -> RowLoss {
        RowLoss {
            loss: board.sum(self.loss, slot, lane, units),
            of_top: board.sum(self.of_top, slot, lane, units),
            of_others: board.sum(self.of_others, slot, lane, units),
        }
    }
}

/// Of a target that is a class, whose logit is `a`.
#[cube]
pub(super) fn loss_of_class(
    a: f32,
    class: u32,
    softmax: Softmax,
    weight: f32,
    common: &Common,
    #[comptime] kind: RowKind,
) -> RowLoss {
    let (value, slope) = phi(softmax.ln(a, class), &common.words, kind);
    let slope = select(weight == 0.0_f32, 0.0_f32, weight * slope);
    let is_top = class == softmax.top;
    RowLoss {
        loss: select(weight == 0.0_f32, 0.0_f32, weight * value),
        of_top: select(is_top, slope, 0.0_f32),
        of_others: select(is_top, 0.0_f32, slope),
    }
}

/// Of a target of which all classes have a share, what a unit sees of them: those from `first` on, below `end`.
#[cube]
#[allow(clippy::too_many_arguments)]
pub(super) fn loss_of_shares<E: Float>(
    logits: &[E],
    shares: ComptimeOption<&[E]>,
    offsets: ComptimeOption<&[f32]>,
    bias: ComptimeOption<&[f32]>,
    weights: ComptimeOption<&[f32]>,
    row: RowAt,
    softmax: Softmax,
    first: u32,
    end: u32,
    common: &Common,
    #[comptime] kind: RowKind,
    #[comptime] units: u32,
) -> RowLoss {
    let words = &common.words;
    let mut loss = 0.0_f32;
    let mut of_top = 0.0_f32;
    let mut of_others = 0.0_f32;
    let mut c = first;
    while c < end {
        let ahead = read_ahead::<E>(logits, row, c, end, units);
        #[unroll]
        for step in 0..comptime!(AHEAD as usize) {
            let c = c + comptime!(step as u32 * units);
            if c < end {
                let (a, _slope) =
                    transformed(ahead[step], offsets, bias, row, c, common, kind.clone());
                let l = softmax.ln(a, c);
                let share = share_of::<E>(shares, weights, row, c, common, kind.clone());
                let (value, slope) = phi(l, words, kind.clone());
                if comptime!(kind.divergence) {
                    let mut ln_share = 0.0_f32;
                    #[comptime]
                    if let ComptimeOption::Some(shares) = shares {
                        ln_share = f32::cast_from(shares[row.of(c)]);
                    }
                    loss += divergence(share, l.exp(), l - ln_share, words);
                } else {
                    loss += select(share == 0.0_f32, 0.0_f32, share * value);
                }
                let slope = select(share == 0.0_f32, 0.0_f32, share * slope);
                if c == softmax.top {
                    of_top += slope;
                } else {
                    of_others += slope;
                }
            }
        }
        c += comptime!(AHEAD * units);
    }
    RowLoss {
        loss,
        of_top,
        of_others,
    }
}
