"""Writes the golden cases of losses of embeddings, in `contrastive/` next to this file.

As in `generate.py`: inputs exact in f32, references in f64 from lightly, pytorch-metric-learning and
PyTorch, a loop over rows from the paper where none has the loss; every reference of a case held
against the others and every case against central finite differences before it is written.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_contrastive.py

Two runs with the same versions write identical bytes.
"""

import math
from dataclasses import replace

import lightly.loss as losses
import pytorch_metric_learning.losses as metric_losses
import torch
import torch.nn.functional as F
from pytorch_metric_learning.distances import DotProductSimilarity
from torch import Tensor

from common import COMPOSED, ELEMENTS, TORCH, WEIGHTED, tensor, write
from embeddings import (
    CALLS, CROSS_ENTROPY, LIBRARIES, LIGHTLY, LOOP, METRIC, SMALL_CALLS, Call, Contrastive,
    Reference, case, check_kink, cloud, columns, cosines, cross_entropy, lightly_mean, log_scale,
    metric_info_nce, metric_nt_xent, metric_rows, negatives_of, of_learnable, of_temperature,
    of_temperatures, pairs, record, scale_of, temperatures, unit, view_similarities,
)
from generate_composite import Inputs

OFFSET = "forward_with_offset"
NEGATIVES = "forward_with_negatives"


# Two views of a batch


def nt_xent(
    call: Call, temperature: float = 0.5, learnable: bool = False, normalize: bool = True
) -> Contrastive:
    config = temperatures(temperature, learnable) | {"normalize": normalize}
    inputs = pairs(call.draw("nt_xent"), normalize, ("first", "second")) | of_temperature(config)
    count = call.shape[0]

    def rows(inputs: Inputs) -> Tensor:
        itself = torch.eye(2 * count, dtype=torch.bool)
        logits = view_similarities(inputs, config).masked_fill(itself, -math.inf)
        return F.cross_entropy(logits, torch.arange(2 * count).roll(count), reduction="none")

    lightly = lightly_mean(losses.NTXentLoss, lambda inputs: [1.0 / scale_of(inputs, config)])
    references = [lightly] if normalize and count > 1 else []
    references += [metric_nt_xent(config)] if count > 1 else []
    references += [Reference(CROSS_ENTROPY, rows)]
    return case("nt_xent", call, config, inputs, references, 2 * count)


def dcl(call: Call, temperature: float = 0.1, normalize: bool = True) -> Contrastive:
    config = {"temperature": temperature, "normalize": normalize}
    inputs = pairs(call.draw("dcl"), normalize, ("first", "second"))
    count = call.shape[0]

    def rows(inputs: Inputs) -> Tensor:
        s = view_similarities(inputs, config)
        each = []
        for i in range(2 * count):
            positive = s[i, (i + count) % (2 * count)]
            each.append(s[i, negatives_of(i, 2 * count)].logsumexp(0) - positive)
        return torch.stack(each)

    loop = LOOP.format("decoupled contrastive learning (Yeh et al., 2022, equation 6)")
    references = [Reference(loop, rows)]
    if normalize:
        references.insert(0, lightly_mean(losses.DCLLoss, lambda _: [temperature]))
    return case("dcl", call, config, inputs, references, 2 * count)


