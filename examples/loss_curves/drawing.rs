//! Pictures as SVG: losses on the left, gradients on the right.

use crate::{labels, pictures::Picture};
use burn_losses::formula::Dual;
use std::fmt::Write;

/// Units of a drawing in a pixel. Numbers are whole.
const PIXEL: f64 = 2.0;
const SIZE: Point = [360.0 * PIXEL, 184.0 * PIXEL];
pub const FONT: f64 = 11.0 * PIXEL;
/// Where a diagram is within its half of the picture, and its size.
const CORNER: Point = [30.0 * PIXEL, 36.0 * PIXEL];
pub const DIAGRAM: Point = [142.0 * PIXEL, 112.0 * PIXEL];
/// How far a drawn line may be from the curve.
const TOLERANCE: f64 = 0.4 * PIXEL;
const SAMPLES: usize = 1200;
/// That of the surrounding text, and those of Okabe and Ito that stand out from white and from black.
const COLORS: [&str; 4] = ["currentColor", "#d55e00", "#009e73", "#cc79a7"];

pub type Point = [f64; 2];

/// Some pictures in two columns, on white.
pub fn overview(pictures: &[Picture]) -> String {
    let rows = pictures.len().div_ceil(2) as f64;
    let [width, height] = [2.0 * SIZE[0], rows * SIZE[1]];
    let mut svg = opening([width, height], 1.2);
    let _ = writeln!(svg, "<path fill=\"#fff\" d=\"M0 0h{width}v{height}H0z\"/>");
    for (index, picture) in pictures.iter().enumerate() {
        let x = (index % 2) as f64 * SIZE[0];
        let y = (index / 2) as f64 * SIZE[1];
        let picture = drawn(picture);
        let _ = write!(svg, "<g transform=\"translate({x} {y})\">\n{picture}</g>\n");
    }
    svg + "</svg>\n"
}

/// A picture by itself, in the colours of the page it stands on.
pub fn alone(picture: &Picture) -> String {
    opening(SIZE, 1.0) + &drawn(picture) + "</svg>\n"
}

fn opening([width, height]: Point, scale: f64) -> String {
    let [w, h] = [width, height].map(|side| side / PIXEL * scale);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"{FONT}\" text-anchor=\"middle\" fill=\"currentColor\">\n"
    )
}

/// A text whose base line has its middle there, unless other attributes say otherwise.
fn text([x, y]: Point, attributes: &str, text: &str) -> String {
    format!("<text x=\"{x:.0}\" y=\"{y:.0}\"{attributes}>{text}</text>\n")
}

fn drawn(picture: &Picture) -> String {
    let middle = SIZE[0] / 2.0;
    let mut svg = text(
        [middle, 14.0 * PIXEL],
        " font-weight=\"bold\"",
        picture.title,
    );
    for (side, name) in ["loss", "gradient"].into_iter().enumerate() {
        let left = CORNER[0] + side as f64 * SIZE[0] / 2.0;
        let _ = writeln!(svg, "<g transform=\"translate({left} {})\">", CORNER[1]);
        svg += &text([DIAGRAM[0] / 2.0, -5.0 * PIXEL], "", name);
        svg += &axes(picture.x, picture.y[side]);
        svg += &(curves(picture, side) + "</g>\n");
    }
    svg + &text([middle, SIZE[1] - 8.0 * PIXEL], "", picture.x_label)
}

