"""Writes the golden cases of metric learning, in `metric/` next to this file.

As in `generate_contrastive.py`: inputs exact in f32, references in f64 from
pytorch-metric-learning, PyTorch and a loop from the paper; every reference of a case held against
the others and every case against central finite differences before it is written. No case is near
a kink or a tie.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_metric.py

Two runs with the same versions write identical bytes.
"""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytorch_metric_learning.losses as losses
import pytorch_metric_learning.miners as miners
import torch
import torch.nn.functional as F
from pytorch_metric_learning.distances import DotProductSimilarity
from pytorch_metric_learning.reducers import DoNothingReducer
from torch import Tensor
from torch.func import functional_call

from common import COMPOSED, ELEMENTS, TORCH, WEIGHTED, tensor, write
from embeddings import CROSS_ENTROPY, LOOP, METRIC, Call, cosines, unit
from generate_composite import Inputs
from metric_cases import (
    DISTANCES, LABELS, NON_ZERO, REDUCERS, REFERENCE, TRIPLETS, Metric, Pairs, Parts, Peer, Triplet,
    between, both_sides, calls, case, clusters, coordinates, distances, labeled, labels_of, listed,
    metric_arguments, metric_distance, metric_margin, metric_parts, metric_peers, metric_record,
    of_rows, pairs_of, rankings, redrawn, sides,
)


# Triplets


def penalty(difference: Tensor, margin: float, soft: bool) -> Tensor:
    """What a triplet costs whose positive is so much farther away than its negative."""
    return torch.log1p(difference.exp()) if soft else (difference + margin).clamp(min=0.0)


def triplet_margin(
    call: Call,
    margin: float = 1.0,
    distance: Any = "euclidean",
    normalize: bool = False,
    swap: bool = False,
    soft_margin: bool = False,
) -> Metric:
    name, count = call.name("triplet_margin"), call.shape[0]
    config = {"margin": margin, "distance": distance, "normalize": normalize}
    config |= {"swap": swap, "soft_margin": soft_margin}
    draw = call.draw("triplet_margin")

    def sample() -> Inputs:
        anchors = tensor(draw.rng.standard_normal(call.shape))
        near, others = (tensor(draw.rng.standard_normal(call.shape)) for _ in range(2))
        return {"anchors": anchors, "positives": tensor(anchors + near), "negatives": others}

    def terms(inputs: Inputs) -> list[tuple[Tensor, Tensor, Tensor]]:
        """d(a, p), d(a, n) and d(p, n) of each row."""
        rows = zip(*(unit(inputs[key], config) for key in ("anchors", "positives", "negatives")))
        return [
            (between(a, p, config), between(a, n, config), between(p, n, config))
            for a, p, n in rows
        ]

    def decisions(inputs: Inputs) -> Iterable[Tensor]:
        brackets = []
        for near, far, other in terms(inputs):
            if swap:
                yield far - other
                far = torch.minimum(far, other)
            brackets.append(near - far + margin)
        if not soft_margin:
            yield from brackets
            yield from both_sides(brackets)
        for first, second in ((0, 1), (0, 2), (1, 2)):
            both = [*inputs.values()][first], [*inputs.values()][second]
            for a, b in zip(*both):
                yield from coordinates({"embeddings": torch.stack([a, b])}, config)

    def loop(inputs: Inputs) -> Parts:
        each = []
        for i, (near, far, other) in enumerate(terms(inputs)):
            far = other if swap and other < far else far
            each.append((i, penalty(near - far, margin, soft_margin)))
        return [listed(each, count, call.reduction)]

    def arguments(inputs: Inputs) -> dict[str, Any]:
        every = torch.cat([inputs[key] for key in ("anchors", "positives", "negatives")])
        rows = torch.arange(count)
        return {
            "embeddings": unit(every, config),
            "indices_tuple": (rows, rows + count, rows + 2 * count),
        }

    def build(reducer: Any) -> Any:
        return losses.TripletMarginLoss(
            margin=0.0 if soft_margin else margin,
            swap=swap,
            smooth_loss=soft_margin,
            distance=metric_distance(config),
            reducer=reducer,
        )

    def torch_any(inputs: Inputs) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            *(unit(inputs[key], config) for key in ("anchors", "positives", "negatives")),
            distance_function=lambda a, b: between(a, b, config),
            margin=margin,
            swap=swap,
            reduction="none",
        )

    def torch_norm(inputs: Inputs) -> Tensor:
        return F.triplet_margin_loss(
            *(unit(inputs[key], config) for key in ("anchors", "positives", "negatives")),
            margin=margin,
            p=2.0 if distance == "euclidean" else distance["lp"]["p"],
            eps=0.0,
            swap=swap,
            reduction="none",
        )

    ones = torch.ones(count, dtype=torch.float64)
    peers = metric_peers(METRIC.format("TripletMarginLoss"), build, arguments, call.reduction)
    if not soft_margin and margin > 0.0:
        source = f"torch.nn.functional.triplet_margin_with_distance_loss, {TORCH} float64"
        peers.insert(0, Peer(source, of_rows(torch_any, ones)))
        if distance == "euclidean" or isinstance(distance, dict):
            source = f"torch.nn.functional.triplet_margin_loss, {TORCH} float64"
            peers.insert(0, Peer(source, of_rows(torch_norm, ones)))
    peers.append(Peer(LOOP.format("the triplet loss (Schroff et al., 2015)"), loop))
    return case("triplet_margin", call, config, redrawn(name, sample, decisions), peers, None)


