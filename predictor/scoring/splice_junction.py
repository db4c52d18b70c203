"""Splice junction scorer: which junctions of a gene gain or lose reads.

Axes: D donors, A acceptors, K sites of a kind, T tissues, U = 2 T (all tissues on +, then all on
-), G genes, P = D A pairs of a strand, donor by donor.

Source: spec/scoring.md 5, 6.5.
"""

import warnings
from typing import Any, NamedTuple

import numpy as np
from alphagenome.models.variant_scorers import SpliceJunctionScorer
from jaxtyping import Bool, Float, Int

from predictor.scoring.arrays import namespace
from predictor.scoring.genes import gene_rows, genes_overlapping
from predictor.scoring.scorer import Arrays, Prepared, ScoreTable, VariantScoring, filled_rows
from predictor.scoring.site import VariantSite
from predictor.tracks.catalogue import TrackTable

# The official scorer looks at so many sites of each kind, from the left end of the interval.
MOST_SITES = 256
_SMALLEST_COUNT = 1e-7
_GENE_TYPE = "protein_coding"


class JunctionCounts(NamedTuple):
    """What the junction head says about an allele, from left to right with true strands.

    Attributes:
      counts: [D, A, U], 0 where there is no site.
      positions: int [4, K], rows donor +, acceptor +, donor -, acceptor -, ascending within the
        interval and filled up with -1. The same for both alleles.
    """

    counts: Float[Any, "D A U"]
    positions: Int[Any, "4 K"]


class JunctionPairs(NamedTuple):
    """All pairs of sites of a strand as introns, 0-based half-open.

    Attributes:
      start: int [P], in the genome.
      end: int [P].
      valid: bool [P], false where a site is missing or the acceptor lies before the donor.
    """

    start: Int[Any, " P"]
    end: Int[Any, " P"]
    valid: Bool[Any, " P"]


class BestJunctions(NamedTuple):
    """For each gene and tissue the junction that changes most.

    Attributes:
      pair: int [G, T], index among the pairs of the gene's strand; -1 where there is none.
      start: int [G, T], first base of the intron.
      end: int [G, T], one past its last base.
      change: [G, T, T], of the junction of (gene, tissue) in all tissues.
      cut: bool, true where sites right of the first 256 were left out.
    """

    pair: Int[Any, "G T"]
    start: Int[Any, "G T"]
    end: Int[Any, "G T"]
    change: Float[Any, "G T T"]
    cut: Bool[Any, ""]


class SpliceJunction(VariantScoring):
    """Absolute change of the log count of the junctions in protein-coding genes.

    A row is a junction that changes most in at least one tissue, among those strictly inside a
    gene of its strand that overlaps the variant; it has the changes of all tissues. Where there
    is no such junction there is no row (the official code raises an error for junctions that
    overlap genes but lie in none; spec/scoring.md 15, no. 4).
    """

    needs_genes = True

    def prepare(self, scorer: SpliceJunctionScorer, site: VariantSite) -> Prepared:
        """The genes: `spans` [G, 2] in the genome, `negative` [G]; `offset` of the interval."""
        genes = genes_overlapping(site.genes or (), site.variant, gene_type=_GENE_TYPE)
        spans = np.array([(gene.start, gene.end) for gene in genes], np.int32).reshape(-1, 2)
        negative = np.array([gene.strand == "-" for gene in genes], bool)
        return Prepared(
            arrays={
                "spans": filled_rows(spans),
                "negative": filled_rows(negative),
                "offset": np.array(site.interval.start, np.int32),
            },
            rows=gene_rows(genes, site.interval),
        )

    def scores(
        self,
        scorer: SpliceJunctionScorer,
        reference: JunctionCounts,
        alternate: JunctionCounts,
        arrays: Arrays,
    ) -> BestJunctions:
        """The best junctions of each gene; few numbers, compared with those of all pairs."""
        positions = reference.positions[:, :MOST_SITES]
        change = _change(reference.counts, alternate.counts)
        return best_junctions(
            change,
            positions,
            cut=(reference.positions[:, MOST_SITES:] >= 0).any(),
            spans=arrays["spans"],
            negative=arrays["negative"],
            offset=arrays["offset"],
        )

    def values(
        self, prepared: Prepared, scores: BestJunctions, tracks: TrackTable
    ) -> tuple[Float[np.ndarray, "R T"], Int[np.ndarray, " R"]]:
        """Rows by gene, then by start and end of the intron."""
        genes, _, values = _by_intron(prepared, scores, tracks)
        return values, genes

    def table(self, prepared: Prepared, scores: BestJunctions, tracks: TrackTable) -> ScoreTable:
        """Rows by gene, then by start and end of the intron; columns have the strand '.'."""
        genes, introns, values = _by_intron(prepared, scores, tracks)
        rows = prepared.rows.iloc[genes].set_axis([str(row) for row in range(len(genes))])
        rows["junction_Start"] = np.array([intron[0] for intron in introns], int)
        rows["junction_End"] = np.array([intron[1] for intron in introns], int)
        return ScoreTable(values=values, rows=rows, tracks=tracks.unstranded_var)


