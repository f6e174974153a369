//! Axis-aligned boxes: overlap, and the offsets that a box head regresses.

use burn::tensor::Tensor;
use serde::Serialize;

/// The largest `ln(size ratio)` a decoded offset may ask for, so that an untrained head cannot
/// overflow `exp`. The value is the one torchvision uses: a box at most 62.5 times its anchor.
const MAX_LOG_SCALE: f32 = 4.135;

/// A box by its corners, in pixels; `x` grows to the right and `y` downwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BoundingBox {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl BoundingBox {
    /// The box of the given size around a centre.
    pub fn from_center(x: f32, y: f32, width: f32, height: f32) -> Self {
        Self {
            left: x - width / 2.0,
            top: y - height / 2.0,
            right: x + width / 2.0,
            bottom: y + height / 2.0,
        }
    }

    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// The area; 0 for a box turned inside out.
    pub fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    fn center(&self) -> (f32, f32) {
        (
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        )
    }

    /// Intersection over union, between 0 and 1; 0 for boxes without area.
    pub fn iou(&self, other: &Self) -> f32 {
        let overlap = Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
        .area();
        let union = self.area() + other.area() - overlap;
        if union > 0.0 { overlap / union } else { 0.0 }
    }

    /// The part of the box inside a square canvas.
    pub fn clip(&self, side: f32) -> Self {
        Self {
            left: self.left.clamp(0.0, side),
            top: self.top.clamp(0.0, side),
            right: self.right.clamp(0.0, side),
            bottom: self.bottom.clamp(0.0, side),
        }
    }

    /// The offsets `(dx, dy, ln dw, ln dh)` that lead from `anchor` to this box (R-CNN, 2014).
    pub fn encode(&self, anchor: &Self) -> [f32; 4] {
        let (x, y) = self.center();
        let (anchor_x, anchor_y) = anchor.center();
        [
            (x - anchor_x) / anchor.width(),
            (y - anchor_y) / anchor.height(),
            (self.width() / anchor.width()).ln(),
            (self.height() / anchor.height()).ln(),
        ]
    }

    /// The inverse of [`encode`](Self::encode): `anchor` moved and scaled by `offsets`.
    pub fn decode(offsets: [f32; 4], anchor: &Self) -> Self {
        let [dx, dy, log_width, log_height] = offsets;
        let (x, y) = anchor.center();
        Self::from_center(
            x + dx * anchor.width(),
            y + dy * anchor.height(),
            anchor.width() * log_width.min(MAX_LOG_SCALE).exp(),
            anchor.height() * log_height.min(MAX_LOG_SCALE).exp(),
        )
    }
}

/// Boxes `[B, A, 4]`, the centre (relative to that of the anchor) and the sides, from offsets and the sides of the anchors
/// `[B, A, 2]`.
pub fn decoded(offsets: Tensor<3>, sides: Tensor<3>) -> Tensor<3> {
    let centers = offsets.clone().narrow(2, 0, 2) * sides.clone();
    let scales = offsets.narrow(2, 2, 2).clamp_max(MAX_LOG_SCALE).exp();
    Tensor::cat(vec![centers, scales * sides], 2)
}

/// A box of 10 x 10 pixels whose left edge is at `left`, for the tests.
#[cfg(test)]
pub fn square_at(left: f32) -> BoundingBox {
    BoundingBox {
        left,
        top: 0.0,
        right: left + 10.0,
        bottom: 10.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: BoundingBox = BoundingBox {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: 10.0,
    };

    #[test]
    fn iou_of_equal_shifted_and_distant_boxes() {
        let half = BoundingBox {
            left: 5.0,
            right: 15.0,
            ..UNIT
        };
        let far = BoundingBox {
            left: 20.0,
            right: 30.0,
            ..UNIT
        };
        assert_eq!(UNIT.iou(&UNIT), 1.0);
        assert!((UNIT.iou(&half) - 50.0 / 150.0).abs() < 1e-6);
        assert_eq!(UNIT.iou(&far), 0.0);
        assert_eq!(half.iou(&UNIT), UNIT.iou(&half));
    }

    #[test]
    fn touching_and_empty_boxes_do_not_overlap() {
        let beside = BoundingBox {
            left: 10.0,
            right: 20.0,
            ..UNIT
        };
        let empty = BoundingBox { right: 0.0, ..UNIT };
        assert_eq!(UNIT.iou(&beside), 0.0);
        assert_eq!(empty.iou(&empty), 0.0);
    }

    #[test]
    fn offsets_have_the_textbook_values() {
        let target = BoundingBox::from_center(7.0, 4.0, 20.0, 5.0);
        let [dx, dy, log_width, log_height] = target.encode(&UNIT);
        assert!((dx - 0.2).abs() < 1e-6);
        assert!((dy + 0.1).abs() < 1e-6);
        assert!((log_width - 2.0_f32.ln()).abs() < 1e-6);
        assert!((log_height - 0.5_f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn decoding_undoes_encoding() {
        let target = BoundingBox {
            left: 3.0,
            top: -2.0,
            right: 21.5,
            bottom: 8.25,
        };
        let anchor = BoundingBox::from_center(9.0, 4.0, 14.0, 28.0);
        let back = BoundingBox::decode(target.encode(&anchor), &anchor);
        for (got, want) in [
            (back.left, target.left),
            (back.top, target.top),
            (back.right, target.right),
            (back.bottom, target.bottom),
        ] {
            assert!((got - want).abs() < 1e-4, "{back:?} should be {target:?}");
        }
    }

    #[test]
    fn a_wild_offset_stays_finite() {
        let wild = BoundingBox::decode([0.0, 0.0, 1e6, 1e6], &UNIT);
        assert!(wild.area().is_finite());
        assert_eq!(
            wild.clip(96.0),
            BoundingBox {
                right: 96.0,
                bottom: 96.0,
                ..UNIT
            }
        );
    }
}
