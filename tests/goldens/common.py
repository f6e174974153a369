"""What the generators of goldens share: versions, random inputs, checks, writing."""

import json
import math
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import torch
from torch import Tensor

HERE = Path(__file__).resolve().parent
VERSIONS = {name: version(name) for name in ("mpmath", "numpy", "torch", "torchvision")}
TORCH = f"torch {VERSIONS['torch']}"
MPMATH = f"mpmath {VERSIONS['mpmath']} at 50 digits"
COMPOSED = f"{TORCH} float64 composition of"

FORWARD = "forward"
WEIGHTED = "forward_weighted"
ELEMENTS = "forward_no_reduction"

Shape = tuple[int, ...]

mpmath.mp.dps = 50
torch.set_num_threads(1)


def tensor(values: Any) -> Tensor:
    """Float64 tensor of values rounded to float32."""
    return torch.from_numpy(np.asarray(values, dtype=np.float32).astype(np.float64))


class Draw:
    """Random inputs of one case, seeded by its name so that a new case moves no other."""

    def __init__(self, name: str, shape: Shape) -> None:
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))
        self.shape = shape

    def normal(self, shape: Shape | None = None) -> Tensor:
        return tensor(2.0 * self.rng.standard_normal(self.shape if shape is None else shape))

    def logits(self) -> Tensor:
        """Moderate logits: up to 8, the `1 - p_t` of torchvision keeps eleven digits."""
        return tensor(np.clip(3.0 * self.rng.standard_normal(self.shape), -8.0, 8.0))

    def probabilities(self) -> Tensor:
        return tensor(self.rng.uniform(0.01, 0.99, self.shape))

    def hard(self) -> Tensor:
        return tensor(self.rng.random(self.shape) < 0.3)

    def soft(self) -> Tensor:
        return tensor(self.rng.random(self.shape))

    def weights(self) -> Tensor:
        """Weights in [0.1, 2), every third one 0."""
        weights = self.rng.uniform(0.1, 2.0, self.shape)
        weights.flat[2::3] = 0.0
        return tensor(weights)


def numbers(values: Tensor) -> list[float | str]:
    """A flat list; JSON has no infinities or NaN, so those are the strings "inf", "-inf", "nan"."""
    return [v if math.isfinite(v) else str(v) for v in values.flatten().tolist()]


def require_close(
    name: str, what: str, got: Tensor, expected: Tensor, rtol: float, atol: float
) -> None:
    """Refuses a case whose reference disagrees with a check."""
    if not torch.allclose(got, expected, rtol=rtol, atol=atol):
        raise AssertionError(f"{name}: {what}\nreference {got}\nexpected  {expected}")


def write(
    family: str,
    records: list[dict[str, Any]],
    generator: str = "tests/goldens/generate.py",
    also: tuple[str, ...] = (),
) -> None:
    """Writes one family, a case a line. `also` names further packages numbers come from."""
    names = [record["name"] for record in records]
    if len(set(names)) != len(names):
        raise AssertionError(f"{family}: case names are not unique")
    versions = VERSIONS | {name: version(name) for name in also}
    lines = ",\n".join(json.dumps(record, allow_nan=False) for record in records)
    path = HERE / f"{family}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f'{{"generated_by": "{generator}",\n"versions": {json.dumps(versions)},\n'
        f'"cases": [\n{lines}\n]}}\n'
    )
    print(f"{path.name}: {len(records)} cases, {path.stat().st_size} bytes")
