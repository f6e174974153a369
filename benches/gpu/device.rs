//! The device the losses are measured on.

use burn::{
    backend::DispatchDevice,
    cubecl::client::Client,
    tensor::{Device, FloatDType},
};

/// A device, and what is asked of it besides computing.
#[derive(Clone)]
pub struct Bench {
    pub device: Device,
    /// What it runs on: `cuda`, `wgpu`.
    pub runtime: &'static str,
    pub size: Size,
    /// Whether the composed path is left out.
    pub is_fused_only: bool,
}

/// How large the tensors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What the workload's name says.
    Full,
    /// What a device in software computes in a second or so.
    Small,
    /// What only shows that everything runs.
    Tiny,
}

/// The runtimes this program was built with, the one to prefer first.
pub const RUNTIMES: &[&str] = &[
    #[cfg(feature = "cuda")]
    "cuda",
    #[cfg(feature = "rocm")]
    "rocm",
    #[cfg(feature = "metal")]
    "metal",
    #[cfg(feature = "vulkan")]
    "vulkan",
    #[cfg(feature = "webgpu")]
    "webgpu",
    #[cfg(feature = "wgpu")]
    "wgpu",
    #[cfg(feature = "cpu")]
    "cpu",
];

fn open(runtime: &str) -> Option<Device> {
    match runtime {
        #[cfg(feature = "cuda")]
        "cuda" => Some(Device::cuda(0)),
        #[cfg(feature = "rocm")]
        "rocm" => Some(Device::rocm(0)),
        #[cfg(feature = "metal")]
        "metal" => Some(Device::metal(Default::default())),
        #[cfg(feature = "vulkan")]
        "vulkan" => Some(Device::vulkan(Default::default())),
        #[cfg(feature = "webgpu")]
        "webgpu" => Some(Device::webgpu(Default::default())),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(Device::wgpu(Default::default())),
        #[cfg(feature = "cpu")]
        "cpu" => Some(Device::cpu()),
        _ => None,
    }
}

impl Bench {
    /// Opens the device of a runtime. A device that is no card computes small tensors only.
    pub fn open(runtime: Option<&str>, small: bool, tiny: bool) -> Result<Self, String> {
        let chosen = runtime.or(RUNTIMES.first().copied()).unwrap_or("none");
        let unknown = || format!("no runtime {chosen:?}, built with {}", RUNTIMES.join(", "));
        let runtime = RUNTIMES.iter().find(|known| **known == chosen);
        let runtime = runtime.copied().ok_or_else(unknown)?;
        let device = open(runtime).ok_or_else(unknown)?;
        let is_card = device.identity().is_some_and(|it| it.physical.is_some());
        let size = match (tiny, small || !is_card) {
            (true, _) => Size::Tiny,
            (false, true) => Size::Small,
            (false, false) => Size::Full,
        };
        Ok(Self {
            device,
            runtime,
            size,
            is_fused_only: false,
        })
    }

    /// The name of the device and of its runtime.
    pub fn name(&self) -> String {
        let identity = self.device.identity();
        let name = identity.map_or("unknown".into(), |identity| identity.name);
        format!("{name} ({})", self.runtime)
    }

    /// The device with gradients.
    pub fn tracked(&self) -> Device {
        self.device.clone().autodiff()
    }

    /// Waits for everything that was asked of the device.
    ///
    /// # Panics
    ///
    /// If some of it failed.
    pub fn sync(&self) {
        self.device.sync().expect("the device works");
    }

    pub fn has_bf16(&self) -> bool {
        self.device.supports_dtype(FloatDType::BF16)
    }

    /// The number for the size that is measured.
    pub fn pick<T>(&self, full: T, small: T, tiny: T) -> T {
        match self.size {
            Size::Full => full,
            Size::Small => small,
            Size::Tiny => tiny,
        }
    }

    /// What owns the memory and launches the kernels.
    pub fn client(&self) -> Client {
        match self.device.as_dispatch() {
            DispatchDevice::Cube(device) => device.client(),
            #[allow(unreachable_patterns)]
            _ => unreachable!("a device of CubeCL, without autodiff"),
        }
    }
}
