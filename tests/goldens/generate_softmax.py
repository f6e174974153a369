"""Writes the golden cases of losses of rows of classes, in `softmax/` next to this file.

As in `generate.py`: inputs exact in f32, references in f64 from PyTorch where it has the loss, a
composition of its operations from the paper's formula where it has not, mpmath with 50 digits where
those lose digits; every case held against central finite differences before it is written.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_softmax.py

Two runs with the same versions write identical bytes.
"""

from collections.abc import Callable
from typing import Any

import mpmath
import torch
import torch.nn.functional as F
from torch import Tensor

from common import COMPOSED, ELEMENTS, FORWARD, TORCH, WEIGHTED, write
from rows import IGNORED, RowCase, RowLoss, composition, record

CROSS_ENTROPY = f"torch.nn.functional.cross_entropy, {TORCH}"

FIVE = [0.5, 2.0, 0.0, 1.25, 3.0]
COUNTS = [400, 90, 30, 7, 1]

Weights = list[float] | None


def log_softmax(row: list[Any], target: int) -> Any:
    """The logarithm of the share of one class, with 50 digits."""
    most = max(row)
    return row[target] - most - mpmath.log(sum(mpmath.exp(x - most) for x in row))


def of_torch(
    name: str,
    hyperparameters: dict[str, Any],
    adjust: Callable[[Tensor, Tensor], Tensor] | None = None,
    adjusted: str = "",
    exact: Callable[[list[Any], int], Any] | None = None,
) -> RowLoss:
    """torch's cross entropy with the weights, smoothing and ignored class of the hyperparameters,
    of logits that are adjusted first, perhaps by what the targets are."""
    weights = hyperparameters["weights"]
    ignored = hyperparameters["ignore_index"]
    weight = None if weights is None else torch.tensor(weights, dtype=torch.float64)

    def function(logits: Tensor, targets: Tensor, reduction: str) -> Tensor:
        return F.cross_entropy(
            logits if adjust is None else adjust(logits, targets),
            targets,
            weight=weight,
            # torch refuses an ignored class next to shares; no target of a case is -1.
            ignore_index=IGNORED if ignored is None else ignored,
            reduction=reduction,
            label_smoothing=hyperparameters.get("label_smoothing", 0.0),
        )

    return RowLoss(name, hyperparameters, f"{CROSS_ENTROPY}{adjusted}", function, exact)


def common(weights: Weights, smoothing: float | None, ignored: int | None) -> dict[str, Any]:
    """The hyperparameters every loss has; the losses without smoothing give None for it."""
    smooth = {} if smoothing is None else {"label_smoothing": smoothing}
    return {"weights": weights, **smooth, "ignore_index": ignored}


# Cross entropy


def cross_entropy(
    weights: Weights = None, smoothing: float = 0.0, ignored: int | None = IGNORED
) -> RowLoss:
    return of_torch(
        "cross_entropy",
        common(weights, smoothing, ignored),
        exact=lambda row, target: -log_softmax(row, target),
    )


