//! The element types tensors are stored in; all of them are computed in `f32`.

use half::{bf16, f16, slice::HalfFloatSliceExt};
use std::borrow::Cow;

/// A floating point type whose elements can be widened to `f32` and rounded back.
///
/// # Safety
/// Only `f32` may set [`IS_F32`](Self::IS_F32): kernels then use its slices as they are.
pub(crate) unsafe trait Storage: Copy + Default + Send + Sync + 'static {
    /// Whether this is `f32` itself, so that slices can be used where they lie.
    const IS_F32: bool = false;

    /// The same slice, where this is `f32`.
    fn in_f32(slice: &mut [Self]) -> Option<&mut [f32]> {
        let _ = slice;
        None
    }

    /// Writes `source` to `out`, of the same length, as `f32`.
    fn widen(source: &[Self], out: &mut [f32]);

    /// Writes `source` to `out`, of the same length, rounded to nearest.
    fn narrow(source: &[f32], out: &mut [Self]);

    /// `source` as `f32`: itself, or a copy.
    fn widened(source: &[Self]) -> Cow<'_, [f32]> {
        let mut out = vec![0.0; source.len()];
        Self::widen(source, &mut out);
        Cow::Owned(out)
    }
}

// SAFETY: this is `f32`.
unsafe impl Storage for f32 {
    const IS_F32: bool = true;

    fn in_f32(slice: &mut [Self]) -> Option<&mut [f32]> {
        Some(slice)
    }

    fn widen(source: &[Self], out: &mut [f32]) {
        out.copy_from_slice(source);
    }

    fn narrow(source: &[f32], out: &mut [Self]) {
        out.copy_from_slice(source);
    }

    fn widened(source: &[Self]) -> Cow<'_, [f32]> {
        Cow::Borrowed(source)
    }
}

// SAFETY: `IS_F32` is not set.
unsafe impl Storage for f16 {
    fn widen(source: &[Self], out: &mut [f32]) {
        source.convert_to_f32_slice(out);
    }

    fn narrow(source: &[f32], out: &mut [Self]) {
        out.convert_from_f32_slice(source);
    }
}

// SAFETY: `IS_F32` is not set.
unsafe impl Storage for bf16 {
    fn widen(source: &[Self], out: &mut [f32]) {
        source.convert_to_f32_slice(out);
    }

    fn narrow(source: &[f32], out: &mut [Self]) {
        out.convert_from_f32_slice(source);
    }
}
