//! Devices whose backend this crate has a feature for, and what is said of the others.

use burn::tensor::Device;
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// Whether this crate is built for the backend of a device: its operations then have a handwritten backward pass there.
pub(super) fn is_served(device: &Device) -> bool {
    #[cfg(feature = "any-backend")]
    use burn::backend::DispatchDevice;

    match device.clone().without_autodiff().as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        #[cfg(feature = "ndarray")]
        DispatchDevice::NdArray(_) => true,
        #[cfg(feature = "cube")]
        DispatchDevice::Cube(_) => true,
        #[cfg(feature = "tch")]
        DispatchDevice::LibTorch(_) => true,
        #[cfg(feature = "remote")]
        DispatchDevice::Remote(_) => true,
        #[allow(unreachable_patterns)] // Which variants there are is up to Burn's features.
        _ => false,
    }
}

/// Whether a device is one of CubeCL.
#[cfg(feature = "cube")]
pub(super) fn is_cube(device: &Device) -> bool {
    use burn::backend::DispatchDevice;

    let device = device.clone().without_autodiff();
    matches!(device.as_dispatch(), DispatchDevice::Cube(_))
}

/// Warns once of a device whose backend this crate is built without, and says what mends it.
pub(super) fn expect_served(device: &Device) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

    if is_served(device) {
        return;
    }
    let device = format!("{:?}", device.clone().without_autodiff().as_dispatch());
    let text = warning(&device);
    let is_new = {
        let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
        said.insert(text.clone())
    };
    if is_new {
        log::warn!("{text}");
    }
}

/// What is said of a device, as Burn shows it.
fn warning(device: &str) -> String {
    let backend = device.split(['(', ' ']).take(2).collect::<Vec<_>>();
    let feature = match backend[..] {
        ["Flex", ..] => "flex",
        ["NdArray", ..] => "ndarray",
        ["LibTorch", ..] => "tch",
        ["Remote", ..] => "remote",
        ["Cube", "Cuda"] => "cuda",
        ["Cube", "Hip"] => "rocm",
        ["Cube", "Metal"] => "metal",
        ["Cube", "Wgpu"] => "wgpu",
        ["Cube", "Cpu"] => "cpu",
        // A backend younger than this.
        _ => "the one of that backend",
    };
    let kind = backend.join(" ");
    format!(
        "burn-losses is built without the feature of the backend `{kind}`: losses are plain Burn operations there and \
         take more time and memory than they need to. Enable its feature `{feature}`: burn-losses = {{ version = \
         \"{}\", features = [\"{feature}\"] }}",
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feature_of_each_backend_is_named() {
        for (device, feature) in [
            ("Flex(FlexDevice)", "flex"),
            ("NdArray(Cpu)", "ndarray"),
            ("LibTorch(Cpu)", "tch"),
            ("Remote(RemoteDevice { .. })", "remote"),
            ("Cube(Cuda(CudaDevice { index: 0 }))", "cuda"),
            ("Cube(Hip(AmdDevice { index: 0 }))", "rocm"),
            ("Cube(Metal(DefaultDevice))", "metal"),
            ("Cube(Wgpu(WgpuDevice { kind: DefaultDevice }))", "wgpu"),
            ("Cube(Cpu(CpuDevice))", "cpu"),
        ] {
            let text = warning(device);
            assert!(
                text.contains(&format!("feature `{feature}`: burn-losses = ")),
                "{text}"
            );
            assert!(
                text.ends_with(&format!("features = [\"{feature}\"] }}")),
                "{text}"
            );
        }
    }

    /// What is logged, kept.
    struct Kept(Mutex<Vec<String>>);

    impl log::Log for Kept {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            if record.target() == "burn_losses::backend::served" {
                self.0
                    .lock()
                    .expect("no panic")
                    .push(record.args().to_string());
            }
        }

        fn flush(&self) {}
    }

    /// Of a program that enables a backend of Burn without this crate's feature:
    /// `cargo test --no-default-features --features burn/flex --lib served`.
    #[test]
    fn a_device_of_another_backend_is_warned_of_once() {
        use crate::*;
        use burn::tensor::{Int, Tensor};

        static KEPT: Kept = Kept(Mutex::new(Vec::new()));
        log::set_logger(&KEPT).expect("the only logger");
        log::set_max_level(log::LevelFilter::Warn);
        let Ok(device) = std::panic::catch_unwind(Device::default) else {
            return; // Burn has no backend at all.
        };
        let device = device.autodiff();
        let points = || Tensor::<2>::from_floats([[1.0, 0.0], [0.0, 1.0]], &device);
        let labels = || Tensor::<1, Int>::from_ints([0, 1], &device);
        for _ in 0..2 {
            let _ = MseLossConfig::new().init().forward(points(), points());
            let _ = CrossEntropyLossConfig::new()
                .init()
                .forward(points(), labels());
            let _ = ContrastiveLossConfig::new()
                .init()
                .forward(points(), labels());
        }
        let said = KEPT.0.lock().expect("no panic").clone();
        match is_served(&device) {
            true => assert_eq!(said, [] as [&str; 0]),
            false => assert_eq!(said.len(), 1, "{said:?}"),
        }
    }
}
