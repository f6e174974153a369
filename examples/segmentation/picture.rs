//! The picture of scenes, with the pixels of each digit in its colour: as they are, and as each network finds them.

use crate::{
    error::Result,
    png_image::encode_png_rgb,
    scene::{CLASSES, SIDE, Scene},
    svg::{Anchor, Svg},
};

/// Side of a scene on the page, and the space between scenes.
const TILE: f64 = 150.0;
const GAP: f64 = 12.0;
const HEADER: f64 = 76.0;
const ROW_NAME: f64 = 176.0;

/// Scenes in a row.
const COLUMNS: usize = 6;

const INK: &str = "#222222";

/// A colour for each digit, apart for the colour-blind as far as ten colours can be (Okabe and Ito's, lighter and darker).
const COLORS: [[u8; 3]; CLASSES - 1] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [178, 223, 138],
    [140, 86, 75],
    [150, 110, 220],
];

/// Draws the first scenes: a row of pictures, one of the right answers, one for each named answer.
pub fn draw(scenes: &[Scene], answers: &[(&str, &[Vec<u8>])]) -> Result<String> {
    let scenes = &scenes[..COLUMNS.min(scenes.len())];
    let nothing: Vec<Vec<u8>> = scenes.iter().map(|s| vec![0; s.classes.len()]).collect();
    let right: Vec<Vec<u8>> = scenes.iter().map(|s| s.classes.clone()).collect();
    let mut rows = vec![("scene", &nothing[..]), ("digits", &right[..])];
    rows.extend(answers);
    let width = ROW_NAME + COLUMNS as f64 * (TILE + GAP);
    let mut page = Svg::new(width, HEADER + rows.len() as f64 * (TILE + GAP));
    page.text(
        GAP,
        32.0,
        "Pixels of digits, found by networks trained with each loss",
        20.0,
        INK,
        Anchor::Start,
    );
    for (digit, color) in COLORS.iter().enumerate() {
        let x = GAP + 56.0 * digit as f64;
        let [r, g, b] = color;
        page.fill(x, 46.0, 16.0, 16.0, &format!("#{r:02x}{g:02x}{b:02x}"));
        page.outline(
            x,
            46.0,
            16.0,
            16.0,
            crate::svg::Stroke::solid("#888888", 0.6),
        );
        page.text(x + 22.0, 59.0, &digit.to_string(), 14.0, INK, Anchor::Start);
    }
    for (row, (name, classes)) in rows.into_iter().enumerate() {
        let top = HEADER + row as f64 * (TILE + GAP);
        page.text(GAP, top + TILE / 2.0, name, 15.0, INK, Anchor::Start);
        for (column, (scene, classes)) in scenes.iter().zip(classes).enumerate() {
            let left = ROW_NAME + column as f64 * (TILE + GAP);
            let image = encode_png_rgb(SIDE, SIDE, &overlay(scene, classes))?;
            page.image(left, top, TILE, &image);
        }
    }
    Ok(page.finish())
}

/// The scene, with the pixels of digits in their colours.
fn overlay(scene: &Scene, classes: &[u8]) -> Vec<u8> {
    let pixels = scene.image.pixels.iter().zip(classes);
    let colored = pixels.flat_map(|(&brightness, &class)| {
        let grey = brightness * 255.0;
        match class {
            0 => [grey as u8; 3],
            digit => COLORS[usize::from(digit) - 1]
                .map(|color| (0.8 * f32::from(color) + 0.2 * grey) as u8),
        }
    });
    colored.collect()
}
