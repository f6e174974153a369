//! Draws losses and their gradients, evaluated from the very formulas the losses compute with: `loss_curves.svg` for the
//! README, and `curves/*.svg` for the pages of the losses.
//!
//! `cargo run --example loss_curves [FOLDER]` writes them into `docs`, or into FOLDER.

mod drawing;
mod labels;
mod pictures;

use std::{env, fs, io, path::PathBuf};

/// How many of the pictures the README shows.
const SHOWN: usize = 10;

fn main() -> io::Result<()> {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs").into();
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or(docs));
    let curves = folder.join("curves");
    fs::create_dir_all(&curves)?;
    let pictures = pictures::all();
    let overview = drawing::overview(&pictures[..SHOWN]);
    fs::write(folder.join("loss_curves.svg"), overview)?;
    for picture in &pictures {
        let file = curves.join(picture.name).with_extension("svg");
        fs::write(file, drawing::alone(picture))?;
    }
    println!("written to {}", folder.display());
    Ok(())
}
