"""One pass of the full-size network: time, processor time and memory by kind of request.

    python -m benchmarks.forward --windows 4096 16384 --outputs five --precisions bfloat16
    python -m benchmarks.forward --windows 131072 --outputs five --further

Every row is measured in a process of its own, so that its peak of memory is its own. With
`--further`, also a further substitution in a window whose REF is known, read through 501 bp, as a
share of two passes. Needs up to 8 GB of memory and, with all rows, tens of minutes; nothing else
should run meanwhile.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.machine import about_this_machine

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "forward.json"
WINDOWS = (4_096, 16_384, 65_536, 131_072)
OUTPUTS = ["all", "five"]
PRECISIONS = ["float32", "bfloat16"]
COLUMNS = {
    "window": "window, bp",
    "outputs": "outputs",
    "precision": "precision",
    "compile_s": "compile, s",
    "wall_s": "wall, s",
    "cpu_s": "CPU, s",
    "peak_gb": "peak, GB",
    "process_gb": "with load, GB",
    "estimated_gb": "estimated, GB",
    "sites": "splice sites",
}
FURTHER_COLUMNS = {
    "further_s": "further, s",
    "further_cpu_s": "its CPU, s",
    "further_share": "of two passes",
}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.forward",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--windows", nargs="+", type=int, default=WINDOWS, metavar="BP")
    parser.add_argument("--outputs", nargs="+", choices=OUTPUTS, default=OUTPUTS)
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    parser.add_argument("--repeats", type=int, default=2, help="timed runs, of which the best")
    parser.add_argument("--further", action="store_true", help="also a further substitution")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file to write")
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.here:
        print(json.dumps(_here(json.loads(options.here))))
        return
    columns = COLUMNS | (FURTHER_COLUMNS if options.further else {})
    about = about_this_machine()
    print(", ".join(f"{key} {value}" for key, value in about.items()))
    print("  ".join(f"{title:>13}" for title in columns.values()))
    rows = []
    for window, outputs, precision in product(options.windows, options.outputs, options.precisions):
        request = {"window": window, "outputs": outputs, "precision": precision}
        more = {"repeats": options.repeats, "further": options.further}
        rows.append(measured_apart("benchmarks.forward", request | more))
        print("  ".join(f"{cell(rows[-1][key]):>13}" for key in columns), flush=True)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**about, "rows": rows}, indent=2))
    print(f"Written to {options.json}")


def measured_apart(module: str, request: dict[str, Any]) -> dict[str, Any]:
    """Runs `module --here REQUEST` in a process of its own and reads its last line."""
    command = [sys.executable, "-m", module, "--here", json.dumps(request)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def cell(value: Any) -> str:
    """A number or a word of a table."""
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _here(request: dict[str, Any]) -> dict[str, Any]:
    # Imported late: the process that only starts others needs no JAX.
    from benchmarks.network import Bench, Request

    return request | Bench(Request(**request)).measure()


if __name__ == "__main__":
    main()
