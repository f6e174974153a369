//! The picture of both trainings: classification loss, box loss and AP over the steps.

use crate::{
    chart::{Axis, Chart, Frame, INK, Line, label},
    report::Run,
    svg::{Anchor, Stroke, Svg},
    train::LossPoint,
};

const PANEL: (f64, f64) = (300.0, 240.0);
const MARGIN_LEFT: f64 = 70.0;
const MARGIN_RIGHT: f64 = 14.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 56.0;

/// The points of one run in one of the diagrams.
type Points = Vec<(f64, f64)>;

/// Draws the runs side by side in three diagrams.
pub fn draw(runs: &[Run], steps: usize) -> String {
    let losses = |point: fn(&LossPoint) -> f64| {
        let points = |run: &Run| {
            run.losses
                .iter()
                .map(|at| (at.step as f64, point(at).max(1e-6).log10()))
                .collect()
        };
        runs.iter().map(points).collect::<Vec<Points>>()
    };
    let precision = runs.iter().map(|run| {
        run.checkpoints
            .iter()
            .map(|at| (at.step as f64, at.ap50))
            .collect()
    });
    let panels = [
        ("classification loss", losses(|point| point.class), false),
        ("box loss", losses(|point| point.offset), false),
        ("AP@0.5 on test scenes", precision.collect(), true),
    ];
    let pitch = MARGIN_LEFT + PANEL.0 + MARGIN_RIGHT;
    let mut page = Svg::new(pitch * panels.len() as f64, TOP + PANEL.1 + BOTTOM);
    let title = "One RetinaNet, two classification losses";
    page.text(MARGIN_LEFT, 34.0, title, 20.0, INK, Anchor::Start);
    draw_legend(&mut page, runs);
    for (index, (title, lines, is_precision)) in panels.into_iter().enumerate() {
        let y = if is_precision {
            Axis::linear(0.0, 1.0, (0..=5).map(|fifth| f64::from(fifth) / 5.0))
        } else {
            logarithmic(&lines)
        };
        let ticks = step_ticks(steps).map(|step| step as f64);
        let lines = runs.iter().zip(lines).map(|(run, points)| Line {
            points,
            stroke: Stroke::solid(run.kind.color(), 2.0),
            dots: is_precision,
        });
        let chart = Chart {
            title,
            x: Axis::linear(0.0, steps as f64, ticks),
            y,
            x_label: "training step",
            lines: lines.collect(),
        };
        chart.draw(
            &mut page,
            Frame {
                left: index as f64 * pitch + MARGIN_LEFT,
                top: TOP,
                width: PANEL.0,
                height: PANEL.1,
            },
        );
    }
    page.finish()
}

fn draw_legend(page: &mut Svg, runs: &[Run]) {
    let mut x = MARGIN_LEFT;
    for run in runs {
        page.line(
            &[(x, 58.0), (x + 26.0, 58.0)],
            Stroke::solid(run.kind.color(), 3.0),
        );
        page.text(x + 34.0, 63.0, run.kind.name(), 14.0, INK, Anchor::Start);
        x += 140.0;
    }
    let note = "losses: per foreground anchor, each in its own units";
    page.text(x, 63.0, note, 13.0, "#666666", Anchor::Start);
}

/// An axis for decimal logarithms, marked with the round numbers they stand for.
fn logarithmic(lines: &[Points]) -> Axis {
    let heights = lines.iter().flatten().map(|&(_, y)| y);
    let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| {
        (low.min(y), high.max(y))
    });
    let (low, high) = if low > high {
        (-1.0, 0.0)
    } else {
        (low - 0.05, high.max(low + 0.1) + 0.05)
    };
    let ticks = (low.floor() as i32..=high.ceil() as i32)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10.0_f64.powi(power)))
        .map(|value| (value.log10(), label(value)))
        .filter(|(height, _)| (low..=high).contains(height));
    Axis {
        low,
        high,
        ticks: ticks.collect(),
    }
}

/// Four to eight round steps from 0 to the end.
fn step_ticks(steps: usize) -> impl Iterator<Item = usize> {
    let magnitude = 10_usize.pow(steps.max(1).ilog10());
    let distance = [magnitude / 5, magnitude / 2, magnitude, magnitude * 2]
        .into_iter()
        .find(|&distance| distance > 0 && steps / distance <= 6)
        .unwrap_or(steps.max(1));
    (0..=steps).step_by(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_ticks_are_few_and_round() {
        assert_eq!(
            step_ticks(1000).collect::<Vec<_>>(),
            [0, 200, 400, 600, 800, 1000]
        );
        assert_eq!(
            step_ticks(60).collect::<Vec<_>>(),
            [0, 10, 20, 30, 40, 50, 60]
        );
        assert_eq!(step_ticks(1).collect::<Vec<_>>(), [0, 1]);
    }
}
