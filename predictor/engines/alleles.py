"""Sequences on the device: what is known of each, and the reference windows that are kept.

Axes: B sequences (1), S base pairs, N tokens, C channels.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from alphagenome.models.dna_output import OutputType
from jaxtyping import Array, Float

from predictor.engines.edits import Patch
from predictor.engines.junctions import Junctions
from predictor.model.alphagenome import Trunk

Outputs = Mapping[OutputType, Array]
"""Per output type an array [B, ...] on the device, in data units."""


@dataclass(kw_only=True)
class Allele:
    """A sequence after the tower.

    Attributes:
      codes: uint8 [S], 0 to 3 for A, C, G, T, anything else for no base.
      organisms: int32 [1].
      tokens: the encoder's, before the tower.
      trunk: the tower's result.
      skips: the encoder's for the decoder; None where they were given up for want of memory.
        Those of an edited sequence are REF's but for the `patch`.
      patch: of an edited sequence.
      bp_1: 1-bp embeddings of the whole window, where they are not to be decoded: those of a
        stitched sequence.
      found: what has been read, by `Reading.key`.
    """

    codes: np.ndarray
    organisms: np.ndarray
    tokens: Float[Array, "1 N C"]
    trunk: Trunk
    skips: tuple[Float[Array, "1 _ _"], ...] | None
    patch: Patch | None = None
    bp_1: Float[Array, "1 S D"] | None = None
    found: dict[Any, Any] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory that it takes on the device."""
        return self.nbytes_unread + _nbytes([*self.found.values()])

    @property
    def nbytes_unread(self) -> int:
        """The same without what has been read."""
        return _nbytes((self.tokens, self.trunk, self.skips))


@dataclass(frozen=True, kw_only=True)
class ReferenceWindow:
    """REF of a window, for its variants.

    Attributes:
      outputs: per output type [1, ...] on the device, in data units and in the orientation of
        the network.
      junctions: between the sites that REF shows itself, where they were asked for.
      allele: what the variants of the window start from.
    """

    outputs: Outputs
    junctions: Junctions | None
    allele: Allele


class ReferenceCache:
    """Reference windows by content, the most recently used ones within a budget of memory."""

    def __init__(self, budget: int, of_one: int = 0):
        """Starts empty.

        Args:
          budget: in bytes on the device.
          of_one: bytes that the latest window may take, where that is more than the budget.
        """
        self.budget = budget
        self.of_one = max(budget, of_one)
        self._kept: OrderedDict[str, Allele] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Memory that all windows take on the device."""
        return sum(allele.nbytes for allele in self._kept.values())

    def find(self, codes: np.ndarray, organism_index: int) -> Allele | None:
        """The window with this very sequence, if it is still there."""
        key = _key(codes, organism_index)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, allele: Allele) -> None:
        """Keeps a window, new or grown, as the most recent one.

        Older ones make room. If it is too large by itself, it gives up first what has been read
        of it, then its skips, and at last its place.
        """
        key = _key(allele.codes, int(allele.organisms[0]))
        self._kept[key] = allele
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self.nbytes > self.budget:
            self._kept.popitem(last=False)
        self.trim(allele)
        if self.nbytes > self.of_one:
            allele.skips = None
        if self.nbytes > self.of_one:
            del self._kept[key]

    def trim(self, *alleles: Allele, limit: int | None = None) -> None:
        """Lets each give up what has been read of it, if with that it is too large to be kept.

        Args:
          alleles: need not be there.
          limit: bytes that are too large; `of_one` where not given.
        """
        for allele in alleles:
            if allele.nbytes > (self.of_one if limit is None else limit):
                allele.found.clear()

    def nbytes_of(self, codes: np.ndarray, organism_index: int) -> int:
        """Memory that a window takes, without what has been read of it; 0 if it is not there."""
        allele = self._kept.get(_key(codes, organism_index))
        return 0 if allele is None else allele.nbytes_unread

    def shed(self, codes: np.ndarray, organism_index: int) -> None:
        """Gives up all windows but this one, and what has been read of it."""
        key = _key(codes, organism_index)
        for other in self._kept.keys() - {key}:
            del self._kept[other]
        if key in self._kept:
            self._kept[key].found.clear()

    def clear(self) -> None:
        """Forgets all windows."""
        self._kept.clear()


def _nbytes(tree: Any) -> int:
    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree))


def _key(codes: np.ndarray, organism_index: int) -> str:
    hasher = hashlib.sha256(f"{organism_index} {len(codes)} ".encode())
    hasher.update(np.ascontiguousarray(codes, np.uint8).tobytes())
    return hasher.hexdigest()
