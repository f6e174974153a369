//! The folder an example writes its results to.

use std::{fs, path::Path};

use super::error::{Error, Result};

/// Makes sure that the folder is there: before the work whose results go into it.
pub fn create_folder(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|fault| {
        Error::new(format!(
            "cannot create the folder {}: {fault}",
            folder.display()
        ))
    })
}

/// Writes a text file into the folder.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, text)
        .map_err(|fault| Error::new(format!("cannot write {}: {fault}", path.display())))
}

/// Writes a report into the folder, as JSON.
pub fn write_json(folder: &Path, name: &str, report: &impl serde::Serialize) -> Result<()> {
    let json = serde_json::to_string_pretty(report)
        .map_err(|fault| Error::new(format!("cannot write {name} as JSON: {fault}")))?;
    write(folder, name, &json)
}
