"""Size of the front-end bundle: what a first visit loads, and what is loaded on demand."""

import gzip
import re
from pathlib import Path

from benchmarks.table import Row

DIST = Path(__file__).parent.parent / "frontend" / "dist"


def measure() -> list[Row]:
    """Sums the files that index.html names (the shell), and those that come later."""
    index = (DIST / "index.html").read_text()
    named = set(re.findall(r"/static/(assets/[^\"']+)", index))
    shell = lazy = igv = 0
    for path in sorted((DIST / "assets").iterdir()):
        if path.suffix not in {".js", ".css"}:
            continue
        size = len(gzip.compress(path.read_bytes(), 6))
        if f"assets/{path.name}" in named:
            shell += size
        elif "igv" in path.name:
            igv += size
        else:
            lazy += size
    return [
        Row("shell (first visit), gzip", shell / 1000, "kB", "at most 200 kB"),
        Row("igv, loaded with the first view, gzip", igv / 1000, "kB"),
        Row("other parts loaded on demand, gzip", lazy / 1000, "kB"),
    ]
