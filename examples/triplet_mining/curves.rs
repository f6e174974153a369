//! The picture of the trainings: the loss, and how far apart classes come to be.

use crate::{
    chart::{Axis, Chart, Frame, INK, Line},
    mining::Strategy,
    report::Report,
    svg::{Anchor, Stroke, Svg},
    train::Stretch,
};

const PANEL: (f64, f64) = (420.0, 260.0);
const MARGIN_LEFT: f64 = 56.0;
const MARGIN_RIGHT: f64 = 20.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 56.0;

const DASHES: &str = "5 4";

/// What is drawn of a stretch.
type Number = fn(&Stretch) -> f64;

/// Draws the losses and the distances of all strategies side by side.
pub fn draw(report: &Report) -> String {
    let pitch = MARGIN_LEFT + PANEL.0 + MARGIN_RIGHT;
    let mut page = Svg::new(2.0 * pitch, TOP + PANEL.1 + BOTTOM);
    let title = "One network, one triplet loss, triplets chosen differently";
    page.text(MARGIN_LEFT, 34.0, title, 20.0, INK, Anchor::Start);
    draw_legend(&mut page, report);
    let losses = lines(report, |at| at.loss, None);
    let mut distances = lines(report, |at| at.negative_distance, None);
    distances.extend(lines(report, |at| at.positive_distance, Some(DASHES)));
    let panels = [
        ("loss", losses),
        ("mean distance of directions, 0 to 2", distances),
    ];
    for (index, (title, lines)) in panels.into_iter().enumerate() {
        let steps = report.settings.steps as f64;
        let chart = Chart {
            title,
            x: Axis::linear(0.0, steps, quarters(steps)),
            y: Axis::linear(0.0, highest(&lines), quarters(highest(&lines))),
            x_label: "training step",
            lines,
        };
        let left = index as f64 * pitch + MARGIN_LEFT;
        let (width, height) = PANEL;
        let frame = Frame {
            left,
            top: TOP,
            width,
            height,
        };
        chart.draw(&mut page, frame);
    }
    page.finish()
}

/// A number over the steps, for each strategy.
fn lines<'a>(report: &Report, number: Number, dashes: Option<&'a str>) -> Vec<Line<'a>> {
    let line = |(strategy, mined): (&Strategy, &crate::report::Mined)| Line {
        points: mined
            .history
            .iter()
            .map(|at| (at.step as f64, number(at)))
            .collect(),
        stroke: Stroke {
            color: strategy.color(),
            width: 2.0,
            dashes,
        },
        dots: false,
    };
    report.mined.iter().map(line).collect()
}

/// A round number, in tenths, that no line passes.
fn highest(lines: &[Line]) -> f64 {
    let points = lines.iter().flat_map(|line| &line.points);
    let highest = points.fold(0.0_f64, |highest, &(_, y)| highest.max(y));
    (highest * 10.0).ceil().max(1.0) / 10.0
}

fn quarters(whole: f64) -> impl Iterator<Item = f64> {
    (0..=4).map(move |quarter| whole * f64::from(quarter) / 4.0)
}

fn draw_legend(page: &mut Svg, report: &Report) {
    let mut x = MARGIN_LEFT;
    for strategy in report.mined.keys() {
        let stroke = Stroke::solid(strategy.color(), 3.0);
        page.line(&[(x, 58.0), (x + 26.0, 58.0)], stroke);
        page.text(x + 34.0, 63.0, strategy.name(), 14.0, INK, Anchor::Start);
        x += 140.0;
    }
    let note = "right: views of different classes solid, of one class dashed";
    page.text(x, 63.0, note, 13.0, "#666666", Anchor::Start);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::report;

    #[test]
    fn every_strategy_has_a_loss_and_two_distances() {
        let report = report();
        let picture = draw(&report);
        for strategy in report.mined.keys() {
            let color = format!("stroke=\"{}\"", strategy.color());
            // One in the legend.
            assert_eq!(picture.matches(&color).count(), 4, "{strategy:?}");
        }
        assert_eq!(picture.matches(DASHES).count(), 2);
        assert!(!picture.contains(Strategy::SemiHard.color()));
    }

    #[test]
    fn the_axis_ends_on_a_tenth_above_all_lines() {
        let line = |y| Line {
            points: vec![(0.0, 0.1), (1.0, y)],
            stroke: Stroke::solid(INK, 1.0),
            dots: false,
        };
        assert_eq!(highest(&[line(0.31), line(1.33)]), 1.4);
        assert_eq!(highest(&[]), 0.1);
    }
}
