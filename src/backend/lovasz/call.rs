//! Lovasz losses as one operation.

use super::{ClassLosses, LovaszErrors, extension::LovaszBackend};
use crate::backend::{
    extension::Weights,
    overlap::{self, OverlapCall, OverlapInputs, OverlapSpec},
    path::runs_on_cpu,
    precision::widened,
};
use burn::{
    backend::{Backend, Dispatch, tensor::FloatTensor},
    tensor::Tensor,
};
use std::sync::Arc;

/// What becomes of masks, and what a gradient is made of.
pub(in crate::backend) struct Ordered<B: Backend> {
    /// The losses, and how many pixels are in each mask, `[2, R, C]`.
    pub losses: FloatTensor<B>,
    /// The slope by each probability, or by each logit, `[N, C, K]`.
    pub slopes: FloatTensor<B>,
}

/// Lovasz losses of a backend, whatever the data type.
pub(in crate::backend) trait FusedLovasz: Backend {
    /// The losses.
    fn lovasz_of(call: OverlapCall<Self>, errors: LovaszErrors) -> Ordered<Self>;

    /// What an upstream gradient of these is to the logits.
    fn gradient_of_lovasz(
        call: OverlapCall<Self>,
        errors: LovaszErrors,
        slopes: FloatTensor<Self>,
        upstream: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

/// The losses, if a kernel can take the inputs.
pub(super) fn run(
    spec: &OverlapSpec,
    errors: LovaszErrors,
    inputs: &OverlapInputs,
) -> Option<ClassLosses> {
    if !runs_on_cpu(&inputs.logits) || !overlap::is_fused(inputs) {
        return None;
    }
    let both = <Dispatch as LovaszBackend>::lovasz(
        Arc::new(spec.clone()),
        errors,
        inputs.logits.clone().into_dispatch(),
        inputs.target.clone().into_row_target(),
        Weights::of(inputs.weights.clone().map(widened)),
    );
    let both = Tensor::<3>::from_dispatch(both);
    let [_, rows, classes] = both.dims();
    let part = |place| both.clone().narrow(0, place, 1).reshape([rows, classes]);
    Some(ClassLosses {
        losses: part(0),
        sizes: part(1).detach(),
    })
}
