//! The picture of scenes, with the pixels of each digit in its colour: as they are, and as each network finds them.

use support::{
    color,
    picture::{Page, RgbImage, Size, grey},
};

use crate::scene::Scene;

/// Side of a scene on the page, and from a scene to the next.
const TILE: u32 = 144;
const PITCH: usize = 156;

/// Scenes in a row.
const COLUMNS: usize = 6;

/// Draws the first scenes: a row of pictures, one of the right answers, one for each named answer.
pub fn draw(scenes: &[Scene], answers: &[(String, Vec<Vec<u8>>)]) -> Page {
    let (left, top) = (150, 84);
    let (width, height) = (left + COLUMNS * PITCH, top + (2 + answers.len()) * PITCH);
    let mut page = Page::new(width as u32, height as u32);
    let title = "Pixels of digits, found by networks trained with each loss";
    page.text(12, 14, title, Size::Large, color::INK);
    for (digit, fill) in (0..).zip(color::DIGITS) {
        let x = 12 + 56 * digit;
        page.fill(x, 52, 16, 16, fill);
        page.text(x + 22, 52, &digit.to_string(), Size::Small, color::INK);
    }
    let names = answers.iter().map(|(name, _)| &name[..]);
    for (row, name) in ["scene", "digits"].into_iter().chain(names).enumerate() {
        let y = (top + row * PITCH) as i32;
        page.text(12, y + 64, name, Size::Small, color::INK);
        for (column, scene) in scenes.iter().enumerate().take(COLUMNS) {
            let image = match row {
                0 => grey(&scene.image),
                1 => overlay(scene, &scene.classes),
                _ => overlay(scene, &answers[row - 2].1[column]),
            };
            page.tile((left + column * PITCH) as i32, y, &image, TILE);
        }
    }
    page
}

/// The scene, with the pixels of digits in their colours.
fn overlay(scene: &Scene, classes: &[u8]) -> RgbImage {
    let mut image = grey(&scene.image);
    for (pixel, &class) in image
        .pixels_mut()
        .zip(classes)
        .filter(|(_, class)| **class > 0)
    {
        let color = color::DIGITS[usize::from(class) - 1];
        let mixed = |grey: u8, color: u8| (0.2 * f32::from(grey) + 0.8 * f32::from(color)) as u8;
        pixel.0 = [0, 1, 2].map(|channel| mixed(pixel.0[channel], color[channel]));
    }
    image
}
