"""Times burn-losses against PyTorch, eager and compiled, in alternating rounds.

    python benches/peers/run.py [--bench softmax] [--workloads mse ...] [--rounds N] [--skip-compile]

Both sides answer the protocol of README.md. Values are compared before anything is timed, medians
and ratios are printed and every sample goes to `target/bench/peers_<bench>.json`.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
import venv
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
REPORTS = ROOT / "target" / "bench"
PEERS_VENV = ROOT / "target" / "peers-venv"
OURS = "cargo bench --bench {bench} -- --serve"

BENCHES = {
    "pointwise": ("focal", "mse", "smooth_l1"),
    "softmax": ("ce_ls", "ce_big", "softmax_focal", "linear_ce"),
    "dense": ("ciou", "dice_ce", "lovasz", "ssim"),
    "contrastive": ("ntxent", "clip", "batch_all", "batch_hard", "batch_hard_8192"),
}
SETTINGS = ("kept", "in_place")
CHECKED = ("loss", "grad_sum_abs")
THREADS = "2"
TOLERANCE = 1e-4
PAUSE_S = 0.02

IMPORTS = (
    "import json, numpy, torch, torchvision; "
    "print(json.dumps({m.__name__: m.__version__ for m in (numpy, torch, torchvision)}))"
)


class PeerError(Exception):
    """Something the user can read and act on."""


class Server:
    """A process that answers one JSON object a line."""

    def __init__(self, name: str, command: list[str]) -> None:
        threads = {"RAYON_NUM_THREADS": THREADS, "OMP_NUM_THREADS": THREADS}
        self.name = name
        try:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | threads,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise PeerError(f"cannot start {name}, `{shlex.join(command)}`: {error}") from error

    def ask(self, request: dict[str, Any], fields: tuple[str, ...]) -> tuple[float, ...]:
        """Sends a request and waits for the fields of its answer."""
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            code = self.process.wait()
            raise PeerError(f"{self.name} ended with status {code}, its messages are above")
        try:
            answer = json.loads(line)
            if "error" in answer:
                raise PeerError(f"{self.name} cannot answer {request}: {answer['error']}")
            return tuple(float(answer[field]) for field in fields)
        except (ValueError, TypeError, KeyError) as error:
            expected = " and ".join(fields)
            raise PeerError(f"{self.name} answered {line!r} where {expected} was due") from error

    def close(self) -> None:
        """Ends the process: both sides stop when their input does."""
        try:
            self.process.communicate(timeout=5.0)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Contestant:
    """A server in one mode; `mode` is None for the Rust side, which has one."""

    name: str
    server: Server
    mode: str | None = None

    def request(self, workload: str, setting: str) -> dict[str, Any]:
        """What to ask of the server, its mode included."""
        request = {"workload": workload, "setting": setting}
        return request if self.mode is None else request | {"mode": self.mode}

    def check(self, workload: str, setting: str) -> dict[str, float]:
        """What this contestant computes, in two numbers."""
        request = self.request(workload, setting) | {"check": True}
        return dict(zip(CHECKED, self.server.ask(request, CHECKED), strict=True))

    def time(self, workload: str, setting: str) -> float:
        """Milliseconds of the second of two iterations.

        The pause lets the other process' threads go to sleep, the first iteration wakes this one's.
        """
        time.sleep(PAUSE_S)
        request = self.request(workload, setting)
        self.server.ask(request, ("ms",))
        return self.server.ask(request, ("ms",))[0]


def versions(python: str) -> dict[str, str] | None:
    """What `python` imports, None where a package is missing."""
    result = subprocess.run([python, "-c", IMPORTS], capture_output=True, text=True, check=False)
    return json.loads(result.stdout) if result.returncode == 0 else None


def python_with_torch() -> tuple[str, dict[str, str]]:
    """An interpreter that imports torch: this one, else that of `target/peers-venv`."""
    own = str(PEERS_VENV / ("Scripts" if os.name == "nt" else "bin") / "python")
    for python in (sys.executable, own):
        if Path(python).exists() and (found := versions(python)):
            return python, found
    print(f"installing PyTorch into {PEERS_VENV}", file=sys.stderr)
    venv.create(PEERS_VENV, with_pip=True)
    install = [own, "-m", "pip", "install", "--quiet", "-r", str(HERE / "requirements.txt")]
    if subprocess.run(install, check=False).returncode != 0:
        raise PeerError("pip could not install benches/peers/requirements.txt, see above")
    if not (found := versions(own)):
        raise PeerError(f"torch is installed in {PEERS_VENV} but does not import")
    return own, found


def check(contestants: list[Contestant], workload: str, setting: str) -> None:
    """Refuses to time contestants that compute different things."""
    first, *others = contestants
    expected = first.check(workload, setting)
    for other in others:
        got = other.check(workload, setting)
        for name in CHECKED:
            a, b = expected[name], got[name]
            if not abs(a - b) <= TOLERANCE * max(abs(a), abs(b)):
                raise PeerError(
                    f"{workload}, {setting}: {name} is {a} by {first.name}, {b} by {other.name}"
                )


def measure(
    contestants: list[Contestant], workload: str, setting: str, rounds: int
) -> dict[str, list[float]]:
    """Samples in milliseconds; who goes first moves on with every round."""
    samples: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        start = number % len(contestants)
        for contestant in contestants[start:] + contestants[:start]:
            samples[contestant.name].append(contestant.time(workload, setting))
    return samples


def summarise(workload: str, setting: str, samples: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, and the ratios of ours to each peer's."""
    medians = {name: median(values) for name, values in samples.items()}
    ratios = {name: medians["ours"] / ms for name, ms in medians.items() if name != "ours"}
    return {
        "workload": workload,
        "setting": setting,
        "median_ms": medians,
        "ours_over": ratios,
        "samples_ms": samples,
    }


