//! Lovasz losses as one operation on slices.

use super::{LovaszErrors, call::Ordered};
use crate::{
    backend::{
        host::{Host, HostIndices},
        overlap::{
            OverlapCall,
            fused::{rewritten, with_masks},
        },
    },
    kernel::cpu::{self, Logits, Lovasz, LovaszOutcome, Storage},
};
use burn::{
    backend::{TensorMetadata, tensor::FloatTensor},
    tensor::Shape,
};

fn of<'a>(overlap: &cpu::Overlap<'a>, errors: LovaszErrors) -> Lovasz<'a> {
    Lovasz {
        overlap: *overlap,
        hinge: errors.hinge,
        batch: errors.batch,
    }
}

/// The losses, of logits of one element type.
pub(in crate::backend) fn lovasz<B, E>(call: OverlapCall<B>, errors: LovaszErrors) -> Ordered<B>
where
    B: Host<E> + Host<f32> + HostIndices,
    E: Storage,
{
    with_masks::<B, E, _>(call, |overlap, logits, shape, masks| {
        let elements = <B as Host<E>>::slice(&logits);
        let found = cpu::lovasz(&of(overlap, errors), elements, shape, masks);
        let LovaszOutcome {
            losses,
            sizes,
            slopes,
        } = found;
        let rows = losses.len() / shape.classes;
        let both = losses.into_iter().chain(sizes);
        let both = both.map(|number| number as f32).collect();
        Ordered {
            losses: B::from_vec(both, Shape::new([2, rows, shape.classes])),
            slopes: B::from_vec(slopes, logits.shape()),
        }
    })
}

/// What an upstream gradient of the losses is to the logits: in their place, where nobody else has them.
pub(in crate::backend) fn gradient<B, E>(
    call: OverlapCall<B>,
    errors: LovaszErrors,
    slopes: FloatTensor<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B>
where
    B: Host<E> + Host<f32> + HostIndices,
    E: Storage,
{
    let [slopes, upstream] = [slopes, upstream].map(<B as Host<f32>>::contiguous);
    let [slopes, upstream] = [&slopes, &upstream].map(<B as Host<f32>>::slice);
    // The sizes of masks are constants.
    let upstream = &upstream[..upstream.len() / 2];
    with_masks::<B, E, _>(call, |overlap, logits, shape, masks| {
        let spec = of(overlap, errors);
        let work = |given: Logits<'_, E>| {
            cpu::lovasz_gradient(&spec, given, shape, masks, slopes, upstream)
        };
        rewritten::<B, E>(logits, work)
    })
}
