//! The result: a table for the terminal and `report.json` for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    bench::Both,
    mining::Strategy,
    recall::Recall,
    settings::Settings,
    train::{Stretch, Trained},
};

#[derive(Debug, Serialize)]
pub struct Report {
    pub raw_pixels: Untrained,
    /// The network with its initial weights.
    pub random_encoder: Untrained,
    /// By the names of the strategies.
    #[serde(flatten)]
    pub mined: BTreeMap<Strategy, Mined>,
    /// The classes that were trained with.
    pub trained_digits: Vec<usize>,
    /// The classes that were not.
    pub unseen_digits: Vec<usize>,
    pub parameters: usize,
    pub device: String,
    /// Where the digits come from.
    pub digits: String,
    pub settings: Settings,
}

/// What there is without any training, where no class has been seen: first of all the classes that
/// remain unseen.
#[derive(Debug, Serialize)]
pub struct Untrained {
    #[serde(flatten)]
    pub unseen_classes: Recall,
    pub trained_classes: Recall,
}

impl From<Both<Recall>> for Untrained {
    fn from(scores: Both<Recall>) -> Self {
        Self {
            unseen_classes: scores.unseen_classes,
            trained_classes: scores.trained_classes,
        }
    }
}

/// What a mining strategy has come to.
#[derive(Debug, Serialize)]
pub struct Mined {
    #[serde(flatten)]
    pub scores: Both<Recall>,
    /// Wall-clock time of the training.
    pub seconds: f64,
    pub history: Vec<Stretch>,
}

impl Mined {
    pub fn new(scores: Both<Recall>, trained: Trained) -> Self {
        Self {
            scores,
            seconds: trained.seconds,
            history: trained.history,
        }
    }
}

impl Report {
    /// The table that is printed at the end.
    pub fn table(&self) -> String {
        let rule = "-".repeat(60);
        let row = |name: &str, unseen: Recall, trained: Recall, seconds: &str| {
            let [unseen, trained] = [unseen, trained].map(|recall| percent(recall.recall_at_1));
            format!("{name:<18}{unseen:>16}{trained:>17}{seconds:>9}")
        };
        let untrained = |name: &str, scores: &Untrained| {
            row(name, scores.unseen_classes, scores.trained_classes, "-")
        };
        let header = format!(
            "{:<18}{:>16}{:>17}{:>9}",
            "recall@1", "unseen classes", "trained classes", "seconds"
        );
        let mut lines = vec![
            format!(
                "digits never trained with: {:?} unseen, {:?} trained",
                self.unseen_digits, self.trained_digits
            ),
            rule.clone(),
            header,
            rule.clone(),
            untrained("raw pixels", &self.raw_pixels),
            untrained("random encoder", &self.random_encoder),
        ];
        lines.extend(self.mined.iter().map(|(strategy, mined)| {
            let Both {
                unseen_classes,
                trained_classes,
            } = mined.scores;
            let seconds = format!("{:.0}", mined.seconds);
            row(strategy.name(), unseen_classes, trained_classes, &seconds)
        }));
        lines.push(rule);
        if self.settings.quick {
            lines.push(
                "--quick: trained so briefly that the numbers mean nothing, only that it runs"
                    .into(),
            );
        }
        lines.join("\n")
    }
}

/// A share for people.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A report with two strategies.
    pub fn report() -> Report {
        let scores = |recall_at_1| Both {
            unseen_classes: Recall { recall_at_1 },
            trained_classes: Recall { recall_at_1: 0.875 },
        };
        let mined = |recall_at_1| Mined {
            scores: scores(recall_at_1),
            seconds: 12.4,
            history: vec![Stretch {
                step: 1,
                loss: 0.3,
                positive_distance: 0.5,
                negative_distance: 1.25,
            }],
        };
        Report {
            raw_pixels: scores(0.25).into(),
            random_encoder: scores(0.5).into(),
            mined: BTreeMap::from([
                (Strategy::BatchAll, mined(0.625)),
                (Strategy::BatchHard, mined(0.75)),
            ]),
            trained_digits: vec![0, 1],
            unseen_digits: vec![2, 3],
            parameters: 1000,
            device: "flex".into(),
            digits: "test digits".into(),
            settings: Settings::quick(1),
        }
    }

    #[test]
    fn programs_find_the_scores_by_name() {
        let json = serde_json::to_value(report()).expect("a report is plain data");
        assert_eq!(json["raw_pixels"]["recall_at_1"], 0.25);
        assert_eq!(json["random_encoder"]["recall_at_1"], 0.5);
        assert_eq!(json["raw_pixels"]["trained_classes"]["recall_at_1"], 0.875);
        let hard = &json["batch_hard"];
        assert_eq!(hard["unseen_classes"]["recall_at_1"], 0.75);
        assert_eq!(hard["trained_classes"]["recall_at_1"], 0.875);
        assert_eq!(hard["seconds"], 12.4);
        assert_eq!(hard["history"][0]["negative_distance"], 1.25);
        assert_eq!(json["batch_all"]["unseen_classes"]["recall_at_1"], 0.625);
        assert!(json["semi_hard"].is_null());
        assert_eq!(json["settings"]["quick"], true);
    }

    #[test]
    fn the_table_is_aligned_and_owns_up_to_a_quick_run() {
        let table = report().table();
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[1..9].iter().all(|line| line.len() == 60), "{table}");
        assert!(lines[6].starts_with("batch-hard"), "{table}");
        assert!(lines[6].contains("75.0 %"), "{table}");
        assert!(table.contains("the numbers mean nothing"), "{table}");
    }
}
