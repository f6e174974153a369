"""Cases of losses of rows of classes: logits `[N, C, ...]`, a class index or shares for each row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from common import COMPOSED, ELEMENTS, FORWARD, MPMATH, WEIGHTED, Draw, Shape, numbers, require_close, tensor

IGNORED = -100


# Inputs


def per_row(shape: Shape) -> Shape:
    """The shape of one number for each row."""
    return (shape[0], *shape[2:])


def draw_logits(draw: Draw) -> Tensor:
    return tensor(3.0 * draw.rng.standard_normal(draw.shape))


def draw_classes(draw: Draw, ignored: int | None) -> Tensor:
    """A class for each row; a fifth of them ignored if there is such a thing."""
    shape = per_row(draw.shape)
    classes = torch.from_numpy(draw.rng.integers(0, draw.shape[1], shape))
    if ignored is not None:
        left_out = draw.rng.random(shape) < 0.2
        left_out.flat[0] = False
        classes[torch.from_numpy(left_out)] = ignored
    return classes


def draw_shares(draw: Draw) -> Tensor:
    """Shares of classes that sum to about 1, one in four exactly 0."""
    shares = draw.rng.dirichlet([0.7] * draw.shape[1], per_row(draw.shape))
    shares[draw.rng.random(shares.shape) < 0.25] = 0.0
    return tensor(np.ascontiguousarray(np.moveaxis(shares, -1, 1)))


def draw_weights(draw: Draw) -> Tensor:
    """Weights of rows, every third one 0."""
    weights = draw.rng.uniform(0.1, 2.0, per_row(draw.shape))
    weights.flat[2::3] = 0.0
    return tensor(weights)


# Losses and cases


@dataclass(frozen=True)
class RowLoss:
    """A configured loss and where its numbers come from.

    `function(logits, targets, reduction)` takes "none", "mean" or "sum", and targets that are
    classes or shares. `exact(logits, target)` is one row without class weights and smoothing, with
    50 digits.
    """

    name: str
    hyperparameters: dict[str, Any]
    source: str
    function: Callable[[Tensor, Tensor, str], Tensor]
    exact: Callable[[list[Any], int], Any] | None = None

    @property
    def ignored(self) -> int | None:
        return self.hyperparameters.get("ignore_index")

    @property
    def class_weights(self) -> list[float] | None:
        return self.hyperparameters.get("weights")

    def case(
        self,
        method: str,
        reduction: str,
        shape: Shape,
        upstream: float = 1.0,
        label: str = "",
        shares: bool = False,
        ignoring: bool = True,
    ) -> "RowCase":
        """A case on random inputs, named after what distinguishes it."""
        kind = "probabilities" if shares else ""
        size = "x".join(map(str, shape))
        name = "_".join(filter(None, (self.name, label, kind, method, reduction, size)))
        draw = Draw(name, shape)
        logits = draw_logits(draw)
        targets = (
            draw_shares(draw) if shares else draw_classes(draw, self.ignored if ignoring else None)
        )
        elements = tensor(2.0 * draw.rng.standard_normal(per_row(shape)))
        return RowCase(
            name,
            self,
            method,
            reduction,
            logits,
            targets,
            elements if method == ELEMENTS else upstream,
            draw_weights(draw) if method == WEIGHTED else None,
        )

    def battery(self, classes: int = 5, label: str = "") -> list["RowCase"]:
        """Every method, both reductions, logits of rank 2 to 4, a scaled upstream gradient."""
        return [
            self.case(FORWARD, "mean", (7, classes), label=label),
            self.case(FORWARD, "sum", (3, classes, 2), 3.7, label=label),
            self.case(WEIGHTED, "mean", (9, classes), 3.7, label=label),
            self.case(WEIGHTED, "sum", (2, classes, 3), label=label),
            self.case(ELEMENTS, "mean", (2, classes, 3, 1), label=label),
        ]

    def shares(self, classes: int = 5, label: str = "") -> list["RowCase"]:
        """The same of shares of classes."""
        return [
            self.case(FORWARD, "mean", (7, classes), 3.7, label, True),
            self.case(FORWARD, "sum", (2, classes, 3), label=label, shares=True),
            self.case(WEIGHTED, "mean", (9, classes), label=label, shares=True),
            self.case(ELEMENTS, "mean", (2, classes, 1, 2), label=label, shares=True),
        ]

    def listed(
        self, label: str, rows: list[tuple[list[float], int]], from_exact: bool = False
    ) -> "RowCase":
        """A case without reduction on the given rows of logits and classes."""
        name = f"{self.name}_{label}"
        logits = tensor([row for row, _ in rows])
        targets = torch.tensor([target for _, target in rows])
        upstream = tensor(Draw(name, (len(rows),)).rng.standard_normal(len(rows)))
        return RowCase(
            name, self, ELEMENTS, "mean", logits, targets, upstream, from_exact=from_exact
        )


@dataclass(frozen=True)
class RowCase:
    """One input; `upstream` is a number, or a tensor where nothing is reduced.

    `from_exact` takes the numbers from mpmath instead of the library.
    """

    name: str
    loss: RowLoss
    method: str
    reduction: str
    logits: Tensor
    targets: Tensor
    upstream: float | Tensor
    weights: Tensor | None = None
    from_exact: bool = False

    @property
    def on_shares(self) -> bool:
        return self.targets.is_floating_point()

    def source(self) -> str:
        """The function the numbers come from, and the reduction where that is not its own."""
        if self.from_exact:
            return f"{MPMATH} of the formula of {self.loss.source}"
        if self.method != WEIGHTED:
            return self.loss.source
        divisor = "sum(s)" if self.on_shares else "sum(s w_y)"
        rule = f"sum(s*l) / {divisor}" if self.reduction == "mean" else "sum(s*l)"
        return f"{self.loss.source}; its rows reduced as {rule}"

    def value(self, logits: Tensor, targets: Tensor, weights: Tensor | None) -> Tensor:
        """The loss, reduced as the method says."""
        if self.method == ELEMENTS:
            return self.loss.function(logits, targets, "none")
        if self.method == FORWARD:
            return self.loss.function(logits, targets, self.reduction)
        total = (weights * self.loss.function(logits, targets, "none")).sum()
        if self.reduction == "sum":
            return total
        return total / (weights * divisors(self.loss, targets)).sum()


def divisors(loss: RowLoss, targets: Tensor) -> Tensor:
    """What each row adds to the divisor of a mean: the weight of its class, 0 if it is ignored."""
    if targets.is_floating_point():
        return torch.ones_like(targets[:, 0])
    kept = torch.ones_like(targets, dtype=torch.bool)
    if loss.ignored is not None:
        kept = targets != loss.ignored
    of_class = torch.ones(1, dtype=torch.float64)
    index = torch.zeros_like(targets)
    if loss.class_weights is not None:
        of_class = torch.tensor(loss.class_weights, dtype=torch.float64)
        index = torch.where(kept, targets, 0)
    return of_class[index] * kept


def composition(
    name: str,
    hyperparameters: dict[str, Any],
    formula: str,
    row: Callable[[Tensor, Tensor], Tensor],
    exact: Callable[[list[Any], int], Any] | None = None,
    source: str = "",
) -> RowLoss:
    """A loss written with torch operations. `row(logits, shares)` gets logits `[N, C, ...]` and the
    smoothed shares of the classes, times the class weights, and gives the losses of rows."""
    smoothing = hyperparameters.get("label_smoothing", 0.0)
    weights = hyperparameters.get("weights")

    def function(logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
        classes = logits.shape[1]
        of_row = divisors(loss, targets)
        if targets.is_floating_point():
            shares, kept = targets, torch.ones_like(of_row, dtype=torch.bool)
        else:
            kept = torch.ones_like(targets, dtype=torch.bool)
            if loss.ignored is not None:
                kept = targets != loss.ignored
            shares = F.one_hot(torch.where(kept, targets, 0), classes).movedim(-1, 1).double()
        shares = (1 - smoothing) * shares + smoothing / classes
        if weights is not None:
            column = torch.tensor(weights, dtype=torch.float64)
            shares = shares * column.view(1, classes, *[1] * (logits.dim() - 2))
        elements = torch.where(kept, row(logits, shares), 0.0)
        if reduction == "none":
            return elements
        return elements.sum() / of_row.sum() if reduction == "mean" else elements.sum()

    loss = RowLoss(name, hyperparameters, source or f"{COMPOSED} {formula}", function, exact)
    return loss


# Evaluation and checks


def evaluate(case: RowCase) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Value and the gradients to logits, shares and weights of rows."""
    if case.from_exact:
        value, slopes = exact_rows(case)
        return value, slopes * case.upstream[:, None], None, None
    logits = case.logits.clone().contiguous().requires_grad_()
    targets = case.targets.clone()
    if case.on_shares:
        targets.requires_grad_()
    weights = None if case.weights is None else case.weights.clone().requires_grad_()
    value = case.value(logits, targets, weights)
    value.backward(torch.as_tensor(case.upstream, dtype=torch.float64).expand_as(value))
    return (
        value.detach(),
        logits.grad,
        targets.grad if case.on_shares else None,
        None if weights is None else weights.grad,
    )


