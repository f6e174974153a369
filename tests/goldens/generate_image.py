"""Writes the golden cases of losses of images, in `image/` next to this file.

As in `generate.py`: inputs exact in f32, references in f64 from pytorch-msssim, kornia and PyTorch, a loop over windows from
the paper where no library has the loss; where there is a library, the loop is held against it, and every gradient against
central finite differences before it is written.

    pip install -r tests/goldens/requirements.txt
    python tests/goldens/generate_image.py

Two runs with the same versions write identical bytes.
"""

import zlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import kornia
import numpy as np
import pytorch_msssim
import torch
import torch.nn.functional as F
from torch import Tensor

from common import COMPOSED, TORCH, numbers, require_close, tensor, write

ALSO = ("kornia", "pytorch-msssim")
KORNIA = f"kornia {version('kornia')}, {TORCH} float64"
MSSSIM = f"pytorch-msssim {version('pytorch-msssim')}, {TORCH} float64"
LOOP = f"{TORCH} float64 loop from the paper"

Shape = tuple[int, int, int, int]
# The loss of each image.
Losses = Callable[[Tensor, Tensor], Tensor]


def gaussian(size: int, sigma: float) -> Tensor:
    places = torch.arange(size, dtype=torch.float64) - size // 2
    weights = (-((places / sigma) ** 2) / 2).exp()
    return weights / weights.sum()


def window_of(config: dict[str, Any]) -> Tensor:
    size = config.get("window_size", 11)
    if config.get("window") == "uniform":
        return torch.full((size,), 1.0 / size, dtype=torch.float64)
    return gaussian(size, config.get("sigma", 1.5))


