"""REF and ALT sequences of a window.

Any number of variants may lie on the one ALT haplotype; they must not overlap. For a single
variant the result is that of spec/scoring.md 2.
"""

import itertools
from collections.abc import Sequence

from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.genome.reference import Reference, reverse_complement


def allele_sequences(
    interval: Interval, variants: Sequence[Variant], reference: Reference
) -> tuple[str, str]:
    """The sequences of the two alleles, both as long as the interval.

    The stated REF bases are written over the genome in both sequences, whether they agree with
    it or not. Insertions push bases out at the right end of ALT, deletions draw bases in there.
    Of a variant that crosses an end only the part inside counts; one that lies outside changes
    nothing. For strand '-' both sequences are reverse-complemented at the very end.

    Args:
      interval: the window, 0-based half-open; may reach beyond the chromosome (N).
      variants: in any order.
      reference: the genome.

    Returns:
      REF sequence, ALT sequence.

    Raises:
      OverlappingVariantsError: two variants change the same bases.
      UnknownChromosomeError, PositionOutsideChromosomeError: as `Reference.sequence`.
    """
    ordered = ordered_variants(variants)
    drawn_in = sum(max(0, len(v.reference_bases) - len(v.alternate_bases)) for v in ordered)
    region = interval.as_unstranded()
    region.end += drawn_in
    ref = alt = reference.sequence(region)
    # From right to left, so that the positions of variants further left stay valid.
    for variant in reversed(ordered):
        inside = _part_inside(variant, region)
        if inside is None:
            continue
        start, end = inside.start - region.start, inside.end - region.start
        ref = ref[:start] + inside.reference_bases + ref[end:]
        alt = alt[:start] + inside.alternate_bases + alt[end:]
    ref, alt = ref[: interval.width], alt[: interval.width]
    if interval.negative_strand:
        return reverse_complement(ref), reverse_complement(alt)
    return ref, alt


def ordered_variants(variants: Sequence[Variant]) -> list[Variant]:
    """The variants from left to right.

    Raises:
      OverlappingVariantsError: two of them change the same bases, or start at the same base.
    """
    ordered = sorted(variants, key=lambda variant: (variant.chromosome, variant.start))
    for left, right in itertools.pairwise(ordered):
        if left.chromosome == right.chromosome and right.start < max(left.end, left.start + 1):
            raise errors.OverlappingVariantsError(
                f"{left.as_truncated_str(24)} and {right.as_truncated_str(24)} change the same "
                "bases, so they cannot lie on one haplotype; predict them one by one."
            )
    return ordered


def _part_inside(variant: Variant, region: Interval) -> Variant | None:
    """What is left of a variant between the ends of the region; None if nothing is."""
    if variant.chromosome != region.chromosome or not (
        variant.start < region.end and region.start < max(variant.end, variant.start + 1)
    ):
        return None
    _, right = variant.split(region.start)
    if right is None:
        return None
    left, _ = right.split(region.end)
    return left
