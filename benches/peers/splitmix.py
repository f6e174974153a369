"""The inputs of the workloads, drawn as `benches/support/splitmix.rs` draws them."""

import numpy as np
from numpy.typing import NDArray


def draws(seed: int, count: int) -> NDArray[np.uint64]:
    """Whole numbers below 2^24: the upper 24 bits of splitmix64 started at `seed`."""
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(40)


def unit(seed: int, count: int) -> NDArray[np.float32]:
    """Uniform floats in [0, 1), exact in f32."""
    return draws(seed, count).astype(np.float32) / np.float32(1 << 24)


def spread(seed: int, count: int, half_width: float = 4.0) -> NDArray[np.float32]:
    """Uniform floats in [-half_width, half_width), exact in f32 for a power of two."""
    width = np.float32(2.0 * half_width)
    return width * unit(seed, count) - np.float32(half_width)


def classes(seed: int, count: int, number: int) -> NDArray[np.int64]:
    """Class indices below `number`, each as likely as the others."""
    return ((draws(seed, count) * np.uint64(number)) >> np.uint64(24)).astype(np.int64)
