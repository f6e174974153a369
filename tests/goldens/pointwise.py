"""Cases of losses of elements: a prediction, a target of the same shape, perhaps weights."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import mpmath
import torch
from torch import Tensor

from common import (
    COMPOSED,
    ELEMENTS,
    FORWARD,
    MPMATH,
    WEIGHTED,
    Draw,
    Shape,
    numbers,
    require_close,
    tensor,
)

NORMALIZED = "forward_normalized"

Pairs = list[tuple[float, float]]

# Inputs


Inputs = Callable[[Draw], tuple[Tensor, Tensor]]


def real_numbers(draw: Draw) -> tuple[Tensor, Tensor]:
    """Predictions and targets, every fourth pair exactly equal."""
    prediction, target = draw.normal(), draw.normal()
    target.view(-1)[1::4] = prediction.view(-1)[1::4]
    return prediction, target


def one_target_per_row(draw: Draw) -> tuple[Tensor, Tensor]:
    """Predictions `[..., Q]` for targets `[...]`."""
    return draw.normal(), draw.normal(draw.shape[:-1])


def hard_logits(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.logits(), draw.hard()


def soft_logits(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.logits(), draw.soft()


def hard_probabilities(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.probabilities(), draw.hard()


def soft_probabilities(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.probabilities(), draw.soft()


def right_and_wrong(*magnitudes: float) -> Pairs:
    """Both signs of each logit with both labels."""
    return [(sign * m, label) for m in magnitudes for sign in (-1.0, 1.0) for label in (0.0, 1.0)]


def wrong(*magnitudes: float) -> Pairs:
    """Both signs of each logit with the label it misses."""
    return [(x, t) for x, t in right_and_wrong(*magnitudes) if (x > 0.0) != (t == 1.0)]


# Losses and cases


@dataclass(frozen=True)
class Loss:
    """A configured loss and where its numbers come from.

    `function(x, t, reduction)` takes "none", "mean" or "sum". `weighted(x, t, w, reduction)` is set
    only where the library's own weighting means sum(w*l) / sum(w). `exact(x, t, column)` is one
    element at 50 digits, `column` its index along the last dimension.
    """

    name: str
    hyperparameters: dict[str, Any]
    source: str
    function: Callable[[Tensor, Tensor, str], Tensor]
    weighted: Callable[[Tensor, Tensor, Tensor, str], Tensor] | None = None
    exact: Callable[[Any, Any, int], Any] | None = None
    inputs: Inputs = real_numbers
    has_target_gradient: bool = True

    def case(
        self,
        method: str,
        reduction: str,
        shape: Shape,
        upstream: float = 1.0,
        normalizer: float | None = None,
        label: str = "",
        inputs: Inputs | None = None,
    ) -> "Case":
        """A case on random inputs, named after what distinguishes it."""
        name = "_".join(
            filter(None, (self.name, label, method, reduction, "x".join(map(str, shape))))
        )
        draw = Draw(name, shape)
        prediction, target = (inputs or self.inputs)(draw)
        return Case(
            name,
            self,
            method,
            reduction,
            prediction,
            target,
            draw.normal() if method == ELEMENTS else upstream,
            draw.weights() if method == WEIGHTED else None,
            normalizer,
        )

    def battery(self, label: str = "") -> list["Case"]:
        """Every method, both reductions, ranks 1 to 4, odd lengths, a scaled upstream gradient."""
        return [
            self.case(FORWARD, "mean", (17,), label=label),
            self.case(FORWARD, "sum", (3, 5), 3.7, label=label),
            self.case(WEIGHTED, "mean", (33,), label=label),
            self.case(WEIGHTED, "sum", (2, 1, 3, 3), 3.7, label=label),
            self.case(ELEMENTS, "mean", (2, 3, 3), label=label),
        ]

    def listed(self, label: str, pairs: Pairs, from_exact: bool = False) -> "Case":
        """A case without reduction on the given pairs of prediction and target."""
        name = f"{self.name}_{label}"
        prediction, target = (tensor(column) for column in zip(*pairs, strict=True))
        upstream = Draw(name, prediction.shape).normal()
        return Case(
            name, self, ELEMENTS, "mean", prediction, target, upstream, from_exact=from_exact
        )


@dataclass(frozen=True)
class Case:
    """One input; `upstream` is a number, or a tensor where nothing is reduced.

    `from_exact` takes the numbers from mpmath instead of the library.
    """

    name: str
    loss: Loss
    method: str
    reduction: str
    prediction: Tensor
    target: Tensor
    upstream: float | Tensor
    weights: Tensor | None = None
    normalizer: float | None = None
    from_exact: bool = False

    def source(self) -> str:
        """The function the numbers come from, and the reduction where that is not its own."""
        source = self.loss.source
        if self.from_exact:
            return f"{MPMATH} of the formula of {source}"
        if self.method == NORMALIZED:
            return f"{source}; its sum divided by max(normalizer, 1)"
        if self.method == WEIGHTED and self.loss.weighted is None:
            rule = {
                "mean": "sum(w*l) / sum(w)",
                "sum": "sum(w*l)",
                "batch_mean": "sum(w*l) / sum(w) * elements / rows",
            }[self.reduction]
            return f"{source}; its elements reduced as {rule}"
        return source

    def value(self, x: Tensor, t: Tensor) -> Tensor:
        """The library's loss, reduced as the method says."""
        if self.method == ELEMENTS:
            return self.loss.function(x, t, "none")
        if self.method == NORMALIZED:
            return self.loss.function(x, t, "sum") / max(self.normalizer, 1.0)
        if self.method == FORWARD:
            return self.loss.function(x, t, self.reduction)
        if self.loss.weighted:
            return self.loss.weighted(x, t, self.weights, self.reduction)
        total = (self.weights * self.loss.function(x, t, "none")).sum()
        weight = self.weights.sum()
        per_row = x.numel() / x.shape[0]
        divisors = {"mean": weight, "sum": 1.0, "batch_mean": weight / per_row}
        return total / divisors[self.reduction]


