"""PyTorch's side of the benchmark of dense prediction, see README.md.

echo '{"workload": "ciou", "setting": "kept", "mode": "eager"}' | python dense.py
"""

from collections.abc import Callable

import numpy as np
import torch
from monai.losses import DiceCELoss
from numpy.typing import NDArray
from pytorch_msssim import ssim as similarity
from segmentation_models_pytorch.losses import LovaszLoss
from server import LossFunction, Server, Workload, leaf
from splitmix import classes, spread, unit
from torch import Tensor
from torchvision.ops import complete_box_iou_loss

IMAGES, CLASSES = 8, 21


def boxes(seed: int, count: int) -> NDArray[np.float32]:
    """Boxes of one unit in each direction at least, and of three at most."""
    u = unit(seed, 4 * count).reshape(count, 4)
    two = np.float32(2.0)
    corner = two * u[:, :2]
    return np.concatenate([corner, corner + np.float32(1.0) + two * u[:, 2:]], axis=1)


def mean_ciou(prediction: Tensor, target: Tensor) -> Tensor:
    """torchvision's loss."""
    return complete_box_iou_loss(prediction, target, reduction="mean")


def ciou(count: int = 100_000) -> Workload:
    """CIoU of many boxes."""
    return Workload(
        prediction=leaf(boxes(1, count), count, 4),
        target=torch.from_numpy(boxes(2, count)),
        loss=mean_ciou,
    )


def masks(loss: LossFunction, side: int) -> Workload:
    """Logits of 21 classes against the class of each pixel."""
    pixels = side * side
    target = torch.from_numpy(classes(2, IMAGES * pixels, CLASSES)).reshape(IMAGES, side, side)

    def shaped(logits: Tensor, target: Tensor) -> Tensor:
        return loss(logits.reshape(IMAGES, CLASSES, side, side), target)

    logits = spread(1, IMAGES * CLASSES * pixels)
    return Workload(leaf(logits, IMAGES, CLASSES * pixels), target=target, loss=shaped)


def dice_ce() -> Workload:
    """MONAI's sum of Dice loss and cross entropy."""
    loss = DiceCELoss(softmax=True, to_onehot_y=True)
    return masks(lambda logits, target: loss(logits, target[:, None]), 512)


def lovasz() -> Workload:
    """The Lovasz softmax loss of each image, over the classes that it has."""
    return masks(LovaszLoss("multiclass", per_image=True), 128)


def ssim() -> Workload:
    """1 - SSIM of colour images."""
    side = 512
    size = 3 * side * side

    def pixels(seed: int) -> NDArray[np.float32]:
        return spread(seed, IMAGES * size, 0.5) + np.float32(0.5)

    def loss(prediction: Tensor, target: Tensor) -> Tensor:
        shape = (IMAGES, 3, side, side)
        return 1.0 - similarity(prediction.reshape(shape), target.reshape(shape), data_range=1.0)

    target = torch.from_numpy(pixels(2)).reshape(IMAGES, size)
    return Workload(prediction=leaf(pixels(1), IMAGES, size), target=target, loss=loss)


WORKLOADS: dict[str, Callable[[], Workload]] = {
    "ciou": ciou,
    "dice_ce": dice_ce,
    "lovasz": lovasz,
    "ssim": ssim,
}

if __name__ == "__main__":
    Server(WORKLOADS).serve()
