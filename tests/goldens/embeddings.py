"""Cases of losses of embeddings: their inputs, what their references are made of, their checks."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import pytorch_metric_learning.losses as metric_losses
import torch
import torch.nn.functional as F
from pytorch_metric_learning.distances import DotProductSimilarity
from pytorch_metric_learning.reducers import DoNothingReducer
from torch import Tensor

from common import COMPOSED, ELEMENTS, FORWARD, TORCH, WEIGHTED, Draw, Shape, numbers, require_close, tensor
from generate_composite import Composite, Inputs, check_slopes, draw_weights, reduce

LIBRARIES = ("lightly", "pytorch-metric-learning")
LIGHTLY, METRIC = (f"{name} {version(name)} {{}}, {TORCH} float64" for name in LIBRARIES)
CROSS_ENTROPY = f"torch.nn.functional.cross_entropy of an explicit matrix, {TORCH} float64"
LOOP = f"{COMPOSED} {{}}, a loop over rows"

TEMPERATURES = (0.05, 0.5, 1.0)
PARAMETERS = ("log_scale", "bias")
DETACHED = ("targets",)

Config = dict[str, Any]
Function = Callable[[Inputs], Tensor]


# Cases


@dataclass(frozen=True)
class Reference:
    """The losses of all rows, or the one number of a loss that a library does not take apart."""

    source: str
    function: Function
    whole: bool = False


@dataclass(frozen=True)
class Contrastive(Composite):
    """A case with all its references. The classes of a `Composite` are its labels."""

    offset: int | None
    references: list[Reference]
    counted: Tensor


@dataclass(frozen=True)
class Call:
    """How a loss is called; Barlow Twins and VICReg have no reduction, which is empty then."""

    method: str = FORWARD
    reduction: str = "mean"
    shape: Shape = (5, 3)
    upstream: float = 1.0
    label: str = ""

    def name(self, loss: str) -> str:
        size = "x".join(map(str, self.shape))
        return "_".join(filter(None, (loss, self.label, self.method, self.reduction, size)))

    def draw(self, loss: str) -> Draw:
        return Draw(self.name(loss), self.shape)

    def labeled(self, label: str) -> "Call":
        return replace(self, label=label)


CALLS = (
    Call(),
    Call(reduction="sum", upstream=3.7),
    Call(shape=(7, 17), upstream=3.7),
    Call(shape=(33, 8)),
    Call(WEIGHTED, shape=(7, 4), upstream=3.7),
    Call(WEIGHTED, "sum"),
    Call(ELEMENTS),
    Call(ELEMENTS, shape=(7, 17)),
)
SMALL_CALLS = [call for call in CALLS if call.shape[0] < 33]


def case(
    loss: str,
    call: Call,
    config: Config,
    inputs: Inputs,
    references: list[Reference],
    rows: int = 1,
    labels: Tensor | None = None,
    offset: int | None = None,
    counted: Tensor | None = None,
) -> Contrastive:
    """The value of a case is that of its first reference that has the numbers called for."""
    draw = Draw(f"{call.name(loss)} weights", call.shape)
    each = tensor(2.0 * draw.rng.standard_normal(rows))
    inputs = dict(inputs)
    if call.method == WEIGHTED:
        inputs["weights"] = draw_weights(draw, (rows,))
    ones = torch.ones(rows, dtype=torch.float64)
    counted = ones if counted is None else counted
    taken_apart = call.method in (WEIGHTED, ELEMENTS) or call.reduction == "sum"
    chosen = next(r for r in references if not (r.whole and taken_apart))

    def value(inputs: Inputs) -> Tensor:
        losses = chosen.function(inputs)
        if chosen.whole:
            return losses
        return reduce(losses, counted, call.method, call.reduction, inputs.get("weights", ones))

    return Contrastive(
        call.name(loss),
        loss,
        chosen.source,
        config | ({"reduction": call.reduction} if call.reduction else {}),
        call.method,
        inputs,
        labels,
        each if call.method == ELEMENTS else call.upstream,
        value,
        offset,
        references,
        counted,
    )


def of_temperatures(loss: Callable[..., Contrastive], shape: Shape = (5, 3)) -> list[Contrastive]:
    """Each temperature, with rows of length 1 and with rows as they are."""
    return [
        loss(
            Call(shape=shape, upstream=3.7, label=f"{'' if normalize else 'raw_'}temperature_{t}"),
            temperature=t,
            normalize=normalize,
        )
        for t in TEMPERATURES
        for normalize in (True, False)
    ]


def of_learnable(
    loss: Callable[..., Contrastive], shape: Shape = (5, 3), **options: Any
) -> list[Contrastive]:
    """Gradients with respect to the scale, of every way to reduce."""
    label = "_".join(("learnable", *options))
    plain = Call(shape=shape, upstream=3.7, label=label)
    calls = (plain, replace(plain, reduction="sum"))
    calls += (replace(plain, method=WEIGHTED), replace(plain, method=ELEMENTS))
    return [loss(call, learnable=True, **options) for call in calls]


# Inputs


def cloud(draw: Draw, shape: Shape, normalize: bool) -> Tensor:
    """Embeddings; short ones where they stay as they are, for similarities of moderate size."""
    return tensor((2.0 if normalize else 0.5) * draw.rng.standard_normal(shape))


def pairs(draw: Draw, normalize: bool, names: tuple[str, str]) -> Inputs:
    """Two batches of embeddings, a row of the second near the same row of the first."""
    first = cloud(draw, draw.shape, normalize)
    second = tensor(first + cloud(draw, draw.shape, normalize))
    return {names[0]: first, names[1]: second}


def columns(draw: Draw, constant: bool) -> Inputs:
    """Two views whose dimensions spread from 0.3 to 1.5, the first perhaps not at all."""
    spread = torch.linspace(0.3, 1.5, draw.shape[1], dtype=torch.float64)
    first = draw.normal() / 2.0
    second = first + 0.3 * draw.normal()
    inputs = {"first": tensor(spread * first + 0.25), "second": tensor(spread * second)}
    if constant:
        inputs["first"][:, 0] = 0.5
    return inputs


def log_scale(scale: float) -> Inputs:
    return {"log_scale": torch.tensor([math.log(scale)], dtype=torch.float64)}


def temperatures(temperature: float, learnable: bool) -> Config:
    return {"temperature": temperature, "learnable_temperature": learnable}


def of_temperature(config: Config) -> Inputs:
    """The parameter of a learnable temperature."""
    return log_scale(1.0 / config["temperature"]) if config["learnable_temperature"] else {}


def check_kink(name: str, values: Tensor, kink: float) -> None:
    """Refuses a case so near a kink that rounding to f32 could change sides."""
    if (values - kink).abs().min() < 1e-3 * abs(kink):
        raise AssertionError(f"{name}: {values} too near {kink}")


# What references are made of


def scale_of(inputs: Inputs, config: Config) -> Any:
    return inputs["log_scale"].exp() if "log_scale" in inputs else 1.0 / config["temperature"]


def unit(embeddings: Tensor, config: Config) -> Tensor:
    return F.normalize(embeddings, dim=1) if config["normalize"] else embeddings


def cosines(first: Tensor, second: Tensor, config: Config) -> Tensor:
    return unit(first, config) @ unit(second, config).T


def views(inputs: Inputs) -> Tensor:
    return torch.cat([inputs["first"], inputs["second"]])


def view_similarities(inputs: Inputs, config: Config) -> Tensor:
    both = views(inputs)
    return scale_of(inputs, config) * cosines(both, both, config)


def cross_entropy(logits: Tensor, offset: int = 0) -> Tensor:
    """torch's, of each row, the class of row i being i + offset."""
    return F.cross_entropy(logits, torch.arange(len(logits)) + offset, reduction="none")


