//! Which anchor answers for which object.

use crate::boxes::BoundingBox;

/// An anchor that overlaps an object at least this much is foreground.
const FOREGROUND_IOU: f32 = 0.5;

/// An anchor that overlaps every object less than this is background.
const BACKGROUND_IOU: f32 = 0.4;

/// What an anchor is taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// To find the object with this index.
    Foreground(usize),
    /// Nothing: the overlap is too large for background and too small for an object.
    Ignored,
    /// To be silent.
    Background,
}

/// Matches every anchor with the object it overlaps most.
///
/// An object that no anchor overlaps by [`FOREGROUND_IOU`] would never be learnt, so the anchors
/// that overlap an object most answer for it as well.
pub fn match_anchors(anchors: &[BoundingBox], objects: &[BoundingBox]) -> Vec<Match> {
    let mut best_overlap = vec![0.0; anchors.len()];
    let mut matches = vec![Match::Background; anchors.len()];
    for (index, object) in objects.iter().enumerate() {
        for ((anchor, best), matched) in anchors.iter().zip(&mut best_overlap).zip(&mut matches) {
            let overlap = anchor.iou(object);
            if overlap > *best {
                *best = overlap;
                *matched = by_overlap(overlap, index);
            }
        }
    }
    for (index, object) in objects.iter().enumerate() {
        let overlaps: Vec<f32> = anchors.iter().map(|anchor| anchor.iou(object)).collect();
        let most = overlaps.iter().copied().fold(0.0, f32::max);
        if most == 0.0 {
            continue;
        }
        for (overlap, matched) in overlaps.iter().zip(&mut matches) {
            if *overlap == most {
                *matched = Match::Foreground(index);
            }
        }
    }
    matches
}

fn by_overlap(overlap: f32, object: usize) -> Match {
    if overlap >= FOREGROUND_IOU {
        Match::Foreground(object)
    } else if overlap >= BACKGROUND_IOU {
        Match::Ignored
    } else {
        Match::Background
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boxes::square_at as at;

    #[test]
    fn thresholds_split_foreground_ignored_and_background() {
        // Shifts of 0, 3, 4 and 5 pixels overlap by 1, 7/13 = 0.54, 6/14 = 0.43 and 5/15 = 0.33.
        let matches = match_anchors(&[at(0.0), at(3.0), at(4.0), at(5.0)], &[at(0.0)]);
        assert_eq!(
            matches,
            [
                Match::Foreground(0),
                Match::Foreground(0),
                Match::Ignored,
                Match::Background
            ]
        );
    }

    #[test]
    fn an_anchor_takes_the_object_it_overlaps_most() {
        let matches = match_anchors(&[at(0.0), at(7.0)], &[at(8.0), at(1.0)]);
        assert_eq!(matches, [Match::Foreground(1), Match::Foreground(0)]);
    }

    #[test]
    fn an_object_with_poor_anchors_still_gets_its_best() {
        // The overlaps are 0.43 and 0.25: neither reaches the foreground threshold.
        let matches = match_anchors(&[at(4.0), at(6.0)], &[at(0.0)]);
        assert_eq!(matches, [Match::Foreground(0), Match::Background]);
    }

    #[test]
    fn an_object_beyond_all_anchors_takes_none() {
        assert_eq!(match_anchors(&[at(0.0)], &[at(50.0)]), [Match::Background]);
    }

    #[test]
    fn a_scene_without_objects_is_all_background() {
        assert_eq!(
            match_anchors(&[at(0.0), at(5.0)], &[]),
            [Match::Background; 2]
        );
    }
}
