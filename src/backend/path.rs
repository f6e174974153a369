//! The choice between the fused and the composed path.

use burn::tensor::Tensor;
use std::cell::Cell;

thread_local! {
    static COMPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with the fused CPU kernels switched off on this thread: the losses it evaluates are
/// composed of ordinary Burn operations, as on a GPU.
///
/// Both ways give the same numbers up to rounding. This is for comparing them, and for ruling the
/// kernels out when looking for a fault.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use burn_losses::{MseLossConfig, composed};
///
/// let device = Device::flex();
/// let prediction = Tensor::<1>::from_floats([1.0, 2.0], &device);
/// let target = Tensor::<1>::from_floats([1.0, 4.0], &device);
/// let loss = composed(|| MseLossConfig::new().init().forward(prediction, target));
/// assert_eq!(loss.into_scalar::<f32>(), 2.0);
/// ```
pub fn composed<T>(f: impl FnOnce() -> T) -> T {
    /// Restores the previous choice, also when `f` panics.
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            COMPOSED.set(self.0);
        }
    }

    let _restore = Restore(COMPOSED.replace(true));
    f()
}

/// Whether the fused kernels can take tensors like this one.
pub(super) fn is_fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    !COMPOSED.get() && has_kernels(tensor)
}

#[cfg(any(feature = "flex", feature = "ndarray"))]
fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    use burn::{backend::DispatchDevice, tensor::DType};

    match tensor.device().without_autodiff().as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => {
            matches!(tensor.dtype(), DType::F32 | DType::F16 | DType::BF16)
        }
        // Burn's NdArray backend stores no half precision.
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => matches!(tensor.dtype(), DType::F32),
        #[allow(unreachable_patterns)] // Which variants there are is up to Burn's features.
        _ => false,
    }
}

#[cfg(not(any(feature = "flex", feature = "ndarray")))]
fn has_kernels<const D: usize>(_tensor: &Tensor<D>) -> bool {
    false
}