def metric_rows(
    kind: type, temperature: Any, config: Config, *arguments: Any, **more: Any
) -> Tensor:
    """pytorch-metric-learning's losses, in the order of anchors."""
    loss = kind(
        temperature=temperature,
        distance=DotProductSimilarity(normalize_embeddings=config["normalize"]),
        reducer=DoNothingReducer(),
    )
    return loss(*arguments, **more)["loss"]["losses"]


def metric_nt_xent(config: Config) -> Reference:
    """NT-Xent of each view: the two views of an image share a label."""

    def function(inputs: Inputs) -> Tensor:
        labels = torch.arange(len(inputs["first"])).repeat(2)
        temperature = 1.0 / scale_of(inputs, config)
        return metric_rows(metric_losses.NTXentLoss, temperature, config, views(inputs), labels)

    return Reference(METRIC.format("NTXentLoss"), function)


def metric_info_nce(
    scale: Any, queries: Tensor, keys: Tensor, config: Config, offset: int = 0
) -> Tensor:
    """InfoNCE of each query: it has the label of its key."""
    labels = torch.arange(len(queries)) + offset
    others = {"ref_emb": keys, "ref_labels": torch.arange(len(keys))}
    kind = metric_losses.NTXentLoss
    return metric_rows(kind, 1.0 / scale, config, queries, labels, **others)


