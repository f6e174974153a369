//! Vectors with labels as points in the two dimensions that show most of them.

use burn::tensor::Tensor;

use super::{
    pca,
    svg::{Anchor, Stroke, Svg},
    vectors::rows,
};

const INK: &str = "#222222";
const FAINT: &str = "#666666";

/// Space around everything, and between panels.
const GAP: f64 = 24.0;

/// Side of a panel, and the room above it for its title.
const PANEL: f64 = 420.0;
const TITLE: f64 = 30.0;

/// Panels next to each other.
const COLUMNS: usize = 2;

/// Room above the panels for headings.
const HEADER: f64 = 78.0;

/// A colour for each label.
const COLORS: [&str; 10] = [
    "#4e79a7", "#f28e2b", "#e15759", "#3fa7a0", "#59a14f", "#c9a300", "#9467bd", "#ff7ea5",
    "#8c564b", "#7f7f7f",
];

/// The same things, as vectors of one kind.
pub struct Panel {
    pub title: String,
    /// `[N, D]`
    pub vectors: Tensor<2>,
}

/// Draws panels with the same `N` labels, each below 10.
pub fn draw(title: &str, panels: Vec<Panel>, labels: &[usize]) -> String {
    let pitch = (PANEL + GAP, TITLE + PANEL + GAP);
    let columns = panels.len().min(COLUMNS) as f64;
    let lines = panels.len().div_ceil(COLUMNS) as f64;
    let mut page = Svg::new(GAP + columns * pitch.0, HEADER + lines * pitch.1);
    page.text(GAP, 36.0, title, 20.0, INK, Anchor::Start);
    draw_legend(&mut page, labels);
    for (index, panel) in panels.into_iter().enumerate() {
        let left = GAP + (index % COLUMNS) as f64 * pitch.0;
        let top = HEADER + TITLE + (index / COLUMNS) as f64 * pitch.1;
        panel.draw(&mut page, left, top, labels);
    }
    page.finish()
}

impl Panel {
    fn draw(self, page: &mut Svg, left: f64, top: f64, labels: &[usize]) {
        let plane = pca::project(&rows(self.vectors));
        page.text(left, top - 10.0, &self.title, 15.0, INK, Anchor::Start);
        draw_points(page, left, top, &plane.points, labels);
        let note = format!("{:.0} % of the variance", plane.share * 100.0);
        let (right, foot) = (left + PANEL - 8.0, top + PANEL - 10.0);
        page.text(right, foot, &note, 12.0, FAINT, Anchor::End);
        page.outline(left, top, PANEL, PANEL, Stroke::solid(INK, 1.0));
    }
}

/// The labels that there are, in their colours.
fn draw_legend(page: &mut Svg, labels: &[usize]) {
    let named = COLORS.into_iter().enumerate();
    let shown = named.filter(|(label, _)| labels.contains(label));
    for (place, (label, color)) in shown.enumerate() {
        let x = GAP + 6.0 + place as f64 * 44.0;
        page.dot(x, 60.0, 6.0, color);
        let label = label.to_string();
        page.text(x + 12.0, 65.0, &label, 14.0, INK, Anchor::Start);
    }
}

/// Draws points in a square, in one scale for both directions.
fn draw_points(page: &mut Svg, left: f64, top: f64, points: &[(f64, f64)], labels: &[usize]) {
    let [(x_low, x_high), (y_low, y_high)] = [
        range(points.iter().map(|point| point.0)),
        range(points.iter().map(|point| point.1)),
    ];
    let extent = (x_high - x_low).max(y_high - y_low).max(1e-9);
    let scale = (PANEL - 2.0 * GAP) / extent;
    let (x_middle, y_middle) = ((x_low + x_high) / 2.0, (y_low + y_high) / 2.0);
    for (&(x, y), &label) in points.iter().zip(labels) {
        let x = left + PANEL / 2.0 + (x - x_middle) * scale;
        let y = top + PANEL / 2.0 - (y - y_middle) * scale;
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
    use crate::device::DeviceName;

    #[test]
    fn every_vector_is_a_dot_in_every_panel() {
        let device = DeviceName::choose(None).expect("a device").open();
        let panel = |title: &str| Panel {
            title: title.into(),
            vectors: Tensor::from_floats([[0.0, 1.0], [1.0, 0.0], [5.0, 5.0]], &device),
        };
        let panels = vec![panel("one"), panel("two"), panel("three")];
        let picture = draw("points", panels, &[0, 9, 9]);
        assert_eq!(picture.matches("<circle ").count(), 2 + 3 * 3);
        assert!(picture.contains(">three<"));
        assert!(picture.contains(">100 % of the variance<"));
        assert!(picture.contains("viewBox=\"0 0 912 1026\""), "{picture}");
    }
}
