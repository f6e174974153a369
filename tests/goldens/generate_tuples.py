"""Writes the golden cases of losses whose samples are a few numbers each, in `tuples/` next to this file.

Inputs are exact in f32; losses and gradients are PyTorch's autodiff in f64 of torchvision's and PyTorch's own losses where
they have them, else of a composition from the paper. Every case is held against central finite differences before it is
written. No case is near a kink.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_tuples.py

Two runs with the same versions write identical bytes.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import mpmath
import torch
import torch.nn.functional as F
import torchvision.ops as ops
from torch import Tensor

from common import COMPOSED, MPMATH, TORCH, Draw, numbers, require_close, tensor, write

GENERATOR = "tests/goldens/generate_tuples.py"
TORCHVISION = "torchvision float64, its eps 1e-30; boxes so large that the 1e-7 it has besides is below 1e-10"
COUNT = 19

Loss = Callable[[list[Tensor], list[Tensor]], Tensor]


def record(
    name: str,
    source: str,
    loss: str,
    config: dict[str, Any],
    function: Loss,
    x: list[Tensor],
    t: list[Tensor],
    by_target: bool = True,
    differences: Loss | None = None,
    rtol: float = 2e-5,
) -> dict[str, Any]:
    """The losses of all samples, and their gradients times an upstream gradient.

    `differences` is what finite differences are taken of, if a part of the loss has no gradient.
    """
    upstream = Draw(f"{name} upstream", x[0].shape[:1]).normal()
    leaves = [number.clone().requires_grad_() for number in (*x, *t)]
    split = len(x)
    value = function(leaves[:split], leaves[split:])
    gradients = torch.autograd.grad((value * upstream).sum(), leaves, allow_unused=True)
    gradients = [torch.zeros_like(l) if g is None else g for l, g in zip(leaves, gradients)]
    step = 1e-6
    for place, gradient in enumerate(gradients[: None if by_target else split]):
        moved = []
        for sign in (1.0, -1.0):
            numbers_ = [n + sign * step * (i == place) for i, n in enumerate((*x, *t))]
            moved.append((differences or function)(numbers_[:split], numbers_[split:]))
        slope = (moved[0] - moved[1]) / (2.0 * step) * upstream
        require_close(name, f"gradient {place}", gradient, slope, rtol, 0.1 * rtol)
    return {
        "name": name,
        "source": source,
        "loss": loss,
        "config": config,
        "x": [numbers(n) for n in x],
        "t": [numbers(n) for n in t],
        "upstream": numbers(upstream),
        "value": numbers(value.detach()),
        "dx": [numbers(g) for g in gradients[:split]],
        "dt": [numbers(g) for g in gradients[split:]] if by_target else None,
    }


# Boxes


def corners(draw: Draw, size: float) -> list[Tensor]:
    """Boxes, a third of which is well inside of a region that the others reach into."""
    low = tensor(draw.rng.uniform(0.0, size, (COUNT, 2)))
    side = tensor(draw.rng.uniform(0.1 * size, 0.7 * size, (COUNT, 2)))
    high = tensor(low + side)
    return [low[:, 0], low[:, 1], high[:, 0], high[:, 1]]


def centred(boxes: list[Tensor]) -> list[Tensor]:
    x1, y1, x2, y2 = boxes
    return [tensor((x1 + x2) / 2), tensor((y1 + y2) / 2), tensor(x2 - x1), tensor(y2 - y1)]


def as_corners(boxes: list[Tensor]) -> list[Tensor]:
    cx, cy, w, h = boxes
    return [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]


def parts(x: list[Tensor], t: list[Tensor]) -> dict[str, Tensor]:
    """What box losses are made of, as the papers write it."""
    w, h, tw, th = x[2] - x[0], x[3] - x[1], t[2] - t[0], t[3] - t[1]
    zero = torch.zeros_like(w)
    iw = torch.maximum(torch.minimum(x[2], t[2]) - torch.maximum(x[0], t[0]), zero)
    ih = torch.maximum(torch.minimum(x[3], t[3]) - torch.maximum(x[1], t[1]), zero)
    cw = torch.maximum(x[2], t[2]) - torch.minimum(x[0], t[0])
    ch = torch.maximum(x[3], t[3]) - torch.minimum(x[1], t[1])
    dx, dy = (x[0] + x[2] - t[0] - t[2]) / 2, (x[1] + x[3] - t[1] - t[3]) / 2
    iou = iw * ih / (w * h + tw * th - iw * ih)
    return locals()


def iou(x: list[Tensor], t: list[Tensor]) -> Tensor:
    return 1.0 - parts(x, t)["iou"]


def eiou(x: list[Tensor], t: list[Tensor]) -> Tensor:
    p = parts(x, t)
    distance = (p["dx"] ** 2 + p["dy"] ** 2) / (p["cw"] ** 2 + p["ch"] ** 2)
    sides = ((p["w"] - p["tw"]) / p["cw"]) ** 2 + ((p["h"] - p["th"]) / p["ch"]) ** 2
    return 1.0 - p["iou"] + distance + sides


def siou(x: list[Tensor], t: list[Tensor]) -> Tensor:
    p = parts(x, t)
    sigma = torch.sqrt(p["dx"] ** 2 + p["dy"] ** 2)
    sine = p["dy"].abs() / sigma
    angle = 1.0 - 2.0 * torch.sin(torch.arcsin(sine) - math.pi / 4) ** 2
    gamma = 2.0 - angle
    distance = sum(1.0 - torch.exp(-gamma * (p[d] / p[c]) ** 2) for d, c in (("dx", "cw"), ("dy", "ch")))
    shape = sum(
        (1.0 - torch.exp(-(p[a] - p[b]).abs() / torch.maximum(p[a], p[b]))) ** 4
        for a, b in (("w", "tw"), ("h", "th"))
    )
    return 1.0 - p["iou"] + (distance + shape) / 2.0


def of_torchvision(function: Callable[..., Tensor]) -> Loss:
    return lambda x, t: function(torch.stack(x, 1), torch.stack(t, 1), reduction="none", eps=1e-30)


def ciou_with(alpha: Tensor) -> Loss:
    """CIoU whose alpha is a constant."""

    def loss(x: list[Tensor], t: list[Tensor]) -> Tensor:
        p = parts(x, t)
        v = 4 / math.pi**2 * (torch.atan(p["tw"] / p["th"]) - torch.atan(p["w"] / p["h"])) ** 2
        distance = (p["dx"] ** 2 + p["dy"] ** 2) / (p["cw"] ** 2 + p["ch"] ** 2)
        return 1.0 - p["iou"] + distance + alpha * v

    return loss


def ciou_alpha(x: list[Tensor], t: list[Tensor]) -> Tensor:
    p = parts(x, t)
    v = 4 / math.pi**2 * (torch.atan(p["tw"] / p["th"]) - torch.atan(p["w"] / p["h"])) ** 2
    return v / (1.0 - p["iou"] + v)


def boxes() -> list[dict[str, Any]]:
    kinds: list[tuple[str, str, Loss]] = [
        ("iou", f"{COMPOSED} UnitBox", iou),
        ("giou", TORCHVISION, of_torchvision(ops.generalized_box_iou_loss)),
        ("diou", TORCHVISION, of_torchvision(ops.distance_box_iou_loss)),
        ("ciou", TORCHVISION, of_torchvision(ops.complete_box_iou_loss)),
        ("eiou", f"{COMPOSED} Zhang et al., 2021", eiou),
        ("siou", f"{COMPOSED} Gevorgyan, 2022", siou),
    ]
    cases = []
    for kind, source, function in kinds:
        for suffix, size in (("", 100.0), (" wide", 5000.0), (" of centres", 100.0)):
            name = f"{kind}{suffix}"
            draw = Draw(name, (COUNT,))
            x, t = corners(draw, size), corners(draw, size)
            is_centred = suffix == " of centres"
            loss = function
            if is_centred:
                x, t = centred(x), centred(t)
                loss = lambda a, b, f=function: f(as_corners(a), as_corners(b))
            differences = None
            if kind == "ciou":
                place = as_corners if is_centred else (lambda boxes: boxes)
                fixed = ciou_with(ciou_alpha(place(x), place(t)))
                differences = lambda a, b, f=fixed, p=place: f(p(a), p(b))
            config = {"kind": kind, "format": "cxcywh" if is_centred else "xyxy"}
            cases.append(record(name, source, "iou", config, loss, x, t, differences=differences))
    return cases


# Likelihoods


def likelihoods() -> list[dict[str, Any]]:
    cases = []

    def add(name: str, source: str, loss: str, config: dict[str, Any], function: Loss, x, t, **more):
        cases.append(record(name, source, loss, config, function, x, t, **more))

    def positive(draw: Draw, low: float, high: float) -> Tensor:
        return tensor(draw.rng.uniform(low, high, (COUNT,)))

    for name, full, log, beta in (
        ("gaussian", False, False, 0.0),
        ("gaussian full", True, False, 0.0),
        ("gaussian of logarithms", True, True, 0.0),
        ("gaussian beta", False, False, 0.5),
        ("gaussian beta of logarithms", False, True, 1.0),
    ):
        draw = Draw(name, (COUNT,))
        mean, target = draw.normal(), [draw.normal()]
        spread = draw.normal() if log else positive(draw, 0.05, 4.0)

        def gaussian(x, t, full=full, log=log, beta=beta, fixed=None):
            variance = x[1].exp() if log else x[1]
            loss = F.gaussian_nll_loss(x[0], t[0], variance, full=full, reduction="none")
            power = variance.detach() if fixed is None else fixed
            return loss * power**beta

        fixed = spread.exp() if log else spread
        config = {"full": full, "log_variance": log, "beta": beta}
        source = TORCH if beta == 0.0 and not log else f"{COMPOSED} gaussian_nll_loss"
        add(
            name, source, "gaussian_nll", config, gaussian, [mean, spread], target,
            differences=lambda x, t, g=gaussian, f=fixed: g(x, t, fixed=f),
        )  # fmt: skip

    for name, log in (("laplace", False), ("laplace of logarithms", True)):
        draw = Draw(name, (COUNT,))
        x = [draw.normal(), draw.normal() if log else positive(draw, 0.05, 4.0)]

        def laplace(x, t, log=log):
            scale = x[1].exp() if log else x[1]
            return -torch.distributions.Laplace(x[0], scale).log_prob(t[0])

        add(name, TORCH, "laplace_nll", {"log_scale": log}, laplace, x, [draw.normal()])

    def student(x, t):
        return -torch.distributions.StudentT(x[2], x[0], x[1]).log_prob(t[0])

    for name, low, high in (
        ("student t", 0.3, 6.0),
        ("student t of much freedom", 50.0, 500.0),
        ("student t nearly normal", 9e4, 1.1e5),
    ):
        draw = Draw(name, (COUNT,))
        x = [draw.normal(), positive(draw, 0.2, 3.0), positive(draw, low, high)]
        # Differences of lgamma have few digits where it is large.
        rtol = 1e-2 if high > 1e4 else 2e-5
        add(name, TORCH, "student_t_nll", {}, student, x, [draw.normal()], rtol=rtol)

    def evidential(x, t, coefficient):
        gamma, nu, alpha, beta = x
        omega = 2 * beta * (1 + nu)
        d = t[0] - gamma
        likelihood = (
            0.5 * torch.log(math.pi / nu) - alpha * omega.log()
            + (alpha + 0.5) * torch.log(d * d * nu + omega)
            + torch.lgamma(alpha) - torch.lgamma(alpha + 0.5)
        )  # fmt: skip
        return likelihood + coefficient * d.abs() * (2 * nu + alpha)

    for name, coefficient, low, high in (
        ("evidential", 0.01, 1.05, 5.0),
        ("evidential without a regularizer", 0.0, 1.5, 30.0),
        ("evidential of much evidence", 0.1, 9e3, 1.1e4),
    ):
        draw = Draw(name, (COUNT,))
        x = [draw.normal(), positive(draw, 0.1, 4.0), positive(draw, low, high), positive(draw, 0.1, 4.0)]
        source = f"{COMPOSED} Amini et al., 2020"
        config = {"coefficient": coefficient}
        add(
            name, source, "evidential", config,
            lambda x, t, c=coefficient: evidential(x, t, c), x, [draw.normal()],
            rtol=1e-2 if high > 1e3 else 2e-5,
        )  # fmt: skip

    for name, margin in (("ranking", 0.0), ("ranking by a margin", 1.0), ("ranking below", -0.5)):
        draw = Draw(name, (COUNT,))
        sign = tensor(draw.rng.choice([-1.0, 1.0], (COUNT,)))
        add(
            name, TORCH, "margin_ranking", {"margin": margin},
            lambda x, t, m=margin: F.margin_ranking_loss(x[0], x[1], t[0], margin=m, reduction="none"),
            [draw.normal(), draw.normal()], [sign],
        )  # fmt: skip
    return cases


# Barron


def barron(d: Tensor, alpha: float, scale: float) -> Tensor:
    z = (d / scale) ** 2
    if alpha == 2.0:
        return z / 2
    if alpha == 0.0:
        return torch.log1p(z / 2)
    b = abs(alpha - 2.0)
    return b / alpha * torch.expm1(alpha / 2 * torch.log1p(z / b))


def general() -> list[dict[str, Any]]:
    cases = []
    for alpha, scale in ((1.0, 1.0), (2.0, 0.5), (0.0, 1.5), (-2.0, 1.0), (-17.5, 2.0), (0.7, 0.1), (3.5, 2.0), (1.9, 1.0)):
        name = f"barron {alpha} {scale}"
        draw = Draw(name, (COUNT,))
        cases.append(
            record(
                name, f"{COMPOSED} Barron, 2019", "barron", {"alpha": alpha, "scale": scale},
                lambda x, t, a=alpha, s=scale: barron(x[0] - t[0], a, s),
                [draw.normal()], [draw.normal()],
            )
        )  # fmt: skip
    return cases


@lru_cache
def ln_partition(alpha: float) -> tuple[float, float]:
    """The logarithm of the integral of e^-rho, and its derivative, by quadrature at 50 digits."""

    def value(a: Any) -> Any:
        b = 2 - a
        rho = lambda x: b / a * ((x * x / b + 1) ** (a / 2) - 1)
        points = [-60, -20, -5, 0, 1, 2, 4, 8, 20, 60, 120]
        return mpmath.log(2 * mpmath.quad(lambda u: mpmath.exp(u - rho(mpmath.exp(u))), points))

    step = mpmath.mpf(10) ** -8
    a = mpmath.mpf(alpha)
    return float(value(a)), float((value(a + step) - value(a - step)) / (2 * step))


def adaptive() -> list[dict[str, Any]]:
    """Losses, and the gradients of their sum by the prediction and by the two latent parameters."""
    cases = []
    for alpha, scale in ((1.0, 1.0), (0.25, 2.0), (1.9, 0.5), (0.01, 0.3)):
        name = f"adaptive barron {alpha} {scale}"
        draw = Draw(name, (11,))
        low, high, least = 0.001, 1.999, 1e-5
        x, t = draw.normal().requires_grad_(), draw.normal()
        p = torch.tensor(math.log((alpha - low) / (high - alpha)), dtype=torch.float64).requires_grad_()
        q = torch.zeros((), dtype=torch.float64).requires_grad_()
        a = low + (high - low) * torch.sigmoid(p)
        c = least + (scale - least) * F.softplus(q + math.log(math.e - 1))
        z = ((x - t) / c) ** 2
        b = 2 - a
        rho = b / a * torch.expm1(a / 2 * torch.log1p(z / b))
        ln_z, slope = ln_partition(alpha)
        value = rho + c.log() + ln_z + slope * (a - a.detach())
        gradients = torch.autograd.grad(value.sum(), (x, p, q))
        cases.append({
            "name": name,
            "source": f"{COMPOSED} Barron, 2019; the partition function by {MPMATH}",
            "alpha": alpha, "scale": scale,
            "x": numbers(x.detach()), "t": numbers(t),
            "value": numbers(value.detach()),
            "dx": numbers(gradients[0]), "dalpha": gradients[1].item(), "dscale": gradients[2].item(),
        })  # fmt: skip
    return cases


# Distributions over bins


def distances() -> list[dict[str, Any]]:
    cases = []
    for name, shape in (("few bins", (5, 4)), ("yolo", (3, 4, 17)), ("whole", (6, 9))):
        draw = Draw(name, shape)
        logits = draw.logits().requires_grad_()
        last = shape[-1] - 1
        target = tensor(draw.rng.uniform(0.0, last, shape[:-1]))
        target.flatten()[0], target.flatten()[1] = 0.0, float(last)
        if name == "whole":
            target = target.round()
        left = target.floor().clamp(max=last - 1).long()
        rows = F.log_softmax(logits, -1)
        pick = lambda k: rows.gather(-1, k.unsqueeze(-1)).squeeze(-1)
        value = -(left + 1 - target) * pick(left) - (target - left) * pick(left + 1)
        upstream = draw.normal(shape[:-1])
        (gradient,) = torch.autograd.grad((value * upstream).sum(), logits)
        cases.append({
            "name": name, "source": f"{COMPOSED} Li et al., 2020", "shape": list(shape),
            "logits": numbers(logits.detach()), "targets": numbers(target), "upstream": numbers(upstream),
            "value": numbers(value.detach()), "gradient": numbers(gradient),
        })  # fmt: skip
    return cases


if __name__ == "__main__":
    write("tuples/boxes", boxes(), GENERATOR)
    write("tuples/likelihoods", likelihoods(), GENERATOR)
    write("tuples/barron", general(), GENERATOR)
    write("tuples/adaptive_barron", adaptive(), GENERATOR)
    write("tuples/distribution_focal", distances(), GENERATOR)