def lightly_mean(kind: type, options: Callable[[Inputs], list[Any]]) -> Reference:
    """lightly's loss of the first two inputs."""

    def function(inputs: Inputs) -> Tensor:
        first, second, *_ = inputs.values()
        return kind(*options(inputs))(first, second)

    return Reference(LIGHTLY.format(kind.__name__), function, True)


def negatives_of(row: int, count: int) -> list[int]:
    """The views of other images."""
    return [j for j in range(count) if j % (count // 2) != row % (count // 2)]


# Evaluation and checks


def leaves_of(case: Contrastive) -> Inputs:
    return {k: v.clone().requires_grad_(k not in DETACHED) for k, v in case.inputs.items()}


def outcome(case: Contrastive, reference: Reference, mean: bool) -> tuple[Tensor, Inputs]:
    """One number of a reference and its gradients: the mean, or else a sum that tells rows apart."""
    leaves = leaves_of(case)
    losses = reference.function(leaves)
    if not reference.whole:
        uneven = torch.linspace(-1.0, 2.0, len(losses), dtype=torch.float64)
        losses = ((case.counted / case.counted.sum() if mean else uneven) * losses).sum()
    losses.backward()
    return losses.detach(), {k: leaf.grad for k, leaf in leaves.items() if leaf.grad is not None}


def check_references(case: Contrastive) -> None:
    """Holds the last reference, which is the plainest, against each of the others."""
    *others, last = case.references
    for other in others:
        mean = last.whole or other.whole
        expected, slopes = outcome(case, last, mean)
        got, gradients = outcome(case, other, mean)
        require_close(case.name, other.source, got, expected, 1e-11, 1e-11)
        for key in gradients.keys() & slopes.keys():  # None flows into lightly's memory bank.
            what = f"gradient of {key}, {other.source}"
            require_close(case.name, what, gradients[key], slopes[key], 1e-9, 1e-11)


def record(case: Contrastive) -> dict[str, Any]:
    """The checked case as it stands in the JSON file."""
    check_references(case)
    leaves = leaves_of(case)
    value = case.value(leaves)
    value.backward(torch.as_tensor(case.upstream, dtype=torch.float64).expand_as(value))
    gradients = {key: leaf.grad for key, leaf in leaves.items() if leaf.requires_grad}
    check_slopes(case, gradients)
    inputs = {key: values for key, values in case.inputs.items() if key not in PARAMETERS}
    upstream = case.upstream
    return {
        "name": case.name,
        "source": case.source,
        "loss": case.loss,
        "config": case.config,
        "method": case.method,
        "inputs": {key: numbers(values) for key, values in inputs.items()},
        "shapes": {key: list(values.shape) for key, values in inputs.items()},
        "labels": None if case.classes is None else case.classes.tolist(),
        "offset": case.offset,
        "upstream": numbers(upstream) if isinstance(upstream, Tensor) else upstream,
        "value": numbers(value.detach()),
        "gradients": {key: numbers(values) for key, values in gradients.items()},
    }
