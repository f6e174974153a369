//! The result: a table for the terminal and `report.json` for programs.

use serde::Serialize;

use crate::{
    calibration::BINS,
    groups::Group,
    settings::Settings,
    split::{IMBALANCE, TEST_DIGITS},
    summary::{Spread, Summary},
};

/// All losses, and what their trainings have in common.
#[derive(Debug, Serialize)]
pub struct Report {
    pub losses: Vec<Summary>,
    pub settings: Settings,
    /// Training digits of each class, the same for every seed: zeros are always the most frequent,
    /// nines the rarest.
    pub class_counts: Vec<usize>,
    /// How often the most frequent class occurs for each time the rarest does.
    pub imbalance: f64,
    /// The group of each class.
    pub groups: Vec<Group>,
    /// Test digits of every class.
    pub test_digits_per_class: usize,
    /// Bins of the expected calibration error.
    pub calibration_bins: usize,
    pub device: String,
    /// Where the digits come from.
    pub digits: String,
}

impl Report {
    pub fn new(
        losses: Vec<Summary>,
        settings: Settings,
        class_counts: &[usize],
        device: String,
        digits: &str,
    ) -> Self {
        Self {
            losses,
            settings,
            class_counts: class_counts.into(),
            imbalance: IMBALANCE,
            groups: (0..class_counts.len()).map(Group::of).collect(),
            test_digits_per_class: TEST_DIGITS,
            calibration_bins: BINS,
            device,
            digits: digits.into(),
        }
    }

    /// The table that is printed at the end.
    pub fn table(&self) -> String {
        let rule = "-".repeat(92);
        let mut lines = vec![
            format!(
                "{} training digits, {} test digits ({TEST_DIGITS} of each class), in percent",
                self.class_counts.iter().sum::<usize>(),
                self.class_counts.len() * TEST_DIGITS,
            ),
            rule.clone(),
            format!(
                "{:<18}{:^52}{:>13}{:>9}",
                "", "accuracy", "calibration", "training"
            ),
            row(
                "loss",
                ["all", "head", "middle", "tail", "error *"].map(str::to_string),
                "seconds",
            ),
            rule.clone(),
        ];
        lines.extend(self.losses.iter().map(|loss| {
            let scores = [
                loss.accuracy,
                loss.head_accuracy,
                loss.middle_accuracy,
                loss.tail_accuracy,
                loss.expected_calibration_error,
            ];
            row(
                &loss.name,
                scores.map(percent),
                &format!("{:.1}", loss.seconds),
            )
        }));
        lines.push(rule);
        lines.extend(Group::ALL.map(|group| group.describe(&self.class_counts)));
        lines.push(format!("* expected calibration error, {BINS} bins"));
        lines.push(match self.settings.seeds.len() {
            1 => "one seed".into(),
            seeds => format!("mean ± standard deviation over {seeds} seeds"),
        });
        if self.settings.quick {
            lines.push(
                "--quick: trained so briefly that the numbers mean nothing, only that it runs"
                    .into(),
            );
        }
        lines.join("\n")
    }
}

fn row(name: &str, scores: [String; 5], seconds: &str) -> String {
    let [all, head, middle, tail, error] = scores;
    format!("{name:<18}{all:>13}{head:>13}{middle:>13}{tail:>13}{error:>13}{seconds:>9}")
}

fn percent(spread: Spread) -> String {
    let mean = spread.mean * 100.0;
    match spread.standard_deviation {
        Some(deviation) => format!("{mean:.1} ± {:.1}", deviation * 100.0),
        None => format!("{mean:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::class_counts;

    fn report(seeds: usize) -> Report {
        let settings = Settings {
            seeds: (0..seeds as u64).collect(),
            ..Settings::quick(1)
        };
        let losses = vec![
            Summary::sample("cross_entropy", seeds),
            Summary::sample("ldam", seeds),
        ];
        Report::new(
            losses,
            settings,
            &class_counts(),
            "flex".into(),
            "test digits",
        )
    }

    #[test]
    fn programs_find_scores_configurations_and_groups() {
        let json = serde_json::to_value(report(2)).expect("a report is plain data");
        assert_eq!(json["losses"][0]["name"], "cross_entropy");
        assert_eq!(json["losses"][0]["accuracy"]["mean"], 0.5);
        assert_eq!(json["losses"][0]["config"]["loss"], "cross_entropy");
        assert_eq!(json["losses"][1]["config"]["loss"], "ldam");
        assert_eq!(
            json["losses"][1]["reliability"].as_array().map(Vec::len),
            Some(BINS)
        );
        assert_eq!(json["groups"][9], "tail");
        assert_eq!(json["settings"]["quick"], true);
    }

    #[test]
    fn the_table_is_aligned_and_owns_up_to_a_quick_run() {
        for seeds in [1, 3] {
            let table = report(seeds).table();
            let rows: Vec<_> = table
                .lines()
                .skip_while(|line| !line.starts_with("loss "))
                .collect();
            let widths = [rows[0], rows[2], rows[3]].map(|row| row.chars().count());
            assert_eq!(widths, [92; 3], "{table}");
            assert!(rows[2].starts_with("cross_entropy"), "{table}");
            assert!(table.contains("the numbers mean nothing"), "{table}");
        }
        assert!(report(3).table().contains("50.0 ± 0.0"));
    }
}
