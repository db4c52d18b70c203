"""Weights made ready for use, once, when they are loaded.

In training every pass standardises the kernels and casts every array to the compute type. For use
both are done here; what is left of a standardised convolution is a plain one.

Axes: W kernel width, C input channels, D output channels.
"""

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from predictor.model.config import ModelConfig
from predictor.model.convolution import standardized

Tree = dict[str, Any]


def prepare(
    config: ModelConfig, params: Tree, state: Tree, *, dtype: DTypeLike
) -> tuple[ModelConfig, Tree, Tree]:
    """Standardises the kernels in float32, then casts everything to the compute type.

    Args:
      config: of a network with trained kernels.
      params: emptied on the way, so that large weights are never held twice.
      state: emptied as well.
      dtype: compute type of the passes to come.

    Returns:
      Sizes, parameters and state for `functional`, on the default device.
    """
    prepared = dataclasses.replace(config, kernels="standardized")
    return prepared, _prepare(params, dtype), _prepare(state, dtype)


def _prepare(tree: Tree, dtype: DTypeLike) -> Tree:
    if "gain" in tree:
        kernel = _standardized(tree.pop("kernel"), tree.pop("gain"), dtype)
        return {"kernel": kernel, **_prepare(tree, dtype)}
    return {
        name: _prepare(leaf, dtype) if isinstance(leaf, dict) else jnp.asarray(leaf, dtype)
        for name, leaf in _emptying(tree)
    }


def _emptying(tree: Tree) -> Iterator[tuple[str, Any]]:
    for name in list(tree):
        yield name, tree.pop(name)


@partial(jax.jit, static_argnums=2)
def _standardized(
    kernel: Float[Array, "W C D"], gain: Float[Array, " D"], dtype: DTypeLike
) -> Float[Array, "W C D"]:
    return standardized(kernel, gain).astype(dtype)
