"""PyTorch's side of the pointwise benchmark, see README.md.

echo '{"workload": "mse", "setting": "kept", "mode": "eager"}' | python pointwise.py
"""

import numpy as np
import torch
import torch.nn.functional as F
from server import LossFunction, Server, Workload, leaf
from splitmix import spread, unit
from torchvision.ops import sigmoid_focal_loss


def focal() -> Workload:
    """RetinaNet's classification loss: the sum over 120000 x 80 divided by the positives."""
    shape = (120_000, 80)
    count = shape[0] * shape[1]
    labels = (unit(2, count) < np.float32(0.01)).astype(np.float32)
    positives = max(float(labels.sum()), 1.0)
    return Workload(
        prediction=leaf(spread(1, count), *shape),
        target=torch.from_numpy(labels).view(shape),
        loss=lambda x, t: (
            sigmoid_focal_loss(x, t, alpha=0.25, gamma=2.0, reduction="sum") / positives
        ),
    )


def regression(loss: LossFunction) -> Workload:
    """A mean over four million elements."""
    count = 4_000_000
    target = torch.from_numpy(spread(2, count))
    return Workload(prediction=leaf(spread(1, count), count), target=target, loss=loss)


WORKLOADS = {
    "focal": focal,
    "mse": lambda: regression(F.mse_loss),
    "smooth_l1": lambda: regression(F.smooth_l1_loss),
}

if __name__ == "__main__":
    Server(WORKLOADS).serve()
