"""Scores of variants: what must be predicted, the numbers, the result as in the SDK.

    outputs = required_outputs(scorers)          # to predict for REF and ALT
    prepared = prepare(scorers, site)            # host
    arrays = [own.arrays for own in prepared]
    numbers = compute(scorers, ref, alt, arrays, alignment(site))                   # device
    results = assemble(scorers, prepared, numbers, site, tracks)                    # host

Axes: S positions, V insertions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from alphagenome.data.genome import Variant
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import VariantScorerTypes
from anndata import AnnData
from jaxtyping import Bool

from predictor.scoring.arrays import Alignment, aligned
from predictor.scoring.calibration_table import Calibration
from predictor.scoring.checks import check_scoring_data
from predictor.scoring.results import annotated, merged, without_tracks
from predictor.scoring.scorer import Arrays, Prepared, ScoreTable
from predictor.scoring.scorers import VARIANT_SCORERS
from predictor.scoring.site import VariantSite
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.catalogue import TrackTable
from predictor.tracks.output_types import OUTPUTS

Predictions = Mapping[OutputType, Any]
"""Of one allele, in data units and from left to right, padding included: [bins, T] per output
type, [bins, bins, T] for contact maps, a `JunctionCounts` for junctions."""


def required_outputs(scorers: Sequence[VariantScorerTypes]) -> tuple[OutputType, ...]:
    """The output types that the scorers read, without repetitions."""
    return tuple(dict.fromkeys(scorer.requested_output for scorer in scorers))


def prepare(scorers: Sequence[VariantScorerTypes], site: VariantSite) -> list[Prepared]:
    """What each scorer needs at a site.

    Raises:
      ScoringDataMissingError: a scorer needs genes or sites that are not there.
      VariantOutsideIntervalError, ScoringLimitError: see the scorers.
    """
    check_scoring_data(
        scorers,
        genes=site.genes is not None,
        polyadenylation_sites=site.polyadenylation_sites is not None,
    )
    return [VARIANT_SCORERS[type(scorer)].prepare(scorer, site) for scorer in scorers]


def bases_read(
    scorers: Sequence[VariantScorerTypes],
    prepared: Sequence[Prepared],
    site: VariantSite,
    variants: Sequence[Variant] | None = None,
    *,
    align_all: bool = False,
) -> dict[OutputType, Bool[np.ndarray, " S"]]:
    """Which bases of the 1-bp output types are read, of REF or of ALT.

    Bases marked for either allele are marked for both, so that a sequence which is equal to REF
    can be predicted in the same way.

    Args:
      scorers: of the SDK.
      prepared: of the site.
      site: of the variant.
      variants: those that ALT has; that of the site where not given.
      align_all: as for `compute`.

    Returns:
      Per output type marks of S = width of the interval; one that is read everywhere, or not in
      bases, is absent.
    """
    width = site.interval.width
    followed = AlleleAlignment(site.interval, [site.variant] if variants is None else variants)
    marks: dict[OutputType, np.ndarray | None] = {}
    for scorer, own in zip(scorers, prepared, strict=True):
        kind = scorer.requested_output
        if OUTPUTS[kind].resolution > 1 or OUTPUTS[kind].kind != "signal":
            continue
        bases = VARIANT_SCORERS[type(scorer)].reads(scorer, own, width)
        before = marks.get(kind, np.zeros(width, bool))
        if bases is None or before is None:
            marks[kind] = None
        else:
            marks[kind] = before | bases
            if _is_aligned(scorer, align_all):
                marks[kind] |= _bases_of_alternate(bases, followed)
    return {kind: bases for kind, bases in marks.items() if bases is not None}


def compute(
    scorers: Sequence[VariantScorerTypes],
    reference: Predictions,
    alternate: Predictions,
    arrays: Sequence[Arrays],
    alignment: Alignment | None = None,
    *,
    align_all: bool = False,
) -> list[Any]:
    """The numbers of one variant; a pure function of arrays.

    With JAX arrays it may be compiled (`scorers` are static and hashable) and mapped over
    variants (`to_one_shape` stacks their arrays). Scorers of one output type share what they
    read.

    Args:
      scorers: of the SDK.
      reference: REF predictions of `required_outputs`.
      alternate: of ALT, in ALT coordinates; junctions in REF coordinates.
      arrays: as prepared, one for each scorer.
      alignment: from REF to ALT bases; may be None unless `needs_alignment`.
      align_all: align 1-bp tracks also for the scorers that officially compare ALT as it is
        (center masks), so that what an indel merely moves does not count as a change.

    Returns:
      For each scorer what `table` takes; None where an output type was not predicted because
      the organism has no such tracks.
    """
    wanted = [scorer for scorer in scorers if _is_aligned(scorer, align_all)]
    kinds = {scorer.requested_output for scorer in wanted} & alternate.keys()
    shifted = dict(alternate)
    if alignment is not None:
        shifted |= {kind: aligned(alternate[kind], alignment) for kind in kinds}
    numbers: list[Any] = []
    for scorer, own in zip(scorers, arrays, strict=True):
        kind = scorer.requested_output
        if kind not in reference:
            numbers.append(None)
            continue
        alt = shifted[kind] if scorer in wanted else alternate[kind]
        scoring = VARIANT_SCORERS[type(scorer)]
        numbers.append(scoring.scores(scorer, reference[kind], alt, own))
    return numbers


def assemble(
    scorers: Sequence[VariantScorerTypes],
    prepared: Sequence[Prepared],
    numbers: Sequence[Any],
    site: VariantSite,
    tracks: Mapping[OutputType, TrackTable],
    *,
    merge_stranded_gene_tracks: bool = False,
    calibration: Calibration | None = None,
) -> list[AnnData]:
    """The results of one variant, one AnnData for each scorer, as the SDK gives them.

    Args:
      scorers: of the SDK.
      prepared: of the site.
      numbers: as computed; any kind of array.
      site: goes into `uns` with the unstranded interval.
      tracks: of each output type that the organism has, padding included.
      merge_stranded_gene_tracks: give each gene the tracks of its own strand only (the hosted
        service's default; spec/scoring.md 12).
      calibration: background of the scorers; where given, the results have quantiles.

    Raises:
      CalibrationError: the background is of other tracks.
    """
    results = []
    for scorer, table in zip(scorers, tables(scorers, prepared, numbers, tracks), strict=True):
        result = annotated(
            table, interval=site.interval, variant=site.variant, variant_scorer=scorer
        )
        if calibration is not None:
            calibration.add_quantiles(result, table.tracks)
        results.append(merged(result) if merge_stranded_gene_tracks else result)
    return results


def tables(
    scorers: Sequence[VariantScorerTypes],
    prepared: Sequence[Prepared],
    numbers: Sequence[Any],
    tracks: Mapping[OutputType, TrackTable],
) -> list[ScoreTable]:
    """The named numbers of one variant, one table for each scorer; see `assemble`."""
    found = []
    for scorer, own, values in zip(scorers, prepared, numbers, strict=True):
        table = tracks.get(scorer.requested_output)
        found.append(
            without_tracks(own.rows)
            if values is None or table is None
            else VARIANT_SCORERS[type(scorer)].table(own, values, table)
        )
    return found


def score_variant(
    scorers: Sequence[VariantScorerTypes],
    site: VariantSite,
    reference: Predictions,
    alternate: Predictions,
    tracks: Mapping[OutputType, TrackTable],
    *,
    align_all: bool = False,
    merge_stranded_gene_tracks: bool = False,
) -> list[AnnData]:
    """All of the above for one variant."""
    prepared = prepare(scorers, site)
    moves = needs_alignment(scorers, site.variant, align_all=align_all)
    numbers = compute(
        scorers,
        reference,
        alternate,
        [own.arrays for own in prepared],
        alignment(site) if moves else None,
        align_all=align_all,
    )
    return assemble(
        scorers,
        prepared,
        numbers,
        site,
        tracks,
        merge_stranded_gene_tracks=merge_stranded_gene_tracks,
    )


def needs_alignment(
    scorers: Sequence[VariantScorerTypes], variant: Variant, *, align_all: bool = False
) -> bool:
    """True where a scorer compares base by base, and the variant changes the length."""
    changes_length = len(variant.reference_bases) != len(variant.alternate_bases)
    return changes_length and any(_is_aligned(scorer, align_all) for scorer in scorers)


def alignment(site: VariantSite, variants: Sequence[Variant] | None = None) -> Alignment:
    """Where the bases of REF are in ALT; of one shape for all single variants of a window.

    Args:
      site: of the variant.
      variants: those that ALT has; that of the site where not given.

    Raises:
      VariantOutsideIntervalError: the variant does not start inside the interval. (The official
        code would align it by a negative index; spec/scoring.md 4.1, recommendation.)
    """
    on_alternate = [site.variant] if variants is None else variants
    found = AlleleAlignment(site.interval, on_alternate).forward
    no_insertion = np.full((1, 3), site.interval.width, np.int32)
    insertions = found.insertions if len(found.insertions) else no_insertion
    return Alignment(found.source, insertions)


def _bases_of_alternate(bases: np.ndarray, alignment: AlleleAlignment) -> np.ndarray:
    """The ALT bases that are aligned to these of REF."""
    marks = np.zeros_like(bases)
    sources = alignment.source[bases]
    marks[sources[sources >= 0]] = True
    for insertion in alignment.insertions:
        if bases[insertion.at]:
            marks[insertion.first : insertion.last] = True
    return marks


def _is_aligned(scorer: VariantScorerTypes, align_all: bool) -> bool:  # noqa: FBT001
    about = OUTPUTS[scorer.requested_output]
    base_by_base = about.kind == "signal" and about.resolution == 1
    return VARIANT_SCORERS[type(scorer)].aligned or (align_all and base_by_base)
