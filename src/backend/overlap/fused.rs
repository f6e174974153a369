//! Overlap sums as one operation on slices.

use super::{OverlapCall, PixelTerm};
use crate::{
    backend::{
        extension::{RowTarget, Weights},
        host::{Host, HostIndices},
    },
    kernel::{
        cpu::{self, Logits, MaskTargets, Masks, Storage, Term},
        place::SUMS,
    },
};
use burn::{
    backend::{TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};

/// What the kernel knows of them, handed to `work`.
pub(in crate::backend) fn with_masks<B, E, T>(
    call: OverlapCall<B>,
    work: impl FnOnce(&cpu::Overlap<'_>, FloatTensor<B>, cpu::Shape, &Masks<'_, E>) -> T,
) -> T
where
    B: Host<E> + Host<f32> + HostIndices,
    E: Storage,
{
    let shape = call.logits.shape();
    let shape = cpu::Shape {
        outer: shape[0],
        classes: shape[1],
        inner: shape[2],
    };
    let logits = <B as Host<E>>::contiguous(call.logits);
    let (classes, masks) = match call.target {
        RowTarget::Classes(classes) => (Some(B::readable(classes)), None),
        RowTarget::Shares(masks) => (None, Some(<B as Host<E>>::contiguous(masks))),
    };
    let weights = match call.weights {
        Weights::Equal => None,
        Weights::Each(weights) => Some(<B as Host<f32>>::contiguous(weights)),
    };
    let masks = Masks {
        targets: match (&classes, &masks) {
            (Some(classes), _) => MaskTargets::Classes(B::view(classes)),
            (_, Some(masks)) => MaskTargets::Masks(<B as Host<E>>::slice(masks)),
            (None, None) => unreachable!("a target is one or the other"),
        },
        weights: weights.as_ref().map(<B as Host<f32>>::slice),
    };
    let overlap = cpu::Overlap {
        activation: call.spec.activation,
        squared: call.spec.squared,
        ignored: call.spec.ignore_index,
        term: call.spec.term.as_ref().map(|term| match term {
            PixelTerm::Class(phi) => Term::Class(&**phi),
            PixelTerm::Element(formula) => Term::Element(&**formula),
        }),
    };
    work(&overlap, logits, shape, &masks)
}

/// The sums, `[SUMS, N, C]`, of logits of one element type.
pub(in crate::backend) fn sums<B, E>(call: OverlapCall<B>) -> FloatTensor<B>
where
    B: Host<E> + Host<f32> + HostIndices,
    E: Storage,
{
    with_masks::<B, E, _>(call, |overlap, logits, shape, masks| {
        let sums = cpu::overlap_sums(overlap, <B as Host<E>>::slice(&logits), shape, masks);
        let sums = sums.into_iter().map(|sum| sum as f32).collect();
        B::from_vec(sums, Shape::new([SUMS, shape.outer, shape.classes]))
    })
}

/// What an upstream gradient of the sums is to the logits: in their place, where nobody else has them.
pub(in crate::backend) fn gradient<B, E>(
    call: OverlapCall<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B>
where
    B: Host<E> + Host<f32> + HostIndices,
    E: Storage,
{
    let upstream = <B as Host<f32>>::contiguous(upstream);
    let upstream = <B as Host<f32>>::slice(&upstream);
    with_masks::<B, E, _>(call, |overlap, logits, shape, masks| {
        rewritten::<B, E>(logits, |given| {
            cpu::overlap_gradient(overlap, given, shape, masks, upstream)
        })
    })
}

/// What some work leaves in the place of logits: of themselves, where nobody else has them, or of new ones.
pub(in crate::backend) fn rewritten<B: Host<E>, E: Storage>(
    mut logits: FloatTensor<B>,
    work: impl FnOnce(Logits<'_, E>) -> Option<Vec<E>>,
) -> FloatTensor<B> {
    if let Some(owned) = B::slice_mut(&mut logits) {
        work(Logits::Consumed(owned));
        return logits;
    }
    let fresh = work(Logits::Kept(B::slice(&logits)));
    B::from_vec(fresh.expect("not in place"), logits.shape())
}
