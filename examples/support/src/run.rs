//! What every example is told on the command line, and the folder it writes its results to.

use std::{
    fs,
    path::{Path, PathBuf},
};

use burn::tensor::Device;
use clap::Args;
use serde::Serialize;

use crate::{Context, Result, device::DeviceName};

/// The arguments that all examples have.
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// Folder for report.json and pictures [default: target/ and the name of the example]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,

    /// Train for less than a minute: shows that everything works, not what it can do
    #[arg(long)]
    pub quick: bool,

    /// Where to train: one of the devices this program was compiled for
    #[arg(long, value_enum)]
    pub device: Option<DeviceName>,

    /// Seed of the initial weights and of the data (of the first training, if there are several)
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl RunArgs {
    /// The device, without autodiff, and its name.
    pub fn device(&self) -> Result<(Device, String)> {
        let name = DeviceName::choose(self.device)?;
        Ok((name.open(), format!("{name:?}").to_lowercase()))
    }

    /// The folder for results. It is created before the training, so that one that cannot be written costs no one minutes.
    pub fn folder(&self, example: &str) -> Result<Folder> {
        let default = || Path::new("target").join(example);
        let folder = self.out.clone().unwrap_or_else(default);
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot create the folder {}", folder.display()))?;
        Ok(Folder(folder))
    }
}

/// A folder for results.
pub struct Folder(PathBuf);

impl Folder {
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a text file.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Writes a report, as JSON.
    pub fn write_json(&self, name: &str, report: &impl Serialize) -> Result<()> {
        self.write(name, &serde_json::to_string_pretty(report)?)
    }

    /// Says what was written.
    pub fn announce(&self, names: &str) {
        println!("written to {}: {names}", self.0.display());
    }
}
