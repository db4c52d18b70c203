"""A window with genes and random tracks of every output type, on the host."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.genome.gene import Gene, Transcript
from predictor.genome.gene_annotation import Annotation
from predictor.scoring.scorers import recommended_variant_scorers
from predictor.scoring.site import VariantSite, variant_site
from predictor.scoring.splice_junction import JunctionCounts
from predictor.scoring.variant_scores import score_variant
from predictor.tracks.catalogue import TrackTable
from predictor.tracks.output_types import OUTPUTS

WIDTH = 4_096
INTERVAL = Interval("demo1", 10_000, 10_000 + WIDTH)
STRANDS = ("+", "-", ".", "+", "-")
SITES = 12


def gene(name: str, start: int, end: int, strand: str, exons, **changes) -> Gene:
    """A gene with one transcript."""
    transcript = Transcript(f"{name}-T", start, end, tuple(exons), ())
    made = Gene(f"{name}.1", name, "demo1", start, end, strand, "protein_coding", (transcript,))
    return replace(made, **changes)


GENES = (
    gene("D-ONE", 10_300, 13_000, "+", [(10_300, 10_500), (11_900, 12_200), (12_800, 13_000)]),
    gene("D-TWO", 11_500, 13_800, "-", [(11_500, 11_700), (13_500, 13_800)]),
    gene("D-FAR", 40_000, 41_000, "+", [(40_000, 40_500)]),
)


class FixedSites:
    """Polyadenylation sites of the two genes."""

    def of_gene(self, gene_id: str, strand: str) -> np.ndarray:
        starts = {"D-ONE.1": [11_000, 12_100, 12_950], "D-TWO.1": [13_400, 12_300]}
        found = np.array(starts.get(gene_id, []), int)
        return np.stack([found, found + 1], axis=1)


def table(strands=STRANDS, **columns) -> TrackTable:
    """Tracks in +/- pairs of one name, and one row of padding at the end."""
    ranks = {"+": 0, "-": 0, ".": 0}
    names = []
    for strand in strands:
        names.append(f"stranded {ranks[strand]}" if strand != "." else f"plain {ranks[strand]}")
        ranks[strand] += 1
    rows = pd.DataFrame(
        {"name": [*names, "padding"], "strand": [*strands, "."]}
        | {key: [value] * (len(names) + 1) for key, value in columns.items()}
    )
    real = np.array([True] * len(names) + [False])
    return TrackTable(rows=rows, real=real, shifts=np.zeros(len(rows), int))


TRACKS = {kind: table() for kind in OUTPUTS} | {
    OutputType.SPLICE_JUNCTIONS: TrackTable(
        rows=pd.DataFrame({"name": ["tissue 0", "tissue 1", "padding"]}),
        real=np.array([True, True, False]),
        shifts=np.zeros(3, int),
    )
}


def _tracks(rng: np.random.Generator, kind: OutputType) -> np.ndarray:
    about = OUTPUTS[kind]
    bins = WIDTH // about.resolution
    shape = (bins, bins) if about.kind == "contact_map" else (bins,)
    return rng.gamma(0.5, 1.0, (*shape, len(TRACKS[kind].rows))).astype(np.float32)


def predictions(seed: int, positions: np.ndarray):
    """What a network might say of one allele."""
    rng = np.random.default_rng(seed)
    found = {kind: _tracks(rng, kind) for kind in OUTPUTS if kind != OutputType.SPLICE_JUNCTIONS}
    counts = rng.gamma(0.5, 1.0, (SITES, SITES, 6)).astype(np.float32)
    found[OutputType.SPLICE_JUNCTIONS] = JunctionCounts(counts, positions)
    return found


@dataclass(frozen=True)
class World:
    """Predictions of REF and ALT in one window, and everything that is known about it."""

    reference: dict
    alternate: dict
    annotation: Annotation

    def site(self, variant: Variant, interval: Interval = INTERVAL) -> VariantSite:
        return variant_site(interval, variant, self.annotation, FixedSites())

    def score(self, scorers, variant: Variant, **changes):
        arguments = {
            "site": self.site(variant),
            "reference": self.reference,
            "alternate": self.alternate,
            "tracks": TRACKS,
        }
        return score_variant(list(scorers), **(arguments | changes))


@pytest.fixture(scope="session")
def world() -> World:
    rng = np.random.default_rng(5)
    positions = np.sort(rng.choice(WIDTH, (4, SITES), replace=False), axis=1).astype(np.int32)
    return World(predictions(1, positions), predictions(2, positions), Annotation(GENES))


@pytest.fixture(scope="session")
def scorers():
    """The nineteen recommended scorers."""
    return recommended_variant_scorers(Organism.HOMO_SAPIENS)


SNV = Variant("demo1", 12_050, "A", "G")
INSERTION = Variant("demo1", 12_050, "A", "AGGTC")
DELETION = Variant("demo1", 12_050, "ACGT", "A")