def mined(d: dict[tuple[int, int], Tensor], pairs: Pairs, mining: Any) -> list[Triplet]:
    """Triplets of anchors that have a positive and a negative."""
    triplets = []
    for a, (positives, negatives) in enumerate(pairs):
        if not positives or not negatives:
            continue
        near = {p: d[a, p].item() for p in positives}
        far = {n: d[a, n].item() for n in negatives}
        if mining == "batch_hard":
            triplets.append((a, max(near, key=near.get), min(far, key=far.get)))
        elif mining == "easy_positive":
            triplets.append((a, min(near, key=near.get), min(far, key=far.get)))
        elif mining == "batch_all":
            triplets += [(a, p, n) for p in positives for n in negatives]
        elif mining == "semi_hard":
            for p in positives:
                farther = {n: x for n, x in far.items() if x > near[p]}
                n = min(farther, key=farther.get) if farther else max(far, key=far.get)
                triplets.append((a, p, n))
        else:
            epsilon = mining["multi_similarity"]["epsilon"]
            kept = [p for p in positives if near[p] + epsilon > min(far.values())]
            others = [n for n in negatives if far[n] - epsilon < max(near.values())]
            triplets += [(a, p, n) for p in kept for n in others]
    return triplets


def semi_hard(arguments: dict[str, Any], distance: Any, itself: bool) -> tuple[Tensor, ...]:
    """Semi-hard triplets by masked minima; the library's miners look for others."""
    d = distance(arguments["embeddings"], arguments.get("ref_emb")).detach()
    d = -d if distance.is_inverted else d
    labels = arguments["labels"]
    same = labels[:, None] == arguments.get("ref_labels", labels)
    positive = same.clone().fill_diagonal_(False) if itself else same
    anchors, positives = torch.where(positive & (~same).any(1, keepdim=True))
    rows, limits = d[anchors], d[anchors, positives][:, None]
    farther = ~same[anchors] & (rows > limits)
    nearest = rows.masked_fill(~farther, math.inf).argmin(1)
    farthest = rows.masked_fill(same[anchors], -math.inf).argmax(1)
    return anchors, positives, torch.where(farther.any(1), nearest, farthest)


def triplet(
    call: Call,
    mining: Any = "batch_hard",
    margin: float = 0.2,
    distance: Any = "euclidean",
    normalize: bool = True,
    soft_margin: bool = False,
    labels: list[int] | None = None,
) -> Metric:
    name, count = call.name("triplet"), call.shape[0]
    config = {"mining": mining, "margin": margin, "distance": distance, "normalize": normalize}
    config |= {"soft_margin": soft_margin}
    draw, (labels, others) = call.draw("triplet"), labels_of(call, labels)
    explicit = call.method == TRIPLETS
    pairs = pairs_of(labels, others)
    given = None
    if explicit:
        given = [tuple(draw.rng.permutation(count)[:3].tolist()) for _ in range(2 * count - 1)]

    def triplets(d: dict[tuple[int, int], Tensor]) -> list[Triplet]:
        return mined(d, pairs, mining) if given is None else given

    def decisions(inputs: Inputs) -> Iterable[Tensor]:
        yield from coordinates(inputs, config)
        if not explicit and mining != "batch_all":
            yield from rankings(inputs, config)
        d = distances(inputs, config)
        if not explicit and isinstance(mining, dict):
            epsilon = mining["multi_similarity"]["epsilon"]
            for a, (positives, negatives) in enumerate(pairs):
                yield from (d[a, p] + epsilon - d[a, n] for p in positives for n in negatives)
        brackets = [d[a, p] - d[a, n] + margin for a, p, n in triplets(d)]
        if any(positives and negatives for positives, negatives in pairs):
            yield torch.tensor(float(len(brackets)))  # There is a triplet.
        if not soft_margin and brackets:
            yield from brackets
            yield torch.stack(brackets).max().clamp(min=0.0)  # Some triplet costs something.

    def loop(inputs: Inputs) -> Parts:
        d = distances(inputs, config)
        each = [(a, penalty(d[a, p] - d[a, n], margin, soft_margin)) for a, p, n in triplets(d)]
        return [listed(each, count, call.reduction)]

    def arguments(inputs: Inputs) -> dict[str, Any]:
        if given is not None:
            indices = tuple(torch.tensor(column) for column in zip(*given))
            return metric_arguments(inputs, config, None, None) | {"indices_tuple": indices}
        plain, measure = metric_arguments(inputs, config, labels, others), metric_distance(config)
        if mining == "batch_hard":
            indices = miners.BatchHardMiner(distance=measure)(**plain)
        elif mining == "easy_positive":
            miner = miners.BatchEasyHardMiner("easy", "hard", distance=measure)
            indices = miner(**plain)
        elif mining == "semi_hard":
            indices = semi_hard(plain, measure, others is None)
        elif mining == "batch_all":
            indices = None
        else:
            epsilon = mining["multi_similarity"]["epsilon"]
            indices = miners.MultiSimilarityMiner(epsilon, distance=measure)(**plain)
        return plain | {"indices_tuple": indices}

    def build(reducer: Any) -> Any:
        return losses.TripletMarginLoss(
            margin=0.0 if soft_margin else margin,
            smooth_loss=soft_margin,
            distance=metric_distance(config),
            reducer=reducer,
        )

    miner = {"batch_hard": " and BatchHardMiner", "easy_positive": " and BatchEasyHardMiner"}
    miner |= {"semi_hard": " of semi-hard triplets by masked minima", "batch_all": ""}
    chosen = "" if explicit else miner.get(str(mining), " and MultiSimilarityMiner")
    source = METRIC.format(f"TripletMarginLoss{chosen}")
    peers = metric_peers(source, build, arguments, call.reduction)
    papers = {
        "batch_hard": "batch hard triplets (Hermans et al., 2017)",
        "batch_all": "all triplets of a batch (Hermans et al., 2017)",
        "semi_hard": "semi-hard triplets (Schroff et al., 2015)",
        "easy_positive": "easy positives and hard negatives (Xuan et al., 2020)",
    }
    paper = papers.get(str(mining), "pairs mined as in multi-similarity (Wang et al., 2019)")
    peers.append(Peer(LOOP.format("given triplets" if explicit else paper), loop))
    inputs = redrawn(name, lambda: labeled(draw, labels, others, normalize), decisions)
    shown = None if explicit else labels
    return case("triplet", call, config, inputs, peers, shown, others, given)


# Pairs


