"""PyTorch's side of a benchmark: answers one JSON request a line, see README.md."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

THREADS = 2
WARM_UP = 3
SETTINGS = ("kept", "in_place")
MODES = ("eager", "compile")

LossFunction = Callable[..., Tensor]


@dataclass(frozen=True)
class Workload:
    """The arguments of a loss in its order: a prediction, parameters and a target."""

    prediction: Tensor
    target: Tensor
    loss: LossFunction
    parameters: tuple[Tensor, ...] = ()

    @property
    def leaves(self) -> tuple[Tensor, ...]:
        """What the gradients are taken of."""
        return (self.prediction, *self.parameters)


class Server:
    """Answers requests for the workloads it can build."""

    def __init__(self, builders: dict[str, Callable[[], Workload]]) -> None:
        self.builders = builders
        self.workload = cache(lambda name: builders[name]())
        self.loss_function = cache(self._loss_function)
        self.warm_up = cache(self._warm_up)

    def _loss_function(self, name: str, mode: str) -> LossFunction:
        """The loss as it is, or compiled by inductor, for the shapes of its workload alone."""
        loss = self.workload(name).loss
        return loss if mode == "eager" else torch.compile(loss, dynamic=False)

    def iterate(self, name: str, setting: str, mode: str) -> tuple[float, Tensor]:
        """One forward and backward: milliseconds and loss; the leaves have their gradients."""
        work, loss_of = self.workload(name), self.loss_function(name, mode)
        for leaf in work.leaves:
            leaf.grad = None
        handed_over = [work.prediction if setting == "kept" else work.prediction.clone()]
        start = perf_counter()
        loss = loss_of(handed_over.pop(), *work.parameters, work.target)
        loss.backward()
        return 1e3 * (perf_counter() - start), loss.detach()

    def _warm_up(self, name: str, setting: str, mode: str) -> None:
        """Compiles and settles a combination the first time it is asked for."""
        for _ in range(WARM_UP):
            self.iterate(name, setting, mode)

    def answer(self, request: dict[str, Any]) -> dict[str, float]:
        """Times one iteration, or sums up its result where the request is a check."""
        if "workload" not in request:
            raise ValueError("the request names no workload")
        name = choice(request, "workload", tuple(self.builders))
        setting = choice(request, "setting", SETTINGS)
        mode = choice(request, "mode", MODES)
        self.warm_up(name, setting, mode)
        milliseconds, loss = self.iterate(name, setting, mode)
        if request.get("check"):
            leaves = self.workload(name).leaves
            total = sum(leaf.grad.abs().sum(dtype=torch.float64).item() for leaf in leaves)
            return {"loss": loss.item(), "grad_sum_abs": total}
        return {"ms": milliseconds}

    def serve(self) -> None:
        """Answers every line of standard input until it ends."""
        torch.set_num_threads(THREADS)
        for line in sys.stdin:
            try:
                reply: dict[str, Any] = self.answer(json.loads(line))
            except Exception as error:  # a failing request must not end the server
                reply = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(reply), flush=True)


def choice(request: dict[str, Any], field: str, allowed: tuple[str, ...]) -> str:
    """A field of the request, the first allowed value where it is absent."""
    value = request.get(field, allowed[0])
    if value not in allowed:
        raise ValueError(f"{field} {value!r} is not one of {', '.join(allowed)}")
    return value


def leaf(values: Any, *shape: int) -> Tensor:
    """A tensor of that shape whose gradient is taken."""
    return torch.from_numpy(values).view(shape).requires_grad_()
