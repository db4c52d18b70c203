"""Output types and parts of their tracks, as steps that fit into the memory of a network's device.

Axes: T tracks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType

from predictor.engines import fit
from predictor.engines.compiled import CompiledNetwork
from predictor.engines.smaller_steps import Budget, SmallerSteps
from predictor.model.config import TOKEN_WIDTH

FEWEST_TRACKS = 64
"""An output type of fewer tracks is computed whole: its tracks take little beside the decoder, and
every part decodes the window again."""


_TOGETHER = {OutputType.SPLICE_SITES, OutputType.SPLICE_JUNCTIONS}
"""Each probability needs all classes; the best junction of a tissue is looked at in all tissues."""


class Piece(NamedTuple):
    """Neighbouring tracks of an output type.

    Attributes:
      kind: the output type.
      tracks: how many there are of it.
      first: the first one that belongs to the piece.
      end: one past the last.
    """

    kind: OutputType
    tracks: int
    first: int
    end: int

    @property
    def is_whole(self) -> bool:
        """It has all tracks."""
        return self.end - self.first == self.tracks

    def halves(self) -> tuple["Piece", ...]:
        """Two pieces with half the tracks each; none where they are few, or belong together."""
        if self.end - self.first <= FEWEST_TRACKS or self.kind in _TOGETHER:
            return ()
        middle = (self.first + self.end) // 2
        return self._replace(end=middle), self._replace(first=middle)


def whole(kind: OutputType, tracks: int) -> Piece:
    """All tracks of an output type."""
    return Piece(kind, tracks, 0, tracks)


def steps(
    network: CompiledNetwork,
    pieces: Iterable[Piece],
    *,
    window: int,
    alleles: int,
    keeps_skips: bool = False,
    scored: bool = False,
) -> SmallerSteps[Piece]:
    """Steps through pieces of the predictions of a window.

    Args:
      network: predicts.
      pieces: in the order in which they are wanted.
      window: in bp.
      alleles: 2 for REF and ALT, 1 for REF alone.
      keeps_skips: ALT shares the skips of REF (`edits.py`).
      scored: the alleles are compared on the device, which takes one allele more.
    """
    expected = None
    if jax.default_backend() == "cpu":
        expected = _budget(network, window, alleles, keeps_skips=keeps_skips, scored=scored)
    return SmallerSteps(
        tuple(pieces),
        window=window,
        release=network.references.shed,
        split=Piece.halves,
        budget=expected,
    )


def _budget(
    network: CompiledNetwork, window: int, alleles: int, *, keeps_skips: bool, scored: bool
) -> Budget[Piece]:
    value_bytes = jnp.dtype(network.stages.dtype).itemsize
    references = network.references

    def needs(pieces: Sequence[Piece], at_once: int) -> int:
        tracks = {piece.kind: piece.end - piece.first for piece in pieces}
        needed = fit.need(
            network.config,
            window,
            # They are loaded, and so no longer free.
            parameters=0,
            tracks=tracks,
            alleles=alleles,
            value_bytes=value_bytes,
            at_once=at_once * TOKEN_WIDTH,
            keeps_skips=keeps_skips,
        ).total
        compared = [
            fit.result_bytes(network.config, window, kind, number)
            for kind, number in tracks.items()
        ]
        return needed + (max(compared, default=0) if scored else 0)

    def room() -> int:
        # What is kept of this very window is part of the need; other windows are released first.
        return fit.room() + (references.nbytes if len(references) == 1 else 0)

    return Budget(needs=needs, room=room)


def chosen(pieces: Iterable[Piece]) -> dict[OutputType, np.ndarray]:
    """The rows to compute, where the pieces are of all tracks of a network, with padding."""
    return {
        piece.kind: np.arange(piece.first, piece.end, dtype=np.int32)
        for piece in pieces
        if not piece.is_whole
    }


class GatheredScores:
    """The numbers of scorers, put together from pieces, which come in order."""

    def __init__(self, scorers: Iterable[Any]):
        """Takes scorers of the SDK."""
        self._kinds = [scorer.requested_output for scorer in scorers]
        self._found: dict[OutputType, list[list[Any]]] = {}

    def add(self, pieces: Iterable[Piece], numbers: Mapping[OutputType, Sequence[Any]]) -> None:
        """Takes what the scorers of each output type made of a piece, with tracks last."""
        for piece in pieces:
            parts = self._found.setdefault(piece.kind, [])
            parts.append(list(numbers[piece.kind]))

    def numbers(self) -> list[Any]:
        """What each scorer made of all tracks; None where its output type was not predicted."""
        whole = {
            kind: iter(
                parts[0]
                if len(parts) == 1
                else [np.concatenate(values, axis=-1) for values in zip(*parts, strict=True)]
            )
            for kind, parts in self._found.items()
        }
        return [next(whole[kind]) if kind in whole else None for kind in self._kinds]


class Gathered:
    """Arrays on the host that are put together from pieces, which come in order."""

    def __init__(self) -> None:
        self._found: dict[OutputType, list[np.ndarray]] = {}

    def add(self, piece: Piece, values: Iterable[np.ndarray]) -> list[np.ndarray] | None:
        """Takes arrays [..., T] of a piece, always as many and as long.

        Returns:
          The arrays of all tracks, where this was the last piece of them.
        """
        if piece.is_whole:
            return list(values)
        for number, part in enumerate(values):
            found = self._found.setdefault(piece.kind, [])
            if number == len(found):
                found.append(np.empty((*part.shape[:-1], piece.tracks), part.dtype))
            found[number][..., piece.first : piece.end] = part
        return self._found.pop(piece.kind) if piece.end == piece.tracks else None