def hard_negative(
    call: Call,
    temperature: float = 0.5,
    tau_plus: float = 0.1,
    beta: float = 1.0,
    normalize: bool = True,
    clamped: bool = False,
) -> Contrastive:
    """`clamped`: the estimate of some rows, not of all, is below the bound."""
    config = {"temperature": temperature, "tau_plus": tau_plus}
    config |= {"beta": beta, "normalize": normalize}
    inputs = pairs(call.draw("hard_negative"), normalize, ("first", "second"))
    if clamped:
        inputs["second"][::2] = tensor(inputs["first"][::2] + 0.1 * inputs["second"][::2])
        inputs["second"][1::2] *= -1.0
    count = call.shape[0]
    negatives = 2 * count - 2
    bound = negatives * math.exp(-1.0 / temperature)

    def terms(inputs: Inputs) -> tuple[Tensor, Tensor]:
        """The positive of each row and its estimate of the sum over negatives, not clamped yet."""
        s, positives, estimates = view_similarities(inputs, config), [], []
        for i in range(2 * count):
            others = s[i, negatives_of(i, 2 * count)]
            weights = (beta * others).exp() / (beta * others).exp().mean()
            positives.append(s[i, (i + count) % (2 * count)].exp())
            estimate = (weights * others.exp()).sum() - tau_plus * negatives * positives[-1]
            estimates.append(estimate / (1.0 - tau_plus))
        return torch.stack(positives), torch.stack(estimates)

    def rows(inputs: Inputs) -> Tensor:
        """-ln(p / (p + n)), which is ln(1 + n / p) with the digits of small losses."""
        positives, estimates = terms(inputs)
        return torch.log1p(estimates.clamp(min=bound) / positives)

    estimates = terms(inputs)[1]
    check_kink(call.name("hard_negative"), estimates, bound)
    if clamped and (estimates < bound).all() == (estimates < bound).any():
        raise AssertionError(f"{call.name('hard_negative')}: all of {estimates} beside {bound}")
    loop = LOOP.format("the hard estimator of Robinson et al., 2021 (joshr17/HCL, image/main.py)")
    references = [Reference(loop, rows)]
    if tau_plus == 0.0 and beta == 0.0:
        references.append(metric_nt_xent(config))
    return case("hard_negative", call, config, inputs, references, 2 * count)


# Queries and keys, images and texts


def info_nce(
    call: Call,
    temperature: float = 0.07,
    learnable: bool = False,
    symmetric: bool = False,
    normalize: bool = True,
    offset: int | None = None,
) -> Contrastive:
    """The shape is queries x keys x dimensions; with `forward_with_negatives` the second number is
    that of negatives."""
    config = temperatures(temperature, learnable)
    config |= {"symmetric": symmetric, "normalize": normalize}
    draw = call.draw("info_nce")
    count, candidates, width = call.shape
    queries = cloud(draw, (count, width), normalize)
    others = cloud(draw, (candidates, width), normalize)
    near, shift = cloud(draw, (count, width), normalize), offset or 0
    if call.method == NEGATIVES:
        inputs = {"queries": queries, "keys": tensor(queries + near), "negatives": others}
    else:
        others[shift : shift + count] = tensor(queries + near)
        inputs = {"queries": queries, "keys": others}
    inputs |= of_temperature(config)

    def rows(inputs: Inputs) -> Tensor:
        scale, (queries, keys) = scale_of(inputs, config), (inputs["queries"], inputs["keys"])
        if call.method == NEGATIVES:
            own = (unit(queries, config) * unit(keys, config)).sum(1, keepdim=True)
            logits = torch.cat([own, cosines(queries, inputs["negatives"], config)], 1)
            return F.cross_entropy(scale * logits, torch.zeros(count).long(), reduction="none")
        logits = scale * cosines(queries, keys, config)
        each = cross_entropy(logits, shift)
        return (each + cross_entropy(logits.T)) / 2.0 if symmetric else each

    def metric(inputs: Inputs) -> Tensor:
        scale, (queries, keys) = scale_of(inputs, config), (inputs["queries"], inputs["keys"])
        each = metric_info_nce(scale, queries, keys, config, shift)
        return (each + metric_info_nce(scale, keys, queries, config)) / 2.0 if symmetric else each

    def moco(inputs: Inputs) -> Tensor:
        """With a memory bank, through which no gradient flows."""
        loss = losses.NTXentLoss(1.0 / scale_of(inputs, config), (candidates, width))
        loss.memory_bank.bank = unit(inputs["negatives"], config).detach()
        return loss(inputs["queries"], inputs["keys"])

    references = [Reference(CROSS_ENTROPY, rows)]
    if call.method == NEGATIVES and normalize:
        references.append(Reference(LIGHTLY.format("NTXentLoss"), moco, True))
    elif call.method != NEGATIVES and candidates > 1:
        references.append(Reference(METRIC.format("NTXentLoss"), metric))
    return case("info_nce", call, config, inputs, references, count, offset=offset)


