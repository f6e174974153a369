"""Writes the golden cases `regression.json`, `binary.json` and `focal.json` next to this file.

Every case holds an input, the value the reference gives for it and the gradients to prediction and
target. Inputs are exact in f32. References are computed in f64 by PyTorch or torchvision, or with
50 digits by mpmath where those lose digits or return NaN. Before anything is written, each case is
held against central finite differences and the binary losses also against mpmath: a reference that
fails is an error, never a golden.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate.py

Two runs with the same versions write identical bytes.
"""

import json
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

HERE = Path(__file__).resolve().parent
VERSIONS = {name: version(name) for name in ("mpmath", "numpy", "torch", "torchvision")}
TORCH = f"torch {VERSIONS['torch']}"
TORCHVISION = f"torchvision {VERSIONS['torchvision']}"
MPMATH = f"mpmath {VERSIONS['mpmath']} at 50 digits"
COMPOSED = f"{TORCH} float64 composition of"

FORWARD = "forward"
WEIGHTED = "forward_weighted"
NORMALIZED = "forward_normalized"
ELEMENTS = "forward_no_reduction"

Shape = tuple[int, ...]
Pairs = list[tuple[float, float]]

mpmath.mp.dps = 50
torch.set_num_threads(1)


# Inputs


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
            rule = "sum(w*l) / sum(w)" if self.reduction == "mean" else "sum(w*l)"
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
        return total / self.weights.sum() if self.reduction == "mean" else total


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


# Regression


def mse() -> Loss:
    return Loss(
        "mse",
        {},
        f"torch.nn.functional.mse_loss, {TORCH}",
        lambda x, t, r: F.mse_loss(x, t, reduction=r),
        lambda x, t, w, r: F.mse_loss(x, t, reduction=r, weight=w),
    )


def mae() -> Loss:
    return Loss(
        "mae",
        {},
        f"torch.nn.functional.l1_loss, {TORCH}",
        lambda x, t, r: F.l1_loss(x, t, reduction=r),
        lambda x, t, w, r: F.l1_loss(x, t, reduction=r, weight=w),
    )


def smooth_l1(beta: float) -> Loss:
    return Loss(
        "smooth_l1",
        {"beta": beta},
        f"torch.nn.functional.smooth_l1_loss, {TORCH}",
        lambda x, t, r: F.smooth_l1_loss(x, t, reduction=r, beta=beta),
    )


def huber(delta: float) -> Loss:
    """Without torch's own `weight`: its weighted mean divides by the count, not by sum(w)."""
    return Loss(
        "huber",
        {"delta": delta},
        f"torch.nn.functional.huber_loss, {TORCH}",
        lambda x, t, r: F.huber_loss(x, t, reduction=r, delta=delta),
    )


def log_cosh() -> Loss:
    return composition(
        "log_cosh",
        {},
        "log(cosh(x - t)) as optax.losses.log_cosh writes it, logaddexp(d, -d) - ln 2",
        lambda x, t: torch.logaddexp(x - t, t - x) - math.log(2.0),
    )


def charbonnier(epsilon: float) -> Loss:
    return composition(
        "charbonnier",
        {"epsilon": epsilon},
        "sqrt((x - t)^2 + epsilon^2) (Charbonnier et al., 1994)",
        lambda x, t: torch.sqrt((x - t) ** 2 + epsilon**2),
    )


def quantile(*quantiles: float) -> Loss:
    """Never on equal values: there torch's gradient is the mean of the two one-sided slopes."""
    q = torch.tensor(quantiles, dtype=torch.float64)

    def element(x: Tensor, t: Tensor) -> Tensor:
        d = t.unsqueeze(-1) - x
        return torch.maximum(q * d, (q - 1.0) * d)

    return composition(
        "quantile",
        {"quantiles": list(quantiles)},
        "max(q (t - x), (q - 1)(t - x)) (Koenker and Bassett, 1978)",
        element,
        one_target_per_row,
    )


def regression_cases() -> list[Case]:
    """MSE, MAE, smooth L1, Huber, log-cosh, Charbonnier and quantile loss."""
    far = [(sign * d, t) for d in (700.0, 1e6) for sign in (-1.0, 1.0) for t in (0.0, 0.5)]
    cases = [
        *mse().battery(),
        mse().case(FORWARD, "mean", (1,)),
        mse().case(WEIGHTED, "mean", (5,), 3.7),
        mse().listed("non_finite", [(1.5, 0.25), (math.nan, 1.0), (math.inf, 0.0), (3.0, 3.0)]),
        *mae().battery(),
        mae().case(FORWARD, "mean", (2, 1, 3, 3), 3.7),
        *smooth_l1(1.0).battery(),
        *huber(1.0).battery(),
        *log_cosh().battery(),
        log_cosh().listed("far_and_near", [*far, (0.0, 0.0), (0.001, 0.0), (-0.03125, 0.0)]),
        *charbonnier(0.001).battery(),
        charbonnier(1e-6).case(FORWARD, "mean", (5,), label="epsilon_1e-6"),
        charbonnier(0.5).case(FORWARD, "mean", (5,), label="epsilon_0.5"),
        quantile(0.1, 0.5, 0.9).case(FORWARD, "mean", (5, 3)),
        quantile(0.1, 0.5, 0.9).case(FORWARD, "sum", (2, 5, 3), 3.7),
        quantile(0.5).case(FORWARD, "mean", (17, 1), 3.7),
        quantile(0.01, 0.25, 0.5, 0.75, 0.99).case(FORWARD, "mean", (3, 5)),
        quantile(0.05, 0.95).case(ELEMENTS, "mean", (2, 1, 3, 2)),
    ]
    for beta, label in ((0.0, "beta_0"), (1.0 / 9.0, "beta_1_9"), (2.5, "beta_2.5")):
        cases += [
            smooth_l1(beta).case(FORWARD, "mean", (17,), 3.7, label=label),
            smooth_l1(beta).case(ELEMENTS, "sum", (5, 1), label=label),
        ]
    for delta in (0.3, 2.5):
        cases.append(huber(delta).case(FORWARD, "mean", (17,), 3.7, label=f"delta_{delta}"))
    return cases


