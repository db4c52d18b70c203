"""ALT predictions in REF coordinates.

An insertion or deletion moves everything to its right: base 100 of ALT is not base 100 of REF.
Before the two are drawn together or subtracted, ALT is put into REF coordinates.

**1-bp tracks** (spec/scoring.md 4.1). At an insertion, the last base before it takes the maximum
of its own value and those of the inserted bases; at a deletion, the deleted bases are 0. What an
insertion pushed out at the right end of the window is 0 too.

**Coarser tracks** (128 bp, 2,048 bp). Here an indel mostly moves by a part of a bin, so whole
bins cannot follow it. Our rule: read every ALT bin as constant over its bases, align base by
base, and take for each REF bin the mean over those of its bases that ALT has. This keeps
averages, is exact where nothing moved, and equals a move by whole bins where the indel is a
multiple of the bin. Bins that lie wholly inside an insertion have no place of their own; the bin
before the insertion takes their maximum if that is larger, as on 1-bp tracks. REF bins of which
ALT has no base are 0. Contact maps are averaged in the same way on both axes (without the
maximum: contacts have a sign).

`AlleleAlignment.missing` marks what the zeros stand for, so that it can be hatched instead of
being taken for a loss of signal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.genome.sequences import ordered_variants


@dataclass(frozen=True)
class Insertion:
    """Inserted bases: `at` is the base before them in REF, [first, last) what it takes in ALT.

    All are indices from the left end of the window; `last` - `first` is one more than the
    number of inserted bases that lie in the window.
    """

    at: int
    first: int
    last: int


class AlleleAlignment:
    """Which ALT base stands at each REF base of a window, from left to right.

    Attributes:
      source: int64 [S]: index of the ALT base for each REF base; -1 where ALT has none.
      insertions: from left to right.
    """

    def __init__(self, interval: Interval, variants: Sequence[Variant]):
        """Follows the variants of one haplotype through a window.

        Args:
          interval: the window; its strand is ignored, everything is in forward order.
          variants: must not overlap; those that do not start in the interval are refused.
            Indels are taken as left-aligned, with a shared first base.

        Raises:
          OverlappingVariantsError: two variants change the same bases.
          VariantOutsideIntervalError: a variant does not start inside the interval.
        """
        self.width = interval.width
        source = np.arange(self.width)
        insertions = []
        gained = 0
        for variant in ordered_variants(variants):
            check_inside(variant, interval)
            change = len(variant.alternate_bases) - len(variant.reference_bases)
            shared = min(len(variant.reference_bases), len(variant.alternate_bases))
            after = variant.start - interval.start + shared
            if change > 0 and after <= self.width:
                # Without a shared base the inserted ones fall to the base on the left, if any.
                at = max(after - 1, 0)
                first = min(at + gained, self.width)
                insertions.append(
                    Insertion(at=at, first=first, last=min(after + gained + change, self.width))
                )
            source[after:] += change
            source[after : after - min(change, 0)] = -1
            gained += change
        source[(source >= self.width) | (source < 0)] = -1
        if gained > 0:
            # By the official rule, even where ALT still has these bases: an insertion right at
            # the end of the window.
            source[max(self.width - gained, 0) :] = -1
        self.source = source
        self.insertions = tuple(insertions)

    @property
    def is_identity(self) -> bool:
        """True where no variant changes the length."""
        return not self.insertions and bool((self.source == np.arange(self.width)).all())

    def missing(self, resolution: int = 1) -> np.ndarray:
        """Marks [S / resolution] the REF bins of which ALT has no base at all."""
        return np.asarray((self.source < 0).reshape(-1, resolution).all(axis=1))

    @property
    def lost_end(self) -> int:
        """How many bases at the right end of the window ALT has lost, by an insertion."""
        return int(np.argmin(self.missing()[::-1]))

    def inserted(self, resolution: int = 1) -> np.ndarray:
        """Marks [S / resolution] the REF bins at whose last shared base ALT has bases inserted."""
        marks = np.zeros(self.width // resolution, bool)
        marks[[insertion.at // resolution for insertion in self.insertions]] = True
        return marks

    def tracks(self, values: np.ndarray, resolution: int = 1) -> np.ndarray:
        """Aligns ALT tracks [S / resolution, ...] to REF, along the first axis."""
        if self.is_identity:
            return values
        if resolution == 1:
            return self._bases(values)
        aligned = self._weighted(values, resolution)
        for insertion in self.insertions:
            # Bins that hold inserted bases only.
            first = -(-(insertion.first + 1) // resolution)
            last = insertion.last // resolution
            if first < last:
                at = insertion.at // resolution
                largest = values[first:last].max(axis=0)
                aligned[at] = np.maximum(aligned[at], largest)
        return aligned

    def contact_maps(self, values: np.ndarray, resolution: int) -> np.ndarray:
        """Aligns ALT contact maps [bins, bins, ...] to REF, along both axes."""
        if self.is_identity:
            return values
        rows = self._weighted(values, resolution)
        return self._weighted(rows.swapaxes(0, 1), resolution).swapaxes(0, 1)

    def _bases(self, values: np.ndarray) -> np.ndarray:
        aligned = values[self.source]
        aligned[self.source < 0] = 0
        for insertion in self.insertions:
            if self.source[insertion.at] >= 0:
                aligned[insertion.at] = values[insertion.first : insertion.last].max(axis=0)
        return aligned

    def _weighted(self, values: np.ndarray, resolution: int) -> np.ndarray:
        rows, columns, weights = self._bin_weights(resolution)
        aligned = np.zeros_like(values)
        expanded = weights.reshape(-1, *[1] * (values.ndim - 1)).astype(values.dtype)
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        if len(rows):
            aligned[rows[starts]] = np.add.reduceat(values[columns] * expanded, starts, axis=0)
        return aligned

    def _bin_weights(self, resolution: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """REF bins (ascending), ALT bins, and the share that each ALT bin has in the REF bin."""
        bins = self.width // resolution
        placed = np.flatnonzero(self.source >= 0)
        pairs, bases = np.unique(
            (placed // resolution) * bins + self.source[placed] // resolution, return_counts=True
        )
        rows, columns = np.divmod(pairs, bins)
        total = np.bincount(rows, weights=bases, minlength=bins)
        return rows, columns, bases / total[rows]

    @cached_property
    def reversed(self) -> "DeviceAlignment":
        """The same for sequences in reverse-complement orientation."""
        source = self.source[::-1]
        return DeviceAlignment(
            source=np.where(source >= 0, self.width - 1 - source, -1).astype(np.int32),
            insertions=np.array(
                [
                    (self.width - 1 - i.at, self.width - i.last, self.width - i.first)
                    for i in self._placed_insertions
                ],
                np.int32,
            ).reshape(-1, 3),
        )

    @cached_property
    def forward(self) -> "DeviceAlignment":
        """As plain arrays, for functions that run on the device."""
        return DeviceAlignment(
            source=self.source.astype(np.int32),
            insertions=np.array(
                [(i.at, i.first, i.last) for i in self._placed_insertions], np.int32
            ).reshape(-1, 3),
        )

    @property
    def _placed_insertions(self) -> list[Insertion]:
        return [i for i in self.insertions if self.source[i.at] >= 0]


@dataclass(frozen=True)
class DeviceAlignment:
    """An alignment as arrays.

    Attributes:
      source: int32 [S], index of the ALT base, -1 where there is none.
      insertions: int32 [I, 3]: REF base, first and one past the last of its ALT bases.
    """

    source: np.ndarray
    insertions: np.ndarray


def check_inside(variant: Variant, interval: Interval) -> None:
    """Refuses a variant that does not start inside the interval.

    Raises:
      VariantOutsideIntervalError: says where both are.
    """
    if variant.chromosome != interval.chromosome or not (
        interval.start <= variant.start < interval.end
    ):
        raise errors.VariantOutsideIntervalError(
            f"{variant.as_truncated_str(24)} does not start inside the predicted interval "
            f"{interval.chromosome}:{interval.start + 1:,}-{interval.end:,}; "
            "choose an interval around it."
        )
