//! From the network's outputs to boxes: scores, decoding and non-maximum suppression.

use serde::Serialize;

use crate::{boxes::BoundingBox, digits::CLASSES, scene::SIDE};

/// Detections less probable than this are not looked at.
const MIN_SCORE: f32 = 0.05;

/// The most probable detections of a scene that enter suppression.
const MAX_CANDIDATES: usize = 300;

/// Of two detections of one class that overlap more than this, the less probable one goes.
const SUPPRESSION_IOU: f32 = 0.5;

/// A box with a class and a probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Detection {
    pub bounds: BoundingBox,
    pub class: usize,
    pub score: f32,
}

/// The detections of one scene from its logits `[A, CLASSES]` and offsets `[A, 4]`, most probable
/// first.
pub fn detect(logits: &[f32], offsets: &[f32], anchors: &[BoundingBox]) -> Vec<Detection> {
    let mut candidates: Vec<(f32, usize)> = logits
        .iter()
        .map(|&logit| sigmoid(logit))
        .zip(0..)
        .filter(|&(score, _)| score >= MIN_SCORE)
        .collect();
    candidates.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    candidates.truncate(MAX_CANDIDATES);
    let detections = candidates.into_iter().map(|(score, index)| {
        let anchor = index / CLASSES;
        let offset = std::array::from_fn(|part| offsets[anchor * 4 + part]);
        let bounds = BoundingBox::decode(offset, &anchors[anchor]).clip(SIDE as f32);
        Detection {
            bounds,
            class: index % CLASSES,
            score,
        }
    });
    suppress(detections.collect())
}

/// The probability that belongs to a logit.
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// Non-maximum suppression within each class; expects and keeps the order by falling score.
fn suppress(detections: Vec<Detection>) -> Vec<Detection> {
    let mut kept: Vec<Detection> = Vec::new();
    for detection in detections {
        let covered = kept.iter().any(|better| {
            better.class == detection.class
                && better.bounds.iou(&detection.bounds) > SUPPRESSION_IOU
        });
        if !covered {
            kept.push(detection);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::square_at;

    fn detection(left: f32, class: usize, score: f32) -> Detection {
        let bounds = square_at(left);
        Detection {
            bounds,
            class,
            score,
        }
    }

    #[test]
    fn suppression_keeps_the_best_of_a_class_and_place() {
        let best = detection(0.0, 1, 0.9);
        let duplicate = detection(2.0, 1, 0.8); // overlaps by 8/12
        let other_class = detection(1.0, 2, 0.7);
        let beside = detection(4.0, 1, 0.6); // overlaps by 6/14
        let kept = suppress(vec![
            best.clone(),
            duplicate,
            other_class.clone(),
            beside.clone(),
        ]);
        assert_eq!(kept, [best, other_class, beside]);
    }

    #[test]
    fn a_suppressed_detection_suppresses_nothing() {
        // The third overlaps the second by 8/12, but the first by 6/14 only.
        let chain = [
            detection(0.0, 0, 0.9),
            detection(2.0, 0, 0.8),
            detection(4.0, 0, 0.7),
        ];
        assert_eq!(
            suppress(chain.to_vec()),
            [chain[0].clone(), chain[2].clone()]
        );
    }

    #[test]
    fn detections_come_decoded_clipped_and_sorted() {
        let anchors = [
            BoundingBox::from_center(20.0, 20.0, 10.0, 10.0),
            BoundingBox::from_center(90.0, 50.0, 10.0, 20.0),
        ];
        let mut logits = [-9.0; 2 * CLASSES];
        logits[3] = 0.0;
        logits[CLASSES + 7] = 2.0;
        let offsets = [0.5, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0];
        let found = detect(&logits, &offsets, &anchors);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].class, found[1].class), (7, 3));
        assert!((found[0].score - 0.880_797).abs() < 1e-5);
        assert_eq!(found[1].score, 0.5);
        // Moved half a width to the right; the first would leave the canvas.
        let clipped = BoundingBox {
            left: 90.0,
            top: 40.0,
            right: 96.0,
            bottom: 60.0,
        };
        assert_eq!(found[0].bounds, clipped);
        assert_eq!(
            found[1].bounds,
            BoundingBox::from_center(25.0, 20.0, 10.0, 10.0)
        );
    }

    #[test]
    fn improbable_anchors_are_silent() {
        let anchor = BoundingBox::from_center(20.0, 20.0, 10.0, 10.0);
        assert!(detect(&[-4.0; CLASSES], &[0.0; 4], &[anchor]).is_empty());
    }
}
