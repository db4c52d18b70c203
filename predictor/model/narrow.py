"""The encoder and the decoder on no more positions than somebody needs, with the same numbers.

Every convolution looks at two positions to either side, which are few bases at a fine resolution.
So a stretch of the decoder gets narrower on its way to 1 bp, where most of the work is; and an
edit of bases changes some twenty positions of each resolution of the encoder, whatever lies beyond
them. At the true ends of a sequence there is nothing more, as for the whole.

Axes: B sequences, S base pairs, N tokens, C and D channels. Resolutions go from 1 to 64 bp in the
encoder and from tokens to 1 bp in the decoder.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from predictor.model.config import DOWN_BLOCKS, TOKEN_WIDTH
from predictor.model.convolution import SequenceDecoder, SequenceEncoder, max_pool

_REACH = 2
"""Positions to either side that a convolution of width 5 looks at."""
_STEM_REACH = 7 + _REACH
"""Bases to either side that the encoder's result at 1 bp depends on."""
_BLOCK_REACH = 2 * _REACH
_LEAST_MARGIN = 8
"""More than 1 bp needs, so that the lengths split into blocks of rows (`linear.row_blocks`)."""
_FINE = tuple(2**level for level in range(DOWN_BLOCKS + 1))
_COARSE = (TOKEN_WIDTH, *reversed(_FINE))


