//! The structural similarity as ordinary tensor operations.

use crate::{
    backend::{ordered_sum::row_means, precision::widened},
    formula::{Moments, Ssim},
};
use burn::tensor::{
    Tensor, TensorData,
    module::conv2d,
    ops::{ConvOptions, PadMode},
};

/// What each plane lacks of similarity, `[N * C]`.
pub(super) fn ssim(
    ssim: &Ssim,
    prediction: Tensor<4>,
    target: Tensor<4>,
    reference: Option<Tensor<1>>,
) -> Tensor<1> {
    let [images, channels, height, width] = prediction.dims();
    let planes = images * channels;
    let [x, y] =
        [prediction, target].map(|image| widened(image).reshape([planes, 1, height, width]));
    let pixels = |image: &Tensor<4>| image.clone().detach().reshape([planes, height * width]);
    let middle = (row_means(pixels(&x)) + row_means(pixels(&y))) * 0.5;
    let unit = 1.0 / ssim.range;
    // Before anything is taken off, so that near images keep the digits of what is between them.
    let gap = (x.clone() - y.clone()) * unit;
    let of_planes = middle.clone().reshape([planes, 1, 1, 1]);
    let [x, y] = [x, y].map(|image| (image - of_planes.clone()) * unit);
    let reference = match reference {
        Some(reference) => middle + reference,
        None => middle,
    };
    let squares = x.clone() * x.clone() + y.clone() * y;
    let square_gap = gap.clone() * gap.clone();
    let means = through_window(ssim, Tensor::cat(vec![x, gap, squares, square_gap], 1));
    let mean = |index| means.clone().narrow(1, index, 1);
    let moments = Moments {
        x: mean(0),
        gap: mean(1),
        squares: mean(2),
        square_gap: mean(3),
    };
    let reference = reference.reshape([planes, 1, 1, 1]) * unit;
    let lacking = ssim.value(moments, reference);
    let places = ssim.places(height) * ssim.places(width);
    row_means(lacking.reshape([planes, places]))
}

/// The mean over the window at each of its places, of each channel. The channels are groups of their own: such a convolution is one of
/// `f32` on GPUs, too, where the products of others may be rounded to TF32.
fn through_window(ssim: &Ssim, image: Tensor<4>) -> Tensor<4> {
    let (channels, size) = (image.dims()[1], ssim.window.len());
    let image = match ssim.padding() {
        0 => image,
        padding => {
            let both = (padding, padding);
            image.pad([both, both], PadMode::Reflect)
        }
    };
    let along = |image: Tensor<4>, sides: [usize; 2]| {
        let data = TensorData::new(ssim.window.clone(), [1, 1, sides[0], sides[1]]);
        let window = Tensor::<4>::from_data(data, (&image.device(), image.dtype()));
        let windows = window.expand([channels, 1, sides[0], sides[1]]);
        let options = ConvOptions::new([1, 1], [0, 0], [1, 1], channels);
        conv2d(image, windows, None, options)
    };
    along(along(image, [1, size]), [size, 1])
}
