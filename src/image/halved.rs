//! Images of half the size.

use burn::tensor::Tensor;

/// The mean of each 2 x 2 pixels. What is left over at an odd side is a mean of the two pixels (or the one) that are there.
pub(super) fn halved(image: Tensor<4>) -> Tensor<4> {
    let image = doubled_last(doubled_last(image, 2), 3);
    let [images, channels, height, width] = image.dims();
    let fours = [images * channels, height / 2, 2, width / 2, 2];
    let sums = image.reshape(fours).sum_dim(4).sum_dim(2);
    sums.reshape([images, channels, height / 2, width / 2]) * 0.25
}

/// The image with its last line twice, where it has an odd number of lines.
fn doubled_last(image: Tensor<4>, dim: usize) -> Tensor<4> {
    let lines = image.dims()[dim];
    match lines % 2 {
        0 => image,
        _ => {
            let last = image.clone().narrow(dim, lines - 1, 1);
            Tensor::cat(vec![image, last], dim)
        }
    }
}