def _by_intron(
    prepared: Prepared, scores: BestJunctions, tracks: TrackTable
) -> tuple[Int[np.ndarray, " R"], list[tuple[int, int]], Float[np.ndarray, "R T"]]:
    """Gene, intron and scores of every junction that is best in some real tissue."""
    if np.asarray(scores.cut).any():
        warnings.warn(
            f"There are more than {MOST_SITES} splice sites of a kind in the interval; the "
            "splice junction scorer takes the leftmost ones, choose a shorter interval to "
            "score all around the variant.",
            stacklevel=3,
        )
    pair, start, end, change = (np.asarray(scores[field]) for field in range(4))
    genes, introns, values = [], [], []
    for gene in range(len(prepared.rows)):
        chosen = {
            (int(start[gene, t]), int(end[gene, t])): change[gene, t, tracks.real]
            for t in np.flatnonzero(tracks.real & (pair[gene] >= 0))
        }
        for intron in sorted(chosen):
            genes.append(gene)
            introns.append(intron)
            values.append(chosen[intron])
    together = np.array(values, np.float32).reshape(len(genes), int(tracks.real.sum()))
    return np.array(genes, int), introns, together


def best_junctions(
    change: Float[Any, "D A U"],
    positions: Int[Any, "4 K"],
    *,
    cut: Bool[Any, ""],
    spans: Int[Any, "G 2"],
    negative: Bool[Any, " G"],
    offset: Int[Any, ""],
) -> BestJunctions:
    """Picks for each gene and tissue the junction with the largest change, the first of several.

    Args:
      change: of both strands.
      positions: of the sites.
      cut: handed on.
      spans: genes in the genome.
      negative: genes on -.
      offset: start of the interval.
    """
    xp = namespace(change)
    tissues = change.shape[-1] // 2
    strands = [change[..., :tissues], change[..., tissues:]]
    by_strand = xp.stack([strand.reshape(-1, tissues) for strand in strands])
    pairs = [junction_pairs(positions, offset, negative=side) for side in (False, True)]
    start, end, valid = (xp.stack([side[field] for side in pairs]) for field in range(3))

    def best(span: Any, side: Any) -> tuple[Any, ...]:
        side = side.astype(np.int32)
        inside = valid[side] & (start[side] > span[0]) & (end[side] < span[1])
        pair = xp.where(inside[:, None], by_strand[side], -1).argmax(axis=0)
        pair = xp.where(inside.any(), pair, -1)
        return pair, start[side][pair], end[side][pair], by_strand[side][pair]

    found = [best(spans[gene], negative[gene]) for gene in range(spans.shape[0])]
    pair, first, last, changes = (xp.stack(field) for field in zip(*found, strict=True))
    return BestJunctions(pair=pair, start=first, end=last, change=changes, cut=cut)


def junction_pairs(
    positions: Int[Any, "4 K"], offset: Int[Any, ""] | int, *, negative: bool
) -> JunctionPairs:
    """Every pair of a donor and an acceptor of one strand as an intron, donor by donor.

    Args:
      positions: sites within the interval, -1 is empty.
      offset: start of the interval in the genome.
      negative: the - strand, where donors lie on the right.

    Source: spec/scoring.md 5.
    """
    xp = namespace(positions)
    donors, acceptors = (positions[2 * negative + row] for row in range(2))
    left, right = xp.broadcast_arrays(donors[:, None], acceptors[None, :])
    present = (left >= 0) & (right >= 0)
    if negative:
        left, right = right, left
    # A site is the last or first base of an exon, so the intron lies between the two.
    start, end = offset + left + 1, offset + right
    valid = present & (start < end) & (start > 0)
    return JunctionPairs(start.ravel(), end.ravel(), valid.ravel())


def _change(reference: Float[Any, "D A U"], alternate: Float[Any, "D A U"]) -> Float[Any, "D A U"]:
    xp = namespace(reference)
    ref, alt = (
        xp.log(allele[:MOST_SITES, :MOST_SITES].astype(np.float32) + np.float32(_SMALLEST_COUNT))
        for allele in (reference, alternate)
    )
    return abs(_in_half_precision(alt - ref))


def _in_half_precision(values: Float[Any, "..."]) -> Float[Any, "..."]:
    """Rounds to the nearest float16, as the official code does, and keeps the type.

    By arithmetic, because a compiler may leave out a conversion there and back.
    """
    xp = namespace(values)
    _, exponent = xp.frexp(values)
    # 11 bits of mantissa; below 2^-14 float16 has a fixed step.
    step = xp.ldexp(xp.ones_like(values), xp.maximum(exponent, -13) - 11)
    return xp.round(values / step) * step
