"""PyTorch's side of the pointwise benchmark: answers one JSON request a line, see README.md.

echo '{"workload": "mse", "setting": "kept", "mode": "eager"}' | python pointwise.py
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

THREADS = 2
WARM_UP = 3
PREDICTION_SEED, TARGET_SEED = 1, 2
SETTINGS = ("kept", "in_place")
MODES = ("eager", "compile")

LossFunction = Callable[[Tensor, Tensor], Tensor]


def splitmix64(seed: int, count: int) -> NDArray[np.uint64]:
    """The first `count` outputs of splitmix64 started at `seed`."""
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def unit(seed: int, count: int) -> NDArray[np.float32]:
    """Uniform floats in [0, 1): the upper 24 bits over 2^24, exact in f32."""
    return (splitmix64(seed, count) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)


def spread(seed: int, count: int) -> NDArray[np.float32]:
    """Uniform floats in [-4, 4), exact in f32."""
    return np.float32(8.0) * unit(seed, count) - np.float32(4.0)


@dataclass(frozen=True)
class Workload:
    """Leaf prediction, target and the loss between them."""

    prediction: Tensor
    target: Tensor
    loss: LossFunction


def focal() -> Workload:
    """RetinaNet's classification loss: the sum over 120000 x 80 divided by the positives."""
    shape = (120_000, 80)
    count = shape[0] * shape[1]
    labels = (unit(TARGET_SEED, count) < np.float32(0.01)).astype(np.float32)
    positives = max(float(labels.sum()), 1.0)
    return Workload(
        torch.from_numpy(spread(PREDICTION_SEED, count)).view(shape).requires_grad_(),
        torch.from_numpy(labels).view(shape),
        lambda x, t: sigmoid_focal_loss(x, t, alpha=0.25, gamma=2.0, reduction="sum") / positives,
    )


def regression(loss: LossFunction) -> Workload:
    """A mean over four million elements."""
    count = 4_000_000
    return Workload(
        torch.from_numpy(spread(PREDICTION_SEED, count)).requires_grad_(),
        torch.from_numpy(spread(TARGET_SEED, count)),
        loss,
    )


WORKLOADS: dict[str, Callable[[], Workload]] = {
    "focal": focal,
    "mse": lambda: regression(F.mse_loss),
    "smooth_l1": lambda: regression(F.smooth_l1_loss),
}


@cache
def workload(name: str) -> Workload:
    """The inputs of a workload, made once."""
    return WORKLOADS[name]()


@cache
def loss_function(name: str, mode: str) -> LossFunction:
    """The loss as it is, or compiled by inductor."""
    loss = workload(name).loss
    return loss if mode == "eager" else torch.compile(loss)


def iterate(name: str, setting: str, mode: str) -> tuple[float, Tensor, Tensor]:
    """One forward and backward: milliseconds, loss and gradient to the prediction."""
    work, loss_of = workload(name), loss_function(name, mode)
    work.prediction.grad = None
    handed_over = [work.prediction if setting == "kept" else work.prediction.clone()]
    start = perf_counter()
    loss = loss_of(handed_over.pop(), work.target)
    loss.backward()
    milliseconds = 1e3 * (perf_counter() - start)
    return milliseconds, loss.detach(), work.prediction.grad


@cache
def warm_up(name: str, setting: str, mode: str) -> None:
    """Compiles and settles a combination the first time it is asked for."""
    for _ in range(WARM_UP):
        iterate(name, setting, mode)


def choice(request: dict[str, Any], field: str, allowed: tuple[str, ...]) -> str:
    """A field of the request, the first allowed value where it is absent."""
    value = request.get(field, allowed[0])
    if value not in allowed:
        raise ValueError(f"{field} {value!r} is not one of {', '.join(allowed)}")
    return value


def answer(request: dict[str, Any]) -> dict[str, float]:
    """Times one iteration, or sums up its result where the request is a check."""
    if "workload" not in request:
        raise ValueError("the request names no workload")
    name = choice(request, "workload", tuple(WORKLOADS))
    setting = choice(request, "setting", SETTINGS)
    mode = choice(request, "mode", MODES)
    warm_up(name, setting, mode)
    milliseconds, loss, gradient = iterate(name, setting, mode)
    if request.get("check"):
        total = gradient.abs().sum(dtype=torch.float64)
        return {"loss": loss.item(), "grad_sum_abs": total.item()}
    return {"ms": milliseconds}


def main() -> None:
    """Answers every line of standard input until it ends."""
    torch.set_num_threads(THREADS)
    for line in sys.stdin:
        try:
            reply: dict[str, Any] = answer(json.loads(line))
        except Exception as error:  # a failing request must not end the server
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
