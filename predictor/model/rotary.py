"""Rotary position embedding.

Axes: N positions, C channels, F = C / 2 frequencies.

Source: spec/model.md 4.8 and 9.3.
"""

from functools import lru_cache
from typing import Literal

import jax.numpy as jnp
import ml_dtypes
import numpy as np
from jaxtyping import Array, Float, Int


def rotary_denominators(channels: int, max_position: int) -> Float[np.ndarray, " F"]:
    """Positions per radian of every frequency, from 1 to about `max_position`, in float32."""
    frequencies = channels // 2
    index = np.arange(frequencies, dtype=np.float64)
    spread = float(max_position - frequencies + 1) ** (index / (frequencies - 1))
    return (index + spread).astype(np.float32)


@lru_cache(maxsize=32)
def rotary_table(
    length: int, channels: int, max_position: int, *, rounding: Literal["exact", "released"]
) -> tuple[Float[np.ndarray, "N F"], Float[np.ndarray, "N F"]]:
    """Cosines and sines of the positions 0 ... length-1, made on the host.

    Args:
      length: number of positions.
      channels: channels to rotate, even.
      max_position: longest length the frequencies are laid out for.
      rounding: "released" rounds the positions, denominators, reciprocals, angles and results to
        bfloat16 one after the other. From 256 positions on that is a different function, and the
        one that the released weights were trained with. Done here, and not in the compiled
        program, because compilers may drop intermediate roundings.

    Returns:
      float32 tables; the values of the released ones are bfloat16 numbers.
    """
    dtype = ml_dtypes.bfloat16 if rounding == "released" else np.float32

    def rounded(x: Float[np.ndarray, "*axes"]) -> Float[np.ndarray, "*axes"]:
        return x.astype(dtype).astype(np.float32)

    positions = rounded(np.arange(length, dtype=np.float32))
    reciprocals = rounded(np.float32(1) / rounded(rotary_denominators(channels, max_position)))
    angles = rounded(positions[:, None] * reciprocals)
    return rounded(np.cos(angles)), rounded(np.sin(angles))


def rotary_at(
    positions: Int[Array, "*axes"], channels: int, max_position: int
) -> tuple[Float[Array, "*axes F"], Float[Array, "*axes F"]]:
    """Cosines and sines in float32 of positions that are only known at run time."""
    reciprocals = np.float32(1) / rotary_denominators(channels, max_position)
    angles = positions[..., None].astype(jnp.float32) * reciprocals
    return jnp.cos(angles), jnp.sin(angles)


def rotate(
    x: Float[Array, "*axes C"], cosines: Float[Array, "*#axes F"], sines: Float[Array, "*#axes F"]
) -> Float[Array, "*axes C"]:
    """Rotates the neighbouring channels `2f` and `2f + 1` by the angle of frequency `f`."""
    pairs = x.reshape(*x.shape[:-1], -1, 2)
    even, odd = pairs[..., 0], pairs[..., 1]
    rotated = (even * cosines - odd * sines, odd * cosines + even * sines)
    return jnp.stack(rotated, axis=-1).reshape(x.shape)
