//! Below the dispatch and below autodiff: kernels, where the backend has some for an operation, or Burn's own
//! operations.

use super::{
    call::{Dispatched, PairCall},
    composed,
    operation::{Extremes, PairOperation},
};
use burn::backend::tensor::{FloatTensor, IntTensor};

/// A backend that may have kernels for operations on pairs.
pub(crate) trait FusedPairs: Dispatched {
    /// What kernels make of a call; `None` where there are none for the operation.
    #[allow(unused_variables)]
    fn fused_terms(operation: &PairOperation, call: &PairCall<Self>) -> Option<FloatTensor<Self>> {
        None
    }

    /// What kernels make of an upstream gradient; as [`gradients`].
    #[allow(unused_variables)]
    fn fused_gradients(
        operation: &PairOperation,
        call: &PairCall<Self>,
        terms: &FloatTensor<Self>,
        upstream: &FloatTensor<Self>,
        wanted: [bool; 2],
    ) -> Option<[Option<FloatTensor<Self>>; 2]> {
        None
    }

    /// What kernels find: for each row the column of its positive, that of its negative, and whether it lacks one of them,
    /// which is 1 or 0. `None` where there are none.
    #[allow(unused_variables)]
    fn fused_extremes(extremes: &Extremes, call: &PairCall<Self>) -> Option<[IntTensor<Self>; 3]> {
        None
    }
}

#[cfg(feature = "tch")]
#[allow(deprecated)] // Burn will drop it; until then it is served.
impl FusedPairs for burn::backend::LibTorch {}

#[cfg(feature = "remote")]
impl FusedPairs for burn::backend::Remote {}

/// What an operation makes of its inputs.
pub(crate) fn terms<B: FusedPairs>(
    operation: &PairOperation,
    call: &PairCall<B>,
) -> FloatTensor<B> {
    let fused = match call.is_fused {
        true => B::fused_terms(operation, call),
        false => None,
    };
    fused.unwrap_or_else(|| B::primitive(composed::terms(operation, &call.inputs())))
}

/// What an upstream gradient of the terms is to rows and columns, each where it is wanted. Where these are
/// the same there is one, the first.
pub(crate) fn gradients<B: FusedPairs>(
    operation: &PairOperation,
    call: &PairCall<B>,
    terms: FloatTensor<B>,
    upstream: FloatTensor<B>,
    wanted: [bool; 2],
) -> [Option<FloatTensor<B>>; 2] {
    let fused = match call.is_fused {
        true => B::fused_gradients(operation, call, &terms, &upstream, wanted),
        false => None,
    };
    fused.unwrap_or_else(|| {
        let [terms, upstream] = [terms, upstream].map(B::tensor);
        let gradients = composed::gradients(operation, &call.inputs(), terms, upstream, wanted);
        gradients.map(|gradient| gradient.map(B::primitive))
    })
}
