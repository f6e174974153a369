//! The largest logit of a row and the exponentials of all others.

use crate::kernel::gpu::sum::UNITS;
use burn_cubecl::cubecl::{self, prelude::*};

/// What is known of some logits of a row, visited once.
#[derive(CubeType, CubeTypeMut, Clone, Copy)]
#[expand(derive(Clone, Copy))]
pub(in crate::kernel::gpu) struct Peak {
    /// The largest.
    pub most: f32,
    /// The exponentials of all others, less the largest. Its own 1 stays out: it would round away what is small.
    pub others: f32,
    /// The class of the largest, the first if there are several; the number of classes where there is none.
    pub top: u32,
}

#[cube]
impl Peak {
    /// Of no logits of a row of so many classes.
    pub fn none(count: u32) -> Peak {
        Peak {
            most: f32::min_value(),
            others: 0.0_f32,
            top: count,
        }
    }

    /// With one more logit. Classes come in order.
    pub fn with(self, a: f32, c: u32, count: u32) -> Peak {
        let is_first = self.top == count && a == self.most;
        let is_larger = a > self.most || is_first;
        let own = select(self.top == count, 0.0_f32, 1.0_f32);
        let e = select(is_larger, self.most - a, a - self.most).exp();
        // What is infinite already stays so, times an exponential of 0.
        let others = select(is_larger, (self.others + own) * e, self.others + e);
        Peak {
            most: select(is_larger, a, self.most),
            others,
            top: select(is_larger, c, self.top),
        }
    }

    /// Of the logits of both.
    fn joined(self, other: Peak, count: u32) -> Peak {
        let is_other = other.most > self.most || (other.most == self.most && other.top < self.top);
        let lower_top = select(is_other, self.top, other.top);
        let lower = select(is_other, self.most, other.most);
        let lower_others = select(is_other, self.others, other.others);
        let most = select(is_other, other.most, self.most);
        let own = select(lower_top == count, 0.0_f32, 1.0_f32);
        Peak {
            most,
            others: select(is_other, other.others, self.others)
                + (lower_others + own) * (lower - most).exp(),
            top: select(is_other, other.top, self.top),
        }
    }
}

/// Where the units of a cube leave peaks for each other.
#[derive(CubeType, Clone)]
pub(super) struct PeakBoard {
    numbers: Shared<[f32]>,
    others: Shared<[f32]>,
    classes: Shared<[u32]>,
}

#[cube]
impl PeakBoard {
    pub fn new() -> PeakBoard {
        PeakBoard {
            numbers: Shared::<[f32]>::new_slice(UNITS),
            others: Shared::<[f32]>::new_slice(UNITS),
            classes: Shared::<[u32]>::new_slice(UNITS),
        }
    }

    /// The peak of the logits of all units of a row.
    pub fn peak(
        &mut self,
        own: Peak,
        count: u32,
        slot: usize,
        lane: u32,
        #[comptime] units: u32,
    ) -> Peak {
        let mut peak = own;
        if comptime!(units > 1) {
            sync_cube();
            self.leave(own, slot);
            sync_cube();
            let levels = comptime!(units.ilog2());
            #[unroll]
            for level in 0..levels {
                let half = comptime!(units >> (level + 1));
                if lane < half {
                    let joined = self
                        .left(slot)
                        .joined(self.left(slot + half as usize), count);
                    self.leave(joined, slot);
                }
                sync_cube();
            }
            peak = self.left(slot - lane as usize);
        }
        peak
    }

    fn leave(&mut self, peak: Peak, slot: usize) {
        self.numbers[slot] = peak.most;
        self.others[slot] = peak.others;
        self.classes[slot] = peak.top;
    }

    fn left(&self, slot: usize) -> Peak {
        Peak {
            most: self.numbers[slot],
            others: self.others[slot],
            top: self.classes[slot],
        }
    }
}
