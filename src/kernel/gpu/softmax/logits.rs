//! A logit as the softmax takes it, and the share its class has in the target.

use super::{
    formulas::{activated, with_margin},
    kind::RowKind,
};
use crate::kernel::gpu::traced::Words;
use burn_cubecl::cubecl::{self, prelude::*};

/// Numbers that are the same for all rows.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Common {
    /// s
    pub scale: f32,
    /// The share of the target that is spread over all classes, and what it is for each.
    pub smoothing: f32,
    pub uniform: f32,
    pub z_loss: f32,
    /// What every loss is multiplied with.
    pub factor: f32,
    /// What gradients are multiplied with besides.
    pub fold: f32,
    pub words: Words,
}

/// Where a row lies, and its target.
#[derive(CubeType, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(in crate::kernel::gpu) struct RowAt {
    /// Where its first logit is.
    pub start: usize,
    /// How far the next is.
    pub stride: usize,
    /// The class of its target.
    pub class: u32,
    /// The parameter of the margin there.
    pub parameter: f32,
}

#[cube]
impl RowAt {
    /// Where the logit of a class is.
    pub fn of(self, c: u32) -> usize {
        self.start + c as usize * self.stride
    }
}

/// How many logits a unit reads before it looks at them: memory is far away.
pub(in crate::kernel::gpu) const AHEAD: u32 = 4;

/// The logits of classes that lie `units` apart, from `c` on. Those beyond the end are that of `c`.
#[cube]
pub(in crate::kernel::gpu) fn read_ahead<E: Float>(
    numbers: &[E],
    row: RowAt,
    c: u32,
    end: u32,
    #[comptime] units: u32,
) -> Array<f32> {
    let mut ahead = Array::<f32>::new(comptime!(AHEAD as usize));
    #[unroll]
    for step in 0..comptime!(AHEAD as usize) {
        let other = c + comptime!(step as u32 * units);
        ahead[step] = f32::cast_from(numbers[row.of(select(other < end, other, c))]);
    }
    ahead
}

/// The logit of a class, given as it lies in memory, that the softmax is taken of, and its slope.
#[cube]
#[allow(clippy::collapsible_if)] // One of two is decided when the kernel is built.
pub(super) fn transformed(
    given: f32,
    offsets: ComptimeOption<&[f32]>,
    bias: ComptimeOption<&[f32]>,
    row: RowAt,
    c: u32,
    common: &Common,
    #[comptime] kind: RowKind,
) -> (f32, f32) {
    let mut z = given;
    #[comptime]
    if let ComptimeOption::Some(offsets) = offsets {
        z += offsets[c as usize];
    }
    let (mut a, mut slope) = activated(z, &common.words, kind.clone());
    if comptime!(kind.margin.is_some()) {
        if c == row.class {
            let (own, slope_of_own) = with_margin(a, row.parameter, &common.words, kind.clone());
            a = own;
            slope *= slope_of_own;
        }
    }
    #[comptime]
    if let ComptimeOption::Some(bias) = bias {
        a += bias[c as usize];
    }
    (a * common.scale, slope * common.scale)
}

/// The share of a class in the target, times its weight.
#[cube]
pub(super) fn share_of<E: Float>(
    shares: ComptimeOption<&[E]>,
    weights: ComptimeOption<&[f32]>,
    row: RowAt,
    c: u32,
    common: &Common,
    #[comptime] kind: RowKind,
) -> f32 {
    #[allow(unused_assignments)] // One of these is compiled.
    let mut share = 0.0_f32;
    #[comptime]
    match shares {
        ComptimeOption::Some(shares) => {
            let given = f32::cast_from(shares[row.of(c)]);
            if comptime!(kind.divergence) {
                share = given.exp();
            } else {
                share = given * (1.0_f32 - common.smoothing) + common.uniform;
            }
        }
        ComptimeOption::None => {
            share = common.uniform;
            if c == row.class {
                share += 1.0_f32 - common.smoothing;
            }
        }
    }
    #[comptime]
    if let ComptimeOption::Some(weights) = weights {
        share *= weights[c as usize];
    }
    share
}
