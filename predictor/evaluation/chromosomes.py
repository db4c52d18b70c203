"""An engine against the simulator along whole chromosomes, readout by readout.

A readout takes the same numbers from the simulator's output and from the engine's, window by
window, and measures how well they agree over all windows. Chromosomes are cut into windows that
do not overlap; the truth is that of the window which the engine gets. Genes count where they lie
wholly inside a window.

Axes: S positions, T tracks, G genes, C cell types, N entries.

Source: spec/demo_genome.md 9; spec/training.md 6.2.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output

from predictor.evaluation.demo_engine import DemoEngine
from predictor.evaluation.metrics import average_precision, pearson, spearman, within_groups
from predictor.evaluation.strata import Say, silently
from predictor.simulator import assembly, grammar, readouts
from predictor.simulator.chromosome import Chromosome, PlacedGene
from predictor.simulator.track_table import (
    HISTONE_MARKS,
    JUNCTION_HEAD,
    OUTPUT_TYPE,
    RESOLUTION,
    TRACKS,
    tracks,
)
from predictor.simulator.variant_scores import by_head

WINDOW = 32_768
CHROMOSOMES = {Organism.HOMO_SAPIENS: ("demo1", "demo2"), Organism.MUS_MUSCULUS: ("demoM",)}

_BIN = 128
_MAIN_MARKS = HISTONE_MARKS[:3]
# As in the scores of variants (`simulator.variant_scores`): added to a sum, to a mean.
_SUM_PSEUDOCOUNT = 1.0
_MEAN_PSEUDOCOUNT = 0.001

Junction = tuple[int, int, str]
"""Start and end of the intron, and its strand."""


@dataclasses.dataclass(frozen=True, eq=False)
class Side:
    """One output of a window: the simulator's or the engine's.

    Attributes:
      arrays: by head, without padding tracks.
      junctions: counts by junction, one per tissue.
    """

    arrays: dict[str, np.ndarray]
    junctions: dict[Junction, np.ndarray]

    @classmethod
    def of(cls, output: Output) -> "Side":
        """From the SDK's types, with junctions counted from the window's first base."""
        found = output.splice_junctions
        return cls(
            by_head(output),
            {
                (int(junction.start), int(junction.end), str(junction.strand)): values
                for junction, values in zip(found.junctions, found.values, strict=True)
            },
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Place:
    """What a readout looks at in a window.

    Attributes:
      organism: whose tracks.
      genes: planned genes inside the window, in its coordinates.
      junctions: those that the simulator counts.
    """

    organism: Organism
    genes: tuple[PlacedGene, ...]
    junctions: tuple[Junction, ...]

    def rows(self, head: str, gene: PlacedGene) -> list[int]:
        """Tracks in which a gene shows: those of its strand, then those without one."""
        strands = [track.strand for track in TRACKS[self.organism][head]]
        return [row for s in (gene.strand, ".") for row, found in enumerate(strands) if found == s]


Take = Callable[[Side, Place], np.ndarray]
Measure = Callable[[np.ndarray, np.ndarray], list[float]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Readout:
    """One row of the table.

    Attributes:
      name: what is measured.
      head: whose tracks; an organism without any has no such row.
      measure_name: how agreement is measured, in words.
      target: to reach on the human-like chromosomes; None where none is set.
      take: the numbers of one side in one window, stacked over windows along the first axis.
      measure: truth, prediction -> the figures whose mean is the result.
      pick: rows of the head that the figures belong to; None where they are no tracks.
    """

    name: str
    head: str
    measure_name: str
    target: float | None
    take: Take
    measure: Measure
    pick: Callable[[Organism], list[int]] | None = None


def _bins(head: str, pick: Callable[[Organism], list[int]]) -> Take:
    """Sums over 128 bp of some tracks [S / 128, T]."""

    def take(side: Side, place: Place) -> np.ndarray:
        values = side.arrays[head][:, pick(place.organism)]
        bases = _BIN // RESOLUTION[head]
        sums: np.ndarray = values.reshape(-1, bases, values.shape[1]).sum(axis=1, dtype=np.float64)
        return sums

    return take


def _all_rows(head: str) -> Callable[[Organism], list[int]]:
    return lambda organism: list(range(len(TRACKS[organism][head])))


def _marks(*, main: bool) -> Callable[[Organism], list[int]]:
    return lambda organism: [
        row
        for row, track in enumerate(TRACKS[organism]["chip_histone"])
        if (track.target in _MAIN_MARKS) == main
    ]


def _per_track(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    return [pearson(t, p) for t, p in zip(truth.T, predicted.T, strict=True)]


def _pooled(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    return [pearson(truth.ravel(), predicted.ravel())]


def _pooled_ranks(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    return [spearman(truth.ravel(), predicted.ravel())]


def _within_genes(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    return [within_groups(truth, predicted)]


def _average_precisions(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    return [average_precision(t > 0, p) for t, p in zip(truth.T, predicted.T, strict=True)]


def _start_sites(side: Side, place: Place) -> np.ndarray:
    """Ln of CAGE (plus 1) over the 128 bp around every start site [G, C]."""
    found = [
        side.arrays["cage"][
            max(0, gene.start_site - _BIN // 2) : gene.start_site + _BIN // 2,
            place.rows("cage", gene),
        ].sum(axis=0, dtype=np.float64)
        for gene in place.genes
    ]
    return np.log(_stacked(found, side.arrays["cage"]) + _SUM_PSEUDOCOUNT)


def _exons(side: Side, place: Place) -> np.ndarray:
    """Ln of the mean RNA-seq (plus 0.001) over a gene's exons [G, C]."""
    found = [
        np.concatenate([side.arrays["rna_seq"][start:end] for start, end in gene.exons])[
            :, place.rows("rna_seq", gene)
        ].mean(axis=0, dtype=np.float64)
        for gene in place.genes
    ]
    return np.log(_stacked(found, side.arrays["rna_seq"]) + _MEAN_PSEUDOCOUNT)