def cross_entropy_cases() -> list[RowCase]:
    """Weights, smoothing, an ignored class; classes and shares; ranks 2 to 4."""
    plain, both = cross_entropy(), cross_entropy(FIVE, 0.1)
    far = [([1e4, -1e4, 0.0], 1), ([1e4, -1e4, 0.0], 0), ([-1e4, 1e4, 1e4], 2), ([1e4] * 3, 0)]
    shifted = [([1e6, 1e6 + 1, 1e6 - 2], 1), ([-1e6, -1e6 - 0.5, -1e6 + 3], 0)]
    infinite = [([float("-inf"), 1.0, 2.0], 1), ([0.5, float("-inf"), 1.0], 0)]
    return [
        *plain.battery(),
        *plain.shares(),
        plain.case(FORWARD, "mean", (3, 33), 3.7),
        plain.case(ELEMENTS, "mean", (1, 1)),
        plain.listed("far", [*far, *shifted], from_exact=True),
        plain.listed("saturated", saturated(), from_exact=True),
        plain.listed("infinite", infinite),
        *cross_entropy(FIVE).battery(label="weights"),
        *cross_entropy(FIVE).shares(label="weights"),
        cross_entropy(None, 0.1).case(FORWARD, "mean", (3, 17, 2), label="smooth"),
        cross_entropy(None, 0.1).case(ELEMENTS, "mean", (4, 7), label="smooth"),
        cross_entropy(None, 0.3).case(FORWARD, "sum", (5, 4), label="smooth", shares=True),
        cross_entropy(None, 1.0).case(FORWARD, "mean", (5, 4), label="all_smooth"),
        *both.battery(label="weights_smooth"),
        *both.shares(label="weights_smooth"),
        cross_entropy(None, 0.0, 2).case(FORWARD, "mean", (9, 4), label="ignore_a_class"),
        cross_entropy(FIVE, 0.2, 3).case(FORWARD, "mean", (3, 5, 4), 3.7, label="ignore_a_class"),
        cross_entropy(FIVE, 0.2, 255).case(FORWARD, "mean", (2, 5, 3, 2), label="ignore_255"),
        cross_entropy(None, 0.0, 255).case(WEIGHTED, "mean", (2, 3, 4), label="ignore_255"),
        cross_entropy(None, 0.0, None).case(FORWARD, "mean", (5, 3), label="ignore_nothing"),
    ]


# Focal and Poly loss


def focal(
    gamma: float,
    alpha: Weights = None,
    weights: Weights = None,
    smoothing: float = 0.0,
    ignored: int | None = IGNORED,
) -> RowLoss:
    def row(logits: Tensor, shares: Tensor) -> Tensor:
        ln_p = F.log_softmax(logits, 1)
        of_class = torch.ones(1, dtype=torch.float64)
        if alpha is not None:
            of_class = torch.tensor(alpha, dtype=torch.float64)
        of_class = of_class.view(1, -1, *[1] * (logits.dim() - 2))
        return (-shares * of_class * (1 - ln_p.exp()) ** gamma * ln_p).sum(1)

    def exact(logits: list[Any], target: int) -> Any:
        ln_p = log_softmax(logits, target)
        share = 1 if alpha is None else alpha[target % len(alpha)]
        return -share * (-mpmath.expm1(ln_p)) ** mpmath.mpf(gamma) * ln_p

    return composition(
        "softmax_focal",
        {"alpha": alpha, "gamma": gamma, **common(weights, smoothing, ignored)},
        "-sum q w alpha (1 - p)^gamma ln p (Lin et al., 2017, of a softmax)",
        row,
        exact,
    )


def saturated() -> list[tuple[list[float], int]]:
    """Rows whose target has nearly everything or nearly nothing."""
    rows = [([x, 0.0, -1.0], target) for x in (5.0, 10.0, 20.0, 40.0) for target in (0, 1)]
    return [*rows, ([0.0, 0.0, 0.0], 2), ([-30.0, -30.0, 1.0], 0)]


def focal_cases() -> list[RowCase]:
    """Softmax focal loss over gamma, alpha, weights and smoothing."""
    plain = focal(2.0)
    everything = focal(1.5, [0.1, 0.9, 0.5, 0.0, 1.0], FIVE, 0.1)
    cases = [
        *plain.battery(),
        *plain.shares(),
        *everything.battery(label="everything"),
        *everything.shares(label="everything"),
        focal(2.0, [0.25]).case(FORWARD, "mean", (5, 3), label="one_alpha"),
        focal(2.0, [0.25, 0.5, 1.0]).case(FORWARD, "mean", (3, 3, 2), 3.7, label="alpha"),
    ]
    for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
        loss, label = focal(gamma), f"gamma_{gamma}"
        cases.append(loss.case(FORWARD, "mean", (4, 17), label=label))
        cases.append(loss.listed(f"{label}_saturated", saturated(), from_exact=True))
    return cases


