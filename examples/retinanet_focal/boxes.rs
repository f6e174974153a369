//! Axis-aligned boxes: overlap, and the offsets that a box head regresses.

use burn::tensor::Tensor;

/// The largest `ln(size ratio)` a decoded offset may ask for, so that an untrained head cannot
/// overflow `exp`: torchvision's.
const MAX_LOG_SCALE: f32 = 4.135;

/// A box in pixels: left, top, right, bottom; `x` grows to the right and `y` downwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoundingBox(pub [f32; 4]);

impl BoundingBox {
    /// The box of the given size around a centre.
    pub fn from_center(x: f32, y: f32, width: f32, height: f32) -> Self {
        let (w, h) = (width / 2.0, height / 2.0);
        Self([x - w, y - h, x + w, y + h])
    }

    pub fn width(&self) -> f32 {
        self.0[2] - self.0[0]
    }

    pub fn height(&self) -> f32 {
        self.0[3] - self.0[1]
    }

    /// The area; 0 for a box turned inside out.
    fn area(&self) -> f32 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    pub fn center(&self) -> (f32, f32) {
        let [left, top, right, bottom] = self.0;
        ((left + right) / 2.0, (top + bottom) / 2.0)
    }

    /// Intersection over union, between 0 and 1; 0 for boxes without area.
    pub fn iou(&self, other: &Self) -> f32 {
        let (a, b) = (self.0, other.0);
        let (left, top) = (a[0].max(b[0]), a[1].max(b[1]));
        let overlap = Self([left, top, a[2].min(b[2]), a[3].min(b[3])]).area();
        let union = self.area() + other.area() - overlap;
        if union > 0.0 { overlap / union } else { 0.0 }
    }

    /// The part of the box inside a square canvas.
    pub fn clip(&self, side: f32) -> Self {
        Self(self.0.map(|place| place.clamp(0.0, side)))
    }

    /// The offsets `(dx, dy, ln dw, ln dh)` that lead from `anchor` to this box (R-CNN, 2014).
    pub fn encode(&self, anchor: &Self) -> [f32; 4] {
        let ((x, y), (anchor_x, anchor_y)) = (self.center(), anchor.center());
        [
            (x - anchor_x) / anchor.width(),
            (y - anchor_y) / anchor.height(),
            (self.width() / anchor.width()).ln(),
            (self.height() / anchor.height()).ln(),
        ]
    }
}

/// The inverse of [`BoundingBox::encode`] for a batch: from offsets `[B, A, 4]` and the sides of the
/// anchors `[B, A, 2]`, the centre of each box, relative to that of its anchor, and its sides.
pub fn decode(offsets: Tensor<3>, sides: Tensor<3>) -> Tensor<3> {
    let centers = offsets.clone().narrow(2, 0, 2) * sides.clone();
    let scales = offsets.narrow(2, 2, 2).clamp_max(MAX_LOG_SCALE).exp();
    Tensor::cat(vec![centers, scales * sides], 2)
}

/// A box of 10 x 10 pixels whose left edge is at `left`, for the tests.
#[cfg(test)]
pub fn square_at(left: f32) -> BoundingBox {
    BoundingBox([left, 0.0, left + 10.0, 10.0])
}

#[test]
fn decoding_undoes_encoding() {
    let (device, _) = support::run::RunArgs::default().device().expect("a device");
    let target = BoundingBox::from_center(7.0, 4.0, 20.0, 5.0);
    let offsets = target.encode(&square_at(0.0));
    let sides = Tensor::full([1, 1, 2], 10.0, &device);
    let decoded = decode(Tensor::from_floats([[offsets]], &device), sides).into_data();
    for (got, want) in decoded.iter::<f32>().zip([2.0, -1.0, 20.0, 5.0]) {
        assert!((got - want).abs() < 1e-5, "{decoded}");
    }
}
