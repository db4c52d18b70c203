"""Which genes a scorer looks at, where they lie, and how they are listed.

Axes: S positions, G genes.

Source: spec/scoring.md 6.3, 6.4.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from jaxtyping import Bool, Int

from predictor import errors
from predictor.genome.gene import Gene, Transcript

MOST_GENES = 256


def genes_starting_inside(genes: Iterable[Gene], interval: Interval) -> list[Gene]:
    """Genes of any type with a transcript whose start (TSS) lies in the interval.

    Returns:
      In the given order; each gene has only the transcripts that start inside.

    Raises:
      ScoringLimitError: more than 256 genes.
    """
    found = []
    for gene in genes:
        inside = tuple(t for t in gene.transcripts if _starts_inside(gene, t, interval))
        if inside:
            found.append(dataclasses.replace(gene, transcripts=inside))
    if len(found) > MOST_GENES:
        raise errors.ScoringLimitError(
            f"{len(found)} genes start in {interval.chromosome}:{interval.start + 1:,}-"
            f"{interval.end:,}; gene scorers take at most {MOST_GENES}, choose a shorter interval."
        )
    return found


def genes_overlapping(
    genes: Iterable[Gene], variant: Variant, *, gene_type: str | None = None
) -> list[Gene]:
    """Genes whose body overlaps a variant, in the given order.

    The longer allele counts, as if ALT lay on the genome too.

    Args:
      genes: near the variant.
      variant: whose chromosome is named as in the annotation.
      gene_type: only such genes, for example protein_coding.
    """
    end = max(variant.end, variant.start + len(variant.alternate_bases))
    return [
        gene
        for gene in genes
        if gene.chromosome == variant.chromosome
        and gene.end > variant.start
        and gene.start < end
        and gene_type in (None, gene.gene_type)
    ]


def exon_masks(genes: Sequence[Gene], interval: Interval) -> Bool[np.ndarray, "G S"]:
    """Marks the bases of an interval that lie in an exon of the gene, S = interval.width."""
    masks = np.zeros((len(genes), interval.width), bool)
    for mask, gene in zip(masks, genes, strict=True):
        for transcript in gene.transcripts:
            for start, end in transcript.exons:
                mask[_place(start, interval) : _place(end, interval)] = True
    return masks


def body_spans(genes: Sequence[Gene], interval: Interval) -> Int[np.ndarray, "G 2"]:
    """First and one past the last base of each gene within an interval, cut at its ends."""
    spans = [(_place(gene.start, interval), _place(gene.end, interval)) for gene in genes]
    return np.array(spans, np.int32).reshape(-1, 2)


def body_mask(genes: Iterable[Gene], site: Interval, variant: Variant) -> Bool[np.ndarray, " S"]:
    """Where splice sites may lie when a variant is scored: in the genes that overlap it.

    Nowhere, if there are none: then no junction is scored. (A prediction of the same variant
    looks everywhere then.)

    Source: spec/scoring.md 5.
    """
    mask = np.zeros(site.width, bool)
    for start, end in body_spans(genes_overlapping(genes, variant), site):
        mask[start:end] = True
    return mask


def gene_rows(genes: Sequence[Gene], interval: Interval) -> pd.DataFrame:
    """The rows of a result, with the official columns; `interval` is where the mask lies."""
    columns = {
        "gene_id": [gene.id for gene in genes],
        "strand": [gene.strand for gene in genes],
        "gene_name": [gene.name for gene in genes],
        "gene_type": [gene.gene_type for gene in genes],
        "interval_start": np.full(len(genes), interval.start, int),
        "Chromosome": [gene.chromosome for gene in genes],
        "Start": np.array([gene.start for gene in genes], int),
        "End": np.array([gene.end for gene in genes], int),
    }
    return pd.DataFrame(columns, index=[str(row) for row in range(len(genes))])


def _starts_inside(gene: Gene, transcript: Transcript, interval: Interval) -> bool:
    # By the official rule the TSS on - is the end coordinate, one past the first base read.
    start = transcript.end if gene.strand == "-" else transcript.start
    return gene.chromosome == interval.chromosome and bool(interval.start <= start < interval.end)


def _place(position: int, interval: Interval) -> int:
    """A position of the genome as an index of the interval, cut at its ends."""
    return int(min(max(position - interval.start, 0), interval.width))