def poly(
    epsilon: float,
    weights: Weights = None,
    smoothing: float = 0.0,
    ignored: int | None = IGNORED,
) -> RowLoss:
    def row(logits: Tensor, shares: Tensor) -> Tensor:
        ln_p = F.log_softmax(logits, 1)
        return (shares * (epsilon * (1 - ln_p.exp()) - ln_p)).sum(1)

    def exact(logits: list[Any], target: int) -> Any:
        ln_p = log_softmax(logits, target)
        return -ln_p - mpmath.mpf(epsilon) * mpmath.expm1(ln_p)

    return composition(
        "poly",
        {"epsilon": epsilon, **common(weights, smoothing, ignored)},
        "sum q w (epsilon (1 - p) - ln p) (Leng et al., 2022)",
        row,
        exact,
    )


def poly_cases() -> list[RowCase]:
    """Poly-1 loss over epsilon, weights and smoothing."""
    cases = [*poly(1.0).battery(), *poly(1.0).shares()]
    cases += poly(2.5, FIVE, 0.1).battery(label="everything")
    for epsilon in (-1.0, 0.0, 1.0, 2.0, 6.0):
        loss, label = poly(epsilon), f"epsilon_{epsilon}"
        cases.append(loss.case(FORWARD, "mean", (4, 17), label=label))
        cases.append(loss.listed(f"{label}_saturated", saturated(), from_exact=True))
    cases.append(poly(2.5, FIVE, 0.1).case(WEIGHTED, "mean", (5, 5), label="everything", shares=True))
    return cases


# Losses for classes of unequal frequency


def column(numbers: Any, logits: Tensor) -> Tensor:
    """One number for each class, next to logits."""
    numbers = torch.as_tensor(numbers, dtype=torch.float64)
    return numbers.view(1, -1, *[1] * (logits.dim() - 2))


def balanced_softmax(
    counts: list[int],
    weights: Weights = None,
    smoothing: float = 0.0,
    ignored: int | None = IGNORED,
) -> RowLoss:
    return of_torch(
        "balanced_softmax",
        {"class_counts": counts, **common(weights, smoothing, ignored)},
        lambda logits, _: logits + column(counts, logits).log(),
        " of z + ln n (Ren et al., 2020)",
    )


def logit_adjusted(
    counts: list[int],
    tau: float,
    weights: Weights = None,
    smoothing: float = 0.0,
    ignored: int | None = IGNORED,
) -> RowLoss:
    prior = torch.tensor(counts, dtype=torch.float64) / sum(counts)
    return of_torch(
        "logit_adjusted",
        {"class_counts": counts, "tau": tau, **common(weights, smoothing, ignored)},
        lambda logits, _: logits + tau * column(prior, logits).log(),
        " of z + tau ln(n / sum n) (Menon et al., 2021)",
    )


def ldam(
    counts: list[int],
    max_margin: float = 0.5,
    scale: float = 30.0,
    weights: Weights = None,
    ignored: int | None = IGNORED,
) -> RowLoss:
    margins = 1.0 / torch.tensor(counts, dtype=torch.float64) ** 0.25
    margins = margins * (max_margin / margins.max())

    def adjust(logits: Tensor, targets: Tensor) -> Tensor:
        kept = torch.where(targets == ignored, 0, targets)
        own = F.one_hot(kept, logits.shape[1]).movedim(-1, 1)
        return scale * (logits - own * column(margins, logits))

    return of_torch(
        "ldam",
        {
            "class_counts": counts,
            "max_margin": max_margin,
            "scale": scale,
            **common(weights, None, ignored),
        },
        adjust,
        " of s (z - [j = y] m), m = max_margin (min n / n)^(1/4) (Cao et al., 2019)",
    )


