//! The pictures: the views that are trained with, and the embedding before and after.

use rand::{SeedableRng, rngs::ChaCha8Rng};

use crate::{
    bench::Scores,
    digits::{CLASSES, Digit},
    error::Result,
    features::{Features, rows},
    pca,
    png_image::encode_png,
    svg::{Anchor, Stroke, Svg},
    view,
};

const INK: &str = "#222222";
const FAINT: &str = "#666666";

/// Space around everything, and between things.
const GAP: f64 = 24.0;

/// Side of a panel of the embedding.
const PANEL: f64 = 420.0;

/// Room above the panels for headings.
const HEADER: f64 = 108.0;

/// Side of a view, and the space between views.
const TILE: f64 = 96.0;
const TILE_GAP: f64 = 6.0;

/// A colour for each digit.
const COLORS: [&str; CLASSES] = [
    "#4e79a7", "#f28e2b", "#e15759", "#3fa7a0", "#59a14f", "#c9a300", "#9467bd", "#ff7ea5",
    "#8c564b", "#7f7f7f",
];

/// Draws two views of the first digit of each class, one above the other.
pub fn draw_views(digits: &[Digit], seed: u64) -> Result<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let top = 84.0;
    let pitch = TILE + TILE_GAP;
    let width = 2.0 * GAP + pitch * CLASSES as f64 - TILE_GAP;
    let mut page = Svg::new(width, top + 2.0 * pitch - TILE_GAP + GAP);
    let title = "Two views of a digit";
    page.text(GAP, 36.0, title, 20.0, INK, Anchor::Start);
    let note = "each column: the same digit, drawn twice; the network is to find the partner";
    page.text(GAP, 62.0, note, 14.0, FAINT, Anchor::Start);
    let shown = (0..CLASSES).filter_map(|class| digits.iter().find(|digit| digit.class == class));
    for (column, digit) in shown.enumerate() {
        for row in 0..2 {
            let image = encode_png(&view::draw(digit, digits, &mut rng))?;
            let (x, y) = (GAP + column as f64 * pitch, top + f64::from(row) * pitch);
            page.image(x, y, TILE, &image);
        }
    }
    Ok(page.finish())
}

/// Draws the test views as encoders see them, in the two dimensions that show most.
pub fn draw_embeddings(panels: &[(&str, &Features, Scores)], labels: &[usize]) -> String {
    let width = GAP + panels.len() as f64 * (PANEL + GAP);
    let mut page = Svg::new(width, HEADER + PANEL + GAP);
    let title = "Digits never trained with, in the first two principal components";
    page.text(GAP, 36.0, title, 20.0, INK, Anchor::Start);
    draw_legend(&mut page);
    for (index, (name, features, scores)) in panels.iter().enumerate() {
        let plane = pca::project(&rows(features.test.clone()));
        let left = GAP + index as f64 * (PANEL + GAP);
        let title = format!(
            "{name}: linear {:.1} %, neighbours {:.1} %",
            scores.linear * 100.0,
            scores.knn * 100.0,
        );
        page.text(left, HEADER - 10.0, &title, 15.0, INK, Anchor::Start);
        draw_points(&mut page, left, &plane.points, labels);
        let note = format!("{:.0} % of the variance", plane.share * 100.0);
        let (right, foot) = (left + PANEL - 8.0, HEADER + PANEL - 10.0);
        page.text(right, foot, &note, 12.0, FAINT, Anchor::End);
        page.outline(left, HEADER, PANEL, PANEL, Stroke::solid(INK, 1.0));
    }
    page.finish()
}

fn draw_legend(page: &mut Svg) {
    for (class, color) in COLORS.into_iter().enumerate() {
        let x = GAP + 6.0 + class as f64 * 44.0;
        page.dot(x, 60.0, 6.0, color);
        let label = class.to_string();
        page.text(x + 12.0, 65.0, &label, 14.0, INK, Anchor::Start);
    }
}

/// Draws points in a square panel, in one scale for both directions.
fn draw_points(page: &mut Svg, left: f64, points: &[(f64, f64)], labels: &[usize]) {
    let [(x_low, x_high), (y_low, y_high)] = [
        range(points.iter().map(|point| point.0)),
        range(points.iter().map(|point| point.1)),
    ];
    let extent = (x_high - x_low).max(y_high - y_low).max(1e-9);
    let scale = (PANEL - 2.0 * GAP) / extent;
    let (x_middle, y_middle) = ((x_low + x_high) / 2.0, (y_low + y_high) / 2.0);
    for (&(x, y), &label) in points.iter().zip(labels) {
        let x = left + PANEL / 2.0 + (x - x_middle) * scale;
        let y = HEADER + PANEL / 2.0 - (y - y_middle) * scale;
        page.dot(x, y, 2.6, COLORS[label]);
    }
}

fn range(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let ends = (f64::INFINITY, f64::NEG_INFINITY);
    numbers.fold(ends, |(low, high), x| (low.min(x), high.max(x)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{device::DeviceName, digits::DigitSets};
    use burn::tensor::Tensor;

    #[test]
    fn every_class_has_two_views() {
        let digits = DigitSets::bundled().expect("the bundled file is sound");
        let picture = draw_views(&digits.test, 1).expect("sound images");
        assert_eq!(picture.matches("<image ").count(), 2 * CLASSES);
    }

    #[test]
    fn every_test_view_is_a_dot_in_every_panel() {
        let device = DeviceName::choose(None).expect("a device").open();
        let test = Tensor::<2>::from_floats([[0.0, 1.0], [1.0, 0.0], [5.0, 5.0]], &device);
        let features = Features {
            train: test.clone(),
            test,
        };
        let scores = Scores {
            knn: 0.5,
            linear: 0.75,
        };
        let panels = [("one", &features, scores), ("two", &features, scores)];
        let picture = draw_embeddings(&panels, &[0, 1, 9]);
        assert_eq!(picture.matches("<circle ").count(), CLASSES + 2 * 3);
        assert!(picture.contains(">two: linear 75.0 %, neighbours 50.0 %<"));
        assert!(picture.contains(">100 % of the variance<"));
    }
}