def table(results: list[dict[str, Any]]) -> str:
    """The results as aligned columns."""
    names = list(results[0]["median_ms"])
    rows = [
        ["workload", "setting", *(f"{name} ms" for name in names)]
        + [f"ours/{name}" for name in names if name != "ours"]
    ]
    rows += [
        [result["workload"], result["setting"]]
        + [f"{ms:.2f}" for ms in result["median_ms"].values()]
        + [f"{ratio:.3f}" for ratio in result["ours_over"].values()]
        for result in results
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def chosen(bench: str | None, names: list[str] | None) -> dict[str, list[str]]:
    """The workloads to run of each bench: those named, else all."""
    of = {name: own for own, workloads in BENCHES.items() for name in workloads}
    picked: dict[str, list[str]] = {}
    for name in names or of:
        if bench in (None, of[name]):
            picked.setdefault(of[name], []).append(name)
        elif names:
            raise PeerError(f"{name} is a workload of {of[name]}, not of {bench}")
    return picked


def compare(
    bench: str, workloads: list[str], torch_python: str, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Checks and times workloads of one bench."""
    with ExitStack() as stack:
        ours = Server("burn-losses", shlex.split(options.ours.replace("{bench}", bench)))
        stack.callback(ours.close)
        torch = Server("PyTorch", [torch_python, str(HERE / f"{bench}.py")])
        stack.callback(torch.close)
        contestants = [Contestant("ours", ours), Contestant("eager", torch, "eager")]
        if not options.skip_compile:
            contestants.append(Contestant("compile", torch, "compile"))
        results = []
        for workload in workloads:
            for setting in SETTINGS:
                print(f"{workload}, {setting}", file=sys.stderr)
                check(contestants, workload, setting)
                samples = measure(contestants, workload, setting, options.rounds)
                results.append(summarise(workload, setting, samples))
    return results


def run(options: argparse.Namespace) -> None:
    """Compares, prints and writes, bench after bench."""
    picked = chosen(options.bench, options.workloads)
    python, found = python_with_torch()
    REPORTS.mkdir(parents=True, exist_ok=True)
    for bench, workloads in picked.items():
        results = compare(bench, workloads, python, options)
        print(table(results))
        report = {"rounds": options.rounds, "threads": int(THREADS), "versions": found}
        path = REPORTS / f"peers_{bench}.json"
        path.write_text(json.dumps(report | {"results": results}, indent=1) + "\n")
        print(f"written to {path.relative_to(ROOT)}")


def rounds(text: str) -> int:
    """A number of rounds, at least one."""
    if (count := int(text)) < 1:
        raise argparse.ArgumentTypeError("at least one round is needed")
    return count


def main() -> int:
    """Parses the command line; the exit status."""
    parser = argparse.ArgumentParser(description="Times burn-losses against PyTorch.")
    parser.add_argument("--rounds", type=rounds, default=30, help="timed rounds (default 30)")
    parser.add_argument("--bench", choices=BENCHES, help="one bench (default: all)")
    names = [name for workloads in BENCHES.values() for name in workloads]
    parser.add_argument("--workloads", nargs="+", choices=names, help="only these (default: all)")
    parser.add_argument("--skip-compile", action="store_true", help="leave torch.compile out")
    parser.add_argument("--ours", default=OURS, help=f"the command of our server (`{OURS}`)")
    try:
        run(parser.parse_args())
    except PeerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
