//! The reliability diagrams: accuracy over confidence, a panel for each loss. The curve is that of the
//! predictions of all seeds together; the calibration error in its title is the mean over the seeds,
//! as in the table.

use crate::{
    calibration::{BINS, Bin},
    chart::{Axis, Chart, Frame, INK, Line},
    summary::Summary,
    svg::{Anchor, Stroke, Svg},
};

const PANEL: f64 = 250.0;
const COLUMNS: usize = 3;
const LEFT: f64 = 64.0;
const TOP: f64 = 116.0;
const PITCH: (f64, f64) = (PANEL + 64.0, PANEL + 96.0);

const ACCURACY: &str = "#0072b2";
const SHARE: &str = "#f0d9b5";
const PERFECT: &str = "#999999";

/// Draws all losses on one page.
pub fn draw(losses: &[Summary]) -> String {
    let columns = losses.len().clamp(1, COLUMNS);
    let rows = losses.len().div_ceil(columns);
    // The heading needs the room of two panels.
    let width = LEFT + PITCH.0 * columns.max(2) as f64;
    let mut page = Svg::new(width, TOP + PITCH.1 * rows as f64 - 30.0);
    let title = "Confidence and accuracy on the test digits of all seeds";
    page.text(LEFT, 36.0, title, 20.0, INK, Anchor::Start);
    draw_legend(&mut page);
    for (index, loss) in losses.iter().enumerate() {
        let (column, row) = (index % columns, index / columns);
        let frame = Frame {
            left: LEFT + column as f64 * PITCH.0,
            top: TOP + row as f64 * PITCH.1,
            width: PANEL,
            height: PANEL,
        };
        draw_shares(&mut page, &loss.reliability, frame);
        let error = loss.expected_calibration_error.mean * 100.0;
        chart(&format!("{}, mean ECE {error:.1} %", loss.name), loss).draw(&mut page, frame);
    }
    page.finish()
}

fn draw_legend(page: &mut Svg) {
    let y = 64.0;
    page.line(&[(LEFT, y), (LEFT + 26.0, y)], Stroke::solid(ACCURACY, 2.0));
    page.dot(LEFT + 13.0, y, 3.5, ACCURACY);
    let mut text = |x: f64, text| page.text(LEFT + x, y + 5.0, text, 14.0, INK, Anchor::Start);
    text(34.0, "accuracy in a bin");
    text(216.0, "perfect calibration");
    text(396.0, "share of the predictions");
    let x = LEFT + 182.0;
    page.line(&[(x, y), (x + 26.0, y)], perfect());
    page.fill(LEFT + 362.0, y - 7.0, 26.0, 14.0, SHARE);
}

/// How many of the predictions are in each bin, as bars behind the diagram.
fn draw_shares(page: &mut Svg, bins: &[Bin], frame: Frame) {
    let all: usize = bins.iter().map(|bin| bin.predictions).sum();
    let width = frame.width / BINS as f64;
    for bin in bins {
        let height = frame.height * bin.predictions as f64 / all.max(1) as f64;
        page.fill(
            frame.left + frame.width * bin.above,
            frame.top + frame.height - height,
            width - 1.0,
            height,
            SHARE,
        );
    }
}

fn perfect() -> Stroke<'static> {
    Stroke {
        dashes: Some("5 4"),
        ..Stroke::solid(PERFECT, 1.5)
    }
}

fn chart<'a>(title: &'a str, loss: &Summary) -> Chart<'a> {
    let occupied = loss.reliability.iter().filter(|bin| bin.predictions > 0);
    let axis = || Axis::linear(0.0, 1.0, (0..=5).map(|fifth| f64::from(fifth) / 5.0));
    Chart {
        title,
        x: axis(),
        y: axis(),
        x_label: "confidence",
        lines: vec![
            Line {
                points: vec![(0.0, 0.0), (1.0, 1.0)],
                stroke: perfect(),
                dots: false,
            },
            Line {
                points: occupied.map(|bin| (bin.confidence, bin.accuracy)).collect(),
                stroke: Stroke::solid(ACCURACY, 2.0),
                dots: true,
            },
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_loss_has_a_panel_within_the_page() {
        let losses = ["cross_entropy", "ldam", "softmax_focal", "label_smoothing"];
        let picture = draw(&losses.map(|name| Summary::sample(name, 2)));
        for name in losses {
            assert!(
                picture.contains(&format!(">{name}, mean ECE 25.0 %<")),
                "{picture}"
            );
        }
        // Three columns, two rows.
        let size = (LEFT + 3.0 * PITCH.0, TOP + 2.0 * PITCH.1 - 30.0);
        assert!(picture.contains(&format!("width=\"{}\" height=\"{}\"", size.0, size.1)));
    }
}
