//! What is done to the logits of a row before the softmax, and what that makes of their gradient.

use super::{
    buffers::RowLogits,
    lanes::{for_lanes, load, store},
    row::{Row, Target},
    spec::RowMargin,
};
use crate::{
    formula::Dual,
    kernel::cpu::simd::{Isa, WIDTH},
};

impl Row<'_> {
    /// The logits the softmax is taken of, and the slope of the margin at the target.
    #[inline(always)]
    pub(super) unsafe fn transformed<I: Isa>(&self, isa: I) -> (*const f32, f64) {
        let constants = self.constants;
        let spec = constants.row;
        let logits = match self.logits {
            RowLogits::Original(logits) => return (logits, 1.0),
            RowLogits::Copy(logits) => logits,
        };
        if !constants.change_logits() {
            return (logits.cast_const(), 1.0);
        }
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            if let Some(cap) = spec.soft_cap {
                for_lanes!(constants.classes, |start, count| {
                    let z = load(isa, logits, start, count, 0.0);
                    match self.slopes {
                        Some(slopes) => {
                            let capped = cap.value(Dual::variable(z));
                            store(capped.value, logits, start, count);
                            store(capped.derivative(), slopes, start, count);
                        }
                        None => store(cap.value(z), logits, start, count),
                    }
                });
            }
            let mut slope = 1.0;
            if let (Some(RowMargin { margin, parameters }), Target::Class(class)) =
                (spec.margin, self.target)
            {
                let parameter = parameters.get(class).copied().unwrap_or(0.0);
                let own = margin.at(*logits.add(class) as f64, parameter);
                *logits.add(class) = own.value as f32;
                slope = own.slope;
            }
            if !constants.bias.is_empty() || spec.scale != 1.0 {
                for_lanes!(constants.classes, |start, count| {
                    let mut a = load(isa, logits, start, count, 0.0);
                    if !constants.bias.is_empty() {
                        a = a + load(isa, constants.bias.as_ptr(), start, count, 0.0);
                    }
                    store(a * spec.scale, logits, start, count);
                });
            }
            (logits.cast_const(), slope)
        }
    }

    /// Turns the gradient by the transformed logits into that by the logits.
    #[inline(always)]
    pub(super) unsafe fn through_transform<I: Isa>(&self, isa: I, slope_of_margin: f64) {
        let Some(gradient) = self.gradient else {
            return;
        };
        // SAFETY: as promised by the caller of `evaluate`.
        unsafe {
            if let Target::Class(class) = self.target
                && slope_of_margin != 1.0
            {
                *gradient.add(class) *= slope_of_margin as f32;
            }
            // Not had from the capped logits, which are rounded: where the cap is near, its slope is less than
            // what that leaves.
            if let Some(slopes) = self.slopes {
                for_lanes!(self.constants.classes, |start, count| {
                    let g = load(isa, gradient, start, count, 0.0);
                    let slope = load(isa, slopes, start, count, 0.0);
                    store(g * slope, gradient, start, count);
                });
            }
        }
    }
}