def contrastive(
    call: Call,
    positive_margin: float = 0.0,
    negative_margin: float = 1.0,
    distance: Any = "euclidean",
    normalize: bool = True,
    labels: list[int] | None = None,
) -> Metric:
    name, count = call.name("contrastive"), call.shape[0]
    config = {"positive_margin": positive_margin, "negative_margin": negative_margin}
    config |= {"distance": distance, "normalize": normalize}
    draw, (labels, others) = call.draw("contrastive"), labels_of(call, labels)
    pairs = pairs_of(labels, others)

    def terms(inputs: Inputs) -> tuple[list[tuple[int, Tensor]], list[tuple[int, Tensor]]]:
        """The rows of pairs and what is within the bracket of each."""
        d = distances(inputs, config)
        near = [(i, d[i, p] - positive_margin) for i, (own, _) in enumerate(pairs) for p in own]
        far = [(i, negative_margin - d[i, n]) for i, (_, other) in enumerate(pairs) for n in other]
        return near, far

    def decisions(inputs: Inputs) -> Iterable[Tensor]:
        yield from coordinates(inputs, config)
        for kind in terms(inputs):
            yield from (value for _, value in kind)

    def loop(inputs: Inputs) -> Parts:
        brackets = [[(i, x.clamp(min=0.0)) for i, x in kind] for kind in terms(inputs)]
        return [listed(kind, count, call.reduction) for kind in brackets]

    def build(reducer: Any) -> Any:
        return losses.ContrastiveLoss(
            pos_margin=metric_margin(positive_margin, config),
            neg_margin=metric_margin(negative_margin, config),
            distance=metric_distance(config),
            reducer=reducer,
        )

    peers = metric_peers(
        METRIC.format("ContrastiveLoss"),
        build,
        lambda inputs: metric_arguments(inputs, config, labels, others),
        call.reduction,
    )
    paper = "the contrastive loss (Hadsell et al., 2006), not squared"
    peers.append(Peer(LOOP.format(paper), loop))
    inputs = redrawn(name, lambda: labeled(draw, labels, others, normalize), decisions)
    return case("contrastive", call, config, inputs, peers, labels, others)


def multi_similarity(
    call: Call,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 0.5,
    normalize: bool = True,
    labels: list[int] | None = None,
) -> Metric:
    config = {"alpha": alpha, "beta": beta, "base": base, "normalize": normalize}
    draw, (labels, others) = call.draw("multi_similarity"), labels_of(call, labels)
    pairs = pairs_of(labels, others)

    def rows(inputs: Inputs) -> Tensor:
        first, second = sides(inputs, config)
        s, zero, each = first @ second.T, torch.zeros(1, dtype=torch.float64), []
        for i, (positives, negatives) in enumerate(pairs):
            near = torch.cat([zero, -alpha * (s[i, positives] - base)]).logsumexp(0)
            far = torch.cat([zero, beta * (s[i, negatives] - base)]).logsumexp(0)
            each.append(near / alpha + far / beta)
        return torch.stack(each)

    def build(reducer: Any) -> Any:
        measure = DotProductSimilarity(normalize_embeddings=normalize)
        return losses.MultiSimilarityLoss(alpha, beta, base, distance=measure, reducer=reducer)

    peers = metric_peers(
        METRIC.format("MultiSimilarityLoss"),
        build,
        lambda inputs: raw_arguments(inputs, labels, others),
        call.reduction,
    )
    counted = torch.tensor([float(bool(p or n)) for p, n in pairs], dtype=torch.float64)
    loop = LOOP.format("the multi-similarity loss (Wang et al., 2019)")
    peers.append(Peer(loop, of_rows(rows, counted)))
    inputs = labeled(draw, labels, others, normalize)
    return case("multi_similarity", call, config, inputs, peers, labels, others)


def raw_arguments(inputs: Inputs, labels: list[int], others: list[int] | None) -> dict[str, Any]:
    """Arguments of a loss that divides rows by their norm itself."""
    return metric_arguments(inputs, {"normalize": False}, labels, others)


def circle(
    call: Call,
    margin: float = 0.4,
    gamma: float = 80.0,
    normalize: bool = True,
    labels: list[int] | None = None,
) -> Metric:
    """The value is one whose factors alpha stay those of the inputs, which is what gradients of the
    loss are gradients of."""
    config = {"margin": margin, "gamma": gamma, "normalize": normalize}
    name, (labels, others) = call.name("circle"), labels_of(call, labels)
    draw, pairs = call.draw("circle"), pairs_of(labels, others)
    rows = torch.tensor(labels)
    same = rows[:, None] == torch.tensor(labels if others is None else others)
    positive = same.clone().fill_diagonal_(False) if others is None else same
    counted = (positive.any(1) & (~same).any(1)).double()

    def similarities(inputs: Inputs) -> Tensor:
        first, second = sides(inputs, config)
        return first @ second.T

    def exponents(s: Tensor, fixed: Tensor) -> Tensor:
        """Of each row the sum of both logarithms."""
        near = -gamma * (1.0 + margin - fixed).clamp(min=0.0) * (s - (1.0 - margin))
        far = gamma * (fixed + margin).clamp(min=0.0) * (s - margin)
        near = near.masked_fill(~positive, -math.inf)[counted > 0].logsumexp(1)
        return near + far.masked_fill(same, -math.inf)[counted > 0].logsumexp(1)

    def decisions(inputs: Inputs) -> Iterable[Tensor]:
        s = similarities(inputs)
        yield from (1.0 + margin - s)[positive]
        yield from (s + margin)[~same]
        # torch's softplus leaves out a term of 1e-11 to 1e-9 there.
        yield from ((exponents(s, s) - 21.5).abs() - 1.5).clamp(min=0.0)

    def composed(inputs: Inputs) -> Tensor:
        sums = exponents(similarities(inputs), fixed)
        return torch.zeros(len(rows), dtype=torch.float64).index_add(
            0, counted.nonzero()[:, 0], torch.logaddexp(sums, torch.zeros_like(sums))
        )

    def loop(inputs: Inputs) -> Tensor:
        s, each = similarities(inputs), []
        for i, (positives, negatives) in enumerate(pairs):
            terms = [s.new_zeros(())]
            for p in positives:
                for n in negatives:
                    near = (1.0 + margin - s[i, p].detach()).clamp(min=0.0)
                    far = (s[i, n].detach() + margin).clamp(min=0.0)
                    near = near * (s[i, p] - (1.0 - margin))
                    terms.append(gamma * (far * (s[i, n] - margin) - near))
            each.append(torch.stack(terms).logsumexp(0))
        return torch.stack(each)

    def build(reducer: Any) -> Any:
        loss = losses.CircleLoss(margin, gamma, reducer=reducer)
        loss.distance.normalize_embeddings = normalize
        return loss

    inputs = redrawn(name, lambda: labeled(draw, labels, others, normalize), decisions)
    fixed = similarities(inputs)
    peers = [
        Peer(f"{COMPOSED} the circle loss (Sun et al., 2020)", of_rows(composed, counted)),
        *metric_peers(
            METRIC.format("CircleLoss"),
            build,
            lambda inputs: raw_arguments(inputs, labels, others),
            NON_ZERO if call.reduction == "mean" else call.reduction,
        ),
        Peer(LOOP.format("the circle loss (Sun et al., 2020)"), of_rows(loop, counted)),
    ]
    return case("circle", call, config, inputs, peers, labels, others)