def _margins() -> tuple[int, ...]:
    """Positions that the decoder needs beside a stretch, from tokens to 1 bp."""
    found, valid = [], 0
    for _ in _FINE:
        # The second convolution of a block is at its own resolution, the first at the coarser one.
        found.append(valid + _REACH)
        valid = -(-found[-1] // 2) + _REACH
    return (valid, *(max(margin, _LEAST_MARGIN) for margin in reversed(found)))


MARGINS = _margins()


class Part(NamedTuple):
    """What the decoder needs for a stretch.

    Attributes:
      tokens: of the tower.
      bp_128: of the stretch alone.
      skips: at 1, 2, 4, ... 64 bp.
    """

    tokens: Float[Array, "B _ C"]
    bp_128: Float[Array, "B _ D"]
    skips: tuple[Float[Array, "B _ _"], ...]


def decoded_lengths(given: int) -> tuple[int, ...]:
    """Positions that are decoded for a stretch of `given` tokens, from tokens to 1 bp."""
    return tuple(
        given * (TOKEN_WIDTH // resolution) + 2 * margin
        for resolution, margin in zip(_COARSE, MARGINS, strict=True)
    )


def decoded_starts(first: int, given: int, tokens: int) -> Int[np.ndarray, " 9"]:
    """Where the positions of `decoded_lengths` begin, and at last where the stretch does, in bp.

    Args:
      first: token of the stretch.
      given: its number of tokens; a window must have `2 * MARGINS[0]` more.
      tokens: of the window.
    """
    starts = []
    for resolution, margin, length in zip(_COARSE, MARGINS, decoded_lengths(given), strict=True):
        scale = TOKEN_WIDTH // resolution
        starts.append(min(max(first * scale - margin, 0), tokens * scale - length))
    return np.array([*starts, first * TOKEN_WIDTH], np.int32)


def decode(decoder: SequenceDecoder, part: Part, starts: Int[Array, " 9"]) -> Float[Array, "B _ C"]:
    """The decoder's result for a stretch; `starts` as of `decoded_starts`."""
    offsets = [starts[level + 1] - 2 * starts[level] for level in range(len(_FINE))]
    x = decoder(part.tokens, part.skips, offsets)
    bases = part.bp_128.shape[1] * TOKEN_WIDTH
    return jax.lax.dynamic_slice_in_dim(x, starts[-1] - starts[-2], bases, axis=1)


class EditPlaces(NamedTuple):
    """Where an edit that keeps the length changes the encoder's results.

    Attributes:
      read: int32 [7], first position that is computed again, at 1, 2, 4, ... 64 bp.
      changed: int32 [8], first position that may change, and at last the first such token.
    """

    read: Int[np.ndarray, " 7"]
    changed: Int[np.ndarray, " 8"]


def changed_lengths(bases: int) -> tuple[int, ...]:
    """Positions at 1, 2, 4, ... 64 bp, and tokens, that an edit of so many bases may change."""
    lengths = [_even(bases + 2 * _STEM_REACH)]
    for _ in _FINE[1:]:
        lengths.append(_even(lengths[-1] // 2 + 1 + 2 * _BLOCK_REACH))
    return (*lengths, lengths[-1] // 2 + 1)


def read_lengths(bases: int) -> tuple[int, ...]:
    """Positions at 1, 2, 4, ... 64 bp that are computed again for an edit of so many bases."""
    stem, *blocks = changed_lengths(bases)[:-1]
    return (stem + 2 * _STEM_REACH, *(length + 2 * _BLOCK_REACH for length in blocks))


def fits(bases: int, window: int) -> bool:
    """Whether a window of so many bp is long enough for `edit_places`."""
    lengths = (*read_lengths(bases), changed_lengths(bases)[-1])
    return all(
        length * resolution <= window
        for length, resolution in zip(lengths, (*_FINE, TOKEN_WIDTH), strict=True)
    )


def edit_places(first: int, bases: int, window: int) -> EditPlaces:
    """Where an edit has its effects.

    Args:
      first: base.
      bases: at most so many change from there on; `fits(bases, window)`.
      window: of the sequence, in bp.
    """
    *changed_here, tokens = changed_lengths(bases)
    read: list[int] = []
    changed: list[int] = []
    for length, reading, resolution in zip(changed_here, read_lengths(bases), _FINE, strict=True):
        positions = window // resolution
        reach = _BLOCK_REACH if changed else _STEM_REACH
        before = changed[-1] // 2 if changed else first
        changed.append(min(max(before - reach, 0), positions - length))
        read.append(min(max(changed[-1] - reach, 0), positions - reading))
    last = min(changed[-1] // 2, window // TOKEN_WIDTH - tokens)
    return EditPlaces(np.array(read, np.int32), np.array([*changed, last], np.int32))


def encode_edit(
    encoder: SequenceEncoder,
    one_hot: Float[Array, "B _ 4"],
    skips: Sequence[Float[Array, "B _ _"]],
    places: EditPlaces,
    bases: int,
) -> tuple[Float[Array, "B _ C"], tuple[Float[Array, "B _ _"], ...]]:
    """The encoder's results for ALT where they may differ from REF's.

    Args:
      encoder: of the network.
      one_hot: ALT where it is read at 1 bp: `read_lengths(bases)[0]` from `places.read[0]` on.
      skips: of REF, whole.
      places: of the edit.
      bases: most that change.

    Returns:
      Tokens from `places.changed[-1]` on, and skips from `places.changed[:-1]` on.
    """
    *lengths, tokens = changed_lengths(bases)
    reading = read_lengths(bases)
    found = _from(
        encoder.dna_embedder(one_hot), places.changed[0] - places.read[0], length=lengths[0]
    )
    patches = [found]
    for level, block in enumerate(encoder.down_blocks, 1):
        start = places.read[level]
        below = _from(skips[level - 1], 2 * start, length=2 * reading[level])
        below = _over(below, found, places.changed[level - 1] - 2 * start)
        found = _from(block(max_pool(below)), places.changed[level] - start, length=lengths[level])
        patches.append(found)
    start = places.changed[-1]
    below = _from(skips[-1], 2 * start, length=2 * tokens)
    below = _over(below, found, places.changed[-2] - 2 * start)
    return max_pool(below), tuple(patches)


def overlaid(
    x: Float[Array, "B _ C"], patch: Float[Array, "B _ C"], first: Int[Array, ""]
) -> Float[Array, "B _ C"]:
    """Puts a patch over a part of a skip, which it may reach beyond on either side.

    Args:
      x: the part.
      patch: of the same resolution.
      first: first position of the patch, counted from the start of the part.
    """
    places = jnp.arange(x.shape[1]) - first
    inside = (places >= 0) & (places < patch.shape[1])
    values = jnp.take(patch, jnp.clip(places, 0, patch.shape[1] - 1), axis=1)
    return jnp.where(inside[:, None], values, x)


def _from(x: Float[Array, "B _ C"], start: Int[Array, ""], *, length: int) -> Array:
    return jax.lax.dynamic_slice_in_dim(x, start, length, axis=1)


def _over(x: Float[Array, "B _ C"], patch: Float[Array, "B _ C"], start: Int[Array, ""]) -> Array:
    return jax.lax.dynamic_update_slice_in_dim(x, patch, start, axis=1)


def _even(count: int) -> int:
    return count + count % 2
