"""Writes the golden cases `robust.json`, `counts.json`, `margin.json` and `detection.json` next to this file: the losses of
elements that `generate.py` does not have. What it says of its cases holds for these.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_elements.py
"""

import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import kornia
import mpmath
import torch
import torch.nn.functional as F
from torch import Tensor

from common import COMPOSED, ELEMENTS, FORWARD, TORCH, WEIGHTED, Draw, tensor, write
from pointwise import (
    NORMALIZED,
    Case,
    Loss,
    composition,
    hard_logits,
    record,
    right_and_wrong,
    soft_logits,
    softplus,
    wrong,
)

GENERATOR = "tests/goldens/generate_elements.py"
KORNIA = f"kornia {version('kornia')}"

# Inputs


def signs(draw: Draw) -> Tensor:
    return 2.0 * draw.hard() - 1.0


def scores_and_signs(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.normal(), signs(draw)


def distances_and_signs(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.normal().abs(), signs(draw)


def two_scores(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.normal(), draw.normal()


def heatmap(draw: Draw) -> tuple[Tensor, Tensor]:
    """Targets in [0, 1], a third of them 0, a third of the rest 1; predictions about as far off as that."""
    target = draw.soft()
    target.view(-1)[::3] = 0.0
    target.view(-1)[1::9] = 1.0
    return tensor(target + 0.25 * draw.normal()), target


def counts(draw: Draw) -> Tensor:
    return tensor(draw.rng.poisson(2.0, draw.shape))


def log_rates_and_counts(draw: Draw) -> tuple[Tensor, Tensor]:
    return tensor(0.5 * draw.normal()), counts(draw)


def rates_and_counts(draw: Draw) -> tuple[Tensor, Tensor]:
    return tensor(draw.rng.uniform(0.05, 6.0, draw.shape)), counts(draw)


# Robust regression


def of_kornia(name: str, function: Callable[..., Tensor]) -> Loss:
    return Loss(
        name,
        {"c": 1.0},
        f"kornia.losses.{function.__name__}, {KORNIA}, {TORCH}",
        lambda x, t, r: function(x, t, reduction=r),
    )


def welsch(c: float) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        half = 0.5 * ((x - t) / c) ** 2
        # The derivative of expm1 is its value plus 1, which is mostly rounding far from 0.
        return torch.where(half < 0.5, -torch.expm1(-half), 1.0 - torch.exp(-half))

    formula = "1 - exp(-((x - t) / c)^2 / 2) (Dennis and Welsch, 1978)"
    return composition("welsch", {"c": c}, formula, element)


def geman_mcclure(c: float) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        square = ((x - t) / c) ** 2
        return 2.0 * square / (square + 4.0)

    formula = "2 d^2 / (d^2 + 4), d = (x - t) / c (Geman and McClure, 1985; Barron, 2019)"
    return composition("geman_mcclure", {"c": c}, formula, element)


def wing(width: float, epsilon: float) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        a = (x - t).abs()
        gap = width - width * math.log1p(width / epsilon)
        return torch.where(a < width, width * torch.log1p(a / epsilon), a - gap)

    return composition(
        "wing",
        {"width": width, "epsilon": epsilon},
        "w ln(1 + |d| / e) below w, |d| - w + w ln(1 + w / e) beyond (Feng et al., 2018)",
        element,
    )


def adaptive_wing(omega: float, theta: float, epsilon: float, alpha: float) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        a, k = (x - t).abs(), alpha - t
        ratio = torch.tensor(theta / epsilon, dtype=torch.float64)
        slope = omega / (1.0 + ratio**k) * k * ratio ** (k - 1.0) / epsilon
        line = slope * a - (theta * slope - omega * torch.log1p(ratio**k))
        # At 0 the derivative of the power by its exponent is 0 times a logarithm.
        inside = torch.where(a == 0.0, 1.0, a / epsilon)
        curve = torch.where(a == 0.0, 0.0, omega * torch.log1p(inside**k))
        return torch.where(a < theta, curve, line)

    return composition(
        "adaptive_wing",
        {"omega": omega, "theta": theta, "epsilon": epsilon, "alpha": alpha},
        "omega ln(1 + |d / epsilon|^(alpha - t)) below theta, A |d| - C beyond (Wang et al., 2019)",
        element,
        heatmap,
    )


def balanced_l1(alpha: float, gamma: float, beta: float) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        a, b = (x - t).abs(), math.expm1(gamma / alpha)
        u = b * a / beta
        near = alpha * beta / b * (1.0 + u) * torch.log1p(u) - alpha * a
        return torch.where(a < beta, near, gamma * a + beta * (gamma / b - alpha))

    return composition(
        "balanced_l1",
        {"alpha": alpha, "gamma": gamma, "beta": beta},
        "alpha beta / b (1 + u) ln(1 + u) - alpha |d| below beta, gamma |d| + C beyond, u = b |d| / beta "
        "(Pang et al., 2019)",
        element,
    )


def robust_cases() -> list[Case]:
    """Welsch, Geman-McClure, Wing, adaptive Wing and balanced L1."""
    far = [(sign * d, 0.25) for d in (30.0, 700.0) for sign in (-1.0, 1.0)]
    cases = [
        *of_kornia("welsch", kornia.losses.welsch_loss).battery("kornia"),
        welsch(0.5).case(FORWARD, "mean", (17,), 3.7, label="c_0.5"),
        welsch(3.0).case(ELEMENTS, "sum", (5, 3), label="c_3"),
        welsch(2.0).listed("far_and_near", [*far, (0.0, 0.0), (0.001, 0.0)]),
        *of_kornia("geman_mcclure", kornia.losses.geman_mcclure_loss).battery("kornia"),
        geman_mcclure(0.5).case(FORWARD, "mean", (17,), 3.7, label="c_0.5"),
        geman_mcclure(3.0).case(ELEMENTS, "sum", (5, 3), label="c_3"),
        geman_mcclure(2.0).listed("far_and_near", [*far, (0.0, 0.0), (0.001, 0.0)]),
        *wing(10.0, 2.0).battery(),
        wing(5.0, 0.5).case(FORWARD, "mean", (17,), 3.7, label="5_0.5"),
        wing(0.5, 2.0).case(ELEMENTS, "sum", (5, 3), label="0.5_2"),
        wing(10.0, 2.0).listed("far_and_near", [*far, (0.0, 0.0), (0.001, 0.0)]),
        *adaptive_wing(14.0, 0.5, 1.0, 2.1).battery(),
        adaptive_wing(1.0, 0.25, 0.5, 2.0).case(ELEMENTS, "sum", (5, 3), label="1_0.25_0.5_2"),
        adaptive_wing(14.0, 0.5, 1.0, 2.1).listed(
            "far_and_near", [(30.0, 0.25), (-30.0, 1.0), (0.001, 0.0), (0.999, 1.0), (0.5, 0.5)]
        ),
        *balanced_l1(0.5, 1.5, 1.0).battery(),
        balanced_l1(0.5, 1.5, 0.25).case(FORWARD, "mean", (17,), 3.7, label="beta_0.25"),
        balanced_l1(1.0, 0.5, 2.0).case(ELEMENTS, "sum", (5, 3), label="1_0.5_2"),
        balanced_l1(0.5, 1.5, 1.0).listed("far_and_near", [*far, (0.0, 0.0), (0.125, 0.0)]),
    ]
    return cases


# Counts


def poisson_nll(log_input: bool, full: bool, epsilon: float = 1e-8) -> Loss:
    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        return F.poisson_nll_loss(
            x, t, log_input=log_input, full=full, eps=epsilon, reduction=reduction
        )

    def exact(x: Any, t: Any, column: int) -> Any:
        loss = mpmath.exp(x) - t * x if log_input else x - t * mpmath.log(x + mpmath.mpf(epsilon))
        if not full or t <= 1:
            return loss
        return loss + t * mpmath.log(t) - t + mpmath.log(2 * mpmath.pi * t) / 2

    return Loss(
        "poisson_nll",
        {"log_input": log_input, "full": full, "epsilon": epsilon},
        f"torch.nn.functional.poisson_nll_loss, {TORCH}",
        function,
        exact=exact,
        inputs=log_rates_and_counts if log_input else rates_and_counts,
        # Stirling's approximation begins with a step.
        has_target_gradient=not full,
    )


def msle() -> Loss:
    return composition(
        "msle",
        {},
        "(log1p(x) - log1p(t))^2 as torchmetrics.functional.mean_squared_log_error writes it",
        lambda x, t: (torch.log1p(x) - torch.log1p(t)) ** 2,
        rates_and_counts,
    )


def counts_cases() -> list[Case]:
    """The Poisson likelihood and the squared error of logarithms."""
    return [
        *poisson_nll(True, False).battery("log"),
        poisson_nll(True, True).case(FORWARD, "mean", (17,), 3.7, label="log_full"),
        *poisson_nll(False, False).battery("rate"),
        poisson_nll(False, True).case(ELEMENTS, "mean", (5, 3), label="rate_full"),
        poisson_nll(False, False, 0.25).case(FORWARD, "sum", (17,), label="rate_epsilon_0.25"),
        poisson_nll(False, False).listed("rates_of_0", [(0.0, 0.0), (1e-6, 3.0), (0.0, 2.0)], from_exact=True),
        *msle().battery(),
        msle().listed("far_apart", [(0.0, 1e6), (1e6, 0.0), (-0.75, 3.0), (2.0, 2.5)]),
    ]


# Margins and rankings


def hinge(squared: bool, from_zero: bool) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        short = F.relu(1.0 - (2.0 * t - 1.0 if from_zero else t) * x)
        return short**2 if squared else short

    power = "^2" if squared else ""
    return composition(
        "hinge",
        {"squared": squared, "from_zero": from_zero},
        f"relu(1 - s x){power} (Cortes and Vapnik, 1995)",
        element,
        hard_logits if from_zero else scores_and_signs,
    )


def soft_margin() -> Loss:
    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        return F.soft_margin_loss(x, t.detach(), reduction=reduction)

    return Loss(
        "soft_margin",
        {},
        f"torch.nn.functional.soft_margin_loss, {TORCH}",
        function,
        exact=lambda x, t, column: softplus(-t * x),
        inputs=scores_and_signs,
        has_target_gradient=False,
    )


def hinge_embedding(margin: float) -> Loss:
    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        return F.hinge_embedding_loss(x, t, margin=margin, reduction=reduction)

    return Loss(
        "hinge_embedding",
        {"margin": margin},
        f"torch.nn.functional.hinge_embedding_loss, {TORCH}",
        function,
        inputs=distances_and_signs,
        has_target_gradient=False,
    )


def bpr() -> Loss:
    return composition(
        "bpr",
        {},
        "-logsigmoid(x - t) (Rendle et al., 2009)",
        lambda x, t: -F.logsigmoid(x - t),
        two_scores,
    )


def margin_cases() -> list[Case]:
    """Hinge, soft margin, hinge embedding and Bayesian personalised ranking."""
    signed = [(x, 2.0 * t - 1.0) for x, t in right_and_wrong(20.0, 50.0, 100.0, 1e4)]
    return [
        *hinge(False, False).battery(),
        *hinge(True, True).battery("squared_0_1"),
        hinge(False, True).case(FORWARD, "mean", (17,), label="0_1"),
        hinge(True, False).case(FORWARD, "mean", (17,), 3.7, label="squared"),
        *soft_margin().battery(),
        soft_margin().listed("saturated", signed, from_exact=True),
        *hinge_embedding(1.0).battery(),
        hinge_embedding(2.5).case(FORWARD, "mean", (17,), 3.7, label="margin_2.5"),
        *bpr().battery(),
    ]


# Detection


def cross_entropy(x: Tensor, t: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(x, t, reduction="none")


def exact_cross_entropy(x: Any, t: Any) -> Any:
    return t * softplus(-x) + (1 - t) * softplus(x)


def exact_sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def detection(
    name: str,
    hyperparameters: dict[str, Any],
    formula: str,
    element: Callable[[Tensor, Tensor], Tensor],
    exact: Callable[[Any, Any], Any],
    steps: bool = False,
) -> Loss:
    """A loss of logits; with `steps` it jumps at some target, and is not differentiated by that."""

    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        elements = element(x, t)
        return {"none": elements, "mean": elements.mean(), "sum": elements.sum()}[reduction]

    return Loss(
        name,
        hyperparameters,
        f"{COMPOSED} {formula}",
        function,
        exact=lambda x, t, column: exact(x, t),
        inputs=hard_logits,
        has_target_gradient=not steps,
    )


def quality_focal(beta: float) -> Loss:
    return detection(
        "quality_focal",
        {"beta": beta},
        "|t - sigmoid(x)|^beta binary_cross_entropy_with_logits(x, t), as mmdet 3.3 has it (Li et al., 2020)",
        lambda x, t: (t - x.sigmoid()).abs() ** beta * cross_entropy(x, t),
        lambda x, t: abs(t - exact_sigmoid(x)) ** beta * exact_cross_entropy(x, t),
    )


def varifocal(alpha: float, gamma: float, iou_weighted: bool) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        positive = t if iou_weighted else torch.ones_like(t)
        weight = torch.where(t > 0.0, positive, alpha * x.sigmoid() ** gamma)
        return weight * cross_entropy(x, t)

    def exact(x: Any, t: Any) -> Any:
        if t == 0:
            return alpha * exact_sigmoid(x) ** gamma * exact_cross_entropy(x, t)
        return (t if iou_weighted else 1) * exact_cross_entropy(x, t)

    return detection(
        "varifocal",
        {"alpha": alpha, "gamma": gamma, "iou_weighted": iou_weighted},
        "t CE(x, t) where t > 0, alpha sigmoid(x)^gamma CE(x, 0) elsewhere, as mmdet 3.3 has it (Zhang et al., 2021)",
        element,
        exact,
        steps=True,
    )


def gaussian_focal(alpha: float, gamma: float) -> Loss:
    def element(x: Tensor, t: Tensor) -> Tensor:
        positive = x.neg().sigmoid() ** alpha * F.softplus(-x)
        negative = (1.0 - t) ** gamma * x.sigmoid() ** alpha * F.softplus(x)
        return torch.where(t == 1.0, positive, negative)

    def exact(x: Any, t: Any) -> Any:
        if t == 1:
            return exact_sigmoid(-x) ** alpha * softplus(-x)
        return (1 - t) ** gamma * exact_sigmoid(x) ** alpha * softplus(x)

    return detection(
        "gaussian_focal",
        {"alpha": alpha, "gamma": gamma},
        "(1 - p)^alpha softplus(-x) where t = 1, (1 - t)^gamma p^alpha softplus(x) elsewhere (Law and Deng, 2018)",
        element,
        exact,
        steps=True,
    )


def detection_cases() -> list[Case]:
    """Quality focal, varifocal and Gaussian focal loss."""
    saturated = [*right_and_wrong(20.0, 50.0, 100.0), (-50.0, 0.25), (50.0, 0.25)]
    cases = []
    for plain, others in (
        (quality_focal(2.0), [quality_focal(beta) for beta in (0.0, 1.0, 1.5, 3.0)]),
        (varifocal(0.75, 2.0, True), [varifocal(0.5, 1.5, False), varifocal(1.0, 1.0, True)]),
        (gaussian_focal(2.0, 4.0), [gaussian_focal(1.5, 2.5), gaussian_focal(0.0, 0.0)]),
    ):
        cases += [
            *plain.battery(),
            plain.case(ELEMENTS, "mean", (2, 1, 3, 3), label="soft", inputs=soft_logits),
            plain.case(WEIGHTED, "mean", (17,), 3.7, label="soft", inputs=soft_logits),
            plain.case(NORMALIZED, "sum", (3, 5), 1.0, 7.0, inputs=soft_logits),
            plain.listed("saturated_wrong", wrong(50.0, 100.0), from_exact=True),
            plain.listed("saturated", saturated, from_exact=True),
        ]
        for other in others:
            label = "_".join(f"{float(value):g}" for value in other.hyperparameters.values())
            cases.append(other.case(FORWARD, "sum", (5, 3), 3.7, label=label, inputs=soft_logits))
    return cases


def main() -> None:
    """Generates every family."""
    write("robust", [record(case) for case in robust_cases()], GENERATOR, also=("kornia",))
    write("counts", [record(case) for case in counts_cases()], GENERATOR)
    write("margin", [record(case) for case in margin_cases()], GENERATOR)
    write("detection", [record(case) for case in detection_cases()], GENERATOR)


if __name__ == "__main__":
    main()
