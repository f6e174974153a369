//! The results, for programs.

use serde::Serialize;
use std::{fs, path::Path};

/// Writes results as JSON, with the folder the file is in.
pub fn write<T: Serialize>(rows: &[T], path: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let text = serde_json::to_string_pretty(rows).map_err(|error| error.to_string())?;
    fs::write(path, text).map_err(failed)
}