def lifted_structure(
    call: Call,
    positive_margin: float = 0.0,
    negative_margin: float = 1.0,
    distance: Any = "euclidean",
    normalize: bool = True,
    labels: list[int] | None = None,
) -> Metric:
    name, count = call.name("lifted_structure"), call.shape[0]
    config = {"positive_margin": positive_margin, "negative_margin": negative_margin}
    config |= {"distance": distance, "normalize": normalize}
    draw, (labels, others) = call.draw("lifted_structure"), labels_of(call, labels)
    pairs = pairs_of(labels, others)

    def terms(inputs: Inputs) -> list[tuple[int, Tensor]]:
        """The first rows of positive pairs and what is within the bracket of each."""
        d, each = distances(inputs, config), []
        for i, (positives, negatives) in enumerate(pairs):
            for j in positives:
                far = [negative_margin - d[end, k] for end in (i, j) for k in negatives]
                if far:
                    bracket = torch.stack(far).logsumexp(0) + d[i, j] - positive_margin
                    each.append((i, bracket))
        return each

    def decisions(inputs: Inputs) -> Iterable[Tensor]:
        yield from coordinates(inputs, config)
        brackets = [value for _, value in terms(inputs)]
        yield from brackets
        if negative_margin < 0.0:
            yield from both_sides(brackets)

    def loop(inputs: Inputs) -> Parts:
        each = [(i, x.clamp(min=0.0) ** 2 / 2.0) for i, x in terms(inputs)]
        return [listed(each, count, call.reduction)]

    def build(reducer: Any) -> Any:
        return losses.LiftedStructureLoss(
            neg_margin=metric_margin(negative_margin, config),
            pos_margin=metric_margin(positive_margin, config),
            distance=metric_distance(config),
            reducer=reducer,
        )

    peers = metric_peers(
        METRIC.format("LiftedStructureLoss"),
        build,
        lambda inputs: metric_arguments(inputs, config, labels, others),
        call.reduction,
    )
    paper = "the lifted structured loss (Oh Song et al., 2016, equation 4)"
    peers.append(Peer(LOOP.format(paper), loop))
    inputs = redrawn(name, lambda: labeled(draw, labels, others, normalize), decisions)
    return case("lifted_structure", call, config, inputs, peers, labels)


def n_pairs(call: Call, l2_weight: float = 0.0, labels: list[int] | None = None) -> Metric:
    count, config = call.shape[0], {"l2_weight": l2_weight}
    labels = LABELS[count] if labels is None else labels
    draw, classes = call.draw("n_pairs"), torch.tensor(labels)
    anchors = clusters(draw, call.shape, labels, True)
    near = clusters(draw, call.shape, labels, False)
    inputs = {"anchors": anchors, "positives": tensor(0.5 * anchors + near)}

    def lengths(inputs: Inputs) -> Tensor:
        """The term of each row and its positive."""
        squares = (inputs["anchors"] ** 2).sum(1) + (inputs["positives"] ** 2).sum(1)
        return l2_weight / 4.0 * squares

    def rows(inputs: Inputs) -> Tensor:
        logits = inputs["anchors"] @ inputs["positives"].T
        same = (classes[:, None] == classes).double()
        targets = same / same.sum(1, keepdim=True)
        return F.cross_entropy(logits, targets, reduction="none") + lengths(inputs)

    def loop(inputs: Inputs) -> Tensor:
        each = []
        for a, label in zip(inputs["anchors"], labels):
            logits = (inputs["positives"] * a).sum(1)
            own = [logits[j] for j, other in enumerate(labels) if other == label]
            each.append(logits.logsumexp(0) - sum(own) / len(own))
        return torch.stack(each) + lengths(inputs)

    def metric(inputs: Inputs) -> Parts:
        loss = losses.NPairsLoss(
            distance=DotProductSimilarity(normalize_embeddings=False), reducer=DoNothingReducer()
        )
        both = torch.cat([inputs["anchors"], inputs["positives"]])
        sums, counts = metric_parts(loss(both, classes.repeat(2)), count, call.reduction)[0]
        return [(sums + lengths(inputs), counts)]

    ones = torch.ones(count, dtype=torch.float64)
    peers = [Peer(CROSS_ENTROPY, of_rows(rows, ones))]
    if len(set(labels)) == count:
        peers.insert(0, Peer(METRIC.format("NPairsLoss"), metric))
    peers.append(Peer(LOOP.format("the N-pair loss (Sohn, 2016)"), of_rows(loop, ones)))
    return case("n_pairs", call, config, inputs, peers, labels)


# Proxies


def proxy_inputs(call: Call, loss: str) -> tuple[Inputs, list[int]]:
    """The shape is rows x classes x dimensions. Rows are around proxies, some near others."""
    count, classes, width = call.shape
    draw, labels = call.draw(loss), [label % classes for label in LABELS[count]]
    proxies = tensor(draw.rng.standard_normal((classes, width)))
    near = proxies[torch.tensor(labels)]
    embeddings = tensor(1.5 * tensor(draw.rng.standard_normal((count, width))) + near)
    return {"embeddings": embeddings, "proxies": proxies}, labels


