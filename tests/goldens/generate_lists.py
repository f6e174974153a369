"""Writes the golden cases of losses of lists, in `lists/` next to this file.

As in `generate.py`: inputs exact in f32, references in f64. Margins are those of PyTorch; rankings and Cox's likelihood are
loops from the papers (allRank, pycox and torchsurv pad with a constant, ignore ties or lose digits), held against PyTorch's
`logsumexp` and `cross_entropy` where these say the same. Gradients are autograd's of the reference, and every one is held
against central differences.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_lists.py

Two runs with the same versions write identical bytes.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from common import ELEMENTS, FORWARD, TORCH, WEIGHTED, Draw, numbers, require_close, tensor, write

LOOP = "f64 loop from {}"
UPSTREAM = 1.7


@dataclass
class Call:
    """A loss with its arguments; `each` is what samples cost, `counts` as how many each counts in a mean."""

    loss: str
    label: str
    shape: tuple[int, ...]
    source: str
    each: Callable[..., Tensor]
    counts: Tensor
    scores: Tensor
    config: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    def name(self, method: str) -> str:
        return f"{self.loss}_{self.label}_{method}"


def value_of(call: Call, method: str, weights: Tensor | None) -> Callable[[Tensor], Tensor]:
    def value(scores: Tensor) -> Tensor:
        each = call.each(scores, weights) if call.loss == "cox" else call.each(scores)
        if method == ELEMENTS:
            return each
        each, counts = (each, call.counts) if weights is None else (weights * each, weights * call.counts)
        if call.config.get("reduction") == "sum":
            return each.sum().reshape(1)
        total = counts.sum()
        return (each.sum() / total if total != 0 else each.sum() * 0.0).reshape(1)

    return value


def record(call: Call, method: str) -> dict[str, Any]:
    name = call.name(method)
    weights = None
    if method == WEIGHTED:
        weights = Draw(name, (len(call.counts),)).weights()
    value = value_of(call, method, weights)
    scores = call.scores.clone().requires_grad_(True)
    result = value(scores)
    upstream = Draw(f"{name} upstream", tuple(result.shape)).normal() if method == ELEMENTS else tensor([UPSTREAM])
    (gradient,) = torch.autograd.grad((result * upstream).sum(), scores)
    for place in range(scores.numel()):
        moved = []
        for step in (1e-6, -1e-6):
            other = call.scores.clone()
            other.view(-1)[place] += step
            moved.append((value(other) * upstream).sum())
        slope = (moved[0] - moved[1]) / 2e-6
        require_close(name, f"slope {place}", gradient.view(-1)[place], slope, 1e-5, 1e-6)
    return {
        "name": name,
        "source": call.source,
        "loss": call.loss,
        "config": call.config,
        "method": method,
        "shape": list(call.shape),
        "scores": numbers(call.scores),
        **call.given,
        "weights": None if weights is None else numbers(weights),
        "upstream": numbers(upstream),
        "value": numbers(result.detach()),
        "gradient": numbers(gradient),
    }


# Rankings


def kept_of(padded: Tensor, row: int) -> list[int]:
    return [i for i in range(padded.shape[1]) if not padded[row, i]]


def rank_net(s: Tensor, r: Tensor, kept: list[int], config: dict[str, Any]) -> Tensor:
    sigma = config.get("sigma", 1.0)
    pairs = [F.softplus(-sigma * (s[i] - s[j])) for i in kept for j in kept if r[i] > r[j]]
    return torch.stack(pairs).sum() if pairs else s.sum() * 0.0


def list_net(s: Tensor, r: Tensor, kept: list[int], _: dict[str, Any]) -> Tensor:
    p = torch.softmax(r[kept], 0)
    return F.cross_entropy(s[kept].unsqueeze(0), p.unsqueeze(0))


def list_mle(s: Tensor, r: Tensor, kept: list[int], _: dict[str, Any]) -> Tensor:
    order = sorted(kept, key=lambda i: -r[i].item())
    terms = [s[order[k:]].logsumexp(0) - s[order[k]] for k in range(len(order))]
    return torch.stack(terms).sum()


def approx_ndcg(s: Tensor, r: Tensor, kept: list[int], config: dict[str, Any]) -> Tensor:
    alpha = config.get("alpha", 1.0)
    gains = [2.0 ** r[i] - 1.0 for i in kept]
    ideal = sum(g / math.log2(2.0 + k) for k, g in enumerate(sorted(gains, reverse=True)))
    dcg = s.sum() * 0.0
    for i, gain in zip(kept, gains):
        rank = 1.0 + sum(torch.sigmoid(alpha * (s[j] - s[i])) for j in kept if j != i)
        dcg = dcg + gain / torch.log2(1.0 + rank)
    return 1.0 - dcg / ideal


RANKINGS = {
    "rank_net": (rank_net, "RankNet (Burges et al., 2005)"),
    "list_net": (list_net, "ListNet (Cao et al., 2007)"),
    "list_mle": (list_mle, "ListMLE (Xia et al., 2008)"),
    "approx_ndcg": (approx_ndcg, "ApproxNDCG (Qin et al., 2010)"),
}


def ranking(loss: str, label: str, shape: tuple[int, int], config: dict[str, Any], padding: bool) -> Call:
    """Relevances from 0 to 4; the second list has one relevance for all."""
    function, source = RANKINGS[loss]
    draw = Draw(f"{loss} {label}", shape)
    scores = draw.normal()
    relevances = tensor(draw.rng.integers(0, 5, shape))
    if shape[0] > 1:
        relevances[1] = 2.0
    padded = torch.zeros(shape, dtype=torch.bool)
    if padding:
        padded = torch.from_numpy(draw.rng.random(shape) < 0.3)
        padded[:, :2] = False
        if shape[0] > 2:
            padded[2] = True
    has_order, pairs = [], []
    for row in range(shape[0]):
        kept = kept_of(padded, row)
        found = sum(1 for i in kept for j in kept if relevances[row, i] > relevances[row, j])
        has_order.append(found > 0)
        pairs.append(found)

    def each(scores: Tensor) -> Tensor:
        rows = []
        for row in range(shape[0]):
            kept = kept_of(padded, row)
            one = function(scores[row], relevances[row], kept, config) if has_order[row] else scores[row].sum() * 0.0
            rows.append(one)
        return torch.stack(rows)

    given = {"relevances": numbers(relevances), "padded": padded.flatten().tolist() if padding else None}
    counts = tensor(pairs if loss == "rank_net" else has_order)
    return Call(loss, label, shape, LOOP.format(source), each, counts, scores, config, given)


# Margins


def multi_margin(label: str, shape: tuple[int, int], config: dict[str, Any]) -> Call:
    draw = Draw(f"multi_margin {label}", shape)
    scores, targets = draw.normal(), torch.from_numpy(draw.rng.integers(0, shape[1], shape[0]))
    weight = config.get("class_weights")
    options = {"p": config.get("p", 1), "margin": config.get("margin", 1.0)}
    options["weight"] = None if weight is None else tensor(weight)

    def each(scores: Tensor) -> Tensor:
        return F.multi_margin_loss(scores, targets, reduction="none", **options)

    source = f"{TORCH} multi_margin_loss"
    given = {"targets": targets.tolist()}
    return Call("multi_margin", label, shape, source, each, torch.ones(shape[0]).double(), scores, config, given)


def multi_label_margin(label: str, shape: tuple[int, int], config: dict[str, Any], repeated: bool = False) -> Call:
    """Rows with 0, all and some labels."""
    draw = Draw(f"multi_label_margin {label}", shape)
    scores, classes = draw.normal(), shape[1]
    targets = torch.full(shape, -1, dtype=torch.int64)
    for row in range(shape[0]):
        count = (0, classes, *range(1, classes))[row % (classes + 1)]
        labels = draw.rng.permutation(classes)[:count]
        targets[row, :count] = torch.from_numpy(labels)
        if repeated and 1 < count < classes:
            targets[row, 1] = targets[row, 0]
        if count + 1 < classes:
            targets[row, count + 1 :] = torch.from_numpy(draw.rng.integers(0, classes, classes - count - 1))

    def each(scores: Tensor) -> Tensor:
        return F.multilabel_margin_loss(scores, targets, reduction="none")

    source = f"{TORCH} multilabel_margin_loss"
    given = {"targets": targets.flatten().tolist()}
    counts = torch.ones(shape[0]).double()
    return Call("multi_label_margin", label, shape, source, each, counts, scores, config, given)


# Cox


def cox(label: str, count: int, config: dict[str, Any], ties: int = 0, share: float = 0.6) -> Call:
    """`ties`: how many different times there are; 0: no two are the same. Samples of weight 0 are at no risk."""
    draw = Draw(f"cox {label}", (count,))
    scores = draw.normal()
    times = tensor(draw.rng.integers(1, ties + 1, count) if ties else draw.rng.permutation(count) + 0.5)
    events = torch.from_numpy(draw.rng.random(count) < share)
    efron = config.get("ties", "efron") == "efron"

    def each(scores: Tensor, weights: Tensor | None) -> Tensor:
        counts = torch.ones(count, dtype=torch.bool) if weights is None else weights != 0.0
        losses = []
        for i in range(count):
            if not events[i] or not counts[i]:
                losses.append(scores[i] * 0.0)
                continue
            at_risk = scores[(times >= times[i]) & counts].exp().sum()
            tied = scores[(times == times[i]) & events & counts].exp()
            d = len(tied)
            logarithms = [(at_risk - (l / d if efron else 0.0) * tied.sum()).log() for l in range(d)]
            losses.append(torch.stack(logarithms).mean() - scores[i])
        return torch.stack(losses)

    given = {"times": numbers(times), "events": events.tolist()}
    loop = LOOP.format("Cox, 1972, with ties of " + ("Efron, 1977" if efron else "Breslow, 1974"))
    return Call("cox", label, (count,), loop, each, events.double(), scores, config, given)


def families() -> dict[str, list[Call]]:
    rankings = {}
    for loss, other in (
        ("rank_net", {"sigma": 2.5}),
        ("list_net", {}),
        ("list_mle", {}),
        ("approx_ndcg", {"alpha": 10.0}),
    ):
        rankings[loss] = [
            ranking(loss, "plain", (3, 7), {}, False),
            ranking(loss, "padded", (4, 9), other, True),
            ranking(loss, "long", (2, 35), other, True),
            ranking(loss, "sum", (3, 5), other | {"reduction": "sum"}, True),
        ]
    weights = [0.5, 2.0, 0.0, 1.0, 1.5]
    return rankings | {
        "multi_margin": [
            multi_margin("plain", (4, 5), {}),
            multi_margin("squared", (4, 5), {"p": 2, "margin": 0.5}),
            multi_margin("weights", (6, 5), {"class_weights": weights}),
            multi_margin("wide", (3, 37), {"margin": 2.0, "reduction": "sum"}),
            multi_margin("one_class", (2, 1), {}),
        ],
        "multi_label_margin": [
            multi_label_margin("plain", (6, 5), {}),
            multi_label_margin("repeated", (6, 5), {}, repeated=True),
            multi_label_margin("wide", (4, 19), {"reduction": "sum"}),
            multi_label_margin("one_class", (2, 1), {}),
        ],
        "cox": [
            cox("plain", 8, {}),
            cox("efron", 24, {}, ties=5),
            cox("breslow", 24, {"ties": "breslow"}, ties=5),
            cox("all_tied", 6, {}, ties=1),
            cox("all_tied_breslow", 6, {"ties": "breslow", "reduction": "sum"}, ties=1),
            cox("no_event", 4, {}, share=0.0),
            cox("one", 1, {}, share=1.1),
        ],
    }


def main() -> None:
    """Generates every family."""
    for family, calls in families().items():
        records = [record(call, method) for call in calls for method in (FORWARD, ELEMENTS, WEIGHTED)]
        write(f"lists/{family}", records, "tests/goldens/generate_lists.py")


if __name__ == "__main__":
    main()