def exact_rows(case: RowCase) -> tuple[Tensor, Tensor]:
    """Losses of rows and their derivatives in the logits by mpmath, rounded to float64."""
    values, slopes = [], []
    for row, target in zip(case.logits.tolist(), case.targets.tolist(), strict=True):
        row = [mpmath.mpf(x) for x in row]
        values.append(float(case.loss.exact(row, target)))
        for column in range(len(row)):

            def along(x: Any) -> Any:
                return case.loss.exact([*row[:column], x, *row[column + 1 :]], target)

            slopes.append(float(mpmath.diff(along, row[column])))
    return (
        torch.tensor(values, dtype=torch.float64),
        torch.tensor(slopes, dtype=torch.float64).view_as(case.logits),
    )


def check_slopes(case: RowCase, gradients: list[Tensor | None]) -> None:
    """Holds the gradients to logits, shares and weights against central differences."""
    inputs = [case.logits, case.targets, case.weights]
    for argument, gradient in enumerate(gradients):
        if gradient is None:
            continue
        slopes = []
        for index in range(gradient.numel()):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [None if values is None else values.clone() for values in inputs]
                moved[argument].view(-1)[index] += step
                ends.append(case.value(*moved))
            change = (ends[0] - ends[1]) * case.upstream
            slopes.append(change.sum().item() / 2e-6)
        name = ("logits", "probabilities", "weights")[argument]
        expected = torch.tensor(slopes, dtype=torch.float64)
        require_close(case.name, f"gradient of the {name}", gradient.flatten(), expected, 1e-5, 1e-7)