def proxy_config(call: Call) -> dict[str, Any]:
    return {"classes": call.shape[1], "dimension": call.shape[2]}


def proxy_peers(
    kind: Any, parameter: str, call: Call, labels: list[int], **options: Any
) -> list[Peer]:
    """pytorch-metric-learning's loss, its parameter being the input."""
    classes = torch.tensor(labels)

    def evaluate(inputs: Inputs, reducer: Any) -> Any:
        loss = kind(call.shape[1], call.shape[2], reducer=reducer, **options)
        proxies = inputs["proxies"].T if parameter == "W" else inputs["proxies"]
        return functional_call(loss, {parameter: proxies}, (inputs["embeddings"], classes))

    def whole(inputs: Inputs) -> Tensor:
        return evaluate(inputs, REDUCERS[call.reduction]() if call.reduction else None)

    def parts(inputs: Inputs) -> Parts:
        results = evaluate(inputs, DoNothingReducer())
        return metric_parts(results, call.shape[0], call.reduction)

    source = METRIC.format(kind.__name__)
    return [Peer(source, whole, True), *([Peer(source, parts)] if call.reduction else [])]


def proxy_cosines(inputs: Inputs) -> Tensor:
    return cosines(inputs["embeddings"], inputs["proxies"], {"normalize": True})


def row_cosines(inputs: Inputs) -> list[list[Tensor]]:
    """Of each row the cosines of all proxies."""
    return [
        [(x * p).sum() / (x.square().sum() * p.square().sum()).sqrt() for p in inputs["proxies"]]
        for x in inputs["embeddings"]
    ]


def proxy_case(
    loss: str,
    call: Call,
    config: dict[str, Any],
    inputs: Inputs,
    labels: list[int],
    peers: list[Peer],
    rows: Any,
    loop: Any,
    paper: str,
) -> Metric:
    """With torch's cross entropy of logits and a loop besides the library."""
    ones, classes = torch.ones(call.shape[0], dtype=torch.float64), torch.tensor(labels)

    def entropy(inputs: Inputs) -> Tensor:
        return F.cross_entropy(rows(inputs), classes, reduction="none")

    peers += [
        Peer(CROSS_ENTROPY, of_rows(entropy, ones)),
        Peer(LOOP.format(paper), of_rows(loop, ones)),
    ]
    return case(loss, call, proxy_config(call) | config, inputs, peers, labels)


def arc_face(call: Call, margin: float = 0.5, scale: float = 64.0, beyond: bool = False) -> Metric:
    """`beyond`: the angles of some rows, not of all, are larger than pi less the margin."""
    config = {"margin": margin, "scale": scale}
    draw = call.draw("arc_face")
    name, labels = call.name("arc_face"), proxy_inputs(call, "arc_face")[1]
    classes = torch.tensor(labels)

    def sample() -> Inputs:
        count, width = call.shape[0], call.shape[2]
        proxies = tensor(draw.rng.standard_normal(call.shape[1:]))
        near = proxies[classes]
        if beyond:
            near[::2] *= -5.0
        return {
            "embeddings": tensor(tensor(draw.rng.standard_normal((count, width))) + near),
            "proxies": proxies,
        }

    def angles(inputs: Inputs) -> Tensor:
        return proxy_cosines(inputs).acos()[torch.arange(len(classes)), classes]

    def rows(inputs: Inputs) -> Tensor:
        cosine, own = proxy_cosines(inputs), F.one_hot(classes, call.shape[1]).bool()
        sine = (1.0 - cosine**2).sqrt()
        moved = cosine * math.cos(margin) - sine * math.sin(margin)
        over = cosine < math.cos(math.pi - margin)
        moved = torch.where(over, cosine - margin * math.sin(margin), moved)
        return scale * torch.where(own, moved, cosine)

    def loop(inputs: Inputs) -> Tensor:
        each = []
        for label, cosine in zip(labels, row_cosines(inputs)):
            angle = cosine[label].acos()
            own = (angle + margin).cos()
            if angle + margin > math.pi:
                own = cosine[label] - margin * math.sin(margin)
            logits = torch.stack([own if k == label else c for k, c in enumerate(cosine)])
            each.append((scale * logits).logsumexp(0) - scale * own)
        return torch.stack(each)

    inputs = redrawn(name, sample, lambda inputs: angles(inputs) + margin - math.pi)
    over = angles(inputs) + margin > math.pi
    if beyond and over.all() == over.any():
        raise AssertionError(f"{name}: all angles on one side, {over}")
    options = {"margin": math.degrees(margin), "scale": scale}
    peers = proxy_peers(losses.ArcFaceLoss, "W", call, labels, **options)
    paper = "ArcFace (Deng et al., 2019)"
    return proxy_case("arc_face", call, config, inputs, labels, peers, rows, loop, paper)


def cos_face(call: Call, margin: float = 0.35, scale: float = 64.0) -> Metric:
    config = {"margin": margin, "scale": scale}
    inputs, labels = proxy_inputs(call, "cos_face")

    def rows(inputs: Inputs) -> Tensor:
        own = F.one_hot(torch.tensor(labels), call.shape[1]).double()
        return scale * (proxy_cosines(inputs) - margin * own)

    def loop(inputs: Inputs) -> Tensor:
        each = []
        for label, cosine in zip(labels, row_cosines(inputs)):
            own = scale * (cosine[label] - margin)
            others = [scale * c for k, c in enumerate(cosine) if k != label]
            each.append(torch.stack([own, *others]).logsumexp(0) - own)
        return torch.stack(each)

    peers = proxy_peers(losses.CosFaceLoss, "W", call, labels, margin=margin, scale=scale)
    paper = "CosFace (Wang et al., 2018)"
    return proxy_case("cos_face", call, config, inputs, labels, peers, rows, loop, paper)


