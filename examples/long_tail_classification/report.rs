//! The result: a table for the terminal, and reliability diagrams.

use std::collections::BTreeMap;

use burn_losses::ClassificationLossConfig;
use serde::Serialize;
use support::{
    color::{Color, FAINT, LINES},
    plot::{Axis, Mark, Panel, Series},
    table,
};

use crate::{
    data::{TEST_DIGITS, class_counts},
    scores::{BINS, Bin, GROUPS, Prediction, SCORES, Spread, bins, scores},
};

/// The colour of the bars behind the diagrams.
const SHARE: Color = [240, 217, 181];

/// One loss, trained with every seed.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// The name of its file.
    pub name: String,
    pub config: ClassificationLossConfig,
    pub scores: BTreeMap<&'static str, Spread>,
    /// Of the predictions of all seeds together.
    pub reliability: Vec<Bin>,
    /// Wall-clock time of all trainings.
    pub seconds: f64,
}

impl Summary {
    /// Sums up the predictions of each seed's training.
    pub fn new(
        name: String,
        config: ClassificationLossConfig,
        seeds: &[Vec<Prediction>],
        seconds: f64,
    ) -> Self {
        let of_seeds: Vec<[f64; 5]> = seeds.iter().map(|one| scores(one)).collect();
        let spread = |(index, name)| {
            let scores: Vec<f64> = of_seeds.iter().map(|scores| scores[index]).collect();
            (name, Spread::new(&scores))
        };
        Self {
            name,
            config,
            scores: SCORES.into_iter().enumerate().map(spread).collect(),
            reliability: bins(&seeds.concat()),
            seconds,
        }
    }

    /// The reliability diagram: accuracy over confidence, and how many of the predictions are in
    /// each bin. The curve is that of the predictions of all seeds together; the ECE in the title
    /// (expected calibration error) is the mean over the seeds, as in the table.
    pub fn panel(&self) -> Panel {
        let all: usize = self.reliability.iter().map(|bin| bin.predictions).sum();
        let share = |(index, bin): (usize, &Bin)| {
            let middle = (index as f64 + 0.5) / BINS as f64;
            (middle, bin.predictions as f64 / all as f64)
        };
        let shares = self.reliability.iter().enumerate().map(share).collect();
        let bins = self.reliability.iter().filter(|bin| bin.predictions > 0);
        let curve = bins.map(|bin| (bin.confidence, bin.accuracy)).collect();
        let diagonal = vec![(0.0, 0.0), (1.0, 1.0)];
        let bars = Mark::Bars(0.9 / BINS as f64);
        let error = table::percent(self.scores["calibration error"].mean);
        Panel {
            title: format!("{}: ECE {error} %", self.name),
            x: Axis::between("confidence", 0.0, 1.0),
            y: Axis::between("accuracy", 0.0, 1.0),
            series: vec![
                Series::new("share of the predictions", SHARE, bars, shares),
                Series::new("perfect calibration", FAINT, Mark::Dashed, diagonal),
                Series::new("accuracy in a bin", LINES[0], Mark::Dotted, curve),
            ],
            ..Panel::default()
        }
    }
}

/// What is printed at the end.
pub fn table(losses: &[Summary], seeds: usize) -> String {
    let row = |loss: &Summary| {
        let scores = SCORES.map(|name| loss.scores[name].text());
        let row = [loss.name.clone()].into_iter().chain(scores);
        row.chain([format!("{:.1}", loss.seconds)]).collect()
    };
    let header = [&["loss"], &SCORES[..], &["seconds"]].concat();
    let counts = class_counts();
    let [head, middle, tail] = GROUPS.map(|classes| &counts[classes]);
    format!(
        "{}\nin percent, mean ± standard deviation over {seeds} seeds; {TEST_DIGITS} test digits of \
         each class\ntraining digits of each class: head {head:?}, middle {middle:?}, tail {tail:?}",
        table::table(&header, losses.iter().map(row)),
    )
}
