"""Writes the golden cases of losses that take more than logits and targets, in `composite/` next to
this file: distillation and linear cross entropy.

As in `generate.py`: inputs exact in f32, references in f64 from PyTorch operations, every case held
against central finite differences before it is written.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_composite.py

Two runs with the same versions write identical bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from common import ELEMENTS, FORWARD, TORCH, WEIGHTED, Draw, Shape, numbers, require_close, tensor, write

IGNORED = -100
UNLABELED = "forward_unlabeled"
FIVE = [0.5, 2.0, 0.0, 1.25, 3.0]

Inputs = dict[str, Tensor]


@dataclass(frozen=True)
class Composite:
    """A case: named float inputs, classes, and a function of both that is reduced already."""

    name: str
    loss: str
    source: str
    config: dict[str, Any]
    method: str
    inputs: Inputs
    classes: Tensor | None
    upstream: float | Tensor
    value: Callable[[Inputs], Tensor]


def draw_classes(draw: Draw, shape: Shape, count: int, ignored: int) -> Tensor:
    """Classes of which a fifth is ignored."""
    classes = torch.from_numpy(draw.rng.integers(0, count, shape))
    left_out = draw.rng.random(shape) < 0.2
    left_out.flat[0] = False
    classes[torch.from_numpy(left_out)] = ignored
    return classes


def draw_weights(draw: Draw, shape: Shape) -> Tensor:
    """Weights of rows, every third one 0."""
    weights = draw.rng.uniform(0.1, 2.0, shape)
    weights.flat[2::3] = 0.0
    return tensor(weights)


def reduce(losses: Tensor, divisors: Tensor, method: str, reduction: str, s: Tensor) -> Tensor:
    """The losses of rows with weights `s`, `divisors` the weight of each row's class."""
    if method == ELEMENTS:
        return losses
    total = (s * losses).sum()
    return total / (s * divisors).sum() if reduction == "mean" else total


def divisors_of(classes: Tensor, ignored: int, weights: list[float] | None) -> Tensor:
    """The weight of each row's class, 0 where it is ignored."""
    kept = classes != ignored
    if weights is None:
        return kept.double()
    return torch.tensor(weights, dtype=torch.float64)[torch.where(kept, classes, 0)] * kept


def cross_entropy(logits: Tensor, classes: Tensor, config: dict[str, Any]) -> Tensor:
    """torch's, of each row."""
    weights = config["weights"]
    return F.cross_entropy(
        logits,
        classes,
        weight=None if weights is None else torch.tensor(weights, dtype=torch.float64),
        ignore_index=config["ignore_index"],
        label_smoothing=config["label_smoothing"],
        reduction="none",
    )


def hyperparameters(weights: list[float] | None, smoothing: float, ignored: int) -> dict[str, Any]:
    return {"weights": weights, "label_smoothing": smoothing, "ignore_index": ignored}


# Distillation


def distillation(
    method: str,
    reduction: str,
    shape: Shape,
    upstream: float = 1.0,
    temperature: float = 4.0,
    alpha: float = 0.9,
    weights: list[float] | None = None,
    smoothing: float = 0.0,
    ignored: int = IGNORED,
    label: str = "",
) -> Composite:
    size = "x".join(map(str, shape))
    name = "_".join(filter(None, ("distillation", label, method, reduction, size)))
    draw, row_shape = Draw(name, shape), (shape[0], *shape[2:])
    config = {
        "temperature": temperature,
        "alpha": alpha,
        **hyperparameters(weights, smoothing, ignored),
        "reduction": reduction,
    }
    inputs = {
        "logits": tensor(3.0 * draw.rng.standard_normal(shape)),
        "teacher": tensor(3.0 * draw.rng.standard_normal(shape)),
    }
    classes = None if method == UNLABELED else draw_classes(draw, row_shape, shape[1], ignored)
    if method == WEIGHTED:
        inputs["weights"] = draw_weights(draw, row_shape)
    each = tensor(2.0 * draw.rng.standard_normal(row_shape))

    def value(inputs: Inputs) -> Tensor:
        logits, teacher = inputs["logits"], inputs["teacher"]
        divergence = F.kl_div(
            F.log_softmax(logits / temperature, 1),
            F.log_softmax(teacher / temperature, 1),
            reduction="none",
            log_target=True,
        )
        soft = alpha * temperature**2 * divergence.sum(1)
        ones = torch.ones(row_shape, dtype=torch.float64)
        if classes is None:
            return reduce(soft, ones, method, reduction, ones)
        kept = (classes != ignored).double()
        soft, hard = kept * soft, (1 - alpha) * cross_entropy(logits, classes, config)
        if method == ELEMENTS:
            return soft + hard
        s = inputs.get("weights", ones)
        divisors = divisors_of(classes, ignored, weights)
        return reduce(soft, kept, method, reduction, s) + reduce(
            hard, divisors, method, reduction, s
        )

    return Composite(
        name,
        "distillation",
        "alpha T^2 torch.nn.functional.kl_div of softmax(. / T) + (1 - alpha) "
        f"torch.nn.functional.cross_entropy (Hinton et al., 2015), {TORCH} float64",
        config,
        method,
        inputs,
        classes,
        each if method == ELEMENTS else upstream,
        value,
    )