def normalized_softmax(call: Call, temperature: float = 0.05) -> Metric:
    config = {"temperature": temperature}
    inputs, labels = proxy_inputs(call, "normalized_softmax")

    def rows(inputs: Inputs) -> Tensor:
        return proxy_cosines(inputs) / temperature

    def loop(inputs: Inputs) -> Tensor:
        each = [torch.stack(cosine) / temperature for cosine in row_cosines(inputs)]
        return torch.stack([x.logsumexp(0) - x[label] for label, x in zip(labels, each)])

    kind = losses.NormalizedSoftmaxLoss
    peers = proxy_peers(kind, "W", call, labels, temperature=temperature)
    paper = "normalized softmax (Zhai and Wu, 2019)"
    return proxy_case("normalized_softmax", call, config, inputs, labels, peers, rows, loop, paper)


def proxy_anchor(call: Call, margin: float = 0.1, alpha: float = 32.0) -> Metric:
    config = proxy_config(call) | {"margin": margin, "alpha": alpha}
    inputs, labels = proxy_inputs(call, "proxy_anchor")

    def composed(inputs: Inputs) -> Tensor:
        cosine = proxy_cosines(inputs)
        own = F.one_hot(torch.tensor(labels), call.shape[1]).bool()
        near = (-alpha * (cosine - margin)).masked_fill(~own, -math.inf)
        far = (alpha * (cosine + margin)).masked_fill(own, -math.inf)
        zeros = torch.zeros(1, call.shape[1], dtype=torch.float64)
        near, far = (torch.cat([zeros, x]).logsumexp(0) for x in (near, far))
        return near.sum() / own.any(0).sum() + far.mean()

    def loop(inputs: Inputs) -> Tensor:
        cosine, near, far = row_cosines(inputs), [], []
        for k in range(call.shape[1]):
            own = [(-alpha * (c[k] - margin)).exp() for c, y in zip(cosine, labels) if y == k]
            rest = [(alpha * (c[k] + margin)).exp() for c, y in zip(cosine, labels) if y != k]
            near += [torch.log1p(sum(own))] if own else []
            far.append(torch.log1p(sum(rest)))
        return sum(near) / len(near) + sum(far) / len(far)

    peers = proxy_peers(losses.ProxyAnchorLoss, "proxies", call, labels, margin=margin, alpha=alpha)
    peers += [
        Peer(f"{COMPOSED} proxy anchor", composed, True),
        Peer(LOOP.format("proxy anchor (Kim et al., 2020, equation 4)"), loop, True),
    ]
    return case("proxy_anchor", call, config, inputs, peers, labels)


def proxy_nca(call: Call, scale: float = 1.0, includes_positive: bool = True) -> Metric:
    config = {"scale": scale, "includes_positive": includes_positive}
    inputs, labels = proxy_inputs(call, "proxy_nca")
    ones, classes = torch.ones(call.shape[0], dtype=torch.float64), torch.tensor(labels)

    def rows(inputs: Inputs) -> Tensor:
        points, proxies = (F.normalize(inputs[key], dim=1) for key in ("embeddings", "proxies"))
        return -scale * (points[:, None] - proxies).square().sum(2)

    def without(inputs: Inputs) -> Tensor:
        logits, own = rows(inputs), F.one_hot(classes, call.shape[1]).bool()
        return logits.masked_fill(own, -math.inf).logsumexp(1) - logits[own]

    def loop(inputs: Inputs) -> Tensor:
        each = []
        for label, cosine in zip(labels, row_cosines(inputs)):
            terms = [(-scale * (2.0 - 2.0 * c)).exp() for c in cosine]
            kept = [x for k, x in enumerate(terms) if includes_positive or k != label]
            each.append(-(terms[label] / sum(kept)).log())
        return torch.stack(each)

    if includes_positive:
        peers = proxy_peers(losses.ProxyNCALoss, "proxies", call, labels, softmax_scale=scale)
        paper = "ProxyNCA with the positive in the denominator"
        return proxy_case("proxy_nca", call, config, inputs, labels, peers, rows, loop, paper)
    peers = [
        Peer(f"{COMPOSED} ProxyNCA", of_rows(without, ones)),
        Peer(LOOP.format("ProxyNCA (Movshovitz-Attias et al., 2017)"), of_rows(loop, ones)),
    ]
    return case("proxy_nca", call, proxy_config(call) | config, inputs, peers, labels)


# Cases


SINGLE, ALIKE = [3, 1, 0, 2, 4], [2, 2, 2, 2, 2]
MINING: tuple[tuple[str, Any], ...] = (
    ("batch_hard", "batch_hard"),
    ("batch_all", "batch_all"),
    ("semi_hard", "semi_hard"),
    ("easy_positive", "easy_positive"),
    ("multi_similarity", {"multi_similarity": {"epsilon": 0.1}}),
)


def triplet_margin_cases() -> list[Metric]:
    """Every distance, swapped and not, hinge and softplus."""
    plain = Call(shape=(6, 3), upstream=3.7)
    every = []
    for label, distance in (*DISTANCES, ("lp_1.5", {"lp": {"p": 1.5}})):
        options = {"distance": distance}
        name = plain.labeled
        every += [
            triplet_margin(name(f"{label}"), **options),
            triplet_margin(name(f"{label}_normalized"), 0.3, normalize=True, **options),
            triplet_margin(name(f"{label}_swap"), swap=True, **options),
            triplet_margin(name(f"{label}_soft"), soft_margin=True, **options),
            triplet_margin(name(f"{label}_soft_swap"), swap=True, soft_margin=True, **options),
            triplet_margin(replace(name(label), method=ELEMENTS), **options),
            triplet_margin(replace(name(label), method=WEIGHTED, shape=(8, 4)), **options),
        ]
    soft = [call.labeled("soft_margin") for call in calls()]
    return [
        *map(triplet_margin, calls()),
        *every,
        *(triplet_margin(call, soft_margin=True) for call in soft),
        triplet_margin(Call(shape=(4, 5), label="margin_0"), 0.0),
        triplet_margin(Call(shape=(1, 2), label="one_row")),
    ]


