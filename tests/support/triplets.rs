//! Triplets on the host.

use burn::tensor::{Int, Tensor};
use burn_losses::Triplets;

/// The anchor, the positive and the negative of each triplet.
pub fn list(triplets: &Triplets) -> Vec<[i64; 3]> {
    let of = |list: &Tensor<1, Int>| -> Vec<i64> { list.to_data().iter().collect() };
    let (anchors, positives) = (of(&triplets.anchors), of(&triplets.positives));
    let pairs = anchors.into_iter().zip(positives);
    pairs
        .zip(of(&triplets.negatives))
        .map(|((anchor, positive), negative)| [anchor, positive, negative])
        .collect()
}
