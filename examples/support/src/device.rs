//! The devices this build can run on, by the crate's features.

use burn::tensor::Device;
use clap::ValueEnum;

use crate::{Context, Result};

/// A device that was compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeviceName {
    #[cfg(feature = "flex")]
    Flex,
    #[cfg(feature = "ndarray")]
    Ndarray,
    #[cfg(feature = "wgpu")]
    Wgpu,
}

impl DeviceName {
    /// The named device, or the first that was compiled in.
    pub fn choose(named: Option<Self>) -> Result<Self> {
        named
            .or(Self::value_variants().first().copied())
            .context("this program was compiled without a device; enable the feature flex or wgpu")
    }

    /// The device, without autodiff.
    #[allow(
        deprecated,
        reason = "Burn 0.22 still releases NdArray, and so does this crate"
    )]
    pub fn open(self) -> Device {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Device::flex(),
            #[cfg(feature = "ndarray")]
            Self::Ndarray => Device::ndarray(),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        }
    }
}