def triplet_cases() -> list[Metric]:
    """Every way to mine, to reduce and to measure; a reference; triplets that are given; none."""
    every = []
    for label, mining in MINING:
        shapes = ((6, 3), (8, 4)) if label == "batch_all" else ((8, 3), (12, 4))
        every += [
            triplet(call.labeled(label), mining)
            for call in (*calls(NON_ZERO, "mean", shapes), Call(reduction="sum", shape=shapes[0]))
        ]
        soft = Call(reduction="mean", shape=(7, 3), upstream=3.7, label=f"{label}_soft")
        every += [
            triplet(soft, mining, soft_margin=True),
            triplet(replace(soft, reduction=NON_ZERO), mining, soft_margin=True),
            triplet(replace(soft, method=ELEMENTS), mining, soft_margin=True),
            triplet(replace(soft, method=WEIGHTED), mining, soft_margin=True),
        ]
        for kind, distance in DISTANCES[1:]:
            call = Call(reduction=NON_ZERO, shape=(7, 3), upstream=3.7, label=f"{label}_{kind}")
            every.append(triplet(call, mining, distance=distance))
        for kind, distance in (DISTANCES[0], DISTANCES[3]):
            call = Call(reduction="mean", shape=(7, 3), upstream=3.7, label=f"{label}_raw_{kind}")
            every.append(triplet(call, mining, distance=distance, normalize=False))
        for reduction in (NON_ZERO, "mean", "sum"):
            call = Call(REFERENCE, reduction, (6, 8, 3), 3.7, label)
            every.append(triplet(call, mining))
        call = Call(REFERENCE, NON_ZERO, (8, 5, 2), label=f"{label}_dot_product")
        every.append(triplet(call, mining, distance="dot_product", normalize=False))
        single = Call(reduction=NON_ZERO, shape=(5, 3), upstream=3.7)
        every += [
            triplet(single.labeled(f"{label}_all_single"), mining, labels=SINGLE),
            triplet(single.labeled(f"{label}_one_class"), mining, labels=ALIKE),
        ]
    given, wide = Call(TRIPLETS, NON_ZERO, (6, 3), 3.7), {"multi_similarity": {"epsilon": 0.5}}
    return [
        *every,
        triplet(Call(reduction=NON_ZERO, shape=(8, 3), label="large_epsilon"), wide),
        triplet(Call(reduction=NON_ZERO, shape=(8, 3), label="large_margin"), "semi_hard", 1.0),
        *(triplet(replace(given, reduction=reduction)) for reduction in (NON_ZERO, "mean", "sum")),
        triplet(given.labeled("soft"), soft_margin=True),
        *(triplet(given.labeled(label), distance=d, normalize=False) for label, d in DISTANCES),
    ]


def contrastive_cases() -> list[Metric]:
    """Margins, distances, a reference, batches without pairs of one kind."""
    plain = Call(reduction=NON_ZERO, shape=(7, 3), upstream=3.7)
    margins = {"positive_margin": 0.3, "negative_margin": 0.8}
    every = []
    for label, distance in DISTANCES:
        every += [
            contrastive(plain.labeled(label), distance=distance),
            contrastive(plain.labeled(f"{label}_raw"), distance=distance, normalize=False),
        ]
    similar = {"positive_margin": -0.8, "negative_margin": -0.2, "distance": "dot_product"}
    return [
        *map(contrastive, calls(NON_ZERO, "mean", ((6, 3), (10, 4)))),
        contrastive(Call(reduction="sum", shape=(6, 3))),
        contrastive(Call(WEIGHTED, "sum", (8, 3), 3.7)),
        *every,
        *(contrastive(call.labeled("margins"), **margins) for call in calls(NON_ZERO, "mean")),
        contrastive(plain.labeled("margins_dot_product"), **similar),
        contrastive(replace(plain, method=ELEMENTS, label="margins_dot_product"), **similar),
        contrastive(Call(REFERENCE, NON_ZERO, (6, 8, 3), 3.7)),
        contrastive(Call(REFERENCE, "mean", (8, 5, 2))),
        contrastive(Call(REFERENCE, "sum", (4, 7, 3), label="cosine"), distance="cosine"),
        contrastive(replace(plain, shape=(5, 3), label="all_single"), labels=SINGLE),
        contrastive(replace(plain, shape=(5, 3), label="one_class"), labels=ALIKE),
        contrastive(Call(reduction="mean", shape=(5, 3), label="one_class"), labels=ALIKE),
    ]


def row_cases(loss: Any, mild: dict[str, Any]) -> list[Metric]:
    """Cases of a loss of rows: parameters less steep, rows as they are, a reference."""
    plain = Call(shape=(6, 3), upstream=3.7)
    return [
        *map(loss, calls(shapes=((6, 3), (10, 4)))),
        *(loss(call.labeled("mild"), **mild) for call in calls()),
        loss(plain.labeled("mild_raw"), normalize=False, **mild),
        loss(Call(ELEMENTS, shape=(8, 4), label="mild_raw"), normalize=False, **mild),
        loss(plain.labeled("raw"), normalize=False),
        loss(Call(REFERENCE, shape=(6, 8, 3))),
        loss(Call(REFERENCE, "sum", (8, 5, 2), 3.7, "mild"), **mild),
        loss(Call(REFERENCE, shape=(4, 7, 3), upstream=3.7, label="mild"), **mild),
        loss(Call(REFERENCE, shape=(7, 4, 3), label="mild_raw"), normalize=False, **mild),
        loss(Call(ELEMENTS, shape=(5, 3), label="all_single"), labels=SINGLE, **mild),
        loss(Call(ELEMENTS, shape=(5, 3), label="one_class"), labels=ALIKE, **mild),
        loss(Call(shape=(4, 2), label="two_classes"), labels=[1, 0, 0, 1]),
    ]


def multi_similarity_cases() -> list[Metric]:
    """Exponents, bases, a reference."""
    return [
        *row_cases(multi_similarity, {"alpha": 3.0, "beta": 7.0, "base": 0.2}),
        multi_similarity(Call(shape=(12, 5), label="base_1", upstream=3.7), 2.0, 40.0, 1.0),
        multi_similarity(Call(shape=(5, 3), label="all_single"), labels=SINGLE),
    ]


