"""PyTorch's side of the benchmark on a GPU, eager and compiled: the workloads of `benches/gpu`, see README.md.

    python gpu.py --out torch.json [--modes eager compile] [--size full|small|tiny] [--total SECONDS] [NAME ...]

Every workload runs in a process of its own with a limit of time. One that fails leaves the others alone, and what was
measured before is written.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from splitmix import draws, spread, unit
from torch import Tensor

DRAWN = 1 << 22
WIDTH = 128
TEMPERATURE = 0.5
MARGIN = 0.2
LABELS = 64
IGNORED = 255
SMOOTH = 1e-5
WARM_UP = 3
ROUNDS = 31
SECONDS = 1.5
MARK = "BURN_LOSSES "
SIZES = ("full", "small", "tiny")
MODES = ("eager", "compile", "max-autotune")
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")

LossFunction = Callable[..., Tensor]


@dataclass(frozen=True)
class Workload:
    """A loss and its arguments: what gradients are taken of first, then the others."""

    leaves: tuple[Tensor, ...]
    rest: tuple[Any, ...]
    loss: LossFunction
    shape: tuple[int, ...]
    parameters: int = 0
    """How many leaves, the last ones, are parameters, which the model keeps."""


@dataclass
class Sizes:
    """Picks the number for the size that is measured."""

    size: str

    def __call__(self, *choices: Any) -> Any:
        return choices[SIZES.index(self.size)]


def repeated(values: np.ndarray, *shape: int) -> Tensor:
    """A tensor on the device of these values, repeated as often as it takes."""
    return torch.from_numpy(np.resize(values, shape)).to(DEVICE)


def uniform(seed: int, *shape: int, half_width: float = 4.0, dtype: Any = torch.float32) -> Tensor:
    """Uniform in `[-half_width, half_width)`; a large tensor repeats what is drawn."""
    values = spread(seed, min(DRAWN, int(np.prod(shape))), 1.0) * np.float32(half_width)
    return repeated(values, *shape).to(dtype).requires_grad_()


def indices(seed: int, count: int, number: int) -> Tensor:
    """Class indices below `number`."""
    drawn = (draws(seed, count) * np.uint64(number)) >> np.uint64(24)
    return torch.from_numpy(drawn.astype(np.int64)).to(DEVICE)


def focal_loss(x: Tensor, t: Tensor, positives: float) -> Tensor:
    """Sigmoid focal loss, torchvision's formula with alpha 0.25 and gamma 2."""
    p = torch.sigmoid(x)
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    p_t = p * t + (1 - p) * (1 - t)
    alpha_t = 0.25 * t + 0.75 * (1 - t)
    return (alpha_t * ce * (1 - p_t) ** 2).sum() / positives


def smoothed_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy with label smoothing."""
    return F.cross_entropy(logits, target, label_smoothing=0.1)


def dense_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of pixels."""
    return F.cross_entropy(logits, target, ignore_index=IGNORED)


def dice_ce_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Dice of each image and class that is there, and cross entropy, over the pixels that count."""
    counts = (target != IGNORED).unsqueeze(1)
    p = logits.softmax(1) * counts
    t = F.one_hot(target.where(counts[:, 0], 0), logits.shape[1]).movedim(-1, 1) * counts
    sizes = t.sum((2, 3))
    is_there = sizes > 0
    overlaps = 2 * (p * t).sum((2, 3)) + SMOOTH
    dice = 1 - overlaps / (p.sum((2, 3)) + sizes + SMOOTH)
    of_images = (dice * is_there).sum(1) / is_there.sum(1)
    entropy = F.cross_entropy(logits, target, ignore_index=IGNORED, reduction="none")
    of_pixels = entropy.sum((1, 2)) / counts.sum((1, 2, 3))
    return (of_images + of_pixels).mean()


def ssim_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """1 - SSIM, the moments as channels of one grouped convolution along either side."""
    planes = [image.reshape(-1, 1, *image.shape[2:]) for image in (prediction, target)]
    x, y = planes
    moments = torch.cat([x, y, x * x, y * y, x * y], 1)
    places = torch.arange(11, device=x.device, dtype=x.dtype) - 5
    window = torch.exp(-places.square() / (2 * 1.5**2))
    window = (window / window.sum()).expand(5, 1, 1, 11)
    seen = F.conv2d(F.conv2d(moments, window, groups=5), window.mT, groups=5)
    mx, my, xx, yy, xy = seen.unbind(1)
    light = (2 * mx * my + 1e-4) / (mx * mx + my * my + 1e-4)
    contrast = (2 * (xy - mx * my) + 9e-4) / (xx - mx * mx + yy - my * my + 9e-4)
    return 1 - (light * contrast).mean()


def linear_loss(hidden: Tensor, weight: Tensor, target: Tensor) -> Tensor:
    """A language model's last layer and its loss, in f32 from the logits on, as is the custom."""
    return F.cross_entropy(F.linear(hidden, weight).float(), target)


