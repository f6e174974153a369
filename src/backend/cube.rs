//! Terms of all pairs on GPUs, composed of Burn's own operations.

use super::{extension::PairOps, numbers::NumbersBackend, pairs::pair_backend};
use burn::backend::Cube;

impl NumbersBackend for Cube {
    const HAS_EXACT_LOGARITHMS: bool = false;
}

impl PairOps for Cube {}

pair_backend!(Cube);
