"""Writes the golden cases of masks, in `masks/` next to this file.

Inputs are exact in f32; references are in f64, from segmentation-models-pytorch, MONAI, kornia, SciPy and loops from the papers.
Where a library has the loss, the loop is held against it before the case is written. Gradients are those of PyTorch's autograd
through the loop.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_masks.py

Two runs with the same versions write identical bytes.
"""

from collections.abc import Callable
from typing import Any

import kornia
import numpy as np
import segmentation_models_pytorch.losses as smp
import torch
import torch.nn.functional as F
from monai.losses import (
    DiceCELoss, DiceFocalLoss, DiceLoss, FocalLoss, GeneralizedDiceLoss, MCCLoss, TverskyLoss,
)
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from common import TORCH, Draw, numbers, require_close, tensor, write

GENERATOR = "tests/goldens/generate_masks.py"
ALSO = ("kornia", "monai", "scipy", "segmentation-models-pytorch")
LOOP = "f64 loop from the paper"
IGNORED = 255

Config = dict[str, Any]


class Case:
    """Logits with classes or masks, and what a loss makes of each sample."""

    def __init__(self, loss: str, name: str, shape: tuple[int, ...], masks: bool = False, soft: bool = False,
                 ignored: float = 0.0, weighted: bool = False, missing: int | None = None, **config: Any) -> None:
        self.loss, self.name, self.shape, self.config = loss, f"{loss}_{name}", shape, config
        draw = Draw(self.name, shape)
        rng = draw.rng
        self.probabilities = not config.get("from_logits", True)
        self.logits = draw.probabilities() if self.probabilities else draw.logits()
        pixels = (shape[0], *shape[2:])
        self.masks = masks
        if masks:
            self.target = draw.soft() if soft else draw.hard()
            hidden = rng.random(shape) < ignored
        else:
            self.target = torch.from_numpy(rng.integers(0, max(shape[1], 2), pixels))
            if missing is not None:
                self.target[self.target == missing] = 0
            hidden = rng.random(pixels) < ignored
        self.target[torch.from_numpy(hidden)] = IGNORED
        self.config |= {"ignore_index": IGNORED} if ignored else {}
        self.pixel_weights = tensor(rng.uniform(0.0, 2.0, pixels) * (rng.random(pixels) < 0.8)) if weighted else None
        self.upstream = tensor(rng.uniform(0.5, 1.5, 1 if config.get("batch") else shape[0]))

    def parts(self, logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities, targets and weights, `[N, C, K]`, or `[1, C, N K]` where the batch is one sample."""
        n, c = self.shape[:2]
        x = logits.reshape(n, c, -1)
        kept = (self.target != IGNORED).reshape(n, -1 if not self.masks else c * x.shape[2])
        if self.masks:
            t, kept = self.target.reshape(n, c, -1), kept.reshape(n, c, -1)
            t = torch.where(kept, t, 0.0)
        else:
            classes = torch.where(kept, self.target.reshape(n, -1), 0)
            t = (classes == 1).unsqueeze(1) if c == 1 else F.one_hot(classes, c).movedim(2, 1)
            kept = kept.unsqueeze(1).expand(n, c, -1)
            t = t.double() * kept
        if self.probabilities:
            p = x
        else:
            p = x.sigmoid() if self.masks or c == 1 else x.softmax(1)
        w = kept.double()
        if self.pixel_weights is not None:
            w = w * self.pixel_weights.reshape(n, 1, -1)
        if self.config.get("batch"):
            p, t, w = (part.movedim(0, 1).reshape(1, c, -1) for part in (p, t, w))
        return p, t, w

    def over_classes(self, losses: Tensor, t: Tensor, w: Tensor) -> Tensor:
        """The mean over classes, and 0 without any."""
        weights = torch.tensor(self.config.get("class_weights", [1.0] * self.shape[1]), dtype=torch.float64)
        absent = (t * w).sum(-1) == 0
        shares = weights.expand(losses.shape)
        rule = self.config.get("absent", self.default_absent())
        if rule == "left_out":
            shares = torch.where(absent, 0.0, shares)
        if rule == "zero":
            losses = torch.where(absent, 0.0, losses)
        total = shares.sum(-1)
        return torch.where(total == 0, 0.0, (losses * shares).sum(-1) / torch.where(total == 0, 1.0, total))

    def default_absent(self) -> str:
        return "kept" if self.loss == "lovasz_hinge" else "left_out"


def overlaps(case: Case, logits: Tensor) -> tuple[Tensor, ...]:
    p, t, w = case.parts(logits)
    return (w * p * t).sum(-1), (w * p * (1 - t)).sum(-1), (w * (1 - p) * t).sum(-1)


def ratio_loss(case: Case, logits: Tensor, fp_weight: float, fn_weight: float, smooth: float) -> Tensor:
    p, t, w = case.parts(logits)
    both = (w * p * t).sum(-1)
    if case.config.get("squared"):
        ratio = (2 * both + 2 * smooth) / ((w * (p * p + t * t)).sum(-1) + 2 * smooth)
        if fp_weight == 1.0:
            ratio = (both + smooth) / ((w * (p * p + t * t - p * t)).sum(-1) + smooth)
    else:
        wrong = fp_weight * (w * p * (1 - t)).sum(-1) + fn_weight * (w * (1 - p) * t).sum(-1)
        ratio = (both + smooth) / (both + wrong + smooth)
    return -ratio.clamp(min=1e-7).log() if case.config.get("log") else 1 - ratio


def dice(case: Case, logits: Tensor) -> Tensor:
    losses = ratio_loss(case, logits, 0.5, 0.5, case.config.get("smooth", 1e-5) / 2)
    return case.over_classes(losses, *case.parts(logits)[1:])


def jaccard(case: Case, logits: Tensor) -> Tensor:
    losses = ratio_loss(case, logits, 1.0, 1.0, case.config.get("smooth", 1e-5))
    return case.over_classes(losses, *case.parts(logits)[1:])


def tversky_of_classes(case: Case, logits: Tensor) -> Tensor:
    a, b = case.config.get("false_positives", 0.3), case.config.get("false_negatives", 0.7)
    return ratio_loss(case, logits, a, b, case.config.get("smooth", 1e-5))


def tversky(case: Case, logits: Tensor) -> Tensor:
    return case.over_classes(tversky_of_classes(case, logits), *case.parts(logits)[1:])


def focal_tversky(case: Case, logits: Tensor) -> Tensor:
    losses = tversky_of_classes(case, logits) ** (1 / case.config.get("gamma", 4 / 3))
    return case.over_classes(losses, *case.parts(logits)[1:])


def generalized_dice(case: Case, logits: Tensor) -> Tensor:
    p, t, w = case.parts(logits)
    size = (w * t).sum(-1)
    weights = torch.tensor(case.config.get("class_weights", [1.0] * case.shape[1]), dtype=torch.float64)
    present = size > 0
    kept = case.config.get("absent") == "kept"
    smallest = torch.where(present & (weights > 0), size, np.inf).min(-1, keepdim=True).values
    relative = smallest / size
    relative = {"square": relative**2, "simple": relative, "uniform": torch.ones_like(relative)}[
        case.config.get("volume_weights", "square")
    ]
    relative = torch.where(present, relative, 1.0 if kept else 0.0) * weights
    smooth = case.config.get("smooth", 1e-5)
    numerator = 2 * (relative * (w * p * t).sum(-1)).sum(-1) + smooth
    return 1 - numerator / ((relative * (w * (p + t)).sum(-1)).sum(-1) + smooth)


def mcc(case: Case, logits: Tensor) -> Tensor:
    p, t, w = case.parts(logits)
    tp, fp, fn, tn = ((w * part).sum(-1) for part in (p * t, p * (1 - t), (1 - p) * t, (1 - p) * (1 - t)))
    losses = 1 - (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)).sqrt()
    return case.over_classes(losses, t, w)


def combined(case: Case, logits: Tensor) -> Tensor:
    config = case.config
    n, c = case.shape[:2]
    p, t, w = case.parts(logits)
    gamma = config.get("gamma", 0.0)
    weights = torch.tensor(config.get("class_weights", [1.0] * c), dtype=torch.float64).reshape(1, c, 1)
    if case.masks or c == 1:
        p_t = torch.where(t == 1, p, 1 - p) if gamma else None
        losses = -(t * p.log() + (1 - t) * (1 - p).log())
        losses = losses if p_t is None else (1 - p_t) ** gamma * losses
        if "alpha" in config:
            losses = losses * (config["alpha"] * t + (1 - config["alpha"]) * (1 - t))
        counts = w * weights
    else:
        losses = -((1 - p) ** gamma) * p.log() * t
        counts = w * weights * t
    pixels = (losses * w * weights).sum((1, 2)) / counts.sum((1, 2))
    return config.get("dice_weight", 1.0) * dice(case, logits) + config.get("pixel_weight", 1.0) * pixels


def lovasz_row(errors: Tensor, inside: Tensor) -> Tensor:
    order = torch.sort(errors, descending=True, stable=True).indices
    inside, errors = inside[order], errors[order]
    jaccard = 1 - (inside.sum() - inside.cumsum(0)) / (inside.sum() + (1 - inside).cumsum(0))
    steps = torch.cat((jaccard[:1], jaccard[1:] - jaccard[:-1]))
    return (errors * steps).sum()


def lovasz(case: Case, logits: Tensor, errors: Callable[[Tensor, Tensor], Tensor], x: Tensor | None) -> Tensor:
    p, t, w = case.parts(logits)
    p = p if x is None else x
    rows = []
    for n in range(p.shape[0]):
        for c in range(p.shape[1]):
            kept = w[n, c] > 0
            rows.append(lovasz_row(errors(p[n, c][kept], t[n, c][kept]), t[n, c][kept]))
    return case.over_classes(torch.stack(rows).reshape(p.shape[:2]), t, w)


def lovasz_softmax(case: Case, logits: Tensor) -> Tensor:
    return lovasz(case, logits, lambda p, t: (p - t).abs(), None)


def lovasz_hinge(case: Case, logits: Tensor) -> Tensor:
    n, c = case.shape[:2]
    x = logits.reshape(n, c, -1)
    x = x.movedim(0, 1).reshape(1, c, -1) if case.config.get("batch") else x
    return lovasz(case, logits, lambda x, t: (1 - x * (2 * t - 1)).relu(), x)


def boundary(case: Case, logits: Tensor) -> Tensor:
    n, c = case.shape[:2]
    p, t, w = case.parts(logits)
    inside = (t.numpy() >= 0.5).reshape(n, c, *case.shape[2:])
    maps = np.zeros(inside.shape)
    for i in range(n):
        for j in range(c):
            mask = inside[i, j]
            if mask.any() and not mask.all():
                out, within = distance_transform_edt(~mask), distance_transform_edt(mask)
                maps[i, j] = out * ~mask - (within - 1) * mask
    losses = (w * p * torch.from_numpy(maps).reshape(p.shape)).sum(-1) / w.sum(-1)
    return case.over_classes(losses, t, w)


def skeleton(image: Tensor, iterations: int) -> Tensor:
    def erode(x: Tensor) -> Tensor:
        rows = -F.max_pool2d(-x, (3, 1), 1, (1, 0))
        return torch.minimum(rows, -F.max_pool2d(-x, (1, 3), 1, (0, 1)))

    def open_(x: Tensor) -> Tensor:
        return F.max_pool2d(erode(x), 3, 1, 1)

    found = F.relu(image - open_(image))
    for _ in range(iterations):
        image = erode(image)
        delta = F.relu(image - open_(image))
        found = found + F.relu(delta - found * delta)
    return found


def cl_dice(case: Case, logits: Tensor) -> Tensor:
    p, t, w = case.parts(logits)
    image = (case.shape[0], case.shape[1], *case.shape[2:])
    kept = (w > 0).double()
    p, t = p * kept, t * kept
    iterations, smooth = case.config.get("iterations", 3), case.config.get("smooth", 1.0)
    of_p, of_t = (skeleton(mask.reshape(image), iterations).reshape(p.shape) for mask in (p, t))
    precision = ((w * of_p * t).sum(-1) + smooth) / ((w * of_p).sum(-1) + smooth)
    recall = ((w * of_t * p).sum(-1) + smooth) / ((w * of_t).sum(-1) + smooth)
    return case.over_classes(1 - 2 * precision * recall / (precision + recall), t, w)


Peer = Callable[[Case, Tensor], Tensor]


def monai(kind: Callable[..., Any], **options: Any) -> Peer:
    """The mean over the batch of a loss of MONAI."""

    def run(case: Case, logits: Tensor) -> Tensor:
        target = case.target if case.masks else case.target.unsqueeze(1)
        return kind(**options)(logits, target)

    return run


def of_smp(kind: Callable[..., Any], **options: Any) -> Peer:
    def run(case: Case, logits: Tensor) -> Tensor:
        return kind(**options)(logits, case.target)

    return run


def of_kornia(case: Case, logits: Tensor) -> Tensor:
    return kornia.losses.lovasz_softmax_loss(logits, case.target)


def dice_and_softmax_focal(case: Case, logits: Tensor) -> Tensor:
    """Both of MONAI's losses. (Its DiceFocalLoss(softmax=True) adds the focal loss of sigmoids.)"""
    target = case.target.unsqueeze(1)
    focal = FocalLoss(use_softmax=True, to_onehot_y=True, gamma=2.0)
    return DiceLoss(**SOFTMAX)(logits, target) + focal(logits, target)


SOFTMAX = {"softmax": True, "to_onehot_y": True}
SMALL, VOLUME = (2, 3, 4, 5), (2, 2, 3, 4, 2)

FOCAL = {"lambda_dice": 1.0, "lambda_focal": 1.0}

# A case, and the library it is held against.
CASES: list[tuple[Case, str, Peer | None]] = [
    (Case("dice", "monai", SMALL), "monai", monai(DiceLoss, **SOFTMAX)),
    (Case("dice", "monai_absent", SMALL, missing=2, absent="kept", smooth=0.5), "monai",
     monai(DiceLoss, smooth_nr=0.5, smooth_dr=0.5, **SOFTMAX)),
    (Case("dice", "monai_squared_masks", SMALL, masks=True, squared=True), "monai",
     monai(DiceLoss, sigmoid=True, squared_pred=True)),
    (Case("dice", "monai_soft_masks", VOLUME, masks=True, soft=True), "monai", monai(DiceLoss, sigmoid=True)),
    (Case("dice", "monai_probabilities", SMALL, masks=True, from_logits=False, batch=True), "monai",
     monai(DiceLoss, batch=True)),
    (Case("dice", "smp", SMALL, missing=1, batch=True, absent="zero", smooth=1.0, class_weights=[0.5, 1.0, 2.0], ignored=0.2),
     "segmentation-models-pytorch",
     of_smp(smp.DiceLoss, mode="multiclass", smooth=0.5, class_weights=[0.5, 1.0, 2.0], ignore_index=IGNORED)),
    (Case("dice", "smp_log_binary", (2, 1, 4, 5), batch=True, log=True, smooth=0.0, ignored=0.2),
     "segmentation-models-pytorch", of_smp(smp.DiceLoss, mode="binary", log_loss=True, ignore_index=IGNORED)),
    (Case("dice", "pixel_weights", SMALL, missing=0, weighted=True, ignored=0.1), LOOP, None),
    (Case("dice", "many_pixels", (1, 3, 7, 61), squared=True, ignored=0.1), LOOP, None),
    (Case("jaccard", "monai", SMALL, smooth=0.5), "monai",
     monai(DiceLoss, jaccard=True, smooth_nr=1.0, smooth_dr=1.0, **SOFTMAX)),
    (Case("jaccard", "smp", (2, 3, 4, 5), masks=True, batch=True, absent="zero", smooth=0.0, log=True),
     "segmentation-models-pytorch", of_smp(smp.JaccardLoss, mode="multilabel", log_loss=True)),
    (Case("jaccard", "squared", VOLUME, squared=True, class_weights=[0.0, 1.0]), LOOP, None),
    (Case("tversky", "monai", SMALL, smooth=1e-5), "monai",
     monai(TverskyLoss, alpha=0.3, beta=0.7, **SOFTMAX)),
    (Case("tversky", "smp", SMALL, batch=True, absent="zero", false_positives=0.8, false_negatives=0.4, smooth=0.0, ignored=0.1),
     "segmentation-models-pytorch", of_smp(smp.TverskyLoss, mode="multiclass", alpha=0.8, beta=0.4, ignore_index=IGNORED)),
    (Case("tversky", "log_masks", SMALL, masks=True, log=True, ignored=0.2), LOOP, None),
    (Case("focal_tversky", "paper", SMALL), LOOP, None),
    (Case("focal_tversky", "smp_binary", (2, 1, 4, 5), batch=True, gamma=0.5, smooth=0.0, absent="zero"),
     "segmentation-models-pytorch", of_smp(smp.TverskyLoss, mode="binary", alpha=0.3, beta=0.7, gamma=2.0)),
    (Case("focal_tversky", "masks", SMALL, masks=True, weighted=True, gamma=2.0), LOOP, None),
    (Case("generalized_dice", "monai", SMALL, smooth=0.0), "monai",
     monai(GeneralizedDiceLoss, smooth_nr=0.0, smooth_dr=0.0, **SOFTMAX)),
    (Case("generalized_dice", "monai_simple", SMALL, masks=True, volume_weights="simple", smooth=0.0, batch=True), "monai",
     monai(GeneralizedDiceLoss, sigmoid=True, w_type="simple", smooth_nr=0.0, smooth_dr=0.0, batch=True)),
    (Case("generalized_dice", "monai_absent", SMALL, missing=2, absent="kept", smooth=0.0), "monai",
     monai(GeneralizedDiceLoss, smooth_nr=0.0, smooth_dr=0.0, **SOFTMAX)),
    (Case("generalized_dice", "left_out", SMALL, missing=1, class_weights=[1.0, 1.0, 3.0], smooth=0.25, ignored=0.2), LOOP, None),
    (Case("mcc", "monai", SMALL), "monai", monai(MCCLoss, smooth_nr=0.0, smooth_dr=0.0, **SOFTMAX)),
    (Case("mcc", "monai_masks", SMALL, masks=True, batch=True), "monai",
     monai(MCCLoss, sigmoid=True, smooth_nr=0.0, smooth_dr=0.0, batch=True)),
    (Case("mcc", "ignored", VOLUME, ignored=0.3), LOOP, None),
    (Case("combined", "monai_dice_ce", SMALL, absent="kept", pixel_weight=0.5), "monai",
     monai(DiceCELoss, lambda_ce=0.5, **SOFTMAX)),
    (Case("combined", "monai_dice_focal", SMALL, absent="kept", gamma=2.0, pixel_weight=1 / 3), "monai",
     dice_and_softmax_focal),
    (Case("combined", "monai_dice_focal_masks", SMALL, masks=True, gamma=2.0, alpha=0.25), "monai",
     monai(DiceFocalLoss, gamma=2.0, alpha=0.25, sigmoid=True, **FOCAL)),
    (Case("combined", "class_weights", SMALL, missing=1, class_weights=[0.5, 1.0, 2.0], ignored=0.2, gamma=1.5, weighted=True),
     LOOP, None),
    (Case("combined", "binary", (3, 1, 4, 5), ignored=0.2, squared=True), LOOP, None),
    (Case("combined", "batch", (2, 5, 8, 9), batch=True, ignored=0.2), LOOP, None),
    (Case("lovasz_softmax", "kornia", (1, 3, 4, 5), absent="kept", batch=True), "kornia", of_kornia),
    (Case("lovasz_softmax", "present", SMALL, missing=2, ignored=0.2), LOOP, None),
    (Case("lovasz_softmax", "masks", SMALL, masks=True), LOOP, None),
    (Case("lovasz_softmax", "batch", SMALL, batch=True, class_weights=[1.0, 0.5, 2.0]), LOOP, None),
    (Case("lovasz_hinge", "masks", SMALL, masks=True, ignored=0.2), LOOP, None),
    (Case("lovasz_hinge", "batch", (2, 1, 4, 5), batch=True), LOOP, None),
    (Case("lovasz_hinge", "binary", (2, 1, 4, 5), ignored=0.1), LOOP, None),
    (Case("boundary", "classes", (2, 3, 7, 9), ignored=0.1), LOOP, None),
    (Case("boundary", "masks", VOLUME, masks=True, class_weights=[0.0, 1.0]), LOOP, None),
    (Case("boundary", "probabilities", SMALL, masks=True, from_logits=False, batch=True), LOOP, None),
    (Case("cl_dice", "classes", (2, 2, 8, 9), class_weights=[0.0, 1.0]), LOOP, None),
    (Case("cl_dice", "masks", (2, 1, 8, 9), masks=True, iterations=1, smooth=0.5), LOOP, None),
    (Case("cl_dice", "batch", (2, 3, 7, 7), batch=True, ignored=0.1), LOOP, None),
]


def record(case: Case, source: str, peer: Peer | None) -> dict[str, Any]:
    loop = globals()[case.loss]
    logits = case.logits.clone().requires_grad_()
    losses = loop(case, logits)
    losses.backward(case.upstream)
    gradient = logits.grad
    if peer is not None:
        other = case.logits.clone().requires_grad_()
        value = peer(case, other)
        # Some libraries compute in f32, or add 1e-7 to a denominator.
        require_close(case.name, source, losses.mean().detach(), value.detach().double(), 1e-5, 1e-7)
        value.backward()
        again = case.logits.clone().requires_grad_()
        loop(case, again).mean().backward()
        require_close(case.name, f"gradient of {source}", again.grad, other.grad.double(), 2e-4, 1e-6)
    return {
        "name": case.name,
        "source": f"{TORCH} float64 loop held against {source}" if peer else source,
        "loss": case.loss,
        "config": case.config,
        "shape": list(case.shape),
        "logits": numbers(case.logits),
        "classes": None if case.masks else case.target.flatten().tolist(),
        "masks": numbers(case.target) if case.masks else None,
        "pixel_weights": None if case.pixel_weights is None else numbers(case.pixel_weights),
        "upstream": numbers(case.upstream),
        "value": numbers(losses.detach()),
        "gradient": numbers(gradient),
    }


def main() -> None:
    records = [record(*case) for case in CASES]
    for loss in dict.fromkeys(record["loss"] for record in records):
        write(f"masks/{loss}", [one for one in records if one["loss"] == loss], GENERATOR, ALSO)


if __name__ == "__main__":
    main()
