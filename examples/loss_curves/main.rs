//! Draws the losses of this crate and their gradients over the error or the logit, evaluated from
//! the very formulas the losses compute with.
//!
//! `cargo run --example loss_curves [FILE]` writes `docs/loss_curves.svg`, or FILE.

#[path = "../support/chart.rs"]
mod chart;
#[allow(dead_code)] // Shared; not every example draws every element.
#[path = "../support/svg.rs"]
mod svg;

use burn_losses::formula::{
    Absolute, BalancedL1, BinaryCrossEntropy, Cauchy, Charbonnier, ColumnFormula, Dual,
    GemanMcClure, Huber, LogCosh, Quantile, SigmoidFocal, SmoothL1, Squared, Welsch, Wing,
};
use chart::{Axis, Chart, Frame, INK, Line};
use std::{fs, path::PathBuf, process::ExitCode};
use svg::{Anchor, Stroke, Svg};

/// Points on each curve.
const POINTS: usize = 801;
const PANEL: (f64, f64) = (420.0, 260.0);
const LEFT: f64 = 60.0;
const PITCH: (f64, f64) = (500.0, 370.0);
const TOP: f64 = 90.0;
/// Where the names of the curves stand, to the right of both diagrams.
const LEGEND: f64 = LEFT + 2.0 * PITCH.0 - 30.0;

/// A formula at one target: value and derivative at a prediction.
type Curve = Box<dyn Fn(f64) -> (f64, f64)>;