def ntxent_loss(first: Tensor, second: Tensor, partners: Tensor) -> Tensor:
    """NT-Xent as a cross entropy over the matrix of similarities, each view's own left out."""
    views = F.normalize(torch.cat([first, second]), dim=1)
    logits = views @ views.T / TEMPERATURE
    itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
    return F.cross_entropy(logits.masked_fill(itself, float("-inf")), partners)


def clip_loss(images: Tensor, texts: Tensor, own: Tensor) -> Tensor:
    """CLIP's loss in both directions."""
    logits = F.normalize(images, dim=1) @ F.normalize(texts, dim=1).T / TEMPERATURE
    return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


def distances(rows: Tensor) -> Tensor:
    """Euclidean distances of the rows at norm 1."""
    rows = F.normalize(rows, dim=1)
    return (2 - 2 * rows @ rows.T).clamp_min(1e-12).sqrt()


def batch_hard_loss(rows: Tensor, labels: Tensor) -> Tensor:
    """The farthest positive and the nearest negative of each embedding."""
    between = distances(rows)
    alike = labels[:, None] == labels[None]
    farthest = between.masked_fill(~alike, float("-inf")).amax(1)
    nearest = between.masked_fill(alike, float("inf")).amin(1)
    return F.relu(farthest - nearest + MARGIN).mean()


def batch_all_loss(rows: Tensor, positives: Tensor, negatives: Tensor) -> Tensor:
    """All triplets at once; of each label there are as many embeddings."""
    between = distances(rows)
    near = between.gather(1, positives)[:, :, None]
    far = between.gather(1, negatives)[:, None]
    return F.relu(near - far + MARGIN).mean()


def focal(sizes: Sizes) -> Workload:
    shape = (sizes(120_000, 12_000, 120), 80)
    target = (unit(2, shape[0] * shape[1]) < 0.01).astype(np.float32)
    positives = float(target.sum())
    return Workload((uniform(1, *shape),), (repeated(target, *shape), positives), focal_loss, shape)


def mse(sizes: Sizes) -> Workload:
    shape = (sizes(4000, 400, 4), 1000)
    return Workload((uniform(1, *shape),), (uniform(2, *shape).detach(),), F.mse_loss, shape)


def smoothed(rows: int, classes: int, dtype: Any = torch.float32) -> Workload:
    logits = uniform(1, rows, classes, dtype=dtype)
    return Workload((logits,), (indices(2, rows, classes),), smoothed_loss, (rows, classes))


