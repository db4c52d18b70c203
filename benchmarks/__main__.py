"""Runs every benchmark, prints tables, writes benchmarks/results/latest.json.

Times depend on the machine and on what else it does: read them as ratios within one run. The
full-size network has commands of its own, which take longer: `python -m benchmarks.forward`, and
`python -m benchmarks.gpu` for an accelerator.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import (
    bundle,
    click,
    flops,
    mutagenesis,
    prediction,
    scoring,
    signal_endpoint,
    simulator,
)
from benchmarks.machine import about_this_machine
from benchmarks.table import Row, print_table

RESULTS = Path(__file__).parent / "results" / "latest.json"

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "REF/ALT pair of the demo model, all eleven outputs": prediction.measure,
    "Scores of variants, all recommended scorers": scoring.measure,
    "In-silico mutagenesis of 24 bp, 16,384-bp window": mutagenesis.measure,
    "FLOPs of the full-size network, counted": flops.measure,
    "Simulator of the demo world": simulator.measure,
    "From click to tracks, in a browser": click.measure,
    "Signal endpoint": signal_endpoint.measure,
    "Front-end bundle": bundle.measure,
}


def main(wanted: list[str]) -> None:
    report = about_this_machine()
    print(f"{report['machine']}, load {report['load']}")
    for title, measure in BENCHMARKS.items():
        if wanted and not any(word.lower() in title.lower() for word in wanted):
            continue
        rows = measure()
        print_table(title, rows)
        report[title] = [asdict(row) for row in rows]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2))
    print(f"\nWritten to {RESULTS.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main(sys.argv[1:])
