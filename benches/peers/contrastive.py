"""PyTorch's side of the benchmark of losses of all pairs, see README.md.

echo '{"workload": "ntxent", "setting": "kept", "mode": "eager"}' | python contrastive.py
"""

import torch
import torch.nn.functional as F
from server import Server, Workload, leaf
from splitmix import spread
from torch import Tensor

TEMPERATURE = 0.5
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


WORKLOADS = {
    "ntxent": lambda: views(2048),
    "clip": lambda: pairs(2048),
}

if __name__ == "__main__":
    Server(WORKLOADS).serve()
