//! A diagram: lines over two axes.

use super::svg::{Anchor, Stroke, Svg};

/// The colour of axes and text.
pub const INK: &str = "#222222";
const FAINT: &str = "#dddddd";

/// Where a diagram stands on its page, without the labels around it.
#[derive(Clone, Copy)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

/// An axis: its ends, and its marks with their labels.
pub struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// An axis with a mark at each of the values.
    pub fn linear(low: f64, high: f64, ticks: impl IntoIterator<Item = f64>) -> Self {
        Self {
            low,
            high,
            ticks: ticks
                .into_iter()
                .map(|value| (value, label(value)))
                .collect(),
        }
    }

    /// How far along the axis a value lies, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// One line of a diagram.
pub struct Line<'a> {
    pub points: Vec<(f64, f64)>,
    pub stroke: Stroke<'a>,
    /// Marks every point, for lines that have few.
    pub dots: bool,
}

/// Lines over two axes.
pub struct Chart<'a> {
    pub title: &'a str,
    pub x: Axis,
    pub y: Axis,
    /// What the horizontal axis measures.
    pub x_label: &'a str,
    pub lines: Vec<Line<'a>>,
}

impl Chart<'_> {
    /// Draws the diagram. What leaves the frame upwards or downwards is cut off.
    pub fn draw(&self, page: &mut Svg, frame: Frame) {
        let Frame {
            left,
            top,
            width,
            height,
        } = frame;
        let (foot, middle) = (top + height, left + width / 2.0);
        let to_x = |value: f64| left + width * self.x.share(value);
        let to_y = |value: f64| foot - height * self.y.share(value);

        page.text(middle, top - 12.0, self.title, 15.0, INK, Anchor::Middle);
        for (value, label) in &self.y.ticks {
            let y = to_y(*value);
            page.line(&[(left, y), (left + width, y)], Stroke::solid(FAINT, 1.0));
            page.text(left - 8.0, y + 4.0, label, 12.0, INK, Anchor::End);
        }
        for (value, label) in &self.x.ticks {
            let x = to_x(*value);
            page.line(&[(x, foot), (x, foot + 5.0)], Stroke::solid(INK, 1.0));
            page.text(x, foot + 20.0, label, 12.0, INK, Anchor::Middle);
        }
        page.text(middle, foot + 42.0, self.x_label, 13.0, INK, Anchor::Middle);

        for line in &self.lines {
            let points: Vec<_> = clip(&line.points, self.y.low, self.y.high)
                .into_iter()
                .map(|(x, y)| (to_x(x), to_y(y)))
                .collect();
            page.line(&points, line.stroke);
            for &(x, y) in points.iter().filter(|_| line.dots) {
                page.dot(x, y, 3.5, line.stroke.color);
            }
        }
        page.outline(left, top, width, height, Stroke::solid(INK, 1.0));
    }
}

/// The part of a line between two heights; it ends on the border where it leaves.
fn clip(points: &[(f64, f64)], low: f64, high: f64) -> Vec<(f64, f64)> {
    let inside = |y: f64| (low..=high).contains(&y);
    let mut kept = Vec::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        if inside(y) {
            kept.push((x, y));
            continue;
        }
        let border = y.clamp(low, high);
        let neighbours = [index.checked_sub(1), Some(index + 1)];
        for &(nx, ny) in neighbours
            .into_iter()
            .flatten()
            .filter_map(|i| points.get(i))
        {
            if inside(ny) {
                kept.push((x + (nx - x) * (border - y) / (ny - y), border));
            }
        }
    }
    kept
}

/// A number without the dust of binary fractions.
pub fn label(value: f64) -> String {
    ((value * 1e6).round() / 1e6).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        let values = [0.0, 2.0 * 10.0_f64.powi(-3), 0.1 + 0.2, 1.0, 20.0];
        assert_eq!(values.map(label), ["0", "0.002", "0.3", "1", "20"]);
    }

    #[test]
    fn a_line_ends_where_it_leaves_the_frame() {
        let points = [(0.0, 0.0), (1.0, 2.0), (2.0, 0.5)];
        let kept = clip(&points, 0.0, 1.0);
        assert_eq!(kept[..2], [(0.0, 0.0), (0.5, 1.0)]);
        assert_eq!(kept.last(), Some(&(2.0, 0.5)));
        assert_eq!(kept.len(), 4);
    }
}
