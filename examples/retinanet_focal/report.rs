//! The result: a table for the terminal and `report.json` for programs.

use serde::Serialize;

use crate::{
    evaluate::EASY_PROBABILITY,
    loss::{BoxLossKind, LossKind},
    settings::Settings,
    train::{Checkpoint, LossPoint},
};

/// What one training came to.
#[derive(Debug, Serialize)]
pub struct Run {
    #[serde(skip)]
    pub kind: LossKind,
    /// The loss of the boxes.
    pub box_loss: BoxLossKind,
    /// AP@0.5 on the test scenes, averaged over the classes.
    pub ap50: f64,
    /// Share of the classification loss that easy background carries, on the test scenes, with
    /// the initial weights.
    pub easy_background_share_before: f64,
    /// The same with the trained weights.
    pub easy_background_share_after: f64,
    /// Wall-clock time of the optimisation steps.
    pub seconds: f64,
    pub losses: Vec<LossPoint>,
    pub checkpoints: Vec<Checkpoint>,
}

/// Both trainings, and what they have in common.
#[derive(Debug, Serialize)]
pub struct Report {
    pub focal: Run,
    pub bce: Run,
    /// Focal loss with another loss of the boxes, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_boxes: Option<Run>,
    /// Background anchors for each foreground anchor, on the test scenes.
    pub background_per_foreground: f64,
    /// Anchors in one scene.
    pub anchors: usize,
    /// A background anchor is easy where no class is as probable as this.
    pub easy_probability: f32,
    pub parameters: usize,
    pub device: String,
    /// Where the digits come from.
    pub digits: String,
    pub settings: Settings,
}

impl Run {
    /// The name of its row.
    fn name(&self) -> &'static str {
        match self.box_loss {
            BoxLossKind::SmoothL1 => self.kind.name(),
            other => other.name(),
        }
    }
}

impl Report {
    /// The table that is printed at the end.
    pub fn table(&self) -> String {
        let title = format!(
            "{} test scenes, {} anchors each, foreground : background = 1 : {:.0}",
            self.settings.test_scenes, self.anchors, self.background_per_foreground,
        );
        let rule = "-".repeat(74);
        let row = |run: &Run| {
            format!(
                "{:<10}  {:>6.3}  {:>17.1} %  {:>17.1} %  {:>12.0}",
                run.name(),
                run.ap50,
                run.easy_background_share_before * 100.0,
                run.easy_background_share_after * 100.0,
                run.seconds,
            )
        };
        [
            title,
            rule.clone(),
            format!(
                "{:<10}  {:>6}  {:>40}  {:>12}",
                "", "", "loss from easy background *", "training"
            ),
            format!(
                "{:<10}  {:>6}  {:>19}  {:>19}  {:>12}",
                "loss", "AP@0.5", "before training", "after training", "seconds"
            ),
            rule.clone(),
            row(&self.focal),
            row(&self.bce),
        ]
        .into_iter()
        .chain(self.other_boxes.as_ref().map(row))
        .chain([
            rule,
            format!(
                "* background anchors whose every class has a probability below {EASY_PROBABILITY}"
            ),
        ])
        .collect::<Vec<_>>()
        .join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(kind: LossKind, ap50: f64) -> Run {
        Run {
            kind,
            box_loss: BoxLossKind::SmoothL1,
            ap50,
            easy_background_share_before: 0.25,
            easy_background_share_after: 0.125,
            seconds: 12.4,
            losses: vec![LossPoint {
                step: 1,
                class: 1.5,
                offset: 0.5,
            }],
            checkpoints: vec![Checkpoint { step: 1, ap50 }],
        }
    }

    fn report() -> Report {
        Report {
            focal: run(LossKind::Focal, 0.75),
            bce: run(LossKind::Bce, 0.5),
            other_boxes: Some(Run {
                box_loss: BoxLossKind::Giou,
                ..run(LossKind::Focal, 0.8)
            }),
            background_per_foreground: 170.2,
            anchors: 4536,
            easy_probability: EASY_PROBABILITY,
            parameters: 1000,
            device: "flex".into(),
            digits: "test digits".into(),
            settings: Settings::quick(1),
        }
    }

    #[test]
    fn programs_find_the_scores_under_the_loss_names() {
        let json = serde_json::to_value(report()).expect("a report is plain data");
        assert_eq!(json["focal"]["ap50"], 0.75);
        assert_eq!(json["bce"]["ap50"], 0.5);
        assert_eq!(json["settings"]["seed"], 1);
    }

    #[test]
    fn the_table_is_aligned() {
        let table = report().table();
        assert!(table.contains("1 : 170"), "{table}");
        let rows: Vec<&str> = table.lines().filter(|line| line.contains('%')).collect();
        assert_eq!(rows.len(), 3);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        assert!(rows[0].contains("focal loss   0.750"), "{table}");
        assert!(rows[2].contains("with GIoU    0.800"), "{table}");
    }
}
