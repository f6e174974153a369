//! Differences of neighbouring pixels.

use crate::{
    backend::{joined, nothing_of, row_sums},
    config::Named,
};
use burn::{
    serde::{Deserialize, Serialize},
    tensor::Tensor,
};

/// Whether what differs between neighbouring pixels is added up or averaged. It is `"sum"` or `"mean"` in a configuration file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "burn::serde", rename_all = "snake_case")]
pub enum DifferenceScale {
    /// The sum over all channels and pairs of neighbours of an image (torchmetrics, kornia's default for each channel).
    Sum,
    /// The mean over the channels and pairs above each other, plus that over those beside each other (kornia's `"mean"`): it does not
    /// depend on the size of the image.
    #[default]
    Mean,
}

impl Named for DifferenceScale {
    const NAMES: &'static [(Self, &'static str)] = &[
        (DifferenceScale::Sum, "sum"),
        (DifferenceScale::Mean, "mean"),
    ];
}

/// Each pixel less the one above it, and less the one to its left; only one of these for images that are a line, and nothing for
/// single pixels.
pub(super) fn differences(image: &Tensor<4>) -> Vec<Tensor<4>> {
    let dims = [2, 3].into_iter();
    let dims = dims.filter(|&dim| image.dims()[dim] > 1);
    let of_dim = |dim: usize| {
        let pairs = image.dims()[dim] - 1;
        image.clone().narrow(dim, 1, pairs) - image.clone().narrow(dim, 0, pairs)
    };
    dims.map(of_dim).collect()
}

impl DifferenceScale {
    /// What the terms of the neighbours of each image come to; 0 without neighbours.
    pub(super) fn of_images(self, images: &[Tensor<4>], terms: Vec<Tensor<4>>) -> Tensor<1> {
        let count = images[0].dims()[0];
        let terms = terms.into_iter().map(|terms| {
            let each = terms.shape().num_elements() / count;
            let sums = row_sums(terms.reshape([count, each]));
            match self {
                DifferenceScale::Sum => sums,
                DifferenceScale::Mean => sums * (1.0 / each as f64),
            }
        });
        let nothing = || joined(images.iter().map(nothing_of)).expand([count]);
        terms.reduce(|a, b| a + b).unwrap_or_else(nothing)
    }
}
