"""The full-size network on an accelerator, in the release's bfloat16.

    python -m benchmarks.gpu

First what the project asks for, 1,048,576 bp of REF and ALT with 50 tracks and a further
substitution of the same window, then a table by window. Every row runs in a process of its own.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.forward import cell, measured_apart
from benchmarks.machine import about_this_machine
from benchmarks.table import Row, print_table

RESULTS = Path(__file__).parent / "results" / "gpu.json"
LONGEST = 1_048_576
WINDOWS = (16_384, 131_072, 524_288, LONGEST)
COLUMNS = {
    "window": "window, bp",
    "outputs": "outputs",
    "compile_s": "compile, s",
    "pair_s": "REF + ALT, s",
    "further_s": "further, s",
    "device_gb": "peak, GB",
    "estimated_gb": "estimated, GB",
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--windows", nargs="+", type=int, default=WINDOWS, metavar="BP")
    parser.add_argument("--repeats", type=int, default=5, help="timed runs, of which the best")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file to write")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        print(json.dumps(_here(json.loads(options.here))))
        return 0
    device = measured_apart("benchmarks.gpu", {})
    if device["platform"] == "cpu":
        print(
            "JAX finds no accelerator on this machine, only its CPU; install a GPU build of JAX "
            "on a machine with a GPU, or run `python -m benchmarks.forward` for the CPU.",
            file=sys.stderr,
        )
        return 1
    about = {**about_this_machine(), "device": device["name"]}
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    rows = []
    for window in options.windows:
        request = {"window": window, "outputs": "fifty", "precision": "bfloat16"}
        rows.append(measured_apart("benchmarks.gpu", {**request, "repeats": options.repeats}))
        if window == LONGEST:
            print_table(f"{LONGEST:,} bp, 50 tracks", _asked_for(rows[-1]))
    print("\n" + "  ".join(f"{title:>13}" for title in COLUMNS.values()))
    for row in rows:
        print("  ".join(f"{cell(row[key]):>13}" for key in COLUMNS))
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({**about, "rows": rows}, indent=2))
    print(f"Written to {options.json}")
    return 0


def _asked_for(row: dict[str, Any]) -> list[Row]:
    return [
        Row("REF and ALT", row["pair_s"], "s", "at most 0.5 s on an H200"),
        Row("memory of the device", row["device_gb"], "GB", "at most 43 GB (40 GiB)"),
        Row("a further substitution", 1e3 * row["further_s"], "ms", "at most 40 ms"),
    ]


def _here(request: dict[str, Any]) -> dict[str, Any]:
    # Imported late: the process that only starts others must not hold the device.
    import jax

    if not request:
        device = jax.devices()[0]
        return {"platform": device.platform, "name": device.device_kind}
    from benchmarks.network import Bench, Request

    bench = Bench(Request(**request))
    pair_s, _ = bench.pair()
    further_s, _ = bench.further()
    return request | bench.measure() | {"pair_s": pair_s, "further_s": further_s}


if __name__ == "__main__":
    sys.exit(main())
