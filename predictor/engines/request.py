"""Checks of a request before anything is computed. Never loads JAX: the web process uses them."""

from collections.abc import Sequence

from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.genome.reference import Reference
from predictor.genome.sequences import ordered_variants
from predictor.genome.variant import check_reference_bases
from predictor.tracks.alignment import check_inside

# Where an engine does not list its windows, any multiple of a pair cell is fine.
WINDOW_STEP = 2_048
LONGEST_WINDOW = 2**20


def check_window(width: int, windows: Sequence[int] | None, *, engine: str) -> None:
    """Refuses a length that the engine does not accept.

    Args:
      width: in bp.
      windows: accepted lengths; None for any multiple of `WINDOW_STEP` up to `LONGEST_WINDOW`.
      engine: for the message.

    Raises:
      UnsupportedWindowError: names the nearest length, the longer one of two.
    """
    if windows is None:
        nearest = round(width / WINDOW_STEP) * WINDOW_STEP
        nearest = min(max(nearest, WINDOW_STEP), LONGEST_WINDOW)
        lengths = f"multiples of {WINDOW_STEP:,} up to {LONGEST_WINDOW:,}"
    else:
        nearest = min(windows, key=lambda window: (abs(window - width), -window))
        lengths = " or ".join(f"{window:,}" for window in windows)
    if nearest != width:
        raise errors.UnsupportedWindowError(
            f"The engine {engine} cannot predict {width:,} bp; its windows have {lengths} bp, "
            f"the nearest is {nearest:,}."
        )


def check_sequence(sequence: str, interval: Interval | None) -> None:
    """Refuses a sequence that cannot be read.

    Args:
      sequence: to be predicted.
      interval: where it lies, if that is known.

    Raises:
      InvalidSequenceError: other letters than ACGTN, or not as long as the interval.
    """
    if other := sorted(set(sequence) - set("ACGTN")):
        raise errors.InvalidSequenceError(
            f"The sequence holds {', '.join(map(repr, other[:5]))}; "
            "only the capital letters A, C, G, T and N are understood."
        )
    if interval is not None and interval.width != len(sequence):
        raise errors.InvalidSequenceError(
            f"The sequence has {len(sequence):,} letters, but its interval "
            f"{interval.width:,} bp; both must be equal."
        )


def check_variants(interval: Interval, variants: Sequence[Variant], reference: Reference) -> None:
    """Refuses variants that cannot be predicted together in a window.

    Args:
      interval: the window.
      variants: of one haplotype; their chromosomes, like that of the interval, are named as in
        the assembly.
      reference: the genome.

    Raises:
      OverlappingVariantsError: two of them change the same bases.
      VariantOutsideIntervalError: one does not start inside the window.
      InsertionTooLongError: one has more alternate bases than the window holds.
      ReferenceMismatchError: REF is not what the genome has.
    """
    check_places(interval, variants)
    for variant in variants:
        check_reference_bases(variant, reference)


def check_haplotype(variants: Sequence[Variant]) -> None:
    """Refuses what is no haplotype of several variants.

    Raises:
      InvalidScoringRequestError: fewer than two.
      OverlappingVariantsError: two of them change the same bases.
    """
    if len(variants) < 2:
        raise errors.InvalidScoringRequestError(
            f"A haplotype needs two variants at least, found {len(variants)}; "
            "a single one can be scored as it is."
        )
    ordered_variants(variants)


def check_places(interval: Interval, variants: Sequence[Variant]) -> None:
    """The part of `check_variants` that needs no genome; raises the first three of its errors."""
    for variant in ordered_variants(variants):
        check_inside(variant, interval)
        if len(variant.alternate_bases) > interval.width:
            raise errors.InsertionTooLongError(
                f"{variant.as_truncated_str(24)} has {len(variant.alternate_bases):,} alternate "
                f"bases, more than the window of {interval.width:,} bp can hold; "
                "choose a longer window."
            )
