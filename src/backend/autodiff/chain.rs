//! The chain rule.

use burn::backend::{Backend, TensorMetadata, get_or_init_device_settings, tensor::FloatTensor};

/// A derivative times what comes from upstream, of the same shape or to be expanded to it; where it is 0 it stays 0, whatever that
/// is.
pub(in crate::backend) fn chained<B: Backend>(
    derivative: FloatTensor<B>,
    upstream: FloatTensor<B>,
) -> FloatTensor<B> {
    let mask_type = get_or_init_device_settings::<B>(&derivative.device()).bool_dtype;
    let nothing = B::float_equal_elem(derivative.clone(), 0.0.into(), mask_type);
    B::float_mask_fill(B::float_mul(derivative, upstream), nothing, 0.0.into())
}
