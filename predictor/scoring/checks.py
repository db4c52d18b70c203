"""Checks of a scoring request before anything is predicted. Never loads JAX.

Source: spec/scoring.md 1.9, with what the SDK leaves unchecked.
"""

from collections.abc import Sequence
from typing import Any

from alphagenome.data.genome import Interval, Variant
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.interval_scorers import IntervalScorerTypes
from alphagenome.models.variant_scorers import VariantScorerTypes

from predictor import errors
from predictor.genome.reference import Reference
from predictor.genome.variant import check_reference_bases
from predictor.scoring.interval_gene_mask import target_interval
from predictor.scoring.scorers import INTERVAL_SCORERS, VARIANT_SCORERS
from predictor.tracks.alignment import check_inside
from predictor.tracks.output_types import organism_name

MOST_SCORERS = 20


def check_variant_scorers(scorers: Sequence[VariantScorerTypes], organism: Organism) -> None:
    """Refuses a list of variant scorers that cannot be used together.

    Raises:
      InvalidScorerError: one is unknown, is there twice, or is not for the organism; or there are
        more than 20.
    """
    _check_scorers("variant", scorers, VARIANT_SCORERS)
    for scorer in scorers:
        offered = variant_scorers.SUPPORTED_ORGANISMS[scorer.base_variant_scorer]
        if organism.value not in offered:
            names = " or ".join(organism_name(o) for o in Organism if o.value in offered)
            raise errors.InvalidScorerError(
                f"{scorer.name} is not for {organism_name(organism)}, only for {names}; "
                "leave it out or choose another organism."
            )


def check_interval_scorers(scorers: Sequence[IntervalScorerTypes], interval: Interval) -> None:
    """Refuses a list of interval scorers that cannot be used together, or not here.

    Raises:
      InvalidScorerError: one is unknown, is there twice, or is wider than the interval; or there
        are more than 20.
    """
    _check_scorers("interval", scorers, INTERVAL_SCORERS)
    for scorer in scorers:
        target_interval(scorer, interval)


def check_scoring_data(
    scorers: Sequence[Any], *, genes: bool, polyadenylation_sites: bool = False
) -> None:
    """Refuses scorers whose genes or sites are not installed.

    Raises:
      ScoringDataMissingError: names the first such scorer and what it needs.
    """
    table: dict[type[Any], Any] = {**VARIANT_SCORERS, **INTERVAL_SCORERS}
    for scorer in scorers:
        scoring = table[type(scorer)]
        for needed, there, what in (
            (scoring.needs_genes, genes, "a gene annotation"),
            (
                scoring.needs_polyadenylation_sites,
                polyadenylation_sites,
                "a table of polyadenylation sites",
            ),
        ):
            if needed and not there:
                raise errors.ScoringDataMissingError(
                    f"{scorer.name} needs {what}, and none is installed for this genome; "
                    "install one or leave the scorer out."
                )


def paired(
    intervals: Interval | Sequence[Interval], variants: Sequence[Variant]
) -> list[tuple[Interval, Variant]]:
    """Each variant with its interval; one interval may serve all of them.

    Raises:
      InvalidScoringRequestError: the numbers differ.
    """
    if isinstance(intervals, Interval):
        intervals = [intervals] * len(variants)
    if len(intervals) != len(variants):
        raise errors.InvalidScoringRequestError(
            f"There are {len(intervals)} intervals for {len(variants)} variants; give one interval "
            "for each variant, or a single one for all."
        )
    return list(zip(intervals, variants, strict=True))


def check_variant_site(interval: Interval, variant: Variant, reference: Reference) -> list[str]:
    """Checks the place of a variant that is to be scored.

    Args:
      interval: its chromosome, like that of the variant, is named as in the assembly.
      variant: to be scored.
      reference: the genome.

    Returns:
      Warnings, one sentence each: REF bases that are not those of the genome (they are written
      over it, as in the SDK), an interval that reaches beyond the chromosome (it reads N there).

    Raises:
      UnknownChromosomeError: the assembly has no such chromosome.
      PositionOutsideChromosomeError: the interval lies wholly outside its chromosome, or the
        variant reaches beyond its end.
      VariantOutsideIntervalError: the variant does not start inside the interval.
    """
    found = check_interval_site(interval, reference)
    check_inside(variant, interval)
    size = reference.chromosome_sizes[reference.names.resolve(variant.chromosome)]
    if variant.start < 0 or variant.end > size:
        raise errors.PositionOutsideChromosomeError(
            f"{variant.as_truncated_str(24)} reaches beyond {variant.chromosome}, which has "
            f"{size:,} bp in {reference.assembly}; is its position 1-based?"
        )
    try:
        check_reference_bases(variant, reference)
    except errors.ReferenceMismatchError as error:
        found.append(error.message)
    return found


def check_interval_site(interval: Interval, reference: Reference) -> list[str]:
    """Checks the place of an interval that is to be scored; as `check_variant_site`."""
    size = reference.chromosome_sizes[reference.names.resolve(interval.chromosome)]
    text = f"{interval.chromosome}:{interval.start + 1:,}-{interval.end:,}"
    if interval.start >= size or interval.end <= 0:
        raise errors.PositionOutsideChromosomeError(
            f"{text} lies outside {interval.chromosome}, which has {size:,} bp in "
            f"{reference.assembly}; choose an interval on the chromosome."
        )
    if interval.start >= 0 and interval.end <= size:
        return []
    return [
        f"{text} reaches beyond {interval.chromosome}, which has {size:,} bp in "
        f"{reference.assembly}; the bases outside are read as N."
    ]


def check_ism_interval(interval: Interval, ism_interval: Interval) -> None:
    """Refuses a stretch of in-silico mutagenesis that cannot be scored.

    Raises:
      InvalidScoringRequestError: it is on -, or not wholly inside the interval.
    """
    stretch = f"{ism_interval.chromosome}:{ism_interval.start + 1:,}-{ism_interval.end:,}"
    if ism_interval.negative_strand:
        raise errors.InvalidScoringRequestError(
            f"The stretch to mutate, {stretch}, is on the strand -; give it on + or without a "
            "strand, alternate bases are those of the forward strand."
        )
    if not interval.contains(ism_interval):
        raise errors.InvalidScoringRequestError(
            f"The stretch to mutate, {stretch}, does not lie wholly inside the predicted interval "
            f"{interval.chromosome}:{interval.start + 1:,}-{interval.end:,}; move one of them."
        )


def _check_scorers(what: str, scorers: Sequence[Any], table: dict[type[Any], Any]) -> None:
    for scorer in scorers:
        if type(scorer) not in table:
            names = ", ".join(known.__name__ for known in table)
            raise errors.InvalidScorerError(
                f"{type(scorer).__name__} is not a known {what} scorer; choose from {names}."
            )
    repeated = [scorer for number, scorer in enumerate(scorers) if scorer in scorers[:number]]
    if repeated:
        raise errors.InvalidScorerError(
            f"{repeated[0].name} is there more than once among the {what} scorers; "
            "ask for each scorer once."
        )
    if len(scorers) > MOST_SCORERS:
        raise errors.InvalidScorerError(
            f"{len(scorers)} {what} scorers were asked for; at most {MOST_SCORERS} can be used "
            "in one request."
        )
