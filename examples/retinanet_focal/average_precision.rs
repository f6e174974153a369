//! Average precision: how well ranked detections cover the objects, without a score threshold.

use crate::{detect::Detection, digits::CLASSES, scene::Object};

/// A detection finds an object of its class that it overlaps at least this much.
const MATCH_IOU: f32 = 0.5;

/// AP@0.5 averaged over the classes that occur: the area under the precision-recall curve, with
/// the precision at every recall raised to the best at any higher recall (PASCAL VOC since 2010).
///
/// `detections` and `objects` are parallel, one entry for each scene.
pub fn mean_average_precision(detections: &[Vec<Detection>], objects: &[&[Object]]) -> f64 {
    let scores: Vec<f64> = (0..CLASSES)
        .filter_map(|class| average_precision(class, detections, objects))
        .collect();
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// The AP of one class; `None` for a class without objects, which nothing could find.
fn average_precision(
    class: usize,
    detections: &[Vec<Detection>],
    objects: &[&[Object]],
) -> Option<f64> {
    let count = objects
        .iter()
        .flat_map(|scene| *scene)
        .filter(|o| o.class == class)
        .count();
    if count == 0 {
        return None;
    }
    let mut outcomes: Vec<(f32, bool)> = detections
        .iter()
        .zip(objects)
        .flat_map(|(found, objects)| judge(class, found, objects))
        .collect();
    outcomes.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    Some(area_under_curve(
        outcomes.into_iter().map(|(_, correct)| correct),
        count,
    ))
}

/// Score and correctness of one scene's detections of a class. In the order of falling score, each
/// takes the object it overlaps most; an object that is already taken makes it a false alarm.
fn judge(class: usize, detections: &[Detection], objects: &[Object]) -> Vec<(f32, bool)> {
    let mut ranked: Vec<_> = detections
        .iter()
        .filter(|found| found.class == class)
        .collect();
    ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
    let mut taken = vec![false; objects.len()];
    let judge_one = |found: &Detection| {
        let nearest = objects
            .iter()
            .enumerate()
            .filter(|(_, object)| object.class == class)
            .map(|(index, object)| (index, object.bounds.iou(&found.bounds)))
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        match nearest {
            Some((index, overlap)) if overlap >= MATCH_IOU => {
                !std::mem::replace(&mut taken[index], true)
            }
            _ => false,
        }
    };
    let scores = ranked.iter().map(|found| found.score);
    scores.zip(ranked.iter().copied().map(judge_one)).collect()
}

/// Area under the interpolated precision-recall curve of ranked outcomes, for `count` objects.
fn area_under_curve(outcomes: impl Iterator<Item = bool>, count: usize) -> f64 {
    // The precision at each correct detection; between them recall does not change.
    let mut precisions = Vec::new();
    for (rank, correct) in outcomes.enumerate() {
        if correct {
            precisions.push((precisions.len() + 1) as f64 / (rank + 1) as f64);
        }
    }
    let mut best = 0.0;
    let mut area = 0.0;
    for precision in precisions.into_iter().rev() {
        best = f64::max(best, precision);
        area += best / count as f64;
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::square_at as at;

    fn object(left: f32, class: usize) -> Object {
        Object {
            bounds: at(left),
            class,
        }
    }

    fn found(left: f32, class: usize, score: f32) -> Detection {
        Detection {
            bounds: at(left),
            class,
            score,
        }
    }

    #[test]
    fn perfect_detections_score_one() {
        let scenes = [vec![object(0.0, 1), object(50.0, 2)], vec![object(20.0, 1)]];
        let detections = [
            vec![found(1.0, 1, 0.9), found(50.0, 2, 0.6)],
            vec![found(20.0, 1, 0.8)],
        ];
        let objects: Vec<&[Object]> = scenes.iter().map(Vec::as_slice).collect();
        assert_eq!(mean_average_precision(&detections, &objects), 1.0);
    }

    #[test]
    fn the_curve_has_the_textbook_area() {
        // Precision at the correct ranks: 1/1, 2/4, 3/5; raised from the right: 1, 0.6, 0.6.
        let outcomes = [true, false, false, true, true];
        let area = area_under_curve(outcomes.into_iter(), 4);
        assert!((area - (1.0 + 0.6 + 0.6) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn an_object_is_found_once() {
        let detections = [vec![
            found(0.0, 0, 0.9),
            found(1.0, 0, 0.8),
            found(50.0, 0, 0.7),
        ]];
        let scene = [object(0.0, 0), object(50.0, 0)];
        let ap = mean_average_precision(&detections, &[&scene]);
        assert!((ap - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-12, "{ap}");
    }

    #[test]
    fn a_wrong_class_a_loose_box_and_a_miss_earn_nothing() {
        let scene = [object(0.0, 3)];
        assert_eq!(
            mean_average_precision(&[vec![found(0.0, 4, 0.9)]], &[&scene]),
            0.0
        );
        assert_eq!(
            mean_average_precision(&[vec![found(5.0, 3, 0.9)]], &[&scene]),
            0.0
        );
        assert_eq!(mean_average_precision(&[vec![]], &[&scene]), 0.0);
    }

    #[test]
    fn scores_rank_across_scenes() {
        let scene = [object(0.0, 0)];
        // The false alarm of the second scene outranks the hit of the first.
        let detections = [vec![found(0.0, 0, 0.5)], vec![found(50.0, 0, 0.9)]];
        assert_eq!(mean_average_precision(&detections, &[&scene, &[]]), 0.5);
    }

    #[test]
    fn classes_count_alike_and_only_where_they_occur() {
        let scene = [
            object(0.0, 0),
            object(20.0, 0),
            object(40.0, 0),
            object(60.0, 1),
        ];
        let detections = [vec![found(60.0, 1, 0.9), found(80.0, 2, 0.9)]];
        assert_eq!(mean_average_precision(&detections, &[&scene]), 0.5);
    }
}
