"""One haplotype of a window, and where its bases come from.

Axes: S bases of the haplotype, from left to right; L kinds of splice site.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from alphagenome.data.genome import Interval, Variant
from jaxtyping import Bool, Int

from predictor import errors
from predictor.genome.haplotype_coordinates import HaplotypeCoordinates
from predictor.genome.reference import Reference
from predictor.genome.sequences import allele_sequences, ordered_variants

INSERTED = -1


@dataclass(frozen=True, eq=False)
class Haplotype:
    """REF, or an ALT with any number of variants, in forward order.

    Attributes:
      interval: the window, unstranded.
      variants: those on the haplotype, from left to right; empty for REF.
      sequence: S letters, S = interval.width.
      positions: position of each base in the genome, 0-based; -1 for an inserted base.
    """

    interval: Interval
    variants: tuple[Variant, ...]
    sequence: str
    positions: Int[np.ndarray, " S"]

    @classmethod
    def of(
        cls, interval: Interval, variants: Sequence[Variant], reference: Reference
    ) -> "Haplotype":
        """Puts variants into a window.

        Args:
          interval: the window; its strand plays no role.
          variants: each starts inside the window.
          reference: the genome.

        Raises:
          OverlappingVariantsError, UnknownChromosomeError, PositionOutsideChromosomeError.
        """
        interval = interval.as_unstranded()
        sequences = allele_sequences(interval, variants, reference)
        ordered = tuple(ordered_variants(variants))
        return cls(interval, ordered, sequences[bool(ordered)], _positions(interval, ordered))

    @property
    def coordinates(self) -> HaplotypeCoordinates:
        """From positions of the genome to those of the haplotype, and back."""
        return HaplotypeCoordinates(self.variants)

    def stretch(self, interval: Interval) -> slice:
        """The bases of the haplotype that take the place of an interval of the genome.

        Inserted bases belong to the base before them. An empty interval gives an empty slice.

        Raises:
          InvalidScoringRequestError: the haplotype lacks all bases of the interval.
        """
        edges = (self.coordinates.of_haplotype(edge) for edge in (interval.start, interval.end))
        start, stop = (
            min(max(int(edge - self.interval.start), 0), len(self.sequence)) for edge in edges
        )
        if interval.width and start == stop:
            raise errors.InvalidScoringRequestError(
                f"{interval.chromosome}:{interval.start + 1:,}-{interval.end:,} is deleted in the "
                "ALT sequence, so nothing can be mutated there; choose a longer stretch."
            )
        return slice(start, stop)

    def carried_marks(self, marks: Bool[np.ndarray, "S L"]) -> Bool[np.ndarray, "S L"]:
        """Marks of the bases of the window, on the bases of the haplotype that come from them."""
        places = self.positions - self.interval.start
        inside = (self.positions != INSERTED) & (places >= 0) & (places < len(marks))
        result = np.zeros_like(marks)
        result[inside] = marks[places[inside]]
        return result


def _positions(interval: Interval, variants: Sequence[Variant]) -> Int[np.ndarray, " S"]:
    drawn_in = HaplotypeCoordinates(variants).drawn_in
    positions = np.arange(interval.start, interval.end + drawn_in)
    for variant in reversed(variants):
        start = variant.start - interval.start
        old = positions[start : start + len(variant.reference_bases)]
        inserted = np.full(max(0, len(variant.alternate_bases) - len(old)), INSERTED)
        new = np.concatenate([old[: len(variant.alternate_bases)], inserted])
        positions = np.concatenate([positions[:start], new, positions[start + len(old) :]])
    return positions[: interval.width]