def composition(
    name: str,
    hyperparameters: dict[str, Any],
    formula: str,
    element: Callable[[Tensor, Tensor], Tensor],
    inputs: Inputs = real_numbers,
) -> Loss:
    """A loss written with torch operations, because torch has none."""

    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        elements = element(x, t)
        return {"none": elements, "mean": elements.mean(), "sum": elements.sum()}[reduction]

    return Loss(name, hyperparameters, f"{COMPOSED} {formula}", function, inputs=inputs)


def smoothing_of(smoothing: float) -> tuple[Callable[[Any], Any], str]:
    """Smooths a binary target, and says so at the end of a source."""
    if smoothing == 0.0:
        return lambda t: t, ""
    return lambda t: t * (1 - smoothing) + smoothing / 2, " of the target t (1 - e) + e / 2"


def softplus(x: Any) -> Any:
    """ln(1 + e^x) at 50 digits."""
    return mpmath.log1p(mpmath.exp(x))


# Evaluation and checks


def evaluate(case: Case) -> tuple[Tensor, Tensor, Tensor | None]:
    """Value and gradients.

    There is no gradient to the target where mpmath is the source, nor on probabilities of 0 and 1:
    torch answers infinity there, which is not the derivative of its own clamped logarithm.
    """
    if case.from_exact:
        value, slope = exact_elements(case)
        return value, slope * case.upstream, None
    x = case.prediction.clone().requires_grad_()
    t = case.target.clone().requires_grad_()
    value = case.value(x, t)
    value.backward(torch.as_tensor(case.upstream, dtype=torch.float64).expand_as(value))
    without = on_edges(case) or not case.loss.has_target_gradient
    return value.detach(), x.grad, None if without else t.grad


