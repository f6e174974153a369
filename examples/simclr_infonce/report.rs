//! The result: a table for the terminal and `report.json` for programs.

use serde::Serialize;

use crate::{bench::Scores, objective::LossKind, settings::Settings, train::Stretch};

#[derive(Debug, Serialize)]
pub struct Report {
    pub raw_pixels: Scores,
    /// The network with its initial weights.
    pub random_encoder: Scores,
    pub trained_encoder: Scores,
    pub loss: LossKind,
    /// Wall-clock time of the training.
    pub seconds: f64,
    pub parameters: usize,
    /// Views with labels that neighbours and linear classifiers were given.
    pub training_views: usize,
    /// Views, of other digits, on which they were tested.
    pub test_views: usize,
    pub device: String,
    /// Where the digits come from.
    pub digits: String,
    pub settings: Settings,
    pub history: Vec<Stretch>,
}

impl Report {
    /// The table that is printed at the end.
    pub fn table(&self) -> String {
        let rule = "-".repeat(58);
        let row = |name: &str, scores: Scores| {
            let [linear, knn] = [scores.linear, scores.knn].map(|share| share * 100.0);
            format!("{name:<18}{linear:>18.1}{knn:>22.1}")
        };
        let gain = (self.trained_encoder.linear - self.random_encoder.linear) * 100.0;
        let mut lines = vec![
            format!(
                "{} test views of digits never trained with, in percent",
                self.test_views
            ),
            rule.clone(),
            format!(
                "{:<18}{:>18}{:>22}",
                "features", "linear classifier", "nearest neighbours"
            ),
            rule.clone(),
            row("raw pixels", self.raw_pixels),
            row("random encoder", self.random_encoder),
            row("trained encoder", self.trained_encoder),
            rule,
            format!(
                "{}, {} steps in {:.0} s: {gain:+.1} points for the linear classifier",
                self.loss.name(),
                self.settings.steps,
                self.seconds
            ),
        ];
        if self.settings.quick {
            lines.push(
                "--quick: trained so briefly that the numbers mean nothing, only that it runs"
                    .into(),
            );
        }
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let scores = |linear| Scores { knn: 0.25, linear };
        Report {
            raw_pixels: scores(0.25),
            random_encoder: scores(0.5),
            trained_encoder: scores(0.75),
            loss: LossKind::Ntxent,
            seconds: 12.4,
            parameters: 1000,
            training_views: 100,
            test_views: 50,
            device: "flex".into(),
            digits: "test digits".into(),
            settings: Settings::quick(LossKind::Ntxent, 1),
            history: vec![Stretch {
                step: 1,
                loss: 5.0,
                positive_similarity: 0.5,
                negative_similarity: 0.25,
            }],
        }
    }

    #[test]
    fn programs_find_the_scores_of_all_features() {
        let json = serde_json::to_value(report()).expect("a report is plain data");
        assert_eq!(json["raw_pixels"]["knn"], 0.25);
        assert_eq!(json["random_encoder"]["linear"], 0.5);
        assert_eq!(json["trained_encoder"]["linear"], 0.75);
        assert_eq!(json["loss"], "ntxent");
        assert_eq!(json["seconds"], 12.4);
        assert_eq!(json["settings"]["quick"], true);
        assert_eq!(json["history"][0]["positive_similarity"], 0.5);
    }

    #[test]
    fn the_table_is_aligned_and_owns_up_to_a_quick_run() {
        let table = report().table();
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(
            [2, 4, 5, 6].map(|line| lines[line].len()),
            [58; 4],
            "{table}"
        );
        assert!(table.contains("+25.0 points"), "{table}");
        assert!(table.contains("the numbers mean nothing"), "{table}");
    }
}
