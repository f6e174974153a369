//! Overlap sums of masks, and their gradient. Neither probabilities nor a one-hot target are held: a unit has a few pixels, whose
//! softmax it makes where it needs it.

mod formulas;
mod gradient;
mod kind;
mod pixel;
mod sums;

use super::{
    grid::{ALONG, cubes_of},
    memory::{empty, empty_of},
    softmax::RowTargets,
    sum::{UNITS, row_sums},
    traced::words,
};
use crate::kernel::place::SUMS;
use burn::{
    backend::{TensorMetadata, cubecl::dtype_to_storage_type},
    tensor::DType,
};
use burn_cubecl::{cubecl::prelude::*, kernel::into_contiguous, tensor::CubeTensor};
use gradient::gradient_of_pixels;
use kind::PixelsLaunch;
use sums::{STRETCH, sums_of_stretches};

pub(crate) use kind::{OverlapKind, TracedTerm};

/// Everything overlap sums are computed from; at least one logit.
pub(crate) struct Overlaps {
    pub kind: OverlapKind,
    /// The class, or the number in a mask, that stands for no target. The type of classes holds it.
    pub ignored: Option<i64>,
    /// `[N, C, K]`
    pub logits: CubeTensor,
    /// Classes, or a mask for each class.
    pub targets: RowTargets,
    /// Of the pixels, `[N, K]`, in `f32`.
    pub weights: Option<CubeTensor>,
}

impl Overlaps {
    /// The same in memory without gaps.
    fn contiguous(self) -> Self {
        Self {
            logits: into_contiguous(self.logits),
            targets: match self.targets {
                RowTargets::Classes(classes) => RowTargets::Classes(into_contiguous(classes)),
                RowTargets::Shares(masks) => RowTargets::Shares(into_contiguous(masks)),
            },
            weights: self.weights.map(into_contiguous),
            ..self
        }
    }

    /// The types of logits and of classes.
    fn types(&self) -> [DType; 2] {
        let of_classes = match &self.targets {
            RowTargets::Classes(classes) => classes.dtype,
            RowTargets::Shares(_) => DType::I32,
        };
        [self.logits.dtype, of_classes]
    }

    /// What kernels are launched with.
    fn pixels<E: Float, I: Int>(&self) -> PixelsLaunch<E, I> {
        let [outer, channels, inner] = self.logits.shape().dims();
        let (classes, masks) = match &self.targets {
            RowTargets::Classes(classes) => (Some(classes), None),
            RowTargets::Shares(masks) => (None, Some(masks)),
        };
        let argument =
            |tensor: Option<&CubeTensor>| tensor.cloned().map(CubeTensor::into_buffer_arg);
        let [_, index] = self.types().map(dtype_to_storage_type);
        let ignored = self.ignored.unwrap_or_default();
        let is_class = classes.is_some();
        PixelsLaunch::new(
            self.logits.clone().into_buffer_arg(),
            argument(classes).into(),
            argument(masks).into(),
            argument(self.weights.as_ref()).into(),
            channels as u32,
            inner,
            outer * inner,
            InputScalar::new(if is_class { ignored } else { 0 }, index),
            ignored as f32,
            words(),
        )
    }
}

/// The sums, `[SUMS, N, C]`.
pub(crate) fn overlap_sums(call: Overlaps) -> CubeTensor {
    let call = call.contiguous();
    let [outer, channels, inner] = call.logits.shape().dims();
    let stretches = inner.div_ceil(STRETCH);
    let parts = empty(&call.logits, [SUMS, outer, channels * stretches]);
    let [dtype, index] = call.types().map(dtype_to_storage_type);
    let client = call.logits.client.clone();
    let dim = CubeDim::new_1d(UNITS as u32);
    // SAFETY: logits and masks have as many elements, classes and weights as many pixels as the shape says; a class that is none
    // is not used as a place. Each stretch writes its own parts.
    unsafe {
        sums_of_stretches::launch_unchecked(
            &client,
            cubes_of(outer * stretches),
            dim,
            // There may be more parts than logits.
            parts
                .required_address_type()
                .max(call.logits.required_address_type()),
            call.pixels(),
            parts.clone().into_buffer_arg(),
            stretches,
            call.kind.clone(),
            dtype,
            index,
        );
    }
    if stretches == 1 {
        return parts;
    }
    let shape = [SUMS, outer, channels];
    row_sums(parts, SUMS * outer * channels, stretches, shape)
}

/// What an upstream gradient of the sums is to the logits, in their type: written over them, where nobody else has them.
pub(crate) fn overlap_gradient(call: Overlaps, upstream: CubeTensor) -> CubeTensor {
    let call = call.contiguous();
    let upstream = into_contiguous(upstream);
    let [outer, _, inner] = call.logits.shape().dims();
    let [dtype, index] = call.types();
    let most = call
        .logits
        .shape()
        .num_elements()
        .max(upstream.shape().num_elements());
    let is_in_place = call.logits.can_mut();
    let gradient = match is_in_place {
        true => call.logits.clone(),
        false => empty_of(dtype, &call.logits, call.logits.shape()),
    };
    let written = match is_in_place {
        true => call.logits.as_tensor_alias(0).into_buffer_arg(),
        false => gradient.clone().into_buffer_arg(),
    };
    // SAFETY: as above; there is a slope for each sum. Only the gradient shares memory with an input, the first; an element of it is
    // written by the unit that alone reads it, when it no longer does.
    unsafe {
        gradient_of_pixels::launch_unchecked(
            &call.logits.client,
            cubes_of((outer * inner).div_ceil(UNITS)),
            CubeDim::new_1d(UNITS as u32),
            // A unit steps beyond the last pixel by as many as there are units, and there may be more slopes than logits.
            AddressType::from_len(most + ALONG as usize * UNITS),
            call.pixels(),
            upstream.into_buffer_arg(),
            written,
            call.kind.clone(),
            dtype_to_storage_type(dtype),
            dtype_to_storage_type(index),
        );
    }
    gradient
}
