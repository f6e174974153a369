"""Writes the golden cases `regression.json`, `binary.json`, `focal.json`, `asymmetric.json` and
`divergence.json` next to this file; `generate_softmax.py` those of rows of classes.

Every case holds an input, the value the reference gives for it and the gradients to prediction and
target. Inputs are exact in f32. References are computed in f64 by PyTorch or torchvision, or with
50 digits by mpmath where those lose digits or return NaN. Before anything is written, each case is
held against central finite differences and the binary losses also against mpmath: a reference that
fails is an error, never a golden.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate.py

Two runs with the same versions write identical bytes.
"""

import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from unittest import mock

import mpmath
import torch
import torch.nn.functional as F
from timm.loss import AsymmetricLossMultiLabel
from torch import Tensor
from torchvision.ops import sigmoid_focal_loss

from common import COMPOSED, ELEMENTS, FORWARD, MPMATH, TORCH, VERSIONS, WEIGHTED, Draw, tensor, write
from pointwise import (
    NORMALIZED,
    Case,
    Loss,
    composition,
    hard_logits,
    hard_probabilities,
    one_target_per_row,
    record,
    right_and_wrong,
    smoothing_of,
    soft_logits,
    soft_probabilities,
    softplus,
    wrong,
)

TORCHVISION = f"torchvision {VERSIONS['torchvision']}"
TIMM = f"timm {version('timm')}"

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