def exact_elements(case: Case) -> tuple[Tensor, Tensor]:
    """Unreduced values and derivatives in the prediction by mpmath, rounded to float64."""
    values, slopes = [], []
    targets = case.target.flatten().tolist()
    for index, x in enumerate(case.prediction.flatten().tolist()):
        t, column = mpmath.mpf(targets[index]), index % case.prediction.shape[-1]
        element = partial(case.loss.exact, t=t, column=column)
        values.append(float(element(mpmath.mpf(x))))
        slopes.append(float(mpmath.diff(element, mpmath.mpf(x))))
    pair = torch.tensor([values, slopes], dtype=torch.float64)
    return pair[0].view_as(case.prediction), pair[1].view_as(case.prediction)


def on_probabilities(case: Case) -> bool:
    """Whether prediction and target must lie in [0, 1]."""
    return case.loss.hyperparameters.get("logits") is False


def on_edges(case: Case) -> bool:
    """Whether the case lies on probabilities 0 and 1, where only one-sided derivatives exist."""
    return on_probabilities(case) and bool(((case.prediction == 0) | (case.prediction == 1)).any())


def finite_differences(case: Case, argument: int, indices: list[int]) -> Tensor:
    """Central differences of sum(upstream * value) in elements of prediction (0) or target (1)."""
    inputs = (case.prediction, case.target)
    slopes = []
    for index in indices:
        step = 1e-6 * max(1.0, abs(inputs[argument].view(-1)[index].item()))
        places, ends = [], []
        for offset in (step, -step):
            moved = [values.clone() for values in inputs]
            element = moved[argument].view(-1)[index : index + 1]
            element += offset
            if on_probabilities(case):
                element.clamp_(0.0, 1.0)
            places.append(element.item())
            ends.append(case.value(*moved))
        change = (ends[0] - ends[1]) * case.upstream
        slopes.append(change.nansum().item() / (places[0] - places[1]))
    return torch.tensor(slopes, dtype=torch.float64)


def check_slopes(case: Case, argument: int, gradient: Tensor) -> None:
    """Holds the gradient to prediction (0) or target (1) against finite differences."""
    name = ("prediction", "target")[argument]
    finite = gradient.flatten().isfinite()
    if case.prediction.isfinite().all() and not finite.all():
        raise AssertionError(f"{case.name}: the gradient to the {name} is not finite: {gradient}")
    indices = finite.nonzero().flatten().tolist()
    slopes = finite_differences(case, argument, indices)
    require_close(case.name, f"gradient to the {name}", gradient.flatten()[indices], slopes, 1e-5, 1e-7)


def check_elements(case: Case) -> None:
    """Holds a binary loss and its derivative, element by element, against mpmath."""
    x = case.prediction.clone().requires_grad_()
    elements = case.loss.function(x, case.target, "none")
    elements.sum().backward()
    values, slopes = exact_elements(case)
    require_close(case.name, "value against mpmath", elements.detach(), values, 1e-9, 0.0)
    require_close(case.name, "gradient against mpmath", x.grad, slopes, 1e-9, 1e-15)


def record(case: Case) -> dict[str, Any]:
    """The checked case as it stands in the JSON file."""
    value, grad_prediction, grad_target = evaluate(case)
    if not case.from_exact and not on_edges(case):
        check_slopes(case, 0, grad_prediction)
        if grad_target is not None:
            check_slopes(case, 1, grad_target)
        if case.loss.exact:
            check_elements(case)
    upstream = case.upstream
    entry = {
        "name": case.name,
        "source": case.source(),
        "loss": case.loss.name,
        "config": {**case.loss.hyperparameters, "reduction": case.reduction},
        "method": case.method,
        "shape": list(case.prediction.shape),
        "prediction": numbers(case.prediction),
        "target_shape": list(case.target.shape),
        "target": numbers(case.target),
        "weights": None if case.weights is None else numbers(case.weights),
        "normalizer": case.normalizer,
        "upstream": numbers(upstream) if isinstance(upstream, Tensor) else upstream,
        "value": numbers(value),
        "grad_prediction": numbers(grad_prediction),
    }
    if case.target.shape == case.prediction.shape:
        del entry["target_shape"]
    present = {key: field for key, field in entry.items() if field is not None}
    return present | {"grad_target": None if grad_target is None else numbers(grad_target)}