# Binary cross entropy


def bce_with_logits(pos_weight: list[float] | None = None, smoothing: float = 0.0) -> Loss:
    smooth, smoothed = smoothing_of(smoothing)
    scale = None if pos_weight is None else torch.tensor(pos_weight, dtype=torch.float64)

    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            x, smooth(t), reduction=reduction, pos_weight=scale
        )

    def exact(x: Any, t: Any, column: int) -> Any:
        t, positive = smooth(t), 1 if pos_weight is None else pos_weight[column]
        return positive * t * softplus(-x) + (1 - t) * softplus(x)

    return Loss(
        "bce",
        {"logits": True, "pos_weight": pos_weight, "label_smoothing": smoothing},
        f"torch.nn.functional.binary_cross_entropy_with_logits{smoothed}, {TORCH}",
        function,
        exact=exact,
        inputs=hard_logits,
    )


def bce_on_probabilities(smoothing: float = 0.0) -> Loss:
    smooth, smoothed = smoothing_of(smoothing)

    def exact(x: Any, t: Any, column: int) -> Any:
        return -smooth(t) * mpmath.log(x) - (1 - smooth(t)) * mpmath.log1p(-x)

    return Loss(
        "bce",
        {"logits": False, "pos_weight": None, "label_smoothing": smoothing},
        f"torch.nn.functional.binary_cross_entropy{smoothed}, {TORCH}",
        lambda x, t, r: F.binary_cross_entropy(x, smooth(t), reduction=r),
        exact=exact,
        inputs=hard_probabilities,
    )


def binary_cases() -> list[Case]:
    """Binary cross entropy on logits and on probabilities."""
    logits, probabilities = bce_with_logits(), bce_on_probabilities()
    three, five = [0.5, 2.0, 7.25], [1.0, 0.125, 3.0, 10.0, 1.5]
    small = [(p, t) for p in (1e-9, 1e-6, 0.999999) for t in (0.0, 1.0, 0.25)]
    return [
        *logits.battery("logits"),
        logits.case(FORWARD, "mean", (1,), label="soft", inputs=soft_logits),
        logits.case(FORWARD, "mean", (33,), 3.7, label="soft", inputs=soft_logits),
        logits.case(WEIGHTED, "mean", (17,), label="soft", inputs=soft_logits),
        logits.listed("saturated_wrong", wrong(50.0, 100.0)),
        logits.listed("saturated", right_and_wrong(20.0, 50.0, 100.0), from_exact=True),
        logits.listed("saturated_1e4", right_and_wrong(1e4), from_exact=True),
        bce_with_logits(three).case(FORWARD, "mean", (5, 3), label="pos_weight"),
        bce_with_logits(three).case(WEIGHTED, "mean", (2, 1, 3, 3), 3.7, label="pos_weight"),
        bce_with_logits(five).case(
            ELEMENTS, "sum", (2, 3, 5), label="pos_weight_soft", inputs=soft_logits
        ),
        bce_with_logits(None, 0.1).case(FORWARD, "mean", (17,), label="smooth"),
        bce_with_logits(five, 0.2).case(FORWARD, "sum", (3, 5), 3.7, label="smooth_pos_weight"),
        *probabilities.battery("probabilities"),
        probabilities.case(
            FORWARD, "mean", (5,), 3.7, label="probabilities_soft", inputs=soft_probabilities
        ),
        bce_on_probabilities(0.1).case(FORWARD, "mean", (17,), label="probabilities_smooth"),
        probabilities.listed("probabilities_0_and_1_right", [(0.0, 0.0), (1.0, 1.0)]),
        probabilities.listed("probabilities_small", small, from_exact=True),
    ]


# Focal loss