def imbalance_cases() -> list[RowCase]:
    """Balanced softmax, logit adjustment and LDAM."""
    three = [1000, 10, 1]
    return [
        *balanced_softmax(COUNTS).battery(),
        *balanced_softmax(COUNTS, FIVE, 0.1).battery(label="weights_smooth"),
        balanced_softmax(three, None, 0.0, 255).case(FORWARD, "mean", (7, 3), label="ignore_255"),
        *logit_adjusted(COUNTS, 1.0).battery(),
        *logit_adjusted(COUNTS, 1.5, FIVE, 0.1).battery(label="weights_smooth"),
        logit_adjusted(three, 0.0).case(FORWARD, "mean", (5, 3), label="tau_0"),
        logit_adjusted(three, 0.25, None, 0.0, 1).case(FORWARD, "sum", (7, 3), label="tau_0.25"),
        *ldam(COUNTS).battery(),
        *ldam(COUNTS, 1.0, 4.0, FIVE).battery(label="weights"),
        ldam(three, 0.0, 1.0).case(FORWARD, "mean", (5, 3), label="no_margin"),
        ldam(three, 0.3, 10.0, None, 255).case(ELEMENTS, "mean", (7, 3), label="ignore_255"),
    ]


# Losses for wrong labels


def generalized(q: float, weights: Weights = None, ignored: int | None = IGNORED) -> RowLoss:
    def exact(logits: list[Any], target: int) -> Any:
        return -mpmath.expm1(mpmath.mpf(q) * log_softmax(logits, target)) / mpmath.mpf(q)

    return composition(
        "generalized_cross_entropy",
        {"q": q, **common(weights, None, ignored)},
        "w (1 - p_y^q) / q (Zhang and Sabuncu, 2018)",
        lambda logits, shares: (shares * (1 - F.softmax(logits, 1) ** q) / q).sum(1),
        exact,
    )


def symmetric(
    alpha: float,
    beta: float,
    log_zero: float,
    weights: Weights = None,
    ignored: int | None = IGNORED,
) -> RowLoss:
    def row(logits: Tensor, shares: Tensor) -> Tensor:
        own = shares != 0
        ln_label = torch.where(own, 0.0, log_zero)
        reverse = -(F.softmax(logits, 1) * ln_label).sum(1)
        weight = shares.sum(1)
        return alpha * (-shares * F.log_softmax(logits, 1)).sum(1) + beta * weight * reverse

    return composition(
        "symmetric_cross_entropy",
        {"alpha": alpha, "beta": beta, "log_zero": log_zero, **common(weights, None, ignored)},
        "w (-alpha ln p_y - beta sum_j p_j ln [j = y]), ln 0 = log_zero (Wang et al., 2019)",
        row,
    )


def robust_cases() -> list[RowCase]:
    """Generalized and symmetric cross entropy."""
    no_zero = [0.5, 2.0, 0.25, 1.25, 3.0]
    cases = [
        *generalized(0.7).battery(),
        *generalized(0.4, FIVE).battery(label="weights"),
        *symmetric(0.1, 1.0, -4.0).battery(),
        *symmetric(6.0, 0.1, -7.0, no_zero).battery(label="weights"),
        symmetric(0.0, 1.0, -4.0).case(FORWARD, "mean", (5, 3), label="alpha_0"),
        symmetric(1.0, 0.0, 0.0, None, 255).case(FORWARD, "mean", (5, 3), label="beta_0"),
    ]
    for q in (0.01, 0.3, 0.7, 1.0):
        loss, label = generalized(q), f"q_{q}"
        cases.append(loss.case(FORWARD, "mean", (4, 17), label=label))
        cases.append(loss.listed(f"{label}_saturated", saturated(), from_exact=True))
    return cases


def main() -> None:
    """Generates every family."""
    families = {
        "cross_entropy": cross_entropy_cases,
        "focal": focal_cases,
        "poly": poly_cases,
        "imbalance": imbalance_cases,
        "robust": robust_cases,
    }
    for family, cases in families.items():
        records = [record(case) for case in cases()]
        write(f"softmax/{family}", records, "tests/goldens/generate_softmax.py")


if __name__ == "__main__":
    main()