def _inclusion(side: Side, place: Place) -> np.ndarray:
    """Mean usage of both ends of every internal exon [N, C]."""
    usage = side.arrays["splice_sites_usage"]
    found = [
        usage[[start, end - 1]][:, place.rows("splice_sites_usage", gene)].mean(axis=0)
        for gene in place.genes
        for start, end in gene.exons[1:-1]
    ]
    return _stacked(found, usage)


def _stacked(found: Sequence[np.ndarray], like: np.ndarray) -> np.ndarray:
    """One row per entry; a window without any has the shape of the others."""
    return np.stack(found) if found else np.zeros((0, 0), like.dtype)


def _true_junctions(side: Side, place: Place) -> np.ndarray:
    """Ln of 1 + counts of the simulator's junctions [N, C]; one that is not listed has 0."""
    tissues = len(TRACKS[place.organism][JUNCTION_HEAD])
    none = np.zeros(tissues)
    found = [side.junctions.get(junction, none) for junction in place.junctions]
    return np.log1p(np.asarray(found, np.float64).reshape(-1, tissues))


def _true_counts_only(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    counted = truth > 0
    return [pearson(truth[counted], predicted[counted])]


def _off_diagonal(side: Side, place: Place) -> np.ndarray:
    maps = side.arrays["contact_maps"]
    return maps[np.triu_indices(len(maps), k=1)]


def _classes(side: Side, place: Place) -> np.ndarray:
    return side.arrays["splice_sites_classification"][:, :4]


def _track_row(name: str, head: str, target: float | None, pick: Any = None) -> Readout:
    pick = pick or _all_rows(head)
    return Readout(
        name=name,
        head=head,
        measure_name="Pearson r at 128 bp, mean over tracks",
        target=target,
        take=_bins(head, pick),
        measure=_per_track,
        pick=pick,
    )


READOUTS: tuple[Readout, ...] = (
    _track_row("DNASE", "dnase", 0.85),
    _track_row("ATAC", "atac", 0.85),
    _track_row("CHIP_TF", "chip_tf", 0.85),
    _track_row(
        "CHIP_HISTONE: H3K27ac, H3K4me1, H3K4me3", "chip_histone", 0.80, _marks(main=True)
    ),
    Readout(
        name="CAGE at start sites",
        head="cage",
        measure_name="Pearson r of the log sum in 128 bp, over genes and cell types",
        target=0.75,
        take=_start_sites,
        measure=_pooled,
    ),
    Readout(
        name="RNA_SEQ of genes",
        head="rna_seq",
        measure_name="Pearson r of the log mean over exons, over genes and cell types",
        target=0.70,
        take=_exons,
        measure=_pooled,
    ),
    Readout(
        name="RNA_SEQ within genes",
        head="rna_seq",
        measure_name="the same after removing each gene's mean over cell types",
        target=0.5,
        take=_exons,
        measure=_within_genes,
    ),
    Readout(
        name="SPLICE_SITES",
        head="splice_sites_classification",
        measure_name="auPRC over all bases, mean over the four classes",
        target=0.90,
        take=_classes,
        measure=_average_precisions,
    ),
    Readout(
        name="SPLICE_SITE_USAGE",
        head="splice_sites_usage",
        measure_name="Spearman over internal exons and cell types",
        target=0.7,
        take=_inclusion,
        measure=_pooled_ranks,
    ),
    Readout(
        name="SPLICE_JUNCTIONS",
        head=JUNCTION_HEAD,
        measure_name="Pearson r of log(1 + count) over the true junctions; not found counts as 0",
        target=0.7,
        take=_true_junctions,
        measure=_true_counts_only,
    ),
    Readout(
        name="CONTACT_MAPS",
        head="contact_maps",
        measure_name="Pearson r off the diagonal, mean over tracks",
        target=0.75,
        take=_off_diagonal,
        measure=_per_track,
        pick=_all_rows("contact_maps"),
    ),
    _track_row("CHIP_HISTONE: the other marks", "chip_histone", None, _marks(main=False)),
    _track_row("PROCAP", "procap", None),
    _track_row("CAGE along the genome", "cage", None),
    _track_row("RNA_SEQ along the genome", "rna_seq", None),
)  # fmt: skip


def evaluate_chromosomes(
    engine: DemoEngine,
    organism: Organism,
    *,
    chromosomes: Sequence[Chromosome] | None = None,
    window: int = WINDOW,
    say: Say = silently,
) -> dict[str, Any]:
    """Every readout over the chromosomes of an organism.

    Args:
      engine: what is judged.
      organism: targets are set for the human-like one only.
      chromosomes: those of `CHROMOSOMES` where not given.
      window: length in bp; what is left at a chromosome's end is left out.
      say: called with a line on every chromosome.

    Returns:
      "organism", "assembly", "chromosomes", "windows", and "rows" with "readout", "measure", "n"
      entries, "measured", "target", "passed" (both None where no target is set) and "tracks".
    """
    chosen = chromosomes or [
        chromosome
        for chromosome in assembly.chromosomes(organism)
        if chromosome.name in CHROMOSOMES[organism]
    ]
    present = [readout for readout in READOUTS if _has_tracks(readout, organism)]
    taken: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {each.name: [] for each in present}
    number = 0
    for chromosome in chosen:
        for start in range(0, len(chromosome.codes) - window + 1, window):
            number += 1
            sides, place = _window(engine, organism, chromosome, start, window)
            for readout in present:
                truth, predicted = (readout.take(side, place) for side in sides)
                taken[readout.name].append((truth, predicted))
        say(f"{chromosome.name}: {number} windows predicted so far")
    return {
        "organism": "human" if organism == Organism.HOMO_SAPIENS else "mouse",
        "assembly": grammar.ORGANISMS[organism].assembly,
        "chromosomes": [chromosome.name for chromosome in chosen],
        "windows": number,
        "window": window,
        "rows": [_row(readout, taken[readout.name], organism) for readout in present],
    }


def _has_tracks(readout: Readout, organism: Organism) -> bool:
    if readout.pick is not None:
        return bool(readout.pick(organism))
    return bool(TRACKS[organism][readout.head])


def _window(
    engine: DemoEngine, organism: Organism, chromosome: Chromosome, start: int, width: int
) -> tuple[tuple[Side, Side], Place]:
    codes = chromosome.codes[start : start + width]
    heads = [head for head, rows in TRACKS[organism].items() if rows]
    truth = Side.of(readouts.simulate(grammar.decode(codes), organism))
    predicted = Side.of(engine.output(codes, organism, heads))
    genes = tuple(
        gene.moved(-start)
        for gene in chromosome.genes
        if start <= gene.span[0] and gene.span[1] <= start + width
    )
    return (truth, predicted), Place(organism, genes, tuple(truth.junctions))


def _row(
    readout: Readout, taken: Sequence[tuple[np.ndarray, np.ndarray]], organism: Organism
) -> dict[str, Any]:
    filled = [pair for pair in taken if pair[0].size]
    truth, predicted = (np.concatenate(side) for side in zip(*filled, strict=True))
    figures = readout.measure(truth, predicted)
    measured = float(np.mean(figures))
    target = readout.target if organism == Organism.HOMO_SAPIENS else None
    names = tracks(organism)[OUTPUT_TYPE[readout.head]]
    rows = readout.pick(organism) if readout.pick else []
    return {
        "readout": readout.name,
        "measure": readout.measure_name,
        "n": len(truth),
        "measured": round(measured, 4),
        "target": target,
        "passed": None if target is None else measured >= target,
        "tracks": [
            {
                "name": names["name"][row],
                "strand": names["strand"][row],
                "measured": round(figure, 4),
            }
            for row, figure in zip(rows, figures, strict=bool(rows))
        ],
    }
