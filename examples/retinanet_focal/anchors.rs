//! The fixed reference boxes that the network classifies and adjusts.

use crate::boxes::BoundingBox;

/// Pixels between neighbouring cells of each pyramid level, finest level first.
pub const STRIDES: [usize; 3] = [4, 8, 16];

/// Anchor size in strides: two octave steps, so that sizes grow by a factor of √2 across levels.
const SIZES: [f32; 2] = [2.5, 2.5 * std::f32::consts::SQRT_2];

/// Height over width: digits are square at their widest and slim at their narrowest.
const RATIOS: [f32; 3] = [1.0, 1.5, 2.25];

/// Anchors that share one cell.
pub const PER_CELL: usize = SIZES.len() * RATIOS.len();

/// All anchors of a square canvas, ordered by level, row, column and shape, which is the order in
/// which the heads' outputs are laid out.
pub fn grid(side: usize) -> Vec<BoundingBox> {
    STRIDES
        .iter()
        .flat_map(|&stride| {
            let cells = side / stride;
            (0..cells * cells).flat_map(move |cell| {
                let center = |index: usize| (index as f32 + 0.5) * stride as f32;
                let (x, y) = (center(cell % cells), center(cell / cells));
                shapes(stride).map(move |(w, h)| BoundingBox::from_center(x, y, w, h))
            })
        })
        .collect()
}

/// Width and height of the anchors of one cell; every ratio keeps the area of its size.
fn shapes(stride: usize) -> impl Iterator<Item = (f32, f32)> {
    SIZES.into_iter().flat_map(move |size| {
        RATIOS.into_iter().map(move |ratio| {
            let side = size * stride as f32;
            (side / ratio.sqrt(), side * ratio.sqrt())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_covers_every_level_in_order() {
        let anchors = grid(32);
        assert_eq!(anchors.len(), (8 * 8 + 4 * 4 + 2 * 2) * PER_CELL);
        // The first anchor: finest stride, first cell, smallest size, square.
        assert_eq!(anchors[0], BoundingBox::from_center(2.0, 2.0, 10.0, 10.0));
        // One cell to the right, then one row down.
        assert_eq!(
            anchors[PER_CELL],
            BoundingBox::from_center(6.0, 2.0, 10.0, 10.0)
        );
        assert_eq!(
            anchors[8 * PER_CELL],
            BoundingBox::from_center(2.0, 6.0, 10.0, 10.0)
        );
        // The second level follows the first.
        assert_eq!(
            anchors[64 * PER_CELL],
            BoundingBox::from_center(4.0, 4.0, 20.0, 20.0)
        );
    }

    #[test]
    fn ratios_keep_the_area_and_say_height_over_width() {
        for (shape, ratio) in grid(16).iter().zip(RATIOS) {
            assert!((shape.area() - 100.0).abs() < 1e-3);
            assert!((shape.height() / shape.width() - ratio).abs() < 1e-5);
        }
    }
}