def sigmoid_focal(alpha: float | None, gamma: float, smoothing: float = 0.0) -> Loss:
    smooth, smoothed = smoothing_of(smoothing)
    alpha_or_off = -1.0 if alpha is None else alpha

    def exact(x: Any, t: Any, column: int) -> Any:
        t = smooth(t)
        miss = t / (1 + mpmath.exp(x)) + (1 - t) / (1 + mpmath.exp(-x))
        loss = (t * softplus(-x) + (1 - t) * softplus(x)) * miss**gamma
        return loss if alpha is None else loss * (alpha * t + (1 - alpha) * (1 - t))

    return Loss(
        "sigmoid_focal",
        {"alpha": alpha, "gamma": gamma, "label_smoothing": smoothing},
        f"torchvision.ops.sigmoid_focal_loss{smoothed}, {TORCHVISION}, {TORCH}",
        lambda x, t, r: sigmoid_focal_loss(x, smooth(t), alpha_or_off, gamma, reduction=r),
        exact=exact,
        inputs=hard_logits,
    )


def focal_cases() -> list[Case]:
    """Sigmoid focal loss over gamma, alpha, smoothing, normalisers and saturated logits."""
    plain, smooth = sigmoid_focal(0.25, 2.0), sigmoid_focal(0.25, 2.0, 0.1)
    saturated = [*right_and_wrong(20.0, 50.0, 100.0, 1e4), (-100.0, 0.25), (100.0, 0.25)]
    cases = [
        *plain.battery(),
        plain.case(NORMALIZED, "sum", (3, 5), 1.0, 7.0),
        plain.case(NORMALIZED, "sum", (5,), 3.7, 0.0),
        plain.case(NORMALIZED, "mean", (2, 3, 1), 1.0, 0.25),
        plain.case(ELEMENTS, "mean", (2, 1, 3, 3), label="soft", inputs=soft_logits),
        plain.listed("saturated_wrong", wrong(50.0, 100.0)),
        smooth.case(FORWARD, "sum", (17,), 3.7, label="smooth"),
        smooth.case(WEIGHTED, "mean", (5,), label="smooth", inputs=soft_logits),
    ]
    for alpha in (0.0, 0.75, 1.0):
        cases.append(
            sigmoid_focal(alpha, 2.0).case(FORWARD, "mean", (5, 1, 3), label=f"alpha_{alpha}")
        )
    for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
        with_alpha, label = sigmoid_focal(0.25, gamma), f"gamma_{gamma}"
        cases += [
            with_alpha.case(FORWARD, "sum", (3, 5), label=f"{label}_soft", inputs=soft_logits),
            sigmoid_focal(None, gamma).case(FORWARD, "mean", (17,), 3.7, label=f"{label}_no_alpha"),
            with_alpha.listed(f"{label}_saturated", saturated, from_exact=True),
        ]
    return cases


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
    return value.detach(), x.grad, None if on_edges(case) else t.grad


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


def require_close(
    case: Case, what: str, got: Tensor, expected: Tensor, rtol: float, atol: float
) -> None:
    """Refuses a case whose reference disagrees with a check."""
    if not torch.allclose(got, expected, rtol=rtol, atol=atol):
        raise AssertionError(f"{case.name}: {what}\nreference {got}\nexpected  {expected}")


def check_slopes(case: Case, argument: int, gradient: Tensor) -> None:
    """Holds the gradient to prediction (0) or target (1) against finite differences."""
    name = ("prediction", "target")[argument]
    finite = gradient.flatten().isfinite()
    if case.prediction.isfinite().all() and not finite.all():
        raise AssertionError(f"{case.name}: the gradient to the {name} is not finite: {gradient}")
    indices = finite.nonzero().flatten().tolist()
    slopes = finite_differences(case, argument, indices)
    require_close(case, f"gradient to the {name}", gradient.flatten()[indices], slopes, 1e-5, 1e-7)


def check_elements(case: Case) -> None:
    """Holds a binary loss and its derivative, element by element, against mpmath."""
    x = case.prediction.clone().requires_grad_()
    elements = case.loss.function(x, case.target, "none")
    elements.sum().backward()
    values, slopes = exact_elements(case)
    require_close(case, "value against mpmath", elements.detach(), values, 1e-9, 0.0)
    require_close(case, "gradient against mpmath", x.grad, slopes, 1e-9, 1e-15)


# Writing


def numbers(values: Tensor) -> list[float | str]:
    """A flat list; JSON has no infinities or NaN, so those are the strings "inf", "-inf", "nan"."""
    return [v if math.isfinite(v) else str(v) for v in values.flatten().tolist()]


def record(case: Case) -> dict[str, Any]:
    """The checked case as it stands in the JSON file."""
    value, grad_prediction, grad_target = evaluate(case)
    if grad_target is not None:
        check_slopes(case, 0, grad_prediction)
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


def write(family: str, cases: list[Case]) -> None:
    """Writes one family, a case a line."""
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise AssertionError(f"{family}: case names are not unique")
    lines = ",\n".join(json.dumps(record(case), allow_nan=False) for case in cases)
    path = HERE / f"{family}.json"
    path.write_text(
        f'{{"generated_by": "tests/goldens/generate.py",\n"versions": {json.dumps(VERSIONS)},\n'
        f'"cases": [\n{lines}\n]}}\n'
    )
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")


def main() -> None:
    """Generates every family."""
    write("regression", regression_cases())
    write("binary", binary_cases())
    write("focal", focal_cases())


if __name__ == "__main__":
    main()
