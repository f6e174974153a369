"""Writes the golden cases of losses with a number for each sample that no other script has, in `samples/` next to this file:
`cosine_embedding.json`, `multi_label_soft_margin.json`, `nll.json` and `ctc.json`.

Inputs are exact in f32; values and gradients are PyTorch's in f64, held against finite differences.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_samples.py
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from common import TORCH, Draw, numbers, tensor, write

GENERATOR = "tests/goldens/generate_samples.py"
CALLS = (("mean", False), ("sum", False), ("none", False), ("mean", True), ("sum", True))


def cases(
    name: str,
    config: dict[str, Any],
    inputs: dict[str, Tensor],
    targets: Tensor,
    function: Callable[..., Tensor],
    counts: Tensor | None = None,
    label: str = "",
) -> list[dict[str, Any]]:
    """Every reduction, plain and with weights: the weighted mean is `sum(w l) / sum(w c)`, with what each sample counts."""
    records = []
    for reduction, weighted in CALLS:
        what = "_".join(filter(None, (name, label, "weighted" if weighted else "", reduction)))
        elements = function(*inputs.values(), "none")
        draw = Draw(what, tuple(elements.shape))
        weights = draw.weights() if weighted else None
        upstream = draw.normal() if reduction == "none" else tensor([3.7])

        def value(*given: Tensor) -> Tensor:
            if weights is None:
                return function(*given, reduction)
            total = (weights * function(*given, "none")).sum()
            counted = weights if counts is None else weights * counts
            return total if reduction == "sum" else total / counted.sum()

        leaves = [values.clone().requires_grad_() for values in inputs.values()]
        torch.autograd.gradcheck(value, leaves, eps=1e-6, atol=1e-7)
        result = value(*leaves)
        result.backward(upstream.expand_as(result) if reduction == "none" else upstream[0])
        records.append(
            {
                "name": what,
                "source": f"torch.nn.functional.{function.__name__}, {TORCH}",
                "loss": name,
                "config": {**config, "reduction": "sum" if reduction == "sum" else "mean"},
                "each": reduction == "none",
                "inputs": {key: numbers(values) for key, values in inputs.items()},
                "shapes": {key: list(values.shape) for key, values in inputs.items()},
                "targets": targets.flatten().tolist(),
                "weights": None if weights is None else numbers(weights),
                "upstream": numbers(upstream),
                "value": numbers(result.detach()),
                "gradients": {
                    key: numbers(leaf.grad) for key, leaf in zip(inputs, leaves, strict=True)
                },
            }
        )
    return records


def cosine_embedding(margin: float, shape: tuple[int, int]) -> list[dict[str, Any]]:
    label = f"margin_{margin}"
    draw = Draw(f"cosine_embedding_{label}", shape)
    inputs = {"first": draw.normal(), "second": draw.normal()}
    targets = torch.from_numpy(draw.rng.integers(0, 2, shape[0]) * 2 - 1)

    def cosine_embedding_loss(first: Tensor, second: Tensor, reduction: str) -> Tensor:
        return F.cosine_embedding_loss(first, second, targets, margin=margin, reduction=reduction)

    config = {"margin": margin}
    return cases("cosine_embedding", config, inputs, targets, cosine_embedding_loss, label=label)


def multi_label_soft_margin(weights: list[float] | None) -> list[dict[str, Any]]:
    label = "weights" if weights else ""
    draw = Draw(f"multi_label_soft_margin_{label}", (7, 5))
    logits, targets = draw.logits(), draw.hard().long()
    weight = None if weights is None else torch.tensor(weights, dtype=torch.float64)

    def multilabel_soft_margin_loss(logits: Tensor, reduction: str) -> Tensor:
        return F.multilabel_soft_margin_loss(
            logits, targets.double(), weight=weight, reduction=reduction
        )

    config = {"class_weights": weights}
    inputs = {"logits": logits}
    return cases(
        "multi_label_soft_margin", config, inputs, targets, multilabel_soft_margin_loss, label=label
    )


def nll(weights: list[float] | None, ignored: int | None) -> list[dict[str, Any]]:
    label = "weights" if weights else ""
    shape = (4, 5, 3)
    draw = Draw(f"nll_{label}", shape)
    ln = tensor(draw.normal().log_softmax(1))
    targets = torch.from_numpy(draw.rng.integers(0, shape[1], (shape[0], shape[2])))
    if ignored is not None:
        targets[torch.from_numpy(draw.rng.random(targets.shape) < 0.25)] = ignored
    weight = None if weights is None else torch.tensor(weights, dtype=torch.float64)

    def nll_loss(ln: Tensor, reduction: str) -> Tensor:
        ignore_index = -100 if ignored is None else ignored
        return F.nll_loss(
            ln, targets, weight=weight, ignore_index=ignore_index, reduction=reduction
        )

    counts = torch.ones(targets.shape, dtype=torch.float64)
    if weight is not None:
        counts = weight[targets.clamp(0, shape[1] - 1)]
    counts[targets == (-100 if ignored is None else ignored)] = 0.0
    config = {"class_weights": weights, "ignore_index": ignored}
    return cases("nll", config, {"ln": ln}, targets, nll_loss, counts, label)


def ctc() -> list[dict[str, Any]]:
    """Logarithms of probabilities `[T, N, C]`, targets padded to the longest; the gradient is that of logits before a
    log-softmax, which is what PyTorch's own is of (its gradient to the logarithms is that of the logits)."""
    records = []
    for name, blank, lengths, target_lengths in (
        ("plain", 0, [8, 8, 8], [3, 3, 3]),
        ("lengths", 0, [8, 5, 7], [3, 1, 2]),
        ("blank_last", 4, [8, 6, 7], [2, 3, 1]),
        ("repeated", 0, [8, 8, 6], [3, 3, 3]),
        ("empty_target", 0, [8, 4, 6], [3, 0, 2]),
    ):
        draw = Draw(f"ctc_{name}", (8, 3, 5))
        logits = draw.normal()
        classes = [c for c in range(5) if c != blank]
        targets = torch.tensor(classes)[torch.from_numpy(draw.rng.integers(0, 4, (3, 3)))]
        if name == "repeated":
            targets[:, 1] = targets[:, 0]
        for reduction in ("none", "mean", "sum"):
            leaf = logits.clone().requires_grad_()
            value = F.ctc_loss(
                leaf.log_softmax(2),
                targets,
                torch.tensor(lengths),
                torch.tensor(target_lengths),
                blank=blank,
                reduction=reduction,
            )
            value.sum().backward()
            records.append(
                {
                    "name": f"ctc_{name}_{reduction}",
                    "source": f"torch.nn.functional.ctc_loss of a log_softmax, {TORCH}",
                    "blank": blank,
                    "reduction": reduction,
                    "shape": list(logits.shape),
                    "logits": numbers(logits),
                    "targets": targets.flatten().tolist(),
                    "input_lengths": lengths,
                    "target_lengths": target_lengths,
                    "value": numbers(value.detach()),
                    "gradient": numbers(leaf.grad),
                }
            )
    return records


def main() -> None:
    """Generates every loss."""
    cosines = [cosine_embedding(0.0, (7, 4)), cosine_embedding(0.25, (5, 17))]
    five = [0.5, 2.0, 0.0, 1.25, 3.0]
    families = {
        "cosine_embedding": cosines,
        "multi_label_soft_margin": [multi_label_soft_margin(None), multi_label_soft_margin(five)],
        "nll": [nll(None, None), nll(five, 255)],
        "ctc": [ctc()],
    }
    for family, records in families.items():
        write(f"samples/{family}", sum(records, []), GENERATOR)


if __name__ == "__main__":
    main()