def record(case: RowCase) -> dict[str, Any]:
    """The checked case as it stands in the JSON file."""
    value, by_logits, by_shares, by_weights = evaluate(case)
    if not case.from_exact and case.logits.isfinite().all():
        check_slopes(case, [by_logits, by_shares, by_weights])
    elif case.from_exact and case.logits.abs().max() < 12.0:
        library = case.loss.function(case.logits, case.targets, "none")
        require_close(case.name, "value against mpmath", library, value, 1e-9, 0.0)
    upstream = case.upstream
    entry = {
        "name": case.name,
        "source": case.source(),
        "loss": case.loss.name,
        "config": {**case.loss.hyperparameters, "reduction": case.reduction},
        "method": case.method,
        "shape": list(case.logits.shape),
        "logits": numbers(case.logits),
        "classes": None if case.on_shares else case.targets.flatten().tolist(),
        "probabilities": numbers(case.targets) if case.on_shares else None,
        "weights": None if case.weights is None else numbers(case.weights),
        "upstream": numbers(upstream) if isinstance(upstream, Tensor) else upstream,
        "value": numbers(value),
        "grad_logits": numbers(by_logits),
        "grad_probabilities": None if by_shares is None else numbers(by_shares),
        "grad_weights": None if by_weights is None else numbers(by_weights),
    }
    return {key: item for key, item in entry.items() if item is not None}
