"""Cases of metric learning: distances, pairs and triplets, how losses add up, what is checked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from pytorch_metric_learning.distances import CosineSimilarity, DotProductSimilarity, LpDistance
from pytorch_metric_learning.distances.base_distance import BaseDistance
from pytorch_metric_learning.reducers import AvgNonZeroReducer, DoNothingReducer, MeanReducer
from pytorch_metric_learning.reducers.sum_reducer import SumReducer
from torch import Tensor

from common import ELEMENTS, WEIGHTED, Draw, Shape, tensor
from embeddings import Call, Config, Contrastive, Reference, cloud, record, unit
from generate_composite import Inputs, draw_weights

REFERENCE = "forward_with_reference"
TRIPLETS = "forward_with_triplets"
NON_ZERO = "mean_non_zero"
REDUCERS = {"mean": MeanReducer, "sum": SumReducer, NON_ZERO: AvgNonZeroReducer}

DISTANCES = (
    ("euclidean", "euclidean"),
    ("squared_euclidean", "squared_euclidean"),
    ("cosine", "cosine"),
    ("dot_product", "dot_product"),
    ("lp_1", {"lp": {"p": 1.0}}),
    ("lp_3", {"lp": {"p": 3.0}}),
)

# Classes of two to five members and some of one, by the number of rows.
LABELS = {
    4: [1, 0, 1, 2],
    5: [2, 0, 2, 0, 7],
    6: [0, 3, 0, 1, 3, 0],
    7: [1, 0, 4, 1, 0, 1, 2],
    8: [2, 0, 1, 2, 0, 2, 5, 0],
    9: [0, 1, 1, 3, 0, 1, 2, 1, 0],
    10: [1, 4, 0, 1, 1, 0, 2, 1, 0, 1],
    12: [3, 0, 1, 0, 2, 1, 3, 0, 6, 1, 3, 0],
}

# Of every row the sum of its losses and how many of them count, once for each kind of loss.
Parts = list[tuple[Tensor, Tensor]]
Triplet = tuple[int, int, int]
Pairs = list[tuple[list[int], list[int]]]


# Cases


@dataclass(frozen=True)
class Peer:
    """One way to compute a loss: in parts, or the whole as a library reduces it."""

    source: str
    function: Callable[[Inputs], Any]
    whole: bool = False


@dataclass(frozen=True)
class Metric(Contrastive):
    """A case with what the losses of metric learning take besides labels."""

    reference_labels: list[int] | None
    triplets: dict[str, list[int]] | None


def reduced(parts: Parts, method: str, reduction: str, weights: Tensor) -> Tensor:
    """Each kind of loss over what counts of it, 0 where nothing does."""
    if method == ELEMENTS:
        return torch.stack([sums for sums, _ in parts]).sum(0)
    values = []
    for sums, counts in parts:
        total, divisor = (weights * sums).sum(), (weights * counts).sum()
        if reduction == "sum":
            values.append(total)
        else:
            values.append(total / divisor if divisor > 0 else 0.0 * total)
    return torch.stack(values).sum()


def called(peer: Peer, call: Call, rows: int) -> Reference:
    """The value a peer gives to a call. Inputs it does not depend on have the gradient 0."""
    ones = torch.ones(rows, dtype=torch.float64)

    def function(inputs: Inputs) -> Tensor:
        result = peer.function(inputs)
        if not peer.whole:
            weights = inputs.get("weights", ones)
            result = reduced(result, call.method, call.reduction, weights)
        return result + 0.0 * torch.stack([values.sum() for values in inputs.values()]).sum()

    return Reference(peer.source, function, call.method != ELEMENTS)


def case(
    loss: str,
    call: Call,
    config: Config,
    inputs: Inputs,
    peers: list[Peer],
    labels: list[int] | None,
    reference_labels: list[int] | None = None,
    triplets: list[Triplet] | None = None,
) -> Metric:
    """The value of a case is that of its first peer. The first input has a row for each loss."""
    rows = len(next(iter(inputs.values())))
    draw = Draw(f"{call.name(loss)} weights", call.shape)
    each = tensor(2.0 * draw.rng.standard_normal(rows))
    if call.method == WEIGHTED:
        inputs = inputs | {"weights": draw_weights(draw, (rows,))}
    taken_apart = call.method in (WEIGHTED, ELEMENTS)
    references = [called(peer, call, rows) for peer in peers if not (peer.whole and taken_apart)]
    columns = list(zip(*triplets)) if triplets else [(), (), ()]
    names = ("anchors", "positives", "negatives")
    return Metric(
        call.name(loss),
        loss,
        references[0].source,
        config | ({"reduction": call.reduction} if call.reduction else {}),
        call.method,
        inputs,
        None if labels is None else torch.tensor(labels),
        each if call.method == ELEMENTS else call.upstream,
        references[0].function,
        None,
        references,
        torch.ones(rows, dtype=torch.float64),
        reference_labels,
        None if triplets is None else {k: list(v) for k, v in zip(names, columns)},
    )


def metric_record(case: Metric) -> dict[str, Any]:
    """The checked case as it stands in the JSON file."""
    more = {"reference_labels": case.reference_labels, "triplets": case.triplets}
    return record(case) | more


# Inputs


def redrawn(
    name: str, sample: Callable[[], Inputs], decisions: Callable[[Inputs], Iterable[Tensor]]
) -> Inputs:
    """The first sample that decides nothing by a margin below 1e-3."""
    for _ in range(2000):
        inputs = sample()
        if all(value.abs() > 1e-3 for value in decisions(inputs)):
            return inputs
    raise AssertionError(f"{name}: no sample away from kinks and ties")


def both_sides(brackets: list[Tensor]) -> Iterable[Tensor]:
    """Refuses a sample none of whose brackets costs anything, or all do, if there are several."""
    values = torch.stack(brackets)
    yield values.max().clamp(min=0.0)
    if len(brackets) > 1:
        yield values.min().clamp(max=0.0)


def clusters(draw: Draw, shape: Shape, labels: list[int], normalize: bool) -> Tensor:
    """Embeddings around a center for each label."""
    centers = tensor(draw.rng.standard_normal((16, shape[1])))
    return tensor(cloud(draw, shape, normalize) + 0.5 * centers[torch.tensor(labels)])


def labeled(draw: Draw, labels: list[int], others: list[int] | None, normalize: bool) -> Inputs:
    """Embeddings, and a reference where there are labels of one."""
    both = [*labels, *(others or [])]
    every = clusters(draw, (len(both), draw.shape[-1]), both, normalize)
    inputs = {"embeddings": every[: len(labels)].clone()}
    if others is not None:
        inputs["reference"] = every[len(labels) :].clone()
    return inputs


def labels_of(call: Call, labels: list[int] | None) -> tuple[list[int], list[int] | None]:
    """Labels of the rows and, where the shape has three numbers, of a reference. Each has a label
    that is not in the other."""
    labels = LABELS[call.shape[0]] if labels is None else labels
    if call.method != REFERENCE:
        return labels, None
    shared = [*sorted(set(labels))[:-1], 9]
    return labels, [shared[j % len(shared)] for j in range(call.shape[1])]


# Distances, pairs and triplets


def between(a: Tensor, b: Tensor, config: Config) -> Tensor:
    """The distance of two points or of each row of two lists of them."""
    distance = config["distance"]
    if distance == "euclidean":
        return ((a - b) ** 2).sum(-1).sqrt()
    if distance == "squared_euclidean":
        return ((a - b) ** 2).sum(-1)
    if distance == "cosine":
        return 1.0 - (a * b).sum(-1) / (a**2).sum(-1).sqrt() / (b**2).sum(-1).sqrt()
    if distance == "dot_product":
        return -(a * b).sum(-1)
    p = distance["lp"]["p"]
    return ((a - b).abs() ** p).sum(-1) ** (1.0 / p)


def sides(inputs: Inputs, config: Config) -> tuple[Tensor, Tensor]:
    """The rows and what they are compared with, both ready for a distance."""
    rows = unit(inputs["embeddings"], config)
    return rows, unit(inputs["reference"], config) if "reference" in inputs else rows


def distances(inputs: Inputs, config: Config) -> dict[tuple[int, int], Tensor]:
    """Distances of all pairs; without a reference, of no point from itself."""
    rows, others = sides(inputs, config)
    return {
        (i, j): between(a, b, config)
        for i, a in enumerate(rows)
        for j, b in enumerate(others)
        if i != j or "reference" in inputs
    }


def pairs_of(labels: list[int], others: list[int] | None) -> Pairs:
    """The positives and the negatives of each row."""
    every = labels if others is None else others
    return [
        (
            [j for j, y in enumerate(every) if y == x and not (others is None and i == j)],
            [j for j, y in enumerate(every) if y != x],
        )
        for i, x in enumerate(labels)
    ]


def coordinates(inputs: Inputs, config: Config) -> Iterable[Tensor]:
    """Where distances have kinks: differences of coordinates, if p is below 2."""
    if isinstance(config["distance"], dict) and config["distance"]["lp"]["p"] < 2.0:
        rows, others = sides(inputs, config)
        for i, a in enumerate(rows):
            for b in others if "reference" in inputs else others[:i]:
                yield from a - b


def rankings(inputs: Inputs, config: Config) -> Iterable[Tensor]:
    """How far the distances of each row are from one another."""
    d = distances(inputs, config)
    for i in range(len(inputs["embeddings"])):
        values = torch.stack([value for (row, _), value in d.items() if row == i])
        yield from values.sort().values.diff()


# What pytorch-metric-learning computes


def metric_distance(config: Config) -> BaseDistance:
    """The distance of rows that are divided by their norm already: its own norm is that of p."""
    distance = config["distance"]
    if distance == "cosine":
        return CosineSimilarity()
    if distance == "dot_product":
        return DotProductSimilarity(normalize_embeddings=False)
    p = distance["lp"]["p"] if isinstance(distance, dict) else 2
    power = 2 if distance == "squared_euclidean" else 1
    return LpDistance(p=p, power=power, normalize_embeddings=False)


def metric_margin(margin: float, config: Config) -> float:
    """A margin in its own measure, which is a similarity for two of the distances."""
    return {"cosine": 1.0 - margin, "dot_product": -margin}.get(str(config["distance"]), margin)


def metric_arguments(inputs: Inputs, config: Config, labels: Any, others: Any) -> dict[str, Any]:
    """Embeddings, labels and the reference, as its losses and miners take them."""
    rows, columns = sides(inputs, config)
    arguments = {"embeddings": rows, "labels": None if labels is None else torch.tensor(labels)}
    if "reference" in inputs:
        arguments |= {"ref_emb": columns, "ref_labels": torch.tensor(others)}
    return arguments


def gathered(losses: Any, rows: Any, count: int, reduction: str) -> tuple[Tensor, Tensor]:
    """Sums and counts of rows from losses and the row of each; no losses are the number 0."""
    zeros = torch.zeros(count, dtype=torch.float64)
    if not torch.is_tensor(losses):
        return zeros, zeros
    rows, losses = torch.as_tensor(rows), losses.flatten()
    counted = (losses > 0).double() if reduction == NON_ZERO else torch.ones_like(losses)
    return zeros.index_add(0, rows, losses), zeros.index_add(0, rows, counted.detach())


def metric_parts(results: dict[str, Any], count: int, reduction: str) -> Parts:
    """Of the losses under a `DoNothingReducer`, those of rows, pairs or triplets."""
    parts = []
    for item in results.values():
        rows = item["indices"]
        rows = rows[0] if isinstance(rows, tuple) else rows
        parts.append(gathered(item["losses"], rows, count, reduction))
    return parts


def metric_peers(
    source: str, build: Callable[[Any], Any], arguments: Callable[[Inputs], Any], reduction: str
) -> list[Peer]:
    """A loss with the library's reducer and without one."""

    def whole(inputs: Inputs) -> Tensor:
        return build(REDUCERS[reduction]())(**arguments(inputs))

    def parts(inputs: Inputs) -> Parts:
        results = build(DoNothingReducer())(**arguments(inputs))
        return metric_parts(results, len(next(iter(inputs.values()))), reduction)

    return [Peer(source, whole, True), Peer(source, parts)]


