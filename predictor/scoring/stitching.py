"""Stitching: the same bin phase right of an insertion or deletion for both alleles.

Bins of 128 and 2,048 bp do not move by whole bins with an indel, so the bins right of it would
see other bases in REF and in ALT. The allele that has more bases than the other is therefore
predicted twice: on the near sequence, that of the window, and on the far sequence, in which the
right flank lies as in the other allele. Left of the indel the embeddings of the near one are
taken, right of it those of the far one, moved back; the heads then run on the result. It costs
one more pass of the network. Switched off, both alleles are predicted as they are.

Axes: S base pairs or bins, C channels.

Source: spec/scoring.md 4.2.
"""

from dataclasses import dataclass
from typing import Any, Literal

from alphagenome.data.genome import Interval, Variant
from jaxtyping import Float

from predictor.genome.reference import Reference, reverse_complement
from predictor.genome.sequences import allele_sequences
from predictor.scoring.arrays import namespace


@dataclass(frozen=True, kw_only=True)
class Stitch:
    """Two sequences of an allele, and where they are joined, in the orientation of the network.

    On the forward strand the left sequence is the near one; on '-' the right one is.

    Attributes:
      allele: whose embeddings are joined.
      left: sequence whose embeddings are taken left of the seam.
      right: sequence whose embeddings are taken right of it.
      left_shift: by how many bp those of `left` move, to the left.
      right_shift: by how many bp those of `right` move, to the right.
      start: index of the base at which the indel starts; decides by how many bins to move.
      seam: index of the first base that is taken from `right`.
    """

    allele: Literal["reference", "alternate"]
    left: str
    right: str
    left_shift: int
    right_shift: int
    start: int
    seam: int

    def bases(self, left: Float[Any, "S C"], right: Float[Any, "S C"]) -> Float[Any, "S C"]:
        """Joins embeddings at 1 bp."""
        xp = namespace(left)
        left = xp.roll(left, -self.left_shift, axis=0)
        right = xp.roll(right, self.right_shift, axis=0)
        return xp.where((xp.arange(left.shape[0]) < self.seam)[:, None], left, right)

    def bins(
        self, left: Float[Any, "S C"], right: Float[Any, "S C"], resolution: int
    ) -> Float[Any, "S C"]:
        """Joins embeddings of bins of `resolution` bp."""
        xp = namespace(left)
        seam, moved = self._in_bins(resolution)
        left = xp.roll(left, -moved if self.left_shift else 0, axis=0)
        right = xp.roll(right, moved if self.right_shift else 0, axis=0)
        return xp.where((xp.arange(left.shape[0]) < seam)[:, None], left, right)

    def pairs(
        self, left: Float[Any, "S S C"], right: Float[Any, "S S C"], resolution: int
    ) -> Float[Any, "S S C"]:
        """Joins pair embeddings of bins of `resolution` bp."""
        xp = namespace(left)
        seam, moved = self._in_bins(resolution)
        left = xp.roll(left, -moved if self.left_shift else 0, axis=(0, 1))
        right = xp.roll(right, moved if self.right_shift else 0, axis=(0, 1))
        beyond = xp.arange(left.shape[0]) >= seam
        both = beyond[:, None, None] & beyond[None, :, None]
        return xp.where(both, right, left)

    def _in_bins(self, resolution: int) -> tuple[int, int]:
        """Bin of the seam, and the number of bins between the start of the indel and it."""
        seam = (self.seam - 1) // resolution
        return seam, seam - self.start // resolution


def stitch(interval: Interval, variant: Variant, reference: Reference) -> Stitch | None:
    """How to stitch the longer allele of an insertion or deletion; None for anything else.

    Args:
      interval: the window; on '-' everything is in reverse-complement orientation.
      variant: must start inside the interval.
      reference: the genome.
    """
    gained = len(variant.alternate_bases) - len(variant.reference_bases)
    if gained == 0:
        return None
    forward = interval.as_unstranded()
    near_ref, near_alt = allele_sequences(forward, [variant], reference)
    longer, shorter = variant.reference_bases, variant.alternate_bases
    if gained > 0:
        longer, shorter = shorter, longer
        near, far = near_alt, _last_of_alternate(forward, variant, reference)
    else:
        near, far = near_ref, reference.sequence(_moved(forward, -gained))
    offset = variant.start - interval.start
    start, stop = offset + len(shorter), offset + len(longer)
    if interval.negative_strand:
        # The last term is that of the official code, which looks like an oversight; golden cases
        # record it.
        start, stop = interval.width - stop, interval.width - start + len(shorter)
        near, far = reverse_complement(near), reverse_complement(far)
    backward = bool(interval.negative_strand)
    return Stitch(
        allele="alternate" if gained > 0 else "reference",
        left=far if backward else near,
        right=near if backward else far,
        left_shift=abs(gained) if backward else 0,
        right_shift=0 if backward else abs(gained),
        start=start,
        seam=stop,
    )


def _last_of_alternate(interval: Interval, variant: Variant, reference: Reference) -> str:
    """The last bases of the ALT sequence before an insertion pushes them out of the window."""
    gained = len(variant.alternate_bases) - len(variant.reference_bases)
    longer = interval.copy()
    longer.end += gained
    _, alternate = allele_sequences(longer, [variant], reference)
    return alternate[-interval.width :]


def _moved(interval: Interval, by: int) -> Interval:
    return Interval(interval.chromosome, interval.start + by, interval.end + by)
