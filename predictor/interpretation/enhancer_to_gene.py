"""Which elements work on a gene: by contribution, and by shuffling them one at a time.

1. Candidates: stretches that are predicted to be open in the cell type, or intervals of the
   caller's own. Stretches at the start site of any annotated gene are promoters, and left out.
2. Contribution of an element: the sum of the logo values of its bases
   (`interpretation/contribution.py`) for the log expression of the gene; one backward pass for all.
3. Effect of shuffling: 2 kb around the middle of the element are shuffled, keeping pairs of
   neighbouring bases, and the change of the log expression is averaged over a few shuffles. Bases
   of the gene's exons and within 250 bp of its start sites stay as they are, so that the element
   is asked about and not the promoter beside it.

Axes: S bases of the window, V shuffled sequences.

Source: AlphaGenome paper, Methods, enhancer-gene linking (input × gradient; shuffling is ours).
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from jaxtyping import Bool, Float, Int

from predictor import errors
from predictor.engines.local import LocalModel
from predictor.genome.gene import Gene
from predictor.interpretation.contribution import Contributor
from predictor.interpretation.haplotype import Haplotype
from predictor.interpretation.measurement import Measurement
from predictor.interpretation.shuffle import dinucleotide_shuffle
from predictor.interpretation.target import Target, gene_expression
from predictor.scoring.genes import exon_masks
from predictor.tracks.catalogue import TrackTable

SHUFFLED = 2_000
"""Width in bp that is shuffled around the middle of an element."""
PROMOTER = 250
"""Bases around a start site: those of the gene are never shuffled, and no candidate lies there."""

_SHUFFLES = 4
_OPEN_SHARE = 0.2  # of the highest peak of the window
_SMOOTHED = 101
_SHORTEST, _GAP = 40, 100
_OPENNESS = (OutputType.DNASE, OutputType.ATAC)


@dataclass(frozen=True, kw_only=True)
class ElementEffect:
    """What an element does for the gene.

    Attributes:
      element: 0-based half-open.
      distance: from the start site of the gene to the middle of the element in bp, along the
        strand of the gene: negative is upstream.
      contribution: sum of the logo values of its bases, in natural log of expression; positive
        where they raise the gene, negative for an insulator that holds an enhancer off.
      shuffling: mean change of the natural log of expression when it is shuffled; negative where
        the element raises the gene.
      deviation: standard deviation of that change over the shuffles.
    """

    element: Interval
    distance: int
    contribution: float
    shuffling: float
    deviation: float


@dataclass(frozen=True, kw_only=True)
class Question:
    """A gene in a cell type.

    Attributes:
      interval: the window; holds the start of the gene.
      gene: whose expression.
      curie: cell type of the tracks; None for the mean of all.
      organism: whose genome and tracks.
      output_type: that expression is read from.
      seed: of the shuffles; the same seed gives the same shuffles of an element, whichever others
        are asked about.
      shuffles: of each element.
      width: in bp, shuffled around the middle of an element.
    """

    interval: Interval
    gene: Gene
    curie: str | None = None
    organism: Organism = Organism.HOMO_SAPIENS
    output_type: OutputType = OutputType.RNA_SEQ
    seed: int = 0
    shuffles: int = _SHUFFLES
    width: int = SHUFFLED


def element_effects(
    model: LocalModel, question: Question, elements: Sequence[Interval] | None = None
) -> Iterator[ElementEffect]:
    """The effect of each element on a gene, one after the other.

    Bad input is refused by the call itself; the network runs when a result is taken.

    Args:
      model: an engine.
      question: the gene and the cell type.
      elements: within the window; open stretches (`open_stretches`) where not given.

    Yields:
      In the given order, or from left to right.

    Raises:
      OutputNotAvailableError: the cell type has no track of the output type on the gene's strand,
        or, where elements are not given, none that shows open chromatin.
      InvalidScoringRequestError: the gene does not start in the window, or an element reaches
        beyond it.
    """
    haplotype = Haplotype.of(
        question.interval, [], model.organism_data(question.organism).reference
    )
    table = model.catalogue.table(question.organism, question.output_type)
    tracks = gene_tracks(table, question.gene, question.curie)
    if not len(tracks):
        raise errors.OutputNotAvailableError(
            f"There is no {question.output_type.name} on the strand {question.gene.strand} of "
            f"{question.gene.name or question.gene.id} for {question.curie or 'any cell type'}; "
            "choose another cell type or output type."
        )
    target = gene_expression(haplotype, question.gene, tracks, output_type=question.output_type)
    for element in elements or ():
        _check_inside(element, haplotype.interval)
    if elements is None:
        _openness(model, question)
    return _effects(model, question, haplotype, target, elements)


def ranked(effects: Sequence[ElementEffect], *, by: str = "shuffling") -> list[ElementEffect]:
    """The elements in the order in which they matter, the strongest first.

    Args:
      effects: of one gene.
      by: `shuffling` (largest fall of expression) or `contribution`.
    """
    if by == "contribution":
        return sorted(effects, key=lambda effect: -effect.contribution)
    return sorted(effects, key=lambda effect: effect.shuffling)


def gene_tracks(table: TrackTable, gene: Gene, curie: str | None) -> Int[np.ndarray, " T"]:
    """Rows of a table that show a gene: of the cell type, and not of the other strand."""
    rows = table.select(None if curie is None else [curie])
    if not table.strands:
        return rows
    strands = np.array(table.strands)[rows]
    shown: np.ndarray = rows[(strands == gene.strand) | (strands == ".")]
    return shown


def open_stretches(signal: Float[np.ndarray, " S"]) -> list[tuple[int, int]]:
    """Stretches of a window that are open.

    The signal is averaged over 101 bp; open is what reaches a fifth of the highest peak of the
    window. Stretches less than 100 bp apart are one; shorter ones than 40 bp are left out.

    Args:
      signal: DNASE or ATAC, at 1 bp.

    Returns:
      First and one past the last base of each, from left to right.
    """
    smooth = np.convolve(signal, np.full(_SMOOTHED, 1 / _SMOOTHED), mode="same")
    opened = smooth >= _OPEN_SHARE * smooth.max(initial=0)
    edges = np.flatnonzero(np.diff(np.r_[False, opened, False].astype(np.int8)))
    merged: list[list[int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if merged and start - merged[-1][1] < _GAP:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    return [(start, end) for start, end in merged if end - start >= _SHORTEST]


def start_sites(gene: Gene) -> list[int]:
    """First base of each transcript, 0-based, without repetitions."""
    ends = [t.end - 1 if gene.strand == "-" else t.start for t in gene.transcripts]
    return sorted(set(ends))


def shuffled(
    sequence: str,
    element: tuple[int, int],
    kept: Bool[np.ndarray, " S"],
    random: np.random.Generator,
    *,
    width: int = SHUFFLED,
) -> str:
    """A sequence with the surroundings of an element shuffled.

    Args:
      sequence: S letters.
      element: first and one past its last base.
      kept: bases that stay; what lies between two of them is shuffled by itself.
      random: source of the choices.
      width: bp around the middle of the element, cut at the ends of the sequence.
    """
    middle = (element[0] + element[1]) // 2
    first, last = max(middle - width // 2, 0), min(middle + width // 2, len(sequence))
    free = np.zeros(len(sequence), bool)
    free[first:last] = ~kept[first:last]
    edges = np.flatnonzero(np.diff(np.r_[False, free, False].astype(np.int8)))
    pieces, done = [], 0
    for start, end in edges.reshape(-1, 2).tolist():
        pieces += [sequence[done:start], dinucleotide_shuffle(sequence[start:end], random)]
        done = end
    return "".join([*pieces, sequence[done:]])


def _effects(
    model: LocalModel,
    question: Question,
    haplotype: Haplotype,
    target: Target,
    elements: Sequence[Interval] | None,
) -> Iterator[ElementEffect]:
    if elements is None:
        elements = _candidates(model, question)
    logo = Contributor(model, question.organism)(haplotype, target).logo
    measurement = Measurement(model, haplotype, target, question.organism)
    before = measurement.reference
    kept = _kept(question.gene, haplotype.interval)
    for element in elements:
        start, end = (int(edge - haplotype.interval.start) for edge in (element.start, element.end))
        random = np.random.default_rng([question.seed, zlib.crc32(str(element).encode())])
        sequences = [
            shuffled(haplotype.sequence, (start, end), kept, random, width=question.width)
            for _ in range(question.shuffles)
        ]
        changes = measurement.values(sequences) - before
        yield ElementEffect(
            element=element,
            distance=_distance(element, question.gene),
            contribution=float(logo[start:end].sum()),
            shuffling=float(changes.mean()),
            deviation=float(changes.std()),
        )


def _candidates(model: LocalModel, question: Question) -> list[Interval]:
    """Open stretches of the window, without those at the start site of a gene."""
    kind = _openness(model, question)
    found = model.predict_interval(
        question.interval.as_unstranded(),
        organism=question.organism,
        requested_outputs=[kind],
        ontology_terms=None if question.curie is None else [question.curie],
    ).get(kind)
    chromosome, first = question.interval.chromosome, int(question.interval.start)
    annotation = model.organism_data(question.organism).annotation
    genes = [question.gene]
    if annotation is not None:
        genes += annotation.genes(chromosome, first - PROMOTER, question.interval.end + PROMOTER)
    promoters = [site for gene in genes for site in start_sites(gene)]
    return [
        Interval(chromosome, first + start, first + end)
        for start, end in open_stretches(found.values.mean(axis=1))
        if not any(first + start - PROMOTER <= site < first + end + PROMOTER for site in promoters)
    ]


def _openness(model: LocalModel, question: Question) -> OutputType:
    offered = (
        model.catalogue.output_types(question.organism)
        if question.curie is None
        else model.catalogue.available(question.organism, question.curie)
    )
    for kind in _OPENNESS:
        if kind in offered:
            return kind
    raise errors.OutputNotAvailableError(
        f"The engine {model.engine} has neither DNASE nor ATAC for {question.curie}, so that no "
        "open elements can be found; give the elements."
    )


def _kept(gene: Gene, interval: Interval) -> Bool[np.ndarray, " S"]:
    """What is never shuffled: exons, and the surroundings of start sites."""
    kept: np.ndarray = exon_masks([gene], interval)[0]
    for site in start_sites(gene):
        place = site - interval.start
        kept[max(place - PROMOTER, 0) : max(place + PROMOTER + 1, 0)] = True
    return kept


def _distance(element: Interval, gene: Gene) -> int:
    middle = int(element.start + element.end) // 2
    sign = -1 if gene.strand == "-" else 1
    return min((sign * (middle - site) for site in start_sites(gene)), key=abs)


def _check_inside(element: Interval, interval: Interval) -> None:
    if not interval.contains(element) or not element.width:
        raise errors.InvalidScoringRequestError(
            f"The element {element.chromosome}:{element.start + 1:,}-{element.end:,} does not lie "
            f"wholly inside the window {interval.chromosome}:{interval.start + 1:,}-"
            f"{interval.end:,}; move one of them."
        )