def dense(sizes: Sizes) -> Workload:
    images, count, side = sizes(8, 2, 1), 21, sizes(512, 64, 9)
    drawn = draws(2, images * side * side)
    target = np.where(drawn < (1 << 24) // 20, IGNORED, drawn % np.uint64(count)).astype(np.int64)
    shape = (images, count, side, side)
    return Workload(
        (uniform(1, *shape),), (repeated(target, images, side, side),), dense_loss, shape
    )


def dice_ce(sizes: Sizes) -> Workload:
    work = dense(sizes)
    return Workload(work.leaves, work.rest, dice_ce_loss, work.shape)


def ssim(sizes: Sizes) -> Workload:
    side = sizes(512, 96, 19)
    shape = (sizes(8, 2, 1), 3, side, side)
    images = [uniform(seed, *shape, half_width=0.5) for seed in (1, 2)]
    return Workload((images[0],), (images[1].detach(),), ssim_loss, shape)


def linear(sizes: Sizes, dtype: Any = torch.float32) -> Workload:
    tokens, width, vocabulary = sizes((8192, 2048, 128_256), (128, 128, 4000), (33, 64, 300))
    hidden = uniform(1, tokens, width, half_width=1.0, dtype=dtype)
    half_width = 3.0 / np.sqrt(width)
    weight = uniform(3, vocabulary, width, half_width=half_width, dtype=dtype)
    target = indices(2, tokens, vocabulary)
    shape = (tokens, width, vocabulary)
    return Workload((hidden, weight), (target,), linear_loss, shape, parameters=1)


def embeddings(seed: int, count: int) -> Tensor:
    """Uniform in `[-1, 1)`."""
    return uniform(seed, count, WIDTH, half_width=1.0)


def ntxent(views: int) -> Workload:
    images = views // 2
    partners = torch.arange(2 * images, device=DEVICE).roll(images)
    both = (embeddings(1, images), embeddings(2, images))
    return Workload(both, (partners,), ntxent_loss, (views, WIDTH))


def clip(count: int) -> Workload:
    both = (embeddings(1, count), embeddings(2, count))
    return Workload(both, (torch.arange(count, device=DEVICE),), clip_loss, (2, count, WIDTH))


def batch_hard(count: int) -> Workload:
    labels = torch.arange(count, device=DEVICE) % LABELS
    return Workload((embeddings(1, count),), (labels,), batch_hard_loss, (count, WIDTH))


def batch_all(count: int) -> Workload:
    labels = np.arange(count) % LABELS
    others = ~np.eye(count, dtype=bool)
    alike = labels[:, None] == labels[None]
    lists = [np.nonzero(mask)[1].reshape(count, -1) for mask in (alike & others, ~alike)]
    lists = tuple(torch.from_numpy(found).to(DEVICE) for found in lists)
    return Workload((embeddings(1, count),), lists, batch_all_loss, (count, WIDTH))


WORKLOADS: dict[str, Callable[[Sizes], Workload]] = {
    "focal": focal,
    "mse": mse,
    "ce_ls": lambda s: smoothed(*s((4096, 1000), (512, 1000), (41, 100))),
    "ce_big": lambda s: smoothed(*s((4096, 128_256), (16, 128_256), (5, 3000))),
    "ce_big_bf16": lambda s: smoothed(
        *s((4096, 128_256), (16, 128_256), (5, 3000)), torch.bfloat16
    ),
    "dense": dense,
    "dice_ce": dice_ce,
    "ssim": ssim,
    "ntxent_32768": lambda s: ntxent(s(32_768, 1024, 150)),
    "linear_ce": linear,
    "linear_ce_bf16": lambda s: linear(s, torch.bfloat16),
    "ntxent": lambda s: ntxent(s(4096, 512, 150)),
    "clip": lambda s: clip(s(4096, 512, 150)),
    "batch_hard": lambda s: batch_hard(s(8192, 512, 130)),
    "batch_all": lambda s: batch_all(s(1024, 192, 128)),
}


def sync() -> None:
    """Waits for the device."""
    if CUDA:
        torch.cuda.synchronize()


def ready(work: Workload) -> list[Tensor]:
    """The leaves as the loss gets them: what a model computed as a copy that nobody else holds."""
    for leaf in work.leaves:
        leaf.grad = None
    computed = len(work.leaves) - work.parameters
    handed_over = [
        leaf.clone() if place < computed else leaf for place, leaf in enumerate(work.leaves)
    ]
    sync()
    return handed_over


def run_pass(work: Workload, loss_of: LossFunction, handed_over: list[Tensor]) -> Tensor:
    """Forward and backward, until the device is done; the loss."""
    loss = loss_of(*handed_over, *work.rest)
    handed_over.clear()
    loss.backward()
    sync()
    return loss.detach()


def one_pass(work: Workload, loss_of: LossFunction) -> tuple[float, Tensor]:
    """Milliseconds of a pass, and the loss."""
    handed_over = ready(work)
    start = time.perf_counter()
    loss = run_pass(work, loss_of, handed_over)
    return 1e3 * (time.perf_counter() - start), loss


def kernels_of(work: Workload, loss_of: LossFunction) -> list[tuple[str, float]]:
    """Names and milliseconds of what a pass runs on the device, by PyTorch's profiler."""
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    handed_over = ready(work)
    with torch.profiler.profile(activities=activities) as profile:
        run_pass(work, loss_of, handed_over)
    on_device = torch.autograd.DeviceType.CUDA
    return [
        (event.name[:120], event.device_time_total / 1e3)
        for event in profile.events()
        if event.device_type == on_device
    ]


def peak_mb(work: Workload, loss_of: LossFunction) -> float | None:
    """The most memory beyond the inputs."""
    if not CUDA:
        return None
    handed_over = ready(work)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run_pass(work, loss_of, handed_over)
    return (torch.cuda.max_memory_allocated() - before) / 1e6


def measured(work: Workload, mode: str, size: str, known: Callable[[dict[str, Any]], None]) -> None:
    """Measures a workload in a mode; says what is known after each step."""
    row: dict[str, Any] = {"mode": mode, "shape": list(work.shape)}
    row["dtype"] = str(work.leaves[0].dtype).removeprefix("torch.")
    loss_of = work.loss
    if mode == "compile":
        loss_of = torch.compile(work.loss, dynamic=False)
    elif mode == "max-autotune":
        loss_of = torch.compile(work.loss, dynamic=False, mode="max-autotune-no-cudagraphs")
    start = time.perf_counter()
    _, loss = one_pass(work, loss_of)
    row["first_s"] = time.perf_counter() - start
    row["loss"] = loss.item()
    gradients = [leaf.grad for leaf in work.leaves if leaf.grad is not None]
    row["grad_sum_abs"] = sum(g.abs().sum(dtype=torch.float64).item() for g in gradients)
    del gradients
    for _ in range(1 if size == "tiny" else WARM_UP):
        one_pass(work, loss_of)
    row["ms"] = one_pass(work, loss_of)[0]
    known(row)
    row["peak_mb"] = peak_mb(work, loss_of)
    samples: list[float] = []
    until = time.perf_counter() + SECONDS
    most = 1 if size == "tiny" else ROUNDS
    while len(samples) < most and (not samples or time.perf_counter() < until):
        samples.append(one_pass(work, loss_of)[0])
    row["ms"] = median(samples)
    known(row)
    if CUDA:
        # The profiler starts up in the first.
        kernels_of(work, loss_of)
        kernels = kernels_of(work, loss_of)
        row["kernel_ms"] = sum(milliseconds for _, milliseconds in kernels)
        row["launches"] = len(kernels)
        row["kernels"] = kernels
        known(row)


def floor(size: str) -> dict[str, Any]:
    """How fast the device copies and multiplies, through PyTorch."""
    sizes = Sizes(size)

    def timed(operation: Callable[[], Tensor]) -> float:
        samples = []
        for _ in range(10):
            if CUDA:
                start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                start.record()
                operation()
                end.record()
                sync()
                samples.append(start.elapsed_time(end))
            else:
                begin = time.perf_counter()
                operation()
                samples.append(1e3 * (time.perf_counter() - begin))
        return median(samples[3:])

    x = torch.rand(sizes(1 << 17, 1 << 12, 1 << 8), 2048, device=DEVICE)
    result: dict[str, Any] = {"copy_gb_s": 8.0 * x.numel() / timed(lambda: x + 1) * 1e-6}
    side = sizes(4096, 512, 64)
    a, b = (torch.rand(side, side, device=DEVICE) * 2 - 1 for _ in range(2))
    result["product_f32_tflops"] = 2 * side**3 / timed(lambda: a @ b) * 1e-9
    a, b = a.bfloat16(), b.bfloat16()
    result["product_bf16_tflops"] = 2 * side**3 / timed(lambda: a @ b) * 1e-9
    return result


def answer(what: str, modes: list[str], size: str) -> None:
    """What a process of its own does."""
    # f32 is f32: products of it are not rounded to TF32.
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False

    def tell(result: dict[str, Any]) -> None:
        print(MARK + json.dumps(result), flush=True)

    if what == "floor":
        tell(floor(size))
        return
    work = WORKLOADS[what](Sizes(size))
    for mode in modes:
        try:
            measured(work, mode, size, tell)
        except Exception as error:  # the next mode may do better
            tell({"mode": mode, "error": f"{type(error).__name__}: {str(error)[:300]}"})


def ask(what: str, modes: list[str], size: str, limit: float) -> list[dict[str, Any]]:
    """What a process of its own says: the last word of each mode, with the reason where one is missing."""
    command = [sys.executable, __file__, "--one", what, "--modes", *modes, "--size", size]
    error, output = None, ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        output = done.stdout
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or ["no message"]
            error = f"failed with status {done.returncode}: {last[0][:300]}"
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace")
        error = f"ended after {limit:.0f} s"
    lines = [line for line in output.splitlines() if line.startswith(MARK)]
    answers = [json.loads(line.removeprefix(MARK)) for line in lines]
    if what == "floor":
        return answers or [{"error": error}]
    rows = {mode: {"workload": what, "mode": mode} for mode in modes}
    for told in answers:
        rows[told["mode"]] |= told
    if error:
        # The mode that was measured when it ended, and those that were to follow.
        begun = [mode for mode in modes if len(rows[mode]) > 2] or modes[:1]
        for mode in modes[modes.index(begun[-1]) :]:
            rows[mode].setdefault("error", error)
    return list(rows.values())


def describe() -> dict[str, Any]:
    """The device and the settings."""
    return {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if CUDA else "cpu",
        "allow_tf32": False,
    }


def run(options: argparse.Namespace) -> None:
    """Measures, and writes after each step."""
    until = time.monotonic() + options.total
    size = options.size or ("full" if CUDA else "small")
    report: dict[str, Any] = {"settings": describe() | {"size": size}, "rows": []}
    report["floor"] = ask("floor", ["eager"], size, options.limit)[0]
    print(json.dumps(report["settings"]), json.dumps(report["floor"]), flush=True)
    for name in options.names or WORKLOADS:
        left = until - time.monotonic()
        if left <= 0:
            missing = {"workload": name, "error": "no time left"}
            rows = [missing | {"mode": mode} for mode in options.modes]
        else:
            rows = ask(name, options.modes, size, min(left, options.limit))
        for row in rows:
            report["rows"].append(row)
            shown = {key: row[key] for key in ("ms", "kernel_ms", "peak_mb", "error") if key in row}
            print(f"{name:<15} {row['mode']:<8} {json.dumps(shown)}", flush=True)
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(report, indent=1) + "\n")


def main() -> int:
    """Parses the command line; the exit status."""
    parser = argparse.ArgumentParser(description="Times PyTorch's losses on a GPU.")
    parser.add_argument("names", nargs="*", help="workloads (default: all)")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=["eager", "compile"])
    parser.add_argument("--size", choices=SIZES, help="default: full on a GPU, else small")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one (default 60)")
    parser.add_argument("--total", type=float, default=3600.0, help="seconds for all")
    parser.add_argument("--out", type=Path, default=Path("torch.json"), help="the results")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in WORKLOADS]:
        parser.error(f"unknown workloads {', '.join(unknown)}; there are {', '.join(WORKLOADS)}")
    if options.one:
        answer(options.one, options.modes, options.size or "full")
    else:
        run(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
