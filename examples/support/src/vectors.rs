//! Vectors as the rows of a matrix.

use burn::tensor::Tensor;

/// Added to squared lengths, so that a vector of zeros has a direction: none.
const TINY: f32 = 1e-12;

/// Each row with length 1.
pub fn directions(vectors: Tensor<2>) -> Tensor<2> {
    let lengths = (vectors.clone().square().sum_dim(1) + TINY).sqrt();
    vectors / lengths
}
