"""One table of what `benches/gpu_compare.sh run` measured: ours on each runtime beside PyTorch, each against the floor.

    python gpu_table.py results

The folder has `torch.json` and a file for each runtime, as far as they came. Writes `table.json` there.
"""

import json
import sys
from pathlib import Path
from typing import Any

COLUMNS = (
    ("workload", "<15"),
    ("by", "<16"),
    ("wait ms", ">9"),
    ("kernel ms", ">9"),
    ("floor ms", ">9"),
    ("share", ">6"),
    ("launches", ">8"),
    ("peak MB", ">9"),
    ("/compile", ">8"),
    ("loss", ">12"),
    ("note", "<"),
)


def read(path: Path) -> Any:
    """What a file holds, None where there is no such file or it was not finished."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return None


def merged(rows: list[dict[str, Any]], later: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the fused path alone, with what a later run of both paths found."""
    by_name = {row["workload"]: row for row in later}
    return [
        row | {key: value for key, value in by_name.get(row["workload"], {}).items() if value}
        for row in rows
    ]


def ours(rows: list[dict[str, Any]], runtime: str) -> list[dict[str, Any]]:
    """Our two paths of each workload."""
    found = []
    for row in rows:
        for path in ("fused", "composed"):
            found.append(
                {
                    "workload": row["workload"],
                    "by": f"{runtime} {path}",
                    "wait ms": row.get(f"ms_{path}"),
                    "kernel ms": row.get(f"kernel_ms_{path}"),
                    "launches": row.get(f"launches_{path}"),
                    "peak MB": row.get(f"peak_mb_{path}"),
                    "loss": row.get(f"loss_{path}"),
                    "note": row.get("error"),
                }
            )
    return found


def theirs(report: dict[str, Any]) -> list[dict[str, Any]]:
    """PyTorch's modes of each workload."""
    return [
        {
            "workload": row["workload"],
            "by": f"torch {row['mode']}",
            "wait ms": row.get("ms"),
            "kernel ms": row.get("kernel_ms"),
            "launches": row.get("launches"),
            "peak MB": row.get("peak_mb"),
            "loss": row.get("loss"),
            "note": row.get("error"),
        }
        for row in report["rows"]
    ]


def best(floors: list[dict[str, Any]], field: str) -> float | None:
    """The best rate that anyone measured: the floor is the same for all."""
    rates = [floor[field] for floor in floors if floor.get(field)]
    return max(rates, default=None)


def floor_ms(row: dict[str, Any], floors: list[dict[str, Any]]) -> float | None:
    """The least time of a workload, from the row of one of our runtimes."""
    is_half = row.get("dtype") == "BF16"
    copy = best(floors, "copy_gb_s")
    product = best(floors, "product_bf16_tflops" if is_half else "product_f32_tflops")
    if not copy or not product or not row.get("least_bytes"):
        return None
    return max(row["least_bytes"] / copy * 1e-6, row["least_operations"] / product * 1e-9)


def shown(value: Any, form: str) -> str:
    """A cell, a dash where nothing is known."""
    if value is None:
        value = "" if form == "<" else "-"
    elif isinstance(value, float):
        value = f"{value:.4g}"
    return f"{str(value):{form}}"


def main() -> int:
    """Reads, prints and writes; the exit status."""
    folder = Path(sys.argv[1])
    torch = read(folder / "torch.json")
    names = [path for path in sorted(folder.glob("*.json")) if path.stem not in ("torch", "table")]
    files = {path.stem: rows for path in names if (rows := read(path))}
    runtimes = {
        name: merged(rows, files.get(f"{name}_both", []))
        for name, rows in files.items()
        if not name.endswith("_both")
    }
    rows = [row for name, own in runtimes.items() for row in ours(own, name)]
    floors = [row["floor"] for own in runtimes.values() for row in own if row.get("floor")]
    if torch:
        rows += theirs(torch)
        floors.append(torch["floor"])
        print(json.dumps(torch["settings"]))
        print("torch floor", json.dumps(torch["floor"]))
    for name, own in runtimes.items():
        print(name, "floor", json.dumps(next((r["floor"] for r in own if r.get("floor")), None)))
    least: dict[str, float | None] = {}
    for own in runtimes.values():
        for row in own:
            least[row["workload"]] = floor_ms(row, floors) or least.get(row["workload"])
    compiled = {row["workload"]: row for row in rows if row["by"] == "torch compile"}
    order = {name: place for place, name in enumerate(dict.fromkeys(r["workload"] for r in rows))}
    rows.sort(key=lambda row: order[row["workload"]])
    for row in rows:
        floor = row["floor ms"] = least.get(row["workload"])
        # The wait has the host's work and the launches in it; kernels alone, where both are known.
        time = row["kernel ms"] or row["wait ms"]
        row["share"] = floor / time if floor and time else None
        peer = compiled.get(row["workload"], {})
        field = "kernel ms" if row["kernel ms"] and peer.get("kernel ms") else "wait ms"
        if row[field] and peer.get(field):
            row["/compile"] = row[field] / peer[field]
    print("  ".join(f"{name:{form}}" for name, form in COLUMNS))
    previous = None
    for row in rows:
        if previous not in (None, row["workload"]):
            print()
        previous = row["workload"]
        print("  ".join(shown(row.get(name), form) for name, form in COLUMNS).rstrip())
    print(
        "wait: until the device is done, the host's work included. kernel: the sum of the kernels' own time."
        "\nshare: floor / kernel, or floor / wait where the device says nothing. The floor takes the best rates of any."
    )
    (folder / "table.json").write_text(json.dumps({"floors": floors, "rows": rows}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
