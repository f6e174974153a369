//! Where losses are tested: every enabled device, plain, with autodiff, with gradient
//! checkpointing, each by the fused and by the composed path.

use super::Dtype;
use burn::tensor::Device;
use std::fmt;

/// Which of the two ways a loss is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// As the library chooses: fused kernels where the device has them.
    Chosen,
    /// Composed of ordinary tensor operations.
    Composed,
}

impl Path {
    pub const BOTH: [Path; 2] = [Path::Chosen, Path::Composed];

    /// Runs `f` this way.
    pub fn run<T>(self, f: impl FnOnce() -> T) -> T {
        match self {
            Path::Chosen => f(),
            Path::Composed => burn_losses::composed(f),
        }
    }
}

/// A device and a path on it.
#[derive(Clone)]
pub struct Site {
    name: String,
    pub device: Device,
    pub path: Path,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name, self.path)
    }
}

impl Site {
    /// The same device by another path.
    pub fn on(&self, path: Path) -> Self {
        Self {
            path,
            ..self.clone()
        }
    }

    /// Whether the device has every float type.
    pub fn is_flex(&self) -> bool {
        self.name.starts_with("flex")
    }

    /// Whether this is a GPU, or software that behaves like one.
    pub fn is_gpu(&self) -> bool {
        self.name.starts_with("wgpu")
    }

    /// Whether the library has kernels of its own for this type on the device.
    pub fn has_kernels(&self, dtype: Dtype) -> bool {
        let ndarray = self.name.starts_with("ndarray");
        match dtype {
            Dtype::F64 => false,
            Dtype::F32 => self.is_flex() || ndarray,
            Dtype::F16 | Dtype::BF16 => self.is_flex(),
        }
    }

    /// Whether sums are taken in `f64` here: the kernels do, tensor operations sum in the type.
    pub fn sums_in_f64(&self, dtype: Dtype) -> bool {
        self.path == Path::Chosen && self.has_kernels(dtype)
    }
}

/// Names of devices, separated by commas: the others are left out. For a second run of the tests with more devices.
const DEVICES: &str = "BURN_LOSSES_DEVICES";

fn is_tested((name, _): &(&'static str, Device)) -> bool {
    match std::env::var(DEVICES) {
        Ok(names) => names.split(',').any(|one| one == *name),
        Err(_) => true,
    }
}

/// Every enabled CPU device without autodiff.
fn devices() -> Vec<(&'static str, Device)> {
    let mut devices = vec![
        #[cfg(feature = "flex")]
        ("flex", Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(deprecated)] // Burn will drop it; until then it is tested.
        ("ndarray", Device::ndarray()),
    ];
    devices.retain(is_tested);
    devices
}

/// The GPU, where there is one, without autodiff. A process with a forced instruction set is there
/// for the kernels, so it leaves the GPU out.
fn gpu() -> Vec<(&'static str, Device)> {
    if std::env::var_os("BURN_LOSSES_ISA").is_some() {
        return Vec::new();
    }
    let mut devices = vec![
        #[cfg(feature = "wgpu")]
        (
            "wgpu",
            Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        ),
    ];
    devices.retain(is_tested);
    devices
}

/// A device with autodiff, with and without gradient checkpointing.
fn with_gradients((name, device): (&'static str, Device)) -> [(String, Device); 2] {
    let autodiff = device.autodiff();
    [
        (format!("{name} with autodiff"), autodiff.clone()),
        (
            format!("{name} with gradient checkpointing"),
            autodiff.gradient_checkpointing(),
        ),
    ]
}

/// Every site on the CPU where there are gradients.
pub fn differentiable_sites() -> Vec<Site> {
    on_paths(&Path::BOTH, devices().into_iter().flat_map(with_gradients))
}

/// Every site where there are gradients, the GPU included. That takes long, and plain operations have no say in what is
/// computed again: the composed path is not tested with gradient checkpointing there.
pub fn differentiable_sites_and_gpu() -> Vec<Site> {
    let mut sites = differentiable_sites();
    for device in gpu() {
        let [autodiff, checkpointing] = with_gradients(device);
        sites.extend(on_paths(&Path::BOTH, [autodiff].into_iter()));
        sites.extend(on_paths(&[Path::Chosen], [checkpointing].into_iter()));
    }
    sites
}

/// Every site on the CPU where there are gradients, and the kernels of the GPU. For what the paths have in common: forms and
/// layouts in many combinations, which the composed path has been through on the CPU.
pub fn differentiable_sites_and_traced() -> Vec<Site> {
    let mut sites = differentiable_sites();
    for device in gpu() {
        let [autodiff, _] = with_gradients(device);
        sites.extend(on_paths(&[Path::Chosen], [autodiff].into_iter()));
    }
    sites
}

/// Every site without gradients, the GPU included.
pub fn plain_sites_and_gpu() -> Vec<Site> {
    let mut sites = plain_sites();
    let gpu = gpu().into_iter();
    let gpu = gpu.map(|(name, device)| (name.to_string(), device));
    sites.extend(on_paths(&Path::BOTH, gpu));
    sites
}

fn plain_sites() -> Vec<Site> {
    let plain = devices().into_iter();
    let plain = plain.map(|(name, device)| (name.to_string(), device));
    on_paths(&Path::BOTH, plain)
}

/// Every site on the CPU.
pub fn sites() -> Vec<Site> {
    let mut sites = plain_sites();
    sites.extend(differentiable_sites());
    sites
}

/// Every site where one call has the same bits as another that says the same: the GPU is included, but not plain operations
/// there, which Burn puts together differently from one time to the next.
pub fn sites_and_gpu() -> Vec<Site> {
    let mut sites = plain_sites_and_gpu();
    sites.extend(differentiable_sites_and_gpu());
    sites.retain(|site| !site.is_gpu() || site.path == Path::Chosen);
    sites
}

fn on_paths(paths: &[Path], devices: impl Iterator<Item = (String, Device)>) -> Vec<Site> {
    devices
        .flat_map(|(name, device)| {
            paths.iter().map(move |&path| Site {
                name: name.clone(),
                device: device.clone(),
                path,
            })
        })
        .collect()
}
