"""Convolutions along a long sequence, window by window, with the numbers of the whole.

A base of the decoder's result depends on 762 bp to either side, a token of the encoder's on
513 bp. So each window is computed with that much more on both sides, which is then cut off; at
the true ends of the sequence there is nothing more, as for the whole. Only a window's arrays are
in memory at a time.

Axes: B batch, S base pairs, C channels; arrays at a resolution of r bp have S / r positions.

Source: spec/training.md 7.3.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

ENCODER_HALO = 640
"""Base pairs to either side that a token can depend on, rounded up to whole tokens."""
DECODER_HALO = 768
"""Base pairs to either side that a base of the decoder's result can depend on, likewise."""

Arrays: TypeAlias = Any
"""A nested structure of arrays [B, S / r, C]."""


def in_windows(
    function: Callable[[Sequence[Float[Array, "B _ _"]]], Arrays],
    inputs: Sequence[Float[Array, "B _ _"]],
    *,
    length: int,
    width: int,
    halo: int,
) -> Arrays:
    """Applies a convolutional function to a sequence, `width` bp at a time.

    Args:
      function: takes stretches of all inputs and gives arrays of the same stretch, each at a
        resolution of its own.
      inputs: at any resolutions.
      length: of the sequence, in bp.
      width: of a window, in bp, without what it needs on both sides.
      halo: what it needs on either side, in bp.

    Returns:
      What `function(inputs)` would give. Nothing is split where the sequence is hardly longer
      than a window.
    """
    total = width + 2 * halo
    if length <= total:
        return function(inputs)

    def window(start: Int[Array, ""]) -> Arrays:
        return function([_stretch(x, start, total, length) for x in inputs])

    def add(index: Int[Array, ""], results: Arrays) -> Arrays:
        # The last window overlaps the one before rather than being shorter.
        kept = jnp.minimum(index * width, length - width)
        start = jnp.clip(kept - halo, 0, length - total)

        def put(result: Array, found: Array) -> Array:
            resolution = total // found.shape[1]
            inner = jax.lax.dynamic_slice_in_dim(
                found, (kept - start) // resolution, width // resolution, axis=1
            )
            return jax.lax.dynamic_update_slice_in_dim(result, inner, kept // resolution, axis=1)

        return jax.tree.map(put, results, window(start))

    shapes = jax.eval_shape(window, np.int32(0))
    empty = jax.tree.map(
        lambda x: jnp.zeros((x.shape[0], x.shape[1] * length // total, *x.shape[2:]), x.dtype),
        shapes,
    )
    return jax.lax.fori_loop(0, -(-length // width), add, empty)


def _stretch(
    x: Float[Array, "B _ C"], start: Int[Array, ""], total: int, length: int
) -> Float[Array, "B _ C"]:
    resolution = length // x.shape[1]
    return jax.lax.dynamic_slice_in_dim(x, start // resolution, total // resolution, axis=1)
