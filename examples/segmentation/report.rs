//! The result: a table for the terminal and `report.json` for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{objective::Objective, score::Score, settings::Settings};

#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub scores: BTreeMap<Objective, Score>,
    /// Of all pixels of the test scenes, that of the background.
    pub background_share: f64,
    pub parameters: usize,
    pub device: String,
    /// Where the digits come from.
    pub digits: String,
    pub settings: Settings,
}

impl Report {
    /// The table that is printed at the end.
    pub fn table(&self) -> String {
        let rule = "-".repeat(70);
        let mut lines = vec![
            format!(
                "{} test scenes, {:.0} % of their pixels background; IoU in percent",
                self.settings.test_scenes,
                100.0 * self.background_share
            ),
            rule.clone(),
            format!(
                "{:<22}{:>8}{:>10}{:>10}{:>10}{:>10}",
                "loss", "mean", "large", "medium", "small", "seconds"
            ),
            rule.clone(),
        ];
        lines.extend(self.scores.iter().map(|(objective, score)| {
            let [mean, large, medium, small] =
                [score.mean_iou, score.large, score.medium, score.small].map(|iou| 100.0 * iou);
            format!(
                "{:<22}{mean:>8.1}{large:>10.1}{medium:>10.1}{small:>10.1}{:>10.0}",
                objective.name(),
                score.seconds
            )
        }));
        lines.push(rule);
        if self.settings.quick {
            lines.push("--quick: trained so briefly that the numbers mean nothing".into());
        }
        lines.join("\n")
    }
}