def clip(
    call: Call,
    temperature: float = 0.07,
    learnable: bool = True,
    max_scale: float = 100.0,
    normalize: bool = True,
) -> Contrastive:
    config = temperatures(temperature, learnable)
    config |= {"max_scale": max_scale, "normalize": normalize}
    # As CLIP trains: a parameter that has passed the maximum is clipped before it is used.
    bounded = config | {"temperature": max(temperature, 1.0 / max_scale)}
    inputs = pairs(call.draw("clip"), normalize, ("images", "texts")) | of_temperature(bounded)

    def scale(inputs: Inputs) -> Tensor:
        return torch.as_tensor(scale_of(inputs, bounded), dtype=torch.float64)

    def rows(inputs: Inputs) -> Tensor:
        logits = scale(inputs) * cosines(inputs["images"], inputs["texts"], config)
        return (cross_entropy(logits) + cross_entropy(logits.T)) / 2.0

    def metric(inputs: Inputs) -> Tensor:
        factor, (images, texts) = scale(inputs), (inputs["images"], inputs["texts"])
        each = metric_info_nce(factor, images, texts, config)
        return (each + metric_info_nce(factor, texts, images, config)) / 2.0

    references = [Reference(CROSS_ENTROPY, rows)]
    if call.shape[0] > 1:
        references.append(Reference(METRIC.format("NTXentLoss"), metric))
    return case("clip", call, config, inputs, references, call.shape[0])


def siglip(
    call: Call, scale: float = 10.0, bias: float = -10.0, normalize: bool = True
) -> Contrastive:
    config = {"scale": scale, "bias": bias, "normalize": normalize}
    inputs = pairs(call.draw("siglip"), normalize, ("images", "texts")) | log_scale(scale)
    inputs["bias"] = torch.tensor([bias], dtype=torch.float64)
    matches = torch.eye(call.shape[0], dtype=torch.float64)

    def logits(inputs: Inputs) -> Tensor:
        similar = cosines(inputs["images"], inputs["texts"], config)
        return scale_of(inputs, config) * similar + inputs["bias"]

    def binary(inputs: Inputs) -> Tensor:
        return F.binary_cross_entropy_with_logits(logits(inputs), matches, reduction="none").sum(1)

    def rows(inputs: Inputs) -> Tensor:
        return -F.logsigmoid((2.0 * matches - 1.0) * logits(inputs)).sum(1)

    source = f"torch.nn.functional.logsigmoid (Zhai et al., 2023), {TORCH} float64"
    references = [Reference(source, rows), Reference(f"binary {CROSS_ENTROPY}", binary)]
    return case("siglip", call, config, inputs, references, call.shape[0])


# Labels


