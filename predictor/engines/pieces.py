"""Output types and parts of their tracks, as steps that fit into the memory of a network's device.

Axes: T tracks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
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

_BESIDES = 1.05
"""What small things take beside the arrays that an estimate counts."""
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
    reference: Callable[[], tuple[np.ndarray, int]],
    window: int,
    alleles: int,
    keeps_skips: bool = False,
    scored: bool = False,
    copied: bool = False,
) -> SmallerSteps[Piece]:
    """Steps through pieces of the predictions of a window.

    Args:
      network: predicts.
      pieces: in the order in which they are wanted.
      reference: codes and organism index of the REF that steps are about to be taken for.
      window: in bp.
      alleles: 2 for REF and ALT, 1 for REF alone.
      keeps_skips: ALT shares the skips of REF (`edits.py`).
      scored: the alleles are compared on the device, which takes one allele more.
      copied: tracks are copied when they are listed.
    """
    references = network.references
    expected = None
    if jax.default_backend() == "cpu":
        needs = partial(
            _needs,
            network,
            window,
            alleles,
            keeps_skips=keeps_skips,
            scored=scored,
            copied=copied,
        )
        # What is kept of this very window is part of the need.
        expected = Budget(needs=needs, room=lambda: fit.room() + references.nbytes_of(*reference()))
    return SmallerSteps(
        tuple(pieces),
        window=window,
        release=lambda: references.shed(*reference()),
        split=Piece.halves,
        budget=expected,
    )


def _needs(
    network: CompiledNetwork,
    window: int,
    alleles: int,
    pieces: Sequence[Piece],
    at_once: int,
    *,
    keeps_skips: bool,
    scored: bool,
    copied: bool,
) -> int:
    """Bytes that a step takes beside the weights, which are loaded already."""
    tracks = {piece.kind: piece.end - piece.first for piece in pieces}
    of_kind = partial(fit.result_bytes, network.config, window)
    afterwards = alleles * sum(_listed_bytes(piece, of_kind, copied=copied) for piece in pieces)
    if scored:
        afterwards = max((of_kind(kind, number) for kind, number in tracks.items()), default=0)
    need = fit.need(
        network.config,
        window,
        parameters=0,
        tracks=tracks,
        alleles=alleles,
        value_bytes=jnp.dtype(network.stages.dtype).itemsize,
        at_once=at_once * TOKEN_WIDTH,
        keeps_skips=keeps_skips,
        afterwards=afterwards,
        set_aside=True,
        kept_bytes=network.references.of_one,
    )
    return int(_BESIDES * need.total)


def _listed_bytes(piece: Piece, of_kind: Callable[[OutputType, int], int], *, copied: bool) -> int:
    """Bytes on the host that a piece of the tracks of an allele takes when it is listed."""
    every = of_kind(piece.kind, piece.tracks)
    if piece.kind is OutputType.SPLICE_JUNCTIONS:
        # Of two sites, one is the donor of a + junction or of a - junction.
        return every // 2
    gathered = every if piece.first == 0 and not piece.is_whole else 0
    return gathered + (every if copied and piece.end == piece.tracks else 0)


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