/// The axes, lines through 0, and the numbers at the ends and at 0.
fn axes(x: Point, y: Point) -> String {
    let [width, height] = DIAGRAM;
    let mut lines = format!("M0 0v{height}h{width}");
    let mut numbers = String::new();
    let ticks = |[low, high]: Point| {
        let crosses = (low < 0.0 && high > 0.0).then_some(0.0);
        [Some(low), crosses, Some(high)].into_iter().flatten()
    };
    for tick in ticks(x) {
        let at = along(tick, x) * width;
        numbers += &text([at, height + FONT], "", &number(tick));
        if tick == 0.0 && at > 0.0 {
            let _ = write!(lines, "M{at:.0} 0v{height}");
        }
    }
    for tick in ticks(y) {
        let at = (1.0 - along(tick, y)) * height;
        let left = [-3.0 * PIXEL, at + FONT / 3.0];
        numbers += &text(left, " text-anchor=\"end\"", &number(tick));
        if tick == 0.0 && at < height {
            let _ = write!(lines, "M0 {at:.0}h{width}");
        }
    }
    format!(
        "<path fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\" opacity=\".5\" d=\"{lines}\"/>\n{numbers}"
    )
}

fn number(value: f64) -> String {
    value.to_string().replace('-', "\u{2212}")
}

/// Where a number is between two ends, from 0 to 1.
fn along(value: f64, [low, high]: Point) -> f64 {
    (value - low) / (high - low)
}

fn curves(picture: &Picture, side: usize) -> String {
    let names: Vec<_> = picture.curves.iter().map(|(name, _)| *name).collect();
    let points = picture.curves.iter().map(|(_, curve)| {
        let points = (0..=SAMPLES).map(|i| {
            let share = i as f64 / SAMPLES as f64;
            let [low, high] = picture.x;
            let loss = curve(Dual::variable(low + share * (high - low)));
            let value = [loss.value, loss.derivative()][side];
            [share, 1.0 - along(value, picture.y[side])].map(|at| (at * 1e9).round() / 1e9)
        });
        points.collect::<Vec<Point>>()
    });
    // The parts that are within the diagram.
    let runs = points.map(|points| {
        let runs = points.split(|point| !(0.0..=1.0).contains(&point[1]));
        let scaled = |run: &[Point]| {
            run.iter()
                .map(|p| [p[0] * DIAGRAM[0], p[1] * DIAGRAM[1]])
                .collect()
        };
        runs.filter(|run| run.len() > 1).map(scaled).collect()
    });
    let runs: Vec<Vec<Vec<Point>>> = runs.collect();
    let places = labels::places(&names, &runs);
    let named = places.iter().all(Option::is_some);
    assert!(named || side > 0, "{}: no room for a name", picture.name);
    let mut svg = String::new();
    for (((runs, name), place), color) in runs.iter().zip(names).zip(places).zip(COLORS) {
        let path: String = runs.iter().map(|run| line(run)).collect();
        let _ = writeln!(
            svg,
            "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"4\" d=\"{path}\"/>"
        );
        if let Some(place) = place {
            svg += &text(place, &format!(" fill=\"{color}\""), name);
        }
    }
    svg
}

/// A line through points, with as few corners as they allow.
fn line(points: &[Point]) -> String {
    let mut corners = vec![points[0]];
    simplify(points, &mut corners);
    let corners: Vec<_> = corners
        .iter()
        .map(|p| p.map(|number| number.round() as i32))
        .collect();
    let mut path = format!("M{} {}l", corners[0][0], corners[0][1]);
    for ends in corners.windows(2) {
        let _ = write!(
            path,
            "{} {} ",
            ends[1][0] - ends[0][0],
            ends[1][1] - ends[0][1]
        );
    }
    path.trim_end().replace(" -", "-")
}

/// The corners after the first point (Douglas and Peucker, 1973).
fn simplify(points: &[Point], corners: &mut Vec<Point>) {
    let (from, to) = (points[0], points[points.len() - 1]);
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let away = |p: Point| ((p[0] - from[0]) * dy - (p[1] - from[1]) * dx).abs() / dx.hypot(dy);
    let inner = 1..points.len() - 1;
    match inner.max_by(|&a, &b| away(points[a]).total_cmp(&away(points[b]))) {
        Some(middle) if away(points[middle]) > TOLERANCE => {
            simplify(&points[..=middle], corners);
            simplify(&points[middle..], corners);
        }
        _ => corners.push(to),
    }
}
