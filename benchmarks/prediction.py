"""Seconds per REF/ALT pair of the demo model, all outputs, after compilation."""

import os
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from benchmarks.table import Row
from predictor.engines.registry import open_engine
from predictor.genome.reference import Reference
from predictor.simulator.genome import write_assembly

REPEATS = 7


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, ALLELENS_HOME=folder):
        genomes = Path(folder) / "genomes"
        write_assembly(genomes)
        return _measure(Reference(genomes / "demoH1" / "genome.fa", assembly="demoH1"))


def _measure(genome: Reference) -> list[Row]:
    engine = open_engine("demo")
    rows = []
    for window in (4096, 16384, 32768):
        interval = Interval("demo1", 100_000, 100_000 + window)
        middle = interval.start + window // 2
        seconds = []
        for repeat in range(REPEATS + 1):
            place = Interval("demo1", middle + repeat, middle + repeat + 1)
            base = genome.sequence(place)
            variant = Variant("demo1", place.end, base, "A" if base != "A" else "C")
            begin = time.perf_counter()
            engine.predict_variant(
                interval,
                variant,
                organism=Organism.HOMO_SAPIENS,
                requested_outputs=list(OutputType),
                ontology_terms=None,
            )
            seconds.append(time.perf_counter() - begin)
        aim = {16384: "at most 0.1 s (network alone)"}.get(window, "")
        rows.append(
            Row(f"{window:,} bp, first call (compiles)", seconds[0], "s"),
        )
        rows.append(
            Row(f"{window:,} bp, median of {REPEATS}", statistics.median(seconds[1:]), "s", aim)
        )
    return rows