def maps(x: Tensor, t: Tensor, config: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """SSIM and its contrast term at each place, `[N, C, places]`, from windows laid out one by one."""
    line = window_of(config)
    size, weights = len(line), torch.outer(line, line).flatten()[:, None]
    if config.get("padding") == "reflect":
        x, t = (F.pad(i, [size // 2] * 4, mode="reflect") for i in (x, t))
    images, channels = x.shape[:2]
    x, t = (F.unfold(i.flatten(0, 1)[:, None], size) for i in (x, t))
    mx, mt = ((i * weights).sum(1, keepdim=True) for i in (x, t))
    vx, vt = (((i - m) ** 2 * weights).sum(1) for i, m in ((x, mx), (t, mt)))
    covariance = ((x - mx) * (t - mt) * weights).sum(1)
    mx, mt = mx[:, 0], mt[:, 0]
    c1, c2 = (
        (config.get(k, default) * config["data_range"]) ** 2
        for k, default in (("k1", 0.01), ("k2", 0.03))
    )
    contrast = (2 * covariance + c2) / (vx + vt + c2)
    whole = contrast * (2 * mx * mt + c1) / (mx**2 + mt**2 + c1)
    return whole.reshape(images, channels, -1), contrast.reshape(images, channels, -1)


def ssim_loop(config: dict[str, Any]) -> Losses:
    factor = 0.5 if config.get("form") == "half" else 1.0
    return lambda x, t: factor * (1.0 - maps(x, t, config)[0].mean((1, 2)))


def ssim_msssim(config: dict[str, Any]) -> Losses:
    def losses(x: Tensor, t: Tensor) -> Tensor:
        win = window_of(config).expand(x.shape[1], 1, 1, -1)
        options = {"data_range": config["data_range"], "win": win, "size_average": False}
        k = (config.get("k1", 0.01), config.get("k2", 0.03))
        return 1.0 - pytorch_msssim.ssim(x, t, K=k, **options)

    return losses


def ssim_kornia(config: dict[str, Any]) -> Losses:
    size, range_ = config.get("window_size", 11), config["data_range"]
    padding = "same" if config.get("padding") == "reflect" else "valid"

    def losses(x: Tensor, t: Tensor) -> Tensor:
        each = kornia.losses.ssim_loss(x, t, size, range_, 0.0, "none", padding)
        return each.mean((1, 2, 3)) * (1.0 if config.get("form") == "half" else 2.0)

    return losses


def halved(image: Tensor) -> Tensor:
    """The mean of the pixels that are there."""
    return F.avg_pool2d(image, 2, ceil_mode=True, count_include_pad=False)


WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def ms_ssim_loop(config: dict[str, Any]) -> Losses:
    weights = config.get("scale_weights", WEIGHTS)

    def losses(x: Tensor, t: Tensor) -> Tensor:
        product = torch.ones(x.shape[:2], dtype=torch.float64)
        for scale, weight in enumerate(weights):
            if scale:
                x, t = halved(x), halved(t)
            whole, contrast = maps(x, t, config)
            mean = (whole if scale + 1 == len(weights) else contrast).mean(2)
            # The root of 0 has an infinite slope, that of a constant none.
            product = product * torch.where(mean > 0, mean, 1.0) ** weight
            product = torch.where(mean > 0, product, 0.0)
        return 1.0 - product.mean(1)

    return losses


def ms_ssim_msssim(config: dict[str, Any]) -> Losses:
    def losses(x: Tensor, t: Tensor) -> Tensor:
        win = window_of(config).expand(x.shape[1], 1, 1, -1)
        weights = config.get("scale_weights", WEIGHTS)
        options = {"data_range": config["data_range"], "win": win, "weights": weights}
        return 1.0 - pytorch_msssim.ms_ssim(x, t, size_average=False, **options)

    return losses


def differences(image: Tensor) -> tuple[Tensor, Tensor]:
    return image[:, :, 1:] - image[:, :, :-1], image[..., 1:] - image[..., :-1]


def of_scale(terms: tuple[Tensor, Tensor], config: dict[str, Any]) -> Tensor:
    name = config.get("scale", "mean")
    return sum(getattr(term.flatten(1), name)(1) for term in terms if term.numel())


def total_variation(config: dict[str, Any]) -> Losses:
    def losses(x: Tensor, _: Tensor) -> Tensor:
        norm, scale = config.get("norm", "l1"), config.get("scale", "mean")
        if norm == "l1":
            # Of each channel.
            each = kornia.losses.total_variation(x, reduction=scale)
            return getattr(each, scale)(1)
        squares = of_scale(tuple(d**2 for d in differences(x)), config)
        return squares.sqrt() if norm == "l2" else squares

    return losses


def psnr(config: dict[str, Any]) -> Losses:
    def losses(x: Tensor, t: Tensor) -> Tensor:
        each = [kornia.losses.psnr_loss(a, b, config["data_range"]) for a, b in zip(x, t)]
        return torch.stack(each)

    return losses


def gradient_difference(config: dict[str, Any]) -> Losses:
    alpha = config.get("alpha", 1.0)

    def losses(x: Tensor, t: Tensor) -> Tensor:
        if config.get("form") == "signed":
            terms = tuple((a - b).abs() ** alpha for a, b in zip(differences(x), differences(t)))
        else:
            pairs = zip(differences(x), differences(t))
            terms = tuple((a.abs() - b.abs()).abs() ** alpha for a, b in pairs)
        return of_scale(terms, config)

    return losses


def focal_frequency(config: dict[str, Any]) -> Losses:
    """focal_frequency_loss.py of the authors (EndlessSora/focal-frequency-loss), for patch_factor 1."""

    def losses(x: Tensor, t: Tensor) -> Tensor:
        gap = torch.fft.fft2(x, norm="ortho") - torch.fft.fft2(t, norm="ortho")
        square = gap.real**2 + gap.imag**2
        weights = square.detach().sqrt() ** config.get("alpha", 1.0)
        if config.get("log_matrix"):
            weights = torch.log(weights + 1.0)
        weights = weights / weights.amax((2, 3), keepdim=True)
        weights = weights.nan_to_num(0.0).clamp(0.0, 1.0)
        return (weights * square).mean((1, 2, 3))

    return losses


def images(name: str, shape: Shape, scale: float, offset: float, noise: float) -> tuple[Tensor, Tensor]:
    """Smooth images with noise, in steps of a 64th of the range."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    y, x = np.mgrid[: shape[2], : shape[3]]
    phase = rng.uniform(0, 6, (*shape[:2], 1, 1))
    base = 0.5 + 0.3 * np.sin(0.5 * x + 0.3 * y + phase) + 0.15 * rng.standard_normal(shape)
    other = base + noise * rng.standard_normal(shape)
    return tuple(tensor(offset + scale * np.round(np.clip(i, 0, 1) * 64) / 64) for i in (base, other))


def record(
    loss: str,
    name: str,
    source: str,
    losses: Losses,
    config: dict[str, Any] | None = None,
    shape: Shape = (2, 2, 9, 8),
    method: str = "forward",
    offset: float = 0.0,
    noise: float = 0.2,
    check: Losses | None = None,
) -> dict[str, Any]:
    config = {} if config is None else config
    name = f"{loss}_{name}"
    scale = config.get("data_range", 1.0)
    x, t = images(name, shape, scale, offset, noise)
    inputs = {"prediction": x, "target": t}
    if loss == "total_variation":
        del inputs["target"]
    rng = np.random.default_rng(zlib.crc32(name.encode()) + 1)
    weights = tensor(rng.uniform(0.5, 2.0, shape[0]))
    weights[1::3] = 0.0
    if method == "forward_weighted":
        inputs["weights"] = weights
    upstream = torch.ones(1, dtype=torch.float64)
    if method == "forward_no_reduction":
        upstream = tensor(rng.uniform(-1.0, 2.0, shape[0]))

    def value(x: Tensor, t: Tensor, losses: Losses = losses) -> Tensor:
        each = losses(x, t)
        if method == "forward_no_reduction":
            return each
        if method == "forward_weighted":
            return ((each * weights).sum() / weights.sum())[None]
        return (each.sum() if config.get("reduction") == "sum" else each.mean())[None]

    leaves = [i.clone().requires_grad_() for i in (x, t)]
    got = value(*leaves)
    gradients = torch.autograd.grad((got * upstream).sum(), leaves, allow_unused=True)
    if check is not None:
        require_close(name, "the loop", value(x, t, check), got, 1e-9, 1e-12)
    compare(name, lambda x, t: (value(x, t) * upstream).sum(), (x, t), gradients, scale)
    named = zip(("prediction", "target"), gradients)
    return {
        "name": name,
        "source": source,
        "loss": loss,
        "config": config,
        "method": method,
        "inputs": {key: numbers(values) for key, values in inputs.items()},
        "shape": list(shape),
        "upstream": numbers(upstream),
        "value": numbers(got),
        "gradients": {key: numbers(g) for key, g in named if key in inputs and g is not None},
    }


def compare(
    name: str,
    value: Losses,
    inputs: tuple[Tensor, Tensor],
    gradients: tuple[Tensor | None, ...],
    scale: float,
) -> None:
    """Holds a gradient against central differences, at some pixels. (At a kink there is no slope to be found.)"""
    for which, gradient in enumerate(gradients):
        if gradient is None:
            continue
        largest = gradient.abs().max().item()
        for place in range(0, gradient.numel(), 1 + gradient.numel() // 40):
            if name.split("_")[0] in ("total", "gradient", "focal"):
                return  # Kinks, and weights without a gradient.
            step = 1e-6 * scale
            moved = []
            for sign in (1, -1):
                changed = [i.clone() for i in inputs]
                changed[which].view(-1)[place] += sign * step
                moved.append(value(*changed).item())
            expected = (moved[0] - moved[1]) / (2 * step)
            if abs(expected - gradient.view(-1)[place].item()) > 1e-5 * largest:
                raise AssertionError(f"{name}: {which} at {place}: {expected}")


EACH, WEIGHTED = "forward_no_reduction", "forward_weighted"


def check_against_msssim() -> None:
    """pytorch-msssim takes no image of less than 16 windows, which are too many numbers for a file."""
    config = {"data_range": 1.0, "window_size": 3}
    x, t = images("ms_ssim", (2, 2, 48, 64), 1.0, 0.0, 0.1)
    found = []
    for losses in (ms_ssim_loop(config), ms_ssim_msssim(config)):
        leaf = x.clone().requires_grad_()
        each = losses(leaf, t)
        found.append((each, torch.autograd.grad(each.sum(), leaf)[0]))
    for what, a, b in zip(("value", "gradient"), *found):
        require_close("ms_ssim", f"the {what} of pytorch-msssim", b, a, 1e-9, 1e-12)


def main() -> None:
    def ssim(name: str, source: str, of: Callable, config: dict[str, Any], **more: Any) -> dict[str, Any]:
        config = {"data_range": 1.0} | config
        return record("ssim", name, source, of(config), config, check=ssim_loop(config), **more)

    small = {"window_size": 3}
    write("image/ssim", [
        ssim("mean", MSSSIM, ssim_msssim, {}, shape=(1, 2, 12, 13)),
        ssim("sum", MSSSIM, ssim_msssim, {"window_size": 5, "reduction": "sum"}),
        ssim("each", MSSSIM, ssim_msssim, small | {"sigma": 0.8, "k1": 0.02, "k2": 0.1}, method=EACH),
        ssim("weighted", MSSSIM, ssim_msssim, {"window_size": 7}, method=WEIGHTED),
        ssim("range_255", MSSSIM, ssim_msssim, small | {"data_range": 255.0}),
        ssim("near", MSSSIM, ssim_msssim, small, noise=0.02),
        ssim("reflect", KORNIA, ssim_kornia, {"window_size": 7, "padding": "reflect", "form": "half"}),
        ssim("reflect_wide", KORNIA, ssim_kornia, {"padding": "reflect"}, shape=(2, 1, 6, 9), method=EACH),
        ssim("half", KORNIA, ssim_kornia, {"window_size": 5, "form": "half"}, method=WEIGHTED),
        ssim("uniform", LOOP, ssim_loop, {"window_size": 5, "window": "uniform"}),
        ssim("one_place", LOOP, ssim_loop, {"window_size": 7}, shape=(1, 2, 7, 7)),
        ssim("far_from_0", LOOP, ssim_loop, {"window_size": 5}, offset=10_000.0),
    ], "tests/goldens/generate_image.py", ALSO)

    check_against_msssim()

    def scales(name: str, config: dict[str, Any], **more: Any) -> dict[str, Any]:
        config = {"data_range": 1.0, "window_size": 3} | config
        return record("ms_ssim", name, LOOP, ms_ssim_loop(config), config, **more)

    three = {"scale_weights": [0.2, 0.3, 0.5]}
    write("image/ms_ssim", [
        scales("mean", three, shape=(2, 2, 12, 12)),
        scales("sum", three | {"reduction": "sum"}, shape=(2, 1, 16, 12)),
        scales("each", three | {"data_range": 255.0}, shape=(2, 1, 12, 12), method=EACH),
        scales("weighted", {"scale_weights": [0.4, 0.6]}, method=WEIGHTED, shape=(2, 1, 8, 8)),
        scales("odd_sides", three, shape=(1, 2, 13, 11)),
        scales("one_scale", {"scale_weights": [1.0]}),
        scales("five", {}, shape=(1, 1, 33, 34)),
        scales("far_from_0", three, shape=(1, 1, 12, 16), offset=10_000.0),
    ], "tests/goldens/generate_image.py", ALSO)

    def variation(name: str, source: str, **more: Any) -> dict[str, Any]:
        config = more.get("config")
        return record("total_variation", name, source, total_variation(config or {}), **more)

    sums, roots, squares = {"scale": "sum"}, {"norm": "l2"}, {"norm": "squared_l2"}
    write("image/total_variation", [
        variation("mean", KORNIA),
        variation("sum", KORNIA, config=sums, shape=(3, 2, 5, 4)),
        variation("weighted", KORNIA, config=sums, shape=(3, 2, 5, 4), method=WEIGHTED),
        variation("one_line", KORNIA, shape=(2, 2, 1, 7)),
        variation("l2", f"{COMPOSED} piq's l2", config=roots | sums, method=EACH),
        variation("l2_mean", f"{COMPOSED} piq's l2", config=roots),
        variation("squared", f"{COMPOSED} piq's l2_squared", config=squares | sums | {"reduction": "sum"}),
    ], "tests/goldens/generate_image.py", ALSO)

    def ratio(name: str, config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        config = {"data_range": 1.0} | (config or {})
        return record("psnr", name, KORNIA, psnr(config), config, shape=(3, 2, 5, 4), **more)

    write("image/psnr", [
        ratio("mean"),
        ratio("sum", {"data_range": 255.0, "reduction": "sum"}),
        ratio("each", method=EACH),
        ratio("weighted", {"data_range": 2.0}, method=WEIGHTED),
        ratio("near", noise=0.01),
        ratio("far_from_0", offset=10_000.0),
    ], "tests/goldens/generate_image.py", ALSO)

    def edges(name: str, config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        config = {} if config is None else config
        source = f"{COMPOSED} Mathieu et al., 2016"
        return record("gradient_difference", name, source, gradient_difference(config), config, **more)

    signed = {"form": "signed"}
    write("image/gradient_difference", [
        edges("mean"),
        edges("sum", sums | {"reduction": "sum"}, shape=(2, 1, 6, 5)),
        edges("squared", {"alpha": 2.0}, method=WEIGHTED),
        edges("signed", signed, method=EACH),
        edges("signed_squared", signed | {"alpha": 2.0} | sums, shape=(2, 3, 4, 1)),
        edges("between", {"alpha": 1.5}),
    ], "tests/goldens/generate_image.py", ALSO)

    def spectra(name: str, config: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        config = {} if config is None else config
        source = f"{COMPOSED} focal_frequency_loss.py of Jiang et al., 2021"
        return record("focal_frequency", name, source, focal_frequency(config), config, **more)

    write("image/focal_frequency", [
        spectra("mean"),
        spectra("sum", {"reduction": "sum"}, shape=(2, 1, 5, 7)),
        spectra("odd", {"alpha": 2.0}, shape=(1, 2, 6, 9), method=EACH),
        spectra("logarithms", {"log_matrix": True}, method=WEIGHTED),
        spectra("alike", {"alpha": 0.0}),
        spectra("root", {"alpha": 0.5}, shape=(1, 1, 1, 12)),
        spectra("column", {"log_matrix": True, "alpha": 2.0}, shape=(2, 1, 9, 1)),
    ], "tests/goldens/generate_image.py", ALSO)


if __name__ == "__main__":
    main()