def distillation_cases() -> list[Composite]:
    """Temperature, alpha, weights and smoothing of distillation, with labels and without."""
    everything = {"weights": FIVE, "smoothing": 0.1, "label": "everything"}
    return [
        distillation(FORWARD, "mean", (7, 5)),
        distillation(FORWARD, "sum", (3, 5, 2), 3.7),
        distillation(WEIGHTED, "mean", (9, 5), 3.7),
        distillation(WEIGHTED, "sum", (2, 5, 3)),
        distillation(ELEMENTS, "mean", (2, 5, 3, 1)),
        distillation(UNLABELED, "mean", (4, 5), 3.7),
        distillation(UNLABELED, "sum", (2, 5, 2)),
        distillation(FORWARD, "mean", (7, 5), temperature=1.0, alpha=0.3, **everything),
        distillation(WEIGHTED, "mean", (9, 5), 3.7, temperature=2.0, alpha=0.5, **everything),
        distillation(ELEMENTS, "mean", (3, 5, 2), temperature=2.0, alpha=0.5, **everything),
        distillation(FORWARD, "mean", (7, 4), temperature=0.5, ignored=255, label="cold"),
        distillation(FORWARD, "mean", (5, 4), alpha=0.0, label="alpha_0"),
        distillation(FORWARD, "mean", (5, 4), alpha=1.0, label="alpha_1"),
    ]


# Linear cross entropy


def linear(
    method: str,
    reduction: str,
    shape: Shape,
    vocabulary: int,
    upstream: float = 1.0,
    bias: bool = True,
    weights: list[float] | None = None,
    smoothing: float = 0.0,
    ignored: int = IGNORED,
    z_loss: float = 0.0,
    soft_cap: float | None = None,
    label: str = "",
) -> Composite:
    size = "x".join(map(str, (*shape, vocabulary)))
    name = "_".join(filter(None, ("linear_cross_entropy", label, method, reduction, size)))
    draw, row_shape = Draw(name, shape), shape[:-1]
    config = {
        **hyperparameters(weights, smoothing, ignored),
        "z_loss": z_loss,
        "soft_cap": soft_cap,
        "reduction": reduction,
    }
    inputs = {
        "hidden": tensor(1.5 * draw.rng.standard_normal(shape)),
        "matrix": tensor(0.7 * draw.rng.standard_normal((vocabulary, shape[-1]))),
    }
    if bias:
        inputs["bias"] = tensor(draw.rng.standard_normal(vocabulary))
    classes = draw_classes(draw, row_shape, vocabulary, ignored)
    if method == WEIGHTED:
        inputs["weights"] = draw_weights(draw, row_shape)
    each = tensor(2.0 * draw.rng.standard_normal(row_shape))

    def value(inputs: Inputs) -> Tensor:
        logits = F.linear(inputs["hidden"], inputs["matrix"], inputs.get("bias"))
        if soft_cap is not None:
            logits = soft_cap * torch.tanh(logits / soft_cap)
        losses = cross_entropy(logits.movedim(-1, 1), classes, config)
        kept = (classes != ignored).double()
        losses = losses + kept * z_loss * logits.logsumexp(-1) ** 2
        s = inputs.get("weights", torch.ones(row_shape, dtype=torch.float64))
        return reduce(losses, divisors_of(classes, ignored, weights), method, reduction, s)

    return Composite(
        name,
        "linear_cross_entropy",
        "torch.nn.functional.cross_entropy of torch.nn.functional.linear"
        f"{'' if soft_cap is None else ' under c tanh(z / c)'}"
        f"{'' if z_loss == 0.0 else ' + z_loss logsumexp^2'}, {TORCH} float64",
        config,
        method,
        inputs,
        classes,
        each if method == ELEMENTS else upstream,
        value,
    )


