//! Vectors as the rows of a matrix.

use burn::tensor::Tensor;

/// Added to squared lengths, so that a vector of zeros has a direction: none.
const TINY: f32 = 1e-12;

/// Each row with length 1.
pub fn directions(vectors: Tensor<2>) -> Tensor<2> {
    let lengths = (vectors.clone().square().sum_dim(1) + TINY).sqrt();
    vectors / lengths
}

/// The numbers of a matrix, row by row.
pub fn rows(matrix: Tensor<2>) -> Vec<Vec<f32>> {
    let columns = matrix.dims()[1];
    let numbers: Vec<f32> = matrix.into_data().iter::<f32>().collect();
    numbers.chunks(columns).map(<[f32]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceName;

    #[test]
    fn directions_have_length_1_where_there_is_one() {
        let device = DeviceName::choose(None).expect("a device").open();
        let vectors = Tensor::from_floats([[0.0, -2.0], [0.0, 0.0]], &device);
        assert_eq!(rows(directions(vectors)), [[0.0, -1.0], [0.0, 0.0]]);
    }
}