def circle_cases() -> list[Metric]:
    """Margins, scales, a reference."""
    return [
        *row_cases(circle, {"margin": 0.25, "gamma": 3.0}),
        circle(Call(shape=(12, 5), label="steep", upstream=3.7), 0.25, 256.0),
    ]


def lifted_structure_cases() -> list[Metric]:
    """Margins, distances, batches without pairs of one kind."""
    every = []
    for label, distance in DISTANCES:
        for reduction in ("mean", "sum"):
            call = Call(reduction=reduction, shape=(6, 3), upstream=3.7, label=label)
            every += [
                lifted_structure(call, distance=distance),
                lifted_structure(call.labeled(f"{label}_raw"), distance=distance, normalize=False),
            ]
    margins = {"positive_margin": 0.5, "negative_margin": 0.2}
    return [
        lifted_structure(Call(shape=(6, 3))),
        lifted_structure(Call(reduction="sum", shape=(8, 4), upstream=3.7)),
        lifted_structure(Call(shape=(12, 5), upstream=3.7)),
        *every,
        lifted_structure(Call(shape=(7, 3), label="margins"), **margins),
        lifted_structure(Call(shape=(7, 3), label="far_apart"), 1.5, -1.0, normalize=False),
        lifted_structure(Call(shape=(8, 4), label="farther"), 2.0, -1.0, normalize=False),
        lifted_structure(Call(shape=(5, 3), label="all_single"), labels=SINGLE),
        lifted_structure(Call(shape=(5, 3), label="one_class"), labels=ALIKE),
        lifted_structure(Call(shape=(4, 2), label="two_classes"), labels=[1, 0, 0, 1]),
    ]


def n_pairs_cases() -> list[Metric]:
    """Labels that repeat and that do not, a weight of lengths."""
    unique = [3, 0, 5, 1, 2, 4]
    return [
        *map(n_pairs, calls()),
        *(n_pairs(call.labeled("l2"), 0.02) for call in calls()),
        *(
            n_pairs(call.labeled("unique"), weight, unique)
            for call, weight in zip(calls(shapes=((6, 3), (6, 4))), (0.0, 0.5) * 4)
        ),
        n_pairs(Call(shape=(12, 5), upstream=3.7), 0.002),
        n_pairs(Call(shape=(4, 3), label="one_class"), labels=[1, 1, 1, 1]),
    ]


def proxy_calls() -> list[Call]:
    return calls(shapes=((6, 4, 3), (8, 5, 4)))


def arc_face_cases() -> list[Metric]:
    """Margins, scales, angles near pi."""
    return [
        *map(arc_face, proxy_calls()),
        *(arc_face(call.labeled("beyond"), beyond=True) for call in proxy_calls()),
        *(arc_face(call.labeled("mild"), 0.3, 4.0) for call in proxy_calls()),
        *(arc_face(call.labeled("mild_beyond"), 0.8, 3.0, True) for call in proxy_calls()),
        arc_face(Call(shape=(7, 3, 2), upstream=3.7, label="no_margin"), 0.0),
        arc_face(Call(shape=(12, 7, 5), label="many")),
    ]


def cos_face_cases() -> list[Metric]:
    """Margins and scales."""
    return [
        *map(cos_face, proxy_calls()),
        *(cos_face(call.labeled("mild"), 0.2, 5.0) for call in proxy_calls()),
        cos_face(Call(shape=(7, 3, 2), upstream=3.7, label="no_margin"), 0.0),
        cos_face(Call(shape=(12, 7, 5), label="many")),
    ]


def normalized_softmax_cases() -> list[Metric]:
    """Temperatures."""
    return [
        *map(normalized_softmax, proxy_calls()),
        *(normalized_softmax(call.labeled("warm"), 0.5) for call in proxy_calls()),
        normalized_softmax(Call(shape=(12, 7, 5), upstream=3.7), 0.1),
    ]


def proxy_anchor_cases() -> list[Metric]:
    """Margins, exponents, classes without a row."""
    plain = Call(reduction="", shape=(6, 4, 3))
    return [
        proxy_anchor(plain),
        proxy_anchor(replace(plain, shape=(8, 5, 4), upstream=3.7)),
        proxy_anchor(replace(plain, shape=(7, 9, 3), label="empty_classes", upstream=3.7)),
        proxy_anchor(replace(plain, label="mild"), 0.2, 3.0),
        proxy_anchor(replace(plain, shape=(8, 6, 2), label="mild", upstream=3.7), 0.05, 5.0),
        proxy_anchor(replace(plain, label="no_margin"), 0.0),
        proxy_anchor(replace(plain, shape=(12, 7, 5), label="many")),
    ]


def proxy_nca_cases() -> list[Metric]:
    """Scales, with the positive in the denominator and without it."""
    without = {"includes_positive": False}
    return [
        *map(proxy_nca, proxy_calls()),
        *(proxy_nca(call.labeled("without"), **without) for call in proxy_calls()),
        *(proxy_nca(call.labeled("scale_3"), 3.0) for call in proxy_calls()),
        *(proxy_nca(call.labeled("without_scale_3"), 3.0, False) for call in proxy_calls()),
        proxy_nca(Call(shape=(12, 7, 5), upstream=3.7, label="scale_16"), 16.0),
        proxy_nca(Call(shape=(6, 2, 3), label="two_proxies"), 2.0, False),
    ]


FAMILIES = {
    "triplet_margin": triplet_margin_cases,
    "triplet": triplet_cases,
    "contrastive": contrastive_cases,
    "multi_similarity": multi_similarity_cases,
    "circle": circle_cases,
    "lifted_structure": lifted_structure_cases,
    "n_pairs": n_pairs_cases,
    "arc_face": arc_face_cases,
    "cos_face": cos_face_cases,
    "normalized_softmax": normalized_softmax_cases,
    "proxy_anchor": proxy_anchor_cases,
    "proxy_nca": proxy_nca_cases,
}


def main() -> None:
    """Generates every family."""
    for family, cases in FAMILIES.items():
        records = [metric_record(case) for case in cases()]
        script, packages = "tests/goldens/generate_metric.py", ("pytorch-metric-learning",)
        write(f"metric/{family}", records, script, packages)


if __name__ == "__main__":
    main()
