//! The fixed reference boxes that the network classifies and adjusts, and which of them answers for which object.

use burn::tensor::{Device, Tensor, TensorData};

use crate::boxes::BoundingBox;

/// Pixels between neighbouring cells of each pyramid level, finest level first.
pub const STRIDES: [usize; 3] = [4, 8, 16];

/// Anchor size in strides: two octave steps, so that sizes grow by a factor of √2 across levels.
const SIZES: [f32; 2] = [2.5, 2.5 * std::f32::consts::SQRT_2];

/// Height over width: digits are square at their widest and slim at their narrowest.
const RATIOS: [f32; 3] = [1.0, 1.5, 2.25];

/// Anchors that share one cell.
pub const PER_CELL: usize = SIZES.len() * RATIOS.len();

/// An anchor that overlaps an object at least as much as the first is foreground, one that overlaps every object less than
/// the second is background.
const FOREGROUND_IOU: f32 = 0.5;
const BACKGROUND_IOU: f32 = 0.4;

/// All anchors of a square canvas, ordered by level, row, column and shape, which is the order in which the heads' outputs
/// are laid out.
pub fn grid(side: usize) -> Vec<BoundingBox> {
    let mut anchors = Vec::new();
    for stride in STRIDES {
        let cells = side / stride;
        for cell in 0..cells * cells {
            let center = |index: usize| (index as f32 + 0.5) * stride as f32;
            let (x, y) = (center(cell % cells), center(cell / cells));
            for size in SIZES {
                // Every ratio keeps the area of its size.
                let side = size * stride as f32;
                anchors.extend(RATIOS.map(|ratio| {
                    BoundingBox::from_center(x, y, side / ratio.sqrt(), side * ratio.sqrt())
                }));
            }
        }
    }
    anchors
}

/// Width and height of the anchors in so many scenes, `[scenes, A, 2]`.
pub fn sides(anchors: &[BoundingBox], scenes: usize, device: &Device) -> Tensor<3> {
    let sides = anchors.iter().flat_map(|one| [one.width(), one.height()]);
    let sides = TensorData::new(sides.collect::<Vec<_>>(), [1, anchors.len(), 2]);
    Tensor::from_data(sides, device).repeat_dim(0, scenes)
}

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
/// An object that no anchor overlaps by [`FOREGROUND_IOU`] would never be learnt, so the anchors that overlap an object most
/// answer for it as well.
pub fn match_anchors(anchors: &[BoundingBox], objects: &[BoundingBox]) -> Vec<Match> {
    let mut best_overlap = vec![0.0; anchors.len()];
    let mut matches = vec![Match::Background; anchors.len()];
    for (index, object) in objects.iter().enumerate() {
        for ((anchor, best), matched) in anchors.iter().zip(&mut best_overlap).zip(&mut matches) {
            let overlap = anchor.iou(object);
            if overlap > *best {
                *best = overlap;
                *matched = match overlap {
                    FOREGROUND_IOU.. => Match::Foreground(index),
                    BACKGROUND_IOU.. => Match::Ignored,
                    _ => Match::Background,
                };
            }
        }
    }
    for (index, object) in objects.iter().enumerate() {
        let overlaps = anchors.iter().map(|anchor| anchor.iou(object));
        let most = overlaps.clone().fold(0.0, f32::max);
        for (overlap, matched) in overlaps.zip(&mut matches) {
            if overlap == most && most > 0.0 {
                *matched = Match::Foreground(index);
            }
        }
    }
    matches
}

#[test]
fn anchors_answer_for_the_object_they_overlap_most() {
    use Match::{Background, Foreground, Ignored};
    let at = crate::boxes::square_at;
    // Shifts of 0, 3, 4 and 5 pixels overlap by 1, 7/13 = 0.54, 6/14 = 0.43 and 5/15 = 0.33.
    let matches = match_anchors(&[at(0.0), at(3.0), at(4.0), at(5.0)], &[at(0.0)]);
    assert_eq!(matches, [Foreground(0), Foreground(0), Ignored, Background]);
    let matches = match_anchors(&[at(0.0), at(7.0)], &[at(8.0), at(1.0)]);
    assert_eq!(matches, [Foreground(1), Foreground(0)]);
    // Neither reaches the threshold of foreground, and a distant object takes none.
    let matches = match_anchors(&[at(4.0), at(6.0)], &[at(0.0), at(50.0)]);
    assert_eq!(matches, [Foreground(0), Background]);
}
