//! The result as a table for the terminal, and charts.

use burn::tensor::Tensor;
use serde::Serialize;
use support::{
    color, embedding,
    log::History,
    plot::{Axis, Mark, Panel, Series},
    table::{self, percent},
};

use crate::evaluate::{Bench, Recall};

/// What a strategy has come to.
#[derive(Debug, Serialize)]
pub struct Trained {
    pub mining: String,
    pub recall_at_1: Recall,
    /// Wall-clock time of the training.
    pub seconds: f64,
    pub history: History,
}

/// The table that is printed at the end.
pub fn table(pixels: Recall, random: Recall, trained: &[Trained]) -> String {
    let row = |name: &str, recall: Recall, seconds: String| {
        let [unseen, trained] = [recall.unseen_classes, recall.trained_classes].map(percent);
        vec![name.to_string(), unseen, trained, seconds]
    };
    let mut rows = vec![
        row("raw pixels", pixels, String::new()),
        row("random encoder", random, String::new()),
    ];
    rows.extend(trained.iter().map(|trained| {
        let seconds = format!("{:.0}", trained.seconds);
        row(&trained.mining, trained.recall_at_1, seconds)
    }));
    let header = [
        "recall@1 in percent",
        "digits 6 to 9, unseen",
        "other digits of 0 to 5",
        "seconds",
    ];
    table::table(&header, rows)
}

/// The unseen classes as a network sees them.
pub fn embedding(name: &str, recall: Recall, directions: Tensor<2>, bench: &Bench) -> Panel {
    let title = format!("{name}: recall@1 {} %", percent(recall.unseen_classes));
    embedding::panel(title, directions, &bench.unseen.labels)
}

/// The trainings: the loss, and how far apart classes come to be.
pub fn history(trained: &[Trained]) -> [Panel; 2] {
    let (mut losses, mut distances) = (Vec::new(), Vec::new());
    for (trained, color) in trained.iter().zip(color::LINES) {
        let line =
            |name, mark, number| Series::new(name, color, mark, trained.history.points(number));
        losses.push(line(&trained.mining, Mark::Line, "loss"));
        distances.push(line("", Mark::Line, "negative_distance"));
        distances.push(line("", Mark::Dashed, "positive_distance"));
    }
    let panel = |title: &str, highest, series| Panel {
        title: title.into(),
        x: Axis::new("training step"),
        y: Axis::between("", 0.0, highest),
        series,
        note: String::new(),
    };
    // Directions at a right angle are at a distance of 1.41.
    [
        panel("triplet loss", 0.8, losses),
        panel("mean distance (dashed: within a class)", 1.6, distances),
    ]
}
