//! The last rows of a plane.

/// Rows of numbers, of which the last few are kept.
pub(super) struct Ring {
    numbers: Vec<f64>,
    width: usize,
    depth: usize,
}

impl Ring {
    /// Room for `depth` rows.
    pub fn new(depth: usize, width: usize) -> Self {
        Self {
            numbers: vec![0.0; depth * width],
            width,
            depth,
        }
    }

    /// A row that is still there.
    pub fn row(&self, index: usize) -> &[f64] {
        &self.numbers[index % self.depth * self.width..][..self.width]
    }

    /// The place of a row, in which another has been.
    pub fn row_mut(&mut self, index: usize) -> &mut [f64] {
        &mut self.numbers[index % self.depth * self.width..][..self.width]
    }
}
