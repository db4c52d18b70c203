"""What is explained: one number of the predictions of one haplotype.

Axes: S bins, T tracks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import VariantScorerTypes
from jax import lax
from jaxtyping import Float, Int

from predictor import errors
from predictor.engines.gradient import Measure
from predictor.genome.gene import Gene
from predictor.interpretation.haplotype import Haplotype
from predictor.scoring.arrays import namespace, wide
from predictor.scoring.genes import exon_masks, genes_starting_inside
from predictor.scoring.scorers import VARIANT_SCORERS
from predictor.scoring.site import VariantSite
from predictor.tracks.output_types import OUTPUTS

_PSEUDOCOUNT = 0.001
"""Keeps the logarithm of a silent stretch finite; in the unit of the tracks, as in the scorer of
log fold change."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A number to explain.

    Attributes:
      title: what it is, for people.
      output_type: that it is read from; any but junctions.
      tracks: rows of the output type's table. Of several tracks the mean is explained.
      measure: from their predictions to the number.
      arrays: what the measure needs beside.
    """

    title: str
    output_type: OutputType
    tracks: Int[np.ndarray, " T"]
    measure: Measure
    arrays: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class UnderMask:
    """Mean over the tracks of what stands under a mask: the sum, or the log of the sum.

    Attributes:
      logarithm: natural log, with 0.001 added to the sum.
    """

    logarithm: bool

    def __call__(self, values: Float[Any, "S T"], arrays: Mapping[str, Any]) -> Any:
        """The number; `arrays` holds "mask", float32 [S]."""
        xp = namespace(values)
        sums = (wide(values) * arrays["mask"][:, None]).sum(axis=0)
        return (xp.log(sums + _PSEUDOCOUNT) if self.logarithm else sums).mean()


@dataclass(frozen=True)
class ScorerValue:
    """A variant scorer's value of the haplotype against itself: 0, but not when bases change.

    Its gradient is the first order of the scores that in-silico mutagenesis computes one by one.
    """

    scorer: VariantScorerTypes

    def __call__(self, values: Any, arrays: Mapping[str, Any]) -> Any:
        """The number; `arrays` holds what the scorer prepared, and "row"."""
        scoring = VARIANT_SCORERS[type(self.scorer)]
        scores = scoring.scores(self.scorer, lax.stop_gradient(values), values, arrays["own"])
        return scores[arrays["row"]].mean()


def stretch_sum(
    haplotype: Haplotype,
    output_type: OutputType,
    tracks: Sequence[int] | Int[np.ndarray, " T"],
    stretch: Interval,
    *,
    logarithm: bool = False,
) -> Target:
    """The sum of tracks over a stretch of the genome (of whole bins), or its natural log.

    Args:
      haplotype: to be explained.
      output_type: a signal.
      tracks: rows of its table.
      stretch: within the window; every bin with a base of it counts.
      logarithm: explain the log of the sum, so that effects are fold changes.

    Raises:
      InvalidScoringRequestError: the stretch is not inside the window, or deleted.
      NotSupportedError: the output type is no signal.
    """
    _check_signal(output_type)
    if not haplotype.interval.contains(stretch):
        raise errors.InvalidScoringRequestError(
            f"{stretch.chromosome}:{stretch.start + 1:,}-{stretch.end:,} does not lie wholly "
            f"inside the window {haplotype.interval.chromosome}:{haplotype.interval.start + 1:,}-"
            f"{haplotype.interval.end:,}; move one of them."
        )
    resolution = OUTPUTS[output_type].resolution
    bases = haplotype.stretch(stretch)
    mask = np.zeros(len(haplotype.sequence) // resolution, np.float32)
    mask[bases.start // resolution : -(-bases.stop // resolution)] = 1
    return Target(
        title=f"{'log ' if logarithm else ''}{output_type.name} in {stretch.chromosome}:"
        f"{stretch.start + 1:,}-{stretch.end:,}",
        output_type=output_type,
        tracks=np.asarray(tracks, np.int32),
        measure=UnderMask(logarithm),
        arrays={"mask": mask},
    )


def gene_expression(
    haplotype: Haplotype,
    gene: Gene,
    tracks: Sequence[int] | Int[np.ndarray, " T"],
    *,
    output_type: OutputType = OutputType.RNA_SEQ,
) -> Target:
    """Natural log of the mean signal over the exons of a gene.

    Its change is the log fold change of the RNA_SEQ scorer. Exons are those of the transcripts
    that start in the window.

    Args:
      haplotype: to be explained.
      gene: starts in the window.
      tracks: rows of the output type's table, best those of the gene's strand.
      output_type: a signal at 1 bp.

    Raises:
      InvalidScoringRequestError: no transcript of the gene starts in the window, or none of its
        exons lies there.
      NotSupportedError: the output type is no signal at 1 bp.
    """
    _check_signal(output_type)
    if OUTPUTS[output_type].resolution != 1:
        raise errors.NotSupportedError(
            f"{output_type.name} has bins of {OUTPUTS[output_type].resolution} bp, but the "
            "expression of a gene is read over exons at 1 bp; choose RNA_SEQ, CAGE or PROCAP."
        )
    started = genes_starting_inside([haplotype.coordinates.gene(gene)], haplotype.interval)
    mask = exon_masks(started, haplotype.interval).any(axis=0).astype(np.float32)
    if not mask.any():
        raise errors.InvalidScoringRequestError(
            f"No transcript of {gene.name or gene.id} starts, with an exon, in "
            f"{haplotype.interval.chromosome}:{haplotype.interval.start + 1:,}-"
            f"{haplotype.interval.end:,}; choose a window that holds the start of the gene."
        )
    return Target(
        title=f"log {output_type.name} of {gene.name or gene.id}",
        output_type=output_type,
        tracks=np.asarray(tracks, np.int32),
        measure=UnderMask(logarithm=True),
        arrays={"mask": mask / mask.sum()},
    )


def scorer_value(
    haplotype: Haplotype,
    scorer: VariantScorerTypes,
    tracks: Sequence[int] | Int[np.ndarray, " T"],
    genes: Sequence[Gene],
    *,
    center: int | None = None,
    gene: Gene | None = None,
) -> Target:
    """What a variant scorer would give, to first order, for a change of any base.

    Args:
      haplotype: to be explained.
      scorer: signed, such as RNA_SEQ or DNASE.
      tracks: rows of its output type's table.
      genes: near the window.
      center: 0-based position in the genome that the scorer's window is centred on; where not
        given, the start of the first variant of the haplotype.
      gene: which one, for scorers that give a row for each gene.

    Raises:
      NotSupportedError: the scorer is unsigned, so that its value has no gradient at 0, or it is
        about junctions.
      InvalidScoringRequestError: the gene, or the centre, is missing.
    """
    if not scorer.is_signed:
        raise errors.NotSupportedError(
            f"{scorer.name} has no sign, so that it has no gradient where nothing changes; choose "
            "a signed scorer such as RNA_SEQ or DNASE, or in-silico mutagenesis."
        )
    _check_signal(scorer.requested_output)
    scoring = VARIANT_SCORERS[type(scorer)]
    site = VariantSite(
        interval=haplotype.interval,
        variant=_marker(haplotype, center),
        genes=tuple(map(haplotype.coordinates.gene, genes)),
    )
    prepared = scoring.prepare(scorer, site)
    arrays: dict[str, Any] = {"own": dict(prepared.arrays), "row": 0}
    if "gene_id" in prepared.rows:
        listed = list(prepared.rows["gene_id"])
        if gene is None or gene.id not in listed:
            raise errors.InvalidScoringRequestError(
                f"{scorer.name} gives a value for each gene; choose one that starts in the window."
            )
        arrays["row"] = listed.index(gene.id)
    return Target(
        title=f"{scorer.name}{'' if gene is None else f' of {gene.name or gene.id}'}",
        output_type=scorer.requested_output,
        tracks=np.asarray(tracks, np.int32),
        measure=ScorerValue(scorer),
        arrays=arrays,
    )


def _marker(haplotype: Haplotype, center: int | None) -> Variant:
    """A variant at the centre, in the haplotype's own coordinates."""
    if center is None and haplotype.variants:
        center = haplotype.variants[0].start
    inside = haplotype.interval.start, haplotype.interval.end
    if center is None or not inside[0] <= center < inside[1]:
        found = "nothing" if center is None else f"{center + 1:,}"
        raise errors.InvalidScoringRequestError(
            f"The scorer's window is centred on {found}; give a position between "
            f"{inside[0] + 1:,} and {inside[1]:,}."
        )
    chromosome = haplotype.interval.chromosome
    place = haplotype.stretch(Interval(chromosome, center, center + 1)).start
    return Variant(chromosome, haplotype.interval.start + place + 1, "A", "C")


def _check_signal(output_type: OutputType) -> None:
    if OUTPUTS[output_type].kind != "signal":
        raise errors.NotSupportedError(
            f"{output_type.name} is no track along the genome; choose another output type, such as "
            "RNA_SEQ or DNASE."
        )