# Sums over Python lists


def listed(losses: list[tuple[int, Tensor]], count: int, reduction: str) -> tuple[Tensor, Tensor]:
    """Sums and counts of rows from a list of rows and losses."""
    zero = torch.zeros((), dtype=torch.float64)
    sums, counts = [zero] * count, [0.0] * count
    for row, loss in losses:
        sums[row] = sums[row] + loss
        counts[row] += 1.0 if reduction != NON_ZERO or loss > 0 else 0.0
    return torch.stack(sums), torch.tensor(counts, dtype=torch.float64)


def of_rows(function: Callable[[Inputs], Tensor], counted: Tensor) -> Callable[[Inputs], Parts]:
    """Parts of a loss that has one number for each row."""
    return lambda inputs: [(function(inputs), counted)]


def calls(
    default: str = "mean", other: str = "sum", shapes: tuple[Shape, Shape] = ((6, 3), (8, 4))
) -> list[Call]:
    """Ways to reduce, the default in several shapes, with a slope other than 1 in some."""
    first, second = shapes
    return [
        Call(reduction=default, shape=first),
        Call(reduction=default, shape=second, upstream=3.7),
        Call(reduction=other, shape=first, upstream=3.7),
        Call(WEIGHTED, default, second, 3.7),
        Call(WEIGHTED, other, first),
        Call(ELEMENTS, default, first),
        Call(ELEMENTS, default, second),
    ]
