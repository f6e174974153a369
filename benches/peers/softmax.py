"""PyTorch's side of the benchmark of losses over classes, see README.md.

echo '{"workload": "ce_ls", "setting": "kept", "mode": "eager"}' | python softmax.py
"""

from functools import partial

import torch
import torch.nn.functional as F
from server import LossFunction, Server, Workload, leaf
from splitmix import classes, spread
from torch import Tensor


def rows(loss: LossFunction, count: int, number: int) -> Workload:
    """A loss of `count` rows of logits against indices of `number` classes."""
    return Workload(
        prediction=leaf(spread(1, count * number), count, number),
        target=torch.from_numpy(classes(2, count, number)),
        loss=loss,
    )


def focal(logits: Tensor, target: Tensor) -> Tensor:
    """Focal loss over classes with gamma 2, of which PyTorch has none."""
    log_p = F.log_softmax(logits, dim=1).gather(1, target[:, None])
    return -((1.0 - log_p.exp()) ** 2 * log_p).mean()


def linear_cross_entropy(hidden: Tensor, weight: Tensor, target: Tensor) -> Tensor:
    """A language model's last layer and its loss."""
    return F.cross_entropy(F.linear(hidden, weight), target)


def linear() -> Workload:
    """512 tokens of a language model; the variance of the logits is about 1."""
    tokens, width, vocabulary = 512, 512, 32_000
    return Workload(
        prediction=leaf(spread(1, tokens * width, 1.0), tokens, width),
        parameters=(leaf(spread(3, vocabulary * width, 0.125), vocabulary, width),),
        target=torch.from_numpy(classes(2, tokens, vocabulary)),
        loss=linear_cross_entropy,
    )


smoothed = partial(F.cross_entropy, label_smoothing=0.1)

WORKLOADS = {
    "ce_ls": lambda: rows(smoothed, 4096, 1000),
    "ce_big": lambda: rows(smoothed, 1024, 32_000),
    "softmax_focal": lambda: rows(focal, 4096, 1000),
    "linear_ce": linear,
}

if __name__ == "__main__":
    Server(WORKLOADS).serve()
