//! The choice between the fused and the composed path.

use burn::tensor::{Device, Tensor, kind::Basic};
use std::cell::Cell;

thread_local! {
    static COMPOSED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with the fused kernels switched off on this thread: the losses it evaluates are
/// composed of ordinary Burn operations.
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
///
/// NdArray stores no half precision, so the data types are the same for both backends.
#[cfg(feature = "any-backend")]
pub(super) fn is_fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    is_known(tensor.dtype()) && !COMPOSED.get() && runs_on_cpu(tensor)
}

/// Whether what is computed on the host, in any type, is to be, for a tensor on a CPU.
#[cfg(any(feature = "flex", feature = "ndarray"))]
pub(super) fn runs_fused<const D: usize>(tensor: &Tensor<D>) -> bool {
    runs_on_cpu(tensor) && !COMPOSED.get()
}

/// Whether kernels compute with tensors of this type, in `f32`.
#[cfg(feature = "any-backend")]
fn is_known(dtype: burn::tensor::DType) -> bool {
    use burn::tensor::DType;

    matches!(dtype, DType::F32 | DType::F16 | DType::BF16)
}

/// Whether fused kernels of any device can take tensors like this one: those of a GPU take no tensor without elements.
#[cfg(feature = "kernels")]
pub(super) fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    #[cfg(feature = "cube")]
    if super::served::is_cube(&tensor.device()) {
        let has_elements = tensor.shape().num_elements() > 0;
        return is_known(tensor.dtype()) && has_elements && !COMPOSED.get();
    }
    is_fused(tensor)
}

/// Whether the fused kernels of a CPU can take points like these.
#[cfg(any(feature = "flex", feature = "ndarray", not(feature = "kernels")))]
#[cfg(feature = "any-backend")]
pub(super) fn takes_points(points: &Tensor<2>) -> bool {
    is_fused(points) && points.dtype() == burn::tensor::DType::F32
}

/// Whether fused kernels of any device can take points like these.
#[cfg(feature = "any-backend")]
pub(super) fn has_pair_kernels(points: &Tensor<2>) -> bool {
    #[cfg(feature = "kernels")]
    return points.dtype() == burn::tensor::DType::F32 && has_kernels(points);
    #[cfg(not(feature = "kernels"))]
    takes_points(points)
}

/// Whether the tensor lies on a CPU backend, whose functions are those of the standard library.
pub(crate) fn runs_on_cpu<const D: usize, K: Basic>(tensor: &Tensor<D, K>) -> bool {
    is_cpu(&tensor.device())
}

/// Whether a device is that of a CPU backend.
pub(super) fn is_cpu(device: &Device) -> bool {
    #[cfg(any(feature = "flex", feature = "ndarray"))]
    use burn::backend::DispatchDevice;

    match device.clone().without_autodiff().as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        #[allow(unreachable_patterns)] // Which variants there are is up to Burn's features.
        _ => false,
    }
}
