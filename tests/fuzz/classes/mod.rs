//! Losses of classes, of a student and a teacher, and of a layer, against their oracles.
//!
//! Nudged are logits, by a unit of their size and of 1: what a rounded logarithm of a probability is off by. That is a
//! relative error of the probability, so easy samples keep the digits of their loss and gradient. Soft labels, class
//! weights and the layer are nudged by a unit of their size.

mod distillation;
mod draws;
mod layer;
mod truth;

use crate::{
    case::Case,
    draw::dtype,
    model::{Numbers, Truth},
    support::{
        Dtype, Random, Site,
        softmax::{Kind, RowCall, RowLoss, RowOracle},
    },
};
pub use distillation::Distillation;
use draws::{call, kind, oracle, shape};
pub use layer::Layer;
use truth::{describe, name, nudged_call, nudged_oracle, of_expected, of_outcome};

pub struct Classes {
    oracle: RowOracle,
    call: RowCall,
}

impl Classes {
    pub fn random(random: &mut Random) -> Self {
        let shape = shape(random);
        let kind = kind(random, shape[1]);
        let oracle = oracle(random, kind, shape[1]);
        let dtype = match (&oracle.kind, dtype(random)) {
            // A power with a fractional exponent ends where `f32` does.
            (Kind::Focal { gamma, .. }, Dtype::F64) if gamma.fract() != 0.0 => Dtype::F32,
            (_, dtype) => dtype,
        };
        let call = call(random, &oracle, &shape, dtype);
        Self { oracle, call }
    }
}

impl Case for Classes {
    fn loss(&self) -> String {
        format!("classes {}", name(&self.oracle.kind))
    }

    fn describe(&self) -> String {
        format!("{:?} {}", self.oracle, describe(&self.call))
    }

    fn inputs(&self) -> String {
        format!("{:?}", self.call)
    }

    fn dtype(&self) -> Dtype {
        self.call.dtype
    }

    fn run(&self, site: &Site) -> Numbers {
        let loss = RowLoss::like(&self.oracle, self.call.method.reduction());
        of_outcome(self.call.run(&loss, site))
    }

    fn truth(&self) -> Truth {
        let expected = self.call.expected(&self.oracle);
        let mut truth = of_expected(&expected, self.call.tracked, &self.call, &[]);
        // NaN, all of whose classes weigh 0, may be NaN or nothing.
        let weightless = (self.oracle.weights.iter().flatten()).any(|weight| *weight == 0.0);
        if weightless && self.call.logits.iter().any(|x| x.is_nan()) {
            let sizes = truth.sizes.iter_mut().flatten();
            sizes.for_each(|(_, sizes)| sizes.fill(f64::INFINITY));
        }
        truth
    }

    fn nudged(&self, _: &Site, unit: f64, random: &mut Random) -> Numbers {
        let besides = 1.0 + (self.call.classes().max(1) as f64).ln();
        let call = nudged_call(&self.call, besides, unit, random);
        let oracle = nudged_oracle(&self.oracle, unit, random);
        of_expected(&call.expected(&oracle), call.tracked, &call, &[]).numbers
    }

    /// A gradient of weights or shares takes the composed path.
    fn adds_one_by_one(&self, site: &Site) -> bool {
        let tracked = self.call.tracked;
        tracked.weights || tracked.target || !site.sums_in_f64(self.call.dtype)
    }

    fn terms(&self) -> usize {
        self.call.classes() + self.call.rows()
    }

    fn is_hostile(&self) -> bool {
        self.call.logits.iter().any(|x| !x.is_finite())
    }
}