/// Curves that share a pair of diagrams.
struct Family {
    titles: [&'static str; 2],
    /// What the horizontal axis measures, and how far it goes to both sides.
    x: (&'static str, f64),
    /// The ends of the axes of values and of gradients.
    y: [(f64, f64); 2],
    curves: Vec<(&'static str, &'static str, Curve)>,
}

fn main() -> ExitCode {
    let path = std::env::args_os().nth(1).map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/loss_curves.svg"),
        PathBuf::from,
    );
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    match folder.and_then(|()| fs::write(&path, draw(&[regression(), robust(), binary()]))) {
        Ok(()) => {
            println!("written to {}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot write {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// The formula against target `t`; `column` is its parameter, if it has one.
fn curve(formula: impl ColumnFormula, t: f64, column: f64) -> Curve {
    Box::new(move |x| {
        let constant = Dual::constant;
        let loss = formula.value_in_column(Dual::variable(x), constant(t), constant(column));
        (loss.value, loss.derivative())
    })
}

fn regression() -> Family {
    Family {
        titles: ["loss of an error", "its gradient"],
        x: ("prediction - target", 3.0),
        y: [(0.0, 3.0), (-2.0, 2.0)],
        curves: vec![
            ("MSE", "#4477aa", curve(Squared, 0.0, 1.0)),
            ("MAE", "#ee6677", curve(Absolute, 0.0, 1.0)),
            (
                "Smooth L1, beta 1",
                "#228833",
                curve(SmoothL1 { beta: 1.0 }, 0.0, 1.0),
            ),
            (
                "Huber, delta 0.5",
                "#ccbb44",
                curve(Huber { delta: 0.5 }, 0.0, 1.0),
            ),
            ("log-cosh", "#66ccee", curve(LogCosh, 0.0, 1.0)),
            (
                "Charbonnier, epsilon 0.5",
                "#aa3377",
                curve(Charbonnier { epsilon: 0.5 }, 0.0, 1.0),
            ),
            ("quantile 0.9", "#777777", curve(Quantile, 0.0, 0.9)),
        ],
    }
}

fn robust() -> Family {
    let balanced = BalancedL1 {
        alpha: 0.5,
        gamma: 1.5,
        beta: 1.0,
    };
    let wing = Wing {
        width: 1.5,
        epsilon: 0.5,
    };
    Family {
        titles: ["robust loss of an error", "its gradient"],
        x: ("prediction - target", 5.0),
        y: [(0.0, 5.0), (-3.0, 3.0)],
        curves: vec![
            ("Cauchy", "#4477aa", curve(Cauchy { c: 1.0 }, 0.0, 1.0)),
            ("Welsch", "#ee6677", curve(Welsch { c: 1.0 }, 0.0, 1.0)),
            (
                "Geman-McClure",
                "#228833",
                curve(GemanMcClure { c: 1.0 }, 0.0, 1.0),
            ),
            ("balanced L1", "#ccbb44", curve(balanced, 0.0, 1.0)),
            ("Wing, width 1.5", "#aa3377", curve(wing, 0.0, 1.0)),
        ],
    }
}

fn binary() -> Family {
    let focal = |gamma| curve(SigmoidFocal { alpha: None, gamma }, 1.0, 1.0);
    Family {
        titles: ["loss of a logit whose label is 1", "its gradient"],
        x: ("logit", 5.0),
        y: [(0.0, 5.0), (-1.5, 0.25)],
        curves: vec![
            (
                "cross entropy",
                "#4477aa",
                curve(BinaryCrossEntropy, 1.0, 1.0),
            ),
            ("focal, gamma 0.5", "#66ccee", focal(0.5)),
            ("focal, gamma 1", "#228833", focal(1.0)),
            ("focal, gamma 2", "#ee6677", focal(2.0)),
            ("focal, gamma 5", "#aa3377", focal(5.0)),
        ],
    }
}

fn draw(families: &[Family]) -> String {
    let height = TOP + PITCH.1 * families.len() as f64 - 30.0;
    let mut page = Svg::new(LEGEND + 240.0, height);
    page.text(
        LEFT,
        40.0,
        "Losses and their gradients",
        20.0,
        INK,
        Anchor::Start,
    );
    for (row, family) in families.iter().enumerate() {
        family.draw(&mut page, TOP + row as f64 * PITCH.1);
    }
    page.finish()
}

impl Family {
    fn draw(&self, page: &mut Svg, top: f64) {
        for (column, title) in self.titles.into_iter().enumerate() {
            self.chart(title, column).draw(
                page,
                Frame {
                    left: LEFT + column as f64 * PITCH.0,
                    top,
                    width: PANEL.0,
                    height: PANEL.1,
                },
            );
        }
        for (index, (name, color, _)) in self.curves.iter().enumerate() {
            let y = top + 16.0 + 26.0 * index as f64;
            page.line(
                &[(LEGEND, y), (LEGEND + 26.0, y)],
                Stroke::solid(color, 3.0),
            );
            page.text(LEGEND + 34.0, y + 5.0, name, 14.0, INK, Anchor::Start);
        }
    }

    /// The diagram of the values (column 0) or of the gradients (column 1).
    fn chart<'a>(&'a self, title: &'a str, column: usize) -> Chart<'a> {
        let (x_label, reach) = self.x;
        let (low, high) = self.y[column];
        let step = if high - low > 3.0 { 1.0 } else { 0.5 };
        let whole = |low: f64, high: f64, step: f64| {
            let first = (low / step).ceil() as i32;
            let last = (high / step).floor() as i32;
            (first..=last).map(move |n| f64::from(n) * step)
        };
        let lines = self.curves.iter().map(|(_, color, curve)| Line {
            points: (0..POINTS)
                .map(|i| {
                    let x = reach * (2.0 * i as f64 / (POINTS - 1) as f64 - 1.0);
                    let (value, gradient) = curve(x);
                    (x, [value, gradient][column])
                })
                .collect(),
            stroke: Stroke::solid(color, 2.0),
            dots: false,
        });
        Chart {
            title,
            x: Axis::linear(-reach, reach, whole(-reach, reach, 1.0)),
            y: Axis::linear(low, high, whole(low, high, step)),
            x_label,
            lines: lines.collect(),
        }
    }
}
