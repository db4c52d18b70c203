"""Arithmetic that reads the same on the host and on the device.

Scores are pure functions of arrays. Given numpy arrays they compute with numpy in float64; given
JAX arrays, also inside `jit` and `vmap`, with JAX in float32. JAX is never imported here, so that
the web process can use the same functions. Such arrays are annotated as `Float[Any, "S T"]`.

Axes: S positions or bins, T tracks, G rows (genes), V insertions.
"""

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


def namespace(values: Any) -> ModuleType:
    """The module of an array's kind: numpy, or jax.numpy."""
    found: ModuleType = values.__array_namespace__()
    return found


def wide(values: Float[Any, "..."]) -> Float[Any, "..."]:
    """In the precision that sums are taken in: float64 on the host, float32 on the device."""
    xp = namespace(values)
    return values.astype(np.float64 if xp is np else np.float32)


def masked_sums(values: Float[Any, "S T"], masks: Bool[Any, "G S"]) -> Float[Any, "G T"]:
    """The sum of each track over each mask; 0 where a mask is empty."""
    if isinstance(values, np.ndarray):
        sums = np.zeros((len(masks), values.shape[1]))
        for row, mask in enumerate(masks):
            values[mask].sum(axis=0, dtype=np.float64, out=sums[row])
        return sums
    xp = namespace(values)
    # The default precision of matrix products on GPUs (TF32) keeps three digits only.
    return xp.matmul(masks.astype(np.float32), wide(values), precision="highest")


def masked_means(values: Float[Any, "S T"], masks: Bool[Any, "G S"]) -> Float[Any, "G T"]:
    """The mean of each track over each mask; NaN where a mask is empty."""
    xp = namespace(values)
    sizes = masks.sum(axis=1)[:, None]
    return xp.where(sizes > 0, masked_sums(values, masks) / xp.maximum(sizes, 1), np.nan)


class Alignment(NamedTuple):
    """From REF to ALT bases of a window, from left to right; as `tracks.DeviceAlignment`.

    Attributes:
      source: ALT base of each REF base, -1 for none.
      insertions: REF base, first and one past the last of its ALT bases; rows whose REF base
        is S or more only fill up.
    """

    source: Int[Any, " S"]
    insertions: Int[Any, "V 3"]


def aligned(values: Float[Any, "S T"], alignment: Alignment) -> Float[Any, "S T"]:
    """ALT tracks at 1 bp in REF coordinates: `AlleleAlignment.tracks`, also on the device.

    Source: spec/scoring.md 4.1.
    """
    xp = namespace(values)
    source, insertions = alignment
    bases = xp.arange(values.shape[0])
    result = xp.where(
        (source >= 0)[:, None], xp.take(values, xp.maximum(source, 0), axis=0), 0
    ).astype(values.dtype)
    for row in range(insertions.shape[0]):
        at, first, last = insertions[row]
        inserted = ((bases >= first) & (bases < last))[:, None]
        largest = xp.where(inserted, values, -np.inf).max(axis=0)
        result = xp.where((bases == at)[:, None], largest, result)
    return result
