"""What every scorer consists of: a part on the host, a pure function of arrays, a table.

1. `prepare`, on the host: from the site to the arrays that the function needs (windows, masks),
   and the rows of the result.
2. `scores`, on the device: from REF, ALT and these arrays to numbers. Shapes are static, so it
   can be compiled; rows that only fill up give numbers that nobody reads.
3. `table`, on the host: from the numbers to the values, rows and columns of the result.

Axes: R rows (genes, or 1), T tracks with padding.
"""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from predictor.scoring.site import IntervalSite, VariantSite
from predictor.tracks.catalogue import TrackTable

Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class Prepared:
    """What a scorer needs at one site.

    Attributes:
      arrays: numpy arrays for `scores`. Zeros appended along any axis are inert, so arrays of
        several sites can be brought to one shape.
      rows: one row for each row of scores; without columns where there is a single one.
    """

    arrays: Arrays
    rows: pd.DataFrame


@dataclass(frozen=True)
class ScoreTable:
    """Scores with their names.

    Attributes:
      values: float32 [rows, real tracks].
      rows: genes or junctions.
      tracks: the SDK's metadata of the tracks, with the index "0" to "n-1".
    """

    values: np.ndarray
    rows: pd.DataFrame
    tracks: pd.DataFrame


class Scoring:
    """What variant and interval scorers have in common.

    Attributes:
      strand_specific: scores of a gene and a track on opposite strands are NaN.
      needs_genes: cannot be computed without a gene annotation.
      needs_polyadenylation_sites: cannot be computed without a table of these.
    """

    strand_specific: ClassVar[bool] = False
    needs_genes: ClassVar[bool] = False
    needs_polyadenylation_sites: ClassVar[bool] = False

    def values(
        self, prepared: Prepared, scores: Any, tracks: TrackTable
    ) -> tuple[Float[np.ndarray, "R T"], Int[np.ndarray, " R"]]:
        """The numbers without their names, which take longer to make.

        Args:
          prepared: of the site.
          scores: [R, T] as `scores` gave it, with padding of rows and of tracks.
          tracks: of the output type, in the order of T.

        Returns:
          float32 of the real tracks, and for each row the row of `prepared` that it is of.
        """
        values = np.array(scores, np.float32)[: len(prepared.rows), tracks.real]
        if self.strand_specific:
            strands = np.array(tracks.strands)[tracks.real]
            values[_opposite(prepared.rows["strand"].to_numpy(), strands)] = np.nan
        return values, np.arange(len(values))

    def table(self, prepared: Prepared, scores: Any, tracks: TrackTable) -> ScoreTable:
        """Names the numbers; arguments as of `values`."""
        values, _ = self.values(prepared, scores, tracks)
        return ScoreTable(values=values, rows=prepared.rows, tracks=tracks.var)


class VariantScoring(Scoring, abc.ABC):
    """How one class of variant scorers computes.

    Attributes:
      aligned: ALT is wanted in REF coordinates (spec/scoring.md 4.1).
      same_for_interval: what is prepared depends on the interval only, so variants of one
        interval can share it.
      around_variant: the score is of a place around the variant, not of genes.
    """

    aligned: ClassVar[bool] = False
    same_for_interval: ClassVar[bool] = False
    around_variant: ClassVar[bool] = False

    @abc.abstractmethod
    def prepare(self, scorer: Any, site: VariantSite) -> Prepared:
        """The arrays and rows of a scorer of the SDK at a site."""

    def reads(self, scorer: Any, prepared: Prepared, width: int) -> Bool[np.ndarray, " S"] | None:
        """Which bases of 1-bp predictions matter to the scores; others may hold any finite number.

        Args:
          scorer: of the SDK.
          prepared: of the site.
          width: S, of the interval in bp.

        Returns:
          Bases of the interval. If the scorer is `aligned` they are bases of REF, and of ALT
          those that are aligned to them; otherwise bases of both. None where everything is read.
        """
        return None

    @abc.abstractmethod
    def scores(self, scorer: Any, reference: Any, alternate: Any, arrays: Arrays) -> Any:
        """The numbers.

        Args:
          scorer: of the SDK; static when compiled.
          reference: REF predictions of the output type, [bins, T] from left to right; for
            contact maps [bins, bins, T]; for junctions a `JunctionCounts`.
          alternate: the same of ALT, in REF coordinates if `aligned`.
          arrays: as prepared.
        """


class IntervalScoring(Scoring, abc.ABC):
    """How one class of interval scorers computes."""

    @abc.abstractmethod
    def prepare(self, scorer: Any, site: IntervalSite) -> Prepared:
        """The arrays and rows of a scorer of the SDK at a site."""

    @abc.abstractmethod
    def scores(self, scorer: Any, predictions: Any, arrays: Arrays) -> Any:
        """The numbers [R, T] from predictions [bins, T]."""


@cache
def single_row() -> pd.DataFrame:
    """The row of a result that is about the variant as a whole."""
    return pd.DataFrame(index=["0"])


def filled_rows(array: np.ndarray) -> np.ndarray:
    """Appends zeros along the first axis up to a power of two, so that few shapes are compiled."""
    length = 1 << max(len(array) - 1, 0).bit_length()
    return _filled(array, (length, *array.shape[1:]))


def bases_of_spans(spans: Int[np.ndarray, "G 2"], width: int) -> Bool[np.ndarray, " S"]:
    """Marks the bases of spans, 0-based half-open, cut at the ends of [0, width)."""
    found = np.zeros(width, bool)
    for start, end in np.clip(spans, 0, width):
        found[start:end] = True
    return found


def to_one_shape(arrays: Sequence[Arrays]) -> dict[str, np.ndarray]:
    """Stacks what one scorer prepared for several sites along a new first axis.

    Shapes that differ are filled up with zeros to the longest.
    """
    stacked = {}
    for name in arrays[0]:
        found = [np.asarray(one[name]) for one in arrays]
        shape = tuple(max(lengths) for lengths in zip(*(a.shape for a in found), strict=True))
        stacked[name] = np.stack([_filled(array, shape) for array in found])
    return stacked


def _filled(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    filled = np.zeros(shape, array.dtype)
    filled[tuple(slice(length) for length in array.shape)] = array
    return filled


def _opposite(genes: np.ndarray, tracks: np.ndarray) -> Bool[np.ndarray, "R T"]:
    gene, track = genes[:, None], tracks[None, :]
    opposite: np.ndarray = ((gene == "+") & (track == "-")) | ((gene == "-") & (track == "+"))
    return opposite