def sup_con(
    call: Call,
    temperature: float = 0.07,
    base_temperature: float = 0.07,
    form: str = "out",
    normalize: bool = True,
    labels: list[int] | None = None,
) -> Contrastive:
    """Without labels given, the last row is the only one of its class."""
    config = {"temperature": temperature, "base_temperature": base_temperature}
    config |= {"form": form, "normalize": normalize}
    draw, count = call.draw("sup_con"), call.shape[0]
    if labels is None:
        labels = [*draw.rng.integers(0, max(2, count // 4), count - 1).tolist(), count]
    classes = torch.tensor(labels)
    centers = tensor(draw.rng.standard_normal((max(labels) + 1, call.shape[1])))
    inputs = {"embeddings": tensor(cloud(draw, call.shape, normalize) + 0.5 * centers[classes])}
    same = (classes == classes[:, None]).fill_diagonal_(False)
    positives, counted = [row.nonzero()[:, 0].tolist() for row in same], same.any(1)
    ratio, kind = temperature / base_temperature, metric_losses.SupConLoss

    def rows(inputs: Inputs) -> Tensor:
        s = cosines(inputs["embeddings"], inputs["embeddings"], config) / temperature
        each = []
        for i, own in enumerate(positives):
            every = s[i, [j for j in range(count) if j != i]].logsumexp(0)
            mean = s[i, own].mean() if form == "out" else s[i, own].exp().mean().log()
            each.append(ratio * (every - mean) if own else 0.0 * every)
        return torch.stack(each)

    def metric(inputs: Inputs) -> Tensor:
        """Without rows of no positive, where the library divides a gradient by the least float."""
        each = metric_rows(kind, temperature, config, inputs["embeddings"], classes)
        return ratio * torch.where(counted, each, 0.0)

    def whole(inputs: Inputs) -> Tensor:
        """The mean over rows whose loss is not 0."""
        distance = DotProductSimilarity(normalize_embeddings=normalize)
        loss = kind(temperature, distance=distance)
        return ratio * loss(inputs["embeddings"], classes)

    equation = "L_out (equation 2)" if form == "out" else "L_in (equation 3)"
    references = [Reference(LOOP.format(f"{equation} of Khosla et al., 2020"), rows)]
    if form == "out" and any(positives):
        source = METRIC.format("SupConLoss") + ", times T / T_base"
        references = [Reference(source, whole, True), Reference(source, metric), *references]
    counts = counted.double()
    return case("sup_con", call, config, inputs, references, count, classes, counted=counts)


# Without negatives


def barlow_twins(call: Call, off_diagonal: float = 0.005, constant: bool = False) -> Contrastive:
    inputs = columns(call.draw("barlow_twins"), constant)

    def formula(inputs: Inputs) -> Tensor:
        first, second = (
            (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt() for z in inputs.values()
        )
        c, diagonal = first.T @ second / len(first), torch.eye(first.shape[1], dtype=torch.float64)
        return ((c - diagonal) ** 2 * (diagonal + off_diagonal * (1.0 - diagonal))).sum()

    references = [
        lightly_mean(losses.BarlowTwinsLoss, lambda _: [off_diagonal]),
        Reference(f"{COMPOSED} Barlow Twins (Zbontar et al., 2021)", formula, True),
    ]
    return case("barlow_twins", call, {"off_diagonal": off_diagonal}, inputs, references)


def vic_reg(
    call: Call,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
    constant: bool = False,
) -> Contrastive:
    config = {"invariance": invariance, "variance": variance, "covariance": covariance}
    inputs = columns(call.draw("vic_reg"), constant)
    for z in inputs.values():
        check_kink(call.name("vic_reg"), (z.var(0) + 1e-4).sqrt(), 1.0)

    def metric(inputs: Inputs) -> Tensor:
        loss = metric_losses.VICRegLoss(*config.values())
        return loss(inputs["first"], ref_emb=inputs["second"])

    references = [
        lightly_mean(losses.VICRegLoss, lambda _: [*config.values()]),
        Reference(METRIC.format("VICRegLoss"), metric, True),
    ]
    return case("vic_reg", call, config, inputs, references)


def negative_cosine(call: Call) -> Contrastive:
    """The targets are constants, as in BYOL and SimSiam: they have no gradient."""
    inputs = pairs(call.draw("negative_cosine"), True, ("predictions", "targets"))

    def rows(inputs: Inputs) -> Tensor:
        return -F.cosine_similarity(inputs["predictions"], inputs["targets"])

    references = [
        lightly_mean(losses.NegativeCosineSimilarity, lambda _: []),
        Reference(f"torch.nn.functional.cosine_similarity, {TORCH} float64", rows),
    ]
    return case("negative_cosine", call, {}, inputs, references, call.shape[0])


# Cases


def nt_xent_cases() -> list[Contrastive]:
    """Reductions, weights, temperatures, and the one image that has no negatives."""
    return [
        *map(nt_xent, CALLS),
        *of_temperatures(nt_xent),
        *of_learnable(nt_xent),
        nt_xent(Call(ELEMENTS, shape=(7, 2), label="raw"), normalize=False),
        nt_xent(Call(shape=(1, 4), label="one_image")),
    ]


def info_nce_cases() -> list[Contrastive]:
    """Batches of keys of the same size and larger, offsets, both directions, MoCo's negatives."""
    square = [replace(call, shape=(call.shape[0], *call.shape)) for call in CALLS]
    wide = (5, 9, 3)
    both = {"symmetric": True}
    return [
        *map(info_nce, square),
        *of_temperatures(info_nce, (5, 5, 3)),
        *of_learnable(info_nce, wide),
        info_nce(Call(ELEMENTS, shape=(7, 11, 17), label="raw"), 0.5, normalize=False),
        info_nce(Call(shape=(1, 4, 3), label="one_query")),
        info_nce(Call(WEIGHTED, "sum", wide, 3.7)),
        info_nce(Call(OFFSET, shape=wide), offset=4),
        info_nce(Call(OFFSET, "sum", wide, 3.7), 0.5, offset=2, normalize=False),
        info_nce(Call(OFFSET, shape=(7, 15, 3), label="learnable"), 0.05, True, offset=0),
        *(info_nce(call.labeled("symmetric"), **both) for call in square if call.shape[2] < 8),
        *of_learnable(info_nce, (5, 5, 3), **both),
        info_nce(Call(shape=(5, 5, 3), label="symmetric_raw"), 0.5, normalize=False, **both),
        info_nce(Call(NEGATIVES, shape=wide)),
        info_nce(Call(NEGATIVES, "sum", (7, 4, 17), 3.7), 0.5),
        info_nce(Call(NEGATIVES, shape=(5, 1, 3), label="one_negative"), 1.0),
        info_nce(Call(NEGATIVES, shape=wide, upstream=3.7, label="raw"), 0.5, normalize=False),
        info_nce(Call(NEGATIVES, shape=wide, label="learnable"), learnable=True),
    ]


def clip_cases() -> list[Contrastive]:
    """A scale that is learned, one that is not, one that is larger than it may be."""
    fixed = {"learnable": False}
    return [
        *map(clip, CALLS),
        *of_temperatures(clip),
        *(clip(call.labeled("fixed"), **fixed) for call in SMALL_CALLS),
        clip(Call(upstream=3.7, label="scale_above_maximum"), 0.005),
        clip(Call(ELEMENTS, label="scale_above_maximum"), 0.1, max_scale=5.0),
        clip(Call(label="fixed_scale_above_maximum"), 0.05, max_scale=5.0, **fixed),
        clip(Call(shape=(1, 4), label="one_pair")),
    ]


def siglip_cases() -> list[Contrastive]:
    """Scales and biases, both learned."""
    return [
        *map(siglip, CALLS),
        *(siglip(call.labeled("scale_1"), 1.0, 0.0) for call in SMALL_CALLS),
        siglip(Call(ELEMENTS, label="scale_20"), 20.0, -1.0),
        siglip(Call(upstream=3.7, label="raw"), 2.5, -1.0, normalize=False),
        siglip(Call(WEIGHTED, label="raw"), 2.5, 1.0, normalize=False),
        siglip(Call(shape=(1, 4), label="one_pair")),
    ]


def sup_con_cases() -> list[Contrastive]:
    """Both forms, with classes that occur once, with one class, with none that occurs twice."""
    inside = {"form": "in", "temperature": 0.1}
    return [
        *map(sup_con, CALLS),
        *of_temperatures(sup_con),
        *(sup_con(call.labeled("in"), **inside) for call in SMALL_CALLS),
        sup_con(Call(upstream=3.7, label="in_raw"), 0.5, form="in", normalize=False),
        sup_con(Call(shape=(33, 2), label="in"), **inside),
        sup_con(Call(shape=(6, 3), label="mostly_single"), 0.2, labels=[4, 1, 0, 1, 2, 3]),
        sup_con(Call(shape=(6, 3), label="balanced"), 0.2, 0.1, labels=[0, 1, 2, 2, 1, 0]),
        sup_con(Call(ELEMENTS, label="all_single"), labels=[3, 1, 0, 2, 4]),
    ]


def dcl_cases() -> list[Contrastive]:
    """As NT-Xent, down to the two images without which a row has no negatives."""
    return [
        *map(dcl, CALLS),
        *of_temperatures(dcl),
        dcl(Call(ELEMENTS, label="raw", shape=(7, 2)), 0.5, normalize=False),
        dcl(Call(shape=(2, 4), label="two_images")),
    ]


def hard_negative_cases() -> list[Contrastive]:
    """Weights of negatives, priors, and a bound that holds for some rows only."""
    clamped = {"tau_plus": 0.5, "clamped": True}
    return [
        *map(hard_negative, CALLS),
        *of_temperatures(hard_negative),
        *(hard_negative(call.labeled("clamped"), **clamped) for call in SMALL_CALLS),
        hard_negative(Call(ELEMENTS, label="clamped_raw"), normalize=False, **clamped),
        hard_negative(Call(ELEMENTS, label="nt_xent"), tau_plus=0.0, beta=0.0),
        hard_negative(Call(label="debiased"), beta=0.0),
        hard_negative(Call(label="harder"), 1.0, 0.05, 2.5),
        hard_negative(Call(shape=(2, 4), label="two_images"), 1.0),
    ]


def barlow_twins_cases() -> list[Contrastive]:
    """Shapes, weights of redundancy, a dimension that does not vary."""
    plain = Call(reduction="", shape=(4, 3))
    return [
        barlow_twins(plain),
        *(barlow_twins(replace(plain, shape=s, upstream=3.7)) for s in ((5, 3), (7, 17), (33, 8))),
        barlow_twins(replace(plain, shape=(9, 1))),
        barlow_twins(replace(plain, shape=(8, 5), label="redundancy"), 1.0),
        barlow_twins(replace(plain, shape=(8, 5), label="no_redundancy"), 0.0),
        barlow_twins(replace(plain, shape=(8, 3), label="constant_column"), 0.1, constant=True),
    ]


def vic_reg_cases() -> list[Contrastive]:
    """Shapes, each term on its own, a dimension that does not vary."""
    plain = Call(reduction="", shape=(4, 3))
    return [
        vic_reg(plain),
        *(vic_reg(replace(plain, shape=s, upstream=3.7)) for s in ((5, 3), (7, 17), (33, 8))),
        vic_reg(replace(plain, shape=(9, 1))),
        vic_reg(replace(plain, shape=(8, 5), label="invariance"), 1.0, 0.0, 0.0),
        vic_reg(replace(plain, shape=(8, 5), label="variance"), 0.0, 1.0, 0.0),
        vic_reg(replace(plain, shape=(8, 5), label="covariance"), 0.0, 0.0, 1.0),
        vic_reg(replace(plain, shape=(8, 3), label="constant_column"), 10.0, 5.0, 2.0, True),
    ]


def negative_cosine_cases() -> list[Contrastive]:
    """Reductions and weights, down to one row."""
    return [*map(negative_cosine, CALLS), negative_cosine(Call(shape=(1, 4)))]


def main() -> None:
    """Generates every family."""
    for family, cases in (
        ("nt_xent", nt_xent_cases()),
        ("info_nce", info_nce_cases()),
        ("clip", clip_cases()),
        ("siglip", siglip_cases()),
        ("sup_con", sup_con_cases()),
        ("dcl", dcl_cases()),
        ("hard_negative", hard_negative_cases()),
        ("barlow_twins", barlow_twins_cases()),
        ("vic_reg", vic_reg_cases()),
        ("negative_cosine", negative_cosine_cases()),
    ):
        records = [record(case) for case in cases]
        write(f"contrastive/{family}", records, "tests/goldens/generate_contrastive.py", LIBRARIES)


if __name__ == "__main__":
    main()
