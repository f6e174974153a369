"""PyTorch's side of the benchmark of losses of all pairs, see README.md.

echo '{"workload": "ntxent", "setting": "kept", "mode": "eager"}' | python contrastive.py
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from server import Server, Workload, leaf
from splitmix import spread
from torch import Tensor

TEMPERATURE = 0.5
MARGIN = 0.2
LABELS = 64
WIDTH = 128


def ntxent(first: Tensor, second: Tensor, partners: Tensor) -> Tensor:
    """NT-Xent as a cross entropy over the matrix of similarities, each view's own left out."""
    views = F.normalize(torch.cat([first, second]), dim=1)
    logits = views @ views.T / TEMPERATURE
    itself = torch.eye(len(views), dtype=torch.bool)
    return F.cross_entropy(logits.masked_fill(itself, float("-inf")), partners)


def clip(images: Tensor, texts: Tensor, own: Tensor) -> Tensor:
    """CLIP's loss in both directions."""
    logits = F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T / TEMPERATURE
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def distances(rows: Tensor) -> Tensor:
    """Euclidean distances of the rows at norm 1."""
    rows = F.normalize(rows, dim=1)
    return (2 - 2 * rows @ rows.T).clamp_min(1e-12).sqrt()


def batch_hard(rows: Tensor, labels: Tensor) -> Tensor:
    """The farthest positive and the nearest negative of each embedding."""
    between = distances(rows)
    alike = labels[:, None] == labels[None]
    farthest = between.masked_fill(~alike, float("-inf")).amax(1)
    nearest = between.masked_fill(alike, float("inf")).amin(1)
    return F.relu(farthest - nearest + MARGIN).mean()


def batch_all(rows: Tensor, labels: Tensor) -> Tensor:
    """All triplets, those of one anchor after the other: all at once would take N^3."""
    between = distances(rows)
    total, count = between.new_zeros(()), 0
    for anchor in range(len(rows)):
        alike = labels == labels[anchor]
        negatives = between[anchor][~alike]
        alike[anchor] = False
        positives = between[anchor][alike]
        costs = F.relu(positives[:, None] - negatives[None] + MARGIN)
        total, count = total + costs.sum(), count + costs.numel()
    return total / count


def embeddings(seed: int, count: int) -> Tensor:
    """Uniform in `[-1, 1)`."""
    return leaf(spread(seed, count * WIDTH, 1.0), count, WIDTH)


def views(images: int) -> Workload:
    """Two views of each image; the other view of image i is `i + images`, or the other way round."""
    places = torch.arange(2 * images)
    return Workload(
        prediction=embeddings(1, images),
        parameters=(embeddings(2, images),),
        target=places.roll(images),
        loss=ntxent,
    )


def pairs(count: int) -> Workload:
    """Images and their texts."""
    return Workload(
        prediction=embeddings(1, count),
        parameters=(embeddings(2, count),),
        target=torch.arange(count),
        loss=clip,
    )


def triplets(count: int, loss: Callable[..., Tensor]) -> Workload:
    """Embeddings with labels, one after the other."""
    return Workload(
        prediction=embeddings(1, count),
        target=torch.arange(count) % LABELS,
        loss=loss,
    )


WORKLOADS = {
    "ntxent": lambda: views(2048),
    "clip": lambda: pairs(2048),
    "batch_all": lambda: triplets(1024, batch_all),
    "batch_hard": lambda: triplets(1024, batch_hard),
    "batch_hard_8192": lambda: triplets(8192, batch_hard),
}

if __name__ == "__main__":
    Server(WORKLOADS).serve()