def linear_cases() -> list[Composite]:
    """Bias, weights, smoothing, z-loss and soft cap over hidden states of rank 2 and 3."""
    everything = {
        "weights": FIVE,
        "smoothing": 0.1,
        "z_loss": 0.01,
        "soft_cap": 5.0,
        "label": "everything",
    }
    return [
        linear(FORWARD, "mean", (5, 3), 7),
        linear(FORWARD, "sum", (2, 3, 4), 5, 3.7),
        linear(FORWARD, "mean", (5, 3), 6, bias=False, label="no_bias"),
        linear(WEIGHTED, "mean", (7, 3), 5, 3.7),
        linear(WEIGHTED, "sum", (2, 3, 2), 5),
        linear(ELEMENTS, "mean", (2, 3, 3), 5),
        linear(FORWARD, "mean", (5, 4), 6, z_loss=0.1, label="z_loss"),
        linear(FORWARD, "mean", (5, 4), 6, 3.7, soft_cap=2.0, label="soft_cap"),
        linear(FORWARD, "mean", (7, 3), 5, **everything),
        linear(WEIGHTED, "mean", (2, 4, 3), 5, 3.7, **everything),
        linear(ELEMENTS, "mean", (5, 3), 5, bias=False, **everything),
        linear(FORWARD, "mean", (9, 2), 4, ignored=1, smoothing=0.2, label="ignore_a_class"),
        linear(FORWARD, "mean", (3, 1), 1, label="one_class"),
    ]


# Evaluation and checks


def check_slopes(case: Composite, gradients: Inputs) -> None:
    """Holds each gradient against central differences."""
    for name, gradient in gradients.items():
        slopes = []
        for index in range(gradient.numel()):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {key: values.clone() for key, values in case.inputs.items()}
                moved[name].view(-1)[index] += step
                ends.append(case.value(moved))
            slopes.append(((ends[0] - ends[1]) * case.upstream).sum().item() / 2e-6)
        expected = torch.tensor(slopes, dtype=torch.float64)
        require_close(case.name, f"gradient of {name}", gradient.flatten(), expected, 1e-5, 1e-7)


def record(case: Composite) -> dict[str, Any]:
    """The checked case as it stands in the JSON file."""
    leaves = {key: values.clone().requires_grad_() for key, values in case.inputs.items()}
    value = case.value(leaves)
    value.backward(torch.as_tensor(case.upstream, dtype=torch.float64).expand_as(value))
    gradients = {key: leaf.grad for key, leaf in leaves.items()}
    check_slopes(case, gradients)
    upstream = case.upstream
    entry = {
        "name": case.name,
        "source": case.source,
        "loss": case.loss,
        "config": case.config,
        "method": case.method,
        "shape": list(case.inputs["logits" if "logits" in leaves else "hidden"].shape),
        "vocabulary": len(leaves["matrix"]) if "matrix" in leaves else None,
        "inputs": {key: numbers(values) for key, values in case.inputs.items()},
        "classes": None if case.classes is None else case.classes.flatten().tolist(),
        "upstream": numbers(upstream) if isinstance(upstream, Tensor) else upstream,
        "value": numbers(value.detach()),
        "gradients": {key: numbers(values) for key, values in gradients.items()},
    }
    return {key: item for key, item in entry.items() if item is not None}


def main() -> None:
    """Generates every family."""
    for family, cases in (
        ("distillation", distillation_cases()),
        ("linear_cross_entropy", linear_cases()),
    ):
        records = [record(case) for case in cases]
        write(f"composite/{family}", records, "tests/goldens/generate_composite.py")


if __name__ == "__main__":
    main()