def cauchy(c: float) -> Loss:
    return composition(
        "cauchy",
        {"c": c},
        "log(1 + ((x - t) / c)^2) (Black and Anandan, 1996)",
        lambda x, t: torch.log1p(((x - t) / c) ** 2),
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
    """MSE, MAE, smooth L1, Huber, log-cosh, Charbonnier, Cauchy and quantile loss."""
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
        *cauchy(1.0).battery(),
        cauchy(0.25).case(FORWARD, "mean", (17,), 3.7, label="c_0.25"),
        cauchy(2.0).listed("far_and_near", [*far, (0.0, 0.0), (0.001, 0.0), (-2.0, 0.0)]),
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


# Asymmetric loss


def asymmetric(positive: float, negative: float, clip: float) -> Loss:
    def exact(x: Any, t: Any, column: int) -> Any:
        p = 1 / (1 + mpmath.exp(-x))
        shifted = p - mpmath.mpf(clip)
        negatives = 0 if shifted <= 0 else -(shifted**negative) * mpmath.log1p(-shifted)
        return t * (1 - p) ** positive * softplus(-x) + (1 - t) * negatives

    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        p = x.sigmoid()
        shifted = (p - clip).clamp(min=0)
        elements = -t * (1 - p) ** positive * F.logsigmoid(x)
        elements = elements - (1 - t) * shifted**negative * torch.log1p(-shifted)
        return {"none": elements, "mean": elements.mean(), "sum": elements.sum()}[reduction]

    return Loss(
        "asymmetric",
        {"gamma_positive": positive, "gamma_negative": negative, "clip": clip},
        f"{COMPOSED} -t (1 - p)^gp ln p - (1 - t) pm^gn ln(1 - pm), pm = max(p - clip, 0) "
        "(Ridnik et al., 2021)",
        function,
        exact=exact,
        inputs=hard_logits,
    )


def asymmetric_of_timm(positive: float, negative: float, clip: float) -> Loss:
    """For hard labels: timm's exponents depend on the target, those of the paper on the label."""
    loss = AsymmetricLossMultiLabel(
        gamma_neg=negative,
        gamma_pos=positive,
        clip=clip,
        eps=1e-300,
        disable_torch_grad_focal_loss=False,
        reduction="none",
    )

    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        # timm computes in float32; its own code is let run in float64.
        with mock.patch.object(Tensor, "float", Tensor.double):
            elements = loss(x, t)
        return {"none": elements, "mean": elements.mean(), "sum": elements.sum()}[reduction]

    return Loss(
        "asymmetric",
        {"gamma_positive": positive, "gamma_negative": negative, "clip": clip},
        f"timm.loss.AsymmetricLossMultiLabel, {TIMM}, {TORCH}",
        function,
        inputs=hard_logits,
        has_target_gradient=False,
    )


def asymmetric_cases() -> list[Case]:
    """Asymmetric loss over its exponents and the margin negatives are shifted by."""
    plain = asymmetric(1.0, 4.0, 0.05)
    saturated = [(x, t) for x, t in right_and_wrong(20.0, 50.0, 100.0) if not (x > 30.0 and t == 0.0)]
    cases = [
        *plain.battery(),
        plain.case(ELEMENTS, "mean", (2, 1, 3, 3), label="soft", inputs=soft_logits),
        plain.case(WEIGHTED, "mean", (17,), 3.7, label="soft", inputs=soft_logits),
        plain.listed("saturated", saturated, from_exact=True),
    ]
    for positive, negative, clip in ((0.0, 4.0, 0.05), (1.0, 4.0, 0.05), (2.0, 1.0, 0.2), (0.0, 2.0, 0.0)):
        label = f"timm_{positive:g}_{negative:g}_{clip:g}"
        cases.append(
            asymmetric_of_timm(positive, negative, clip).case(FORWARD, "sum", (5, 3), 3.7, label=label)
        )
    for positive, negative, clip in ((0.0, 0.0, 0.0), (0.5, 1.5, 0.1), (1.0, 4.0, 0.0), (3.0, 2.5, 0.5)):
        label = f"{positive:g}_{negative:g}_{clip:g}"
        loss = asymmetric(positive, negative, clip)
        cases.append(loss.case(FORWARD, "mean", (17,), label=label, inputs=soft_logits))
        cases.append(loss.case(ELEMENTS, "sum", (5, 3), label=label))
    return cases


# Divergences


def shares(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.probabilities(), draw.probabilities()


def logarithms(*which: bool) -> Callable[[Draw], tuple[Tensor, Tensor]]:
    """Probabilities for prediction and target, or logarithms of such."""

    def inputs(draw: Draw) -> tuple[Tensor, Tensor]:
        pair = [tensor(p.log()) if log else p for p, log in zip(shares(draw), which, strict=True)]
        return pair[0], pair[1]

    return inputs


def reduce_divergence(elements: Tensor, reduction: str) -> Tensor:
    if reduction == "batch_mean":
        return elements.sum() / elements.shape[0]
    return {"none": elements, "mean": elements.mean(), "sum": elements.sum()}[reduction]


def kl_div(log_prediction: bool, log_target: bool) -> Loss:
    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        x = x if log_prediction else x.log()
        reduction = reduction.replace("_", "")
        return F.kl_div(x, t, reduction=reduction, log_target=log_target)

    of = "" if log_prediction else " of the logarithm of the prediction"
    return Loss(
        "kl_div",
        {"log_prediction": log_prediction, "log_target": log_target},
        f"torch.nn.functional.kl_div{of}, {TORCH}",
        function,
        inputs=logarithms(log_prediction, log_target),
    )


def jensen_shannon(log_inputs: bool) -> Loss:
    def function(x: Tensor, t: Tensor, reduction: str) -> Tensor:
        p, q = (x.exp(), t.exp()) if log_inputs else (x, t)
        middle = ((p + q) / 2).log()
        elements = F.kl_div(middle, p, reduction="none") + F.kl_div(middle, q, reduction="none")
        return reduce_divergence(elements / 2, reduction)

    return Loss(
        "jensen_shannon",
        {"log_inputs": log_inputs},
        f"{COMPOSED} (KL(p | m) + KL(t | m)) / 2 with m = (p + t) / 2 (Lin, 1991) by "
        "torch.nn.functional.kl_div",
        function,
        inputs=logarithms(log_inputs, log_inputs),
    )


def divergence_cases() -> list[Case]:
    """Kullback-Leibler and Jensen-Shannon divergence, of probabilities and of their logarithms."""
    cases = [
        *kl_div(True, False).battery(),
        *jensen_shannon(False).battery(),
    ]
    losses = [kl_div(a, b) for a in (True, False) for b in (False, True)]
    for loss in (*losses, jensen_shannon(False), jensen_shannon(True)):
        label = "_".join("log" if log else "plain" for log in loss.hyperparameters.values())
        cases += [
            loss.case(FORWARD, "batch_mean", (5, 3), 3.7, label=label),
            loss.case(WEIGHTED, "batch_mean", (3, 2, 3), label=label),
            loss.case(ELEMENTS, "sum", (2, 5), label=label),
        ]
    return cases


def main() -> None:
    """Generates every family."""
    families = {
        "regression": regression_cases,
        "binary": binary_cases,
        "focal": focal_cases,
        "divergence": divergence_cases,
    }
    for family, cases in families.items():
        write(family, [record(case) for case in cases()])
    write("asymmetric", [record(case) for case in asymmetric_cases()], also=("timm",))


if __name__ == "__main__":
    main()
