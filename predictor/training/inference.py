"""Predictions of a network in training, in the simulator's units.

Axes: B batch, S positions or bins, T tracks.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int32, UInt8

from predictor.model import functional, heads
from predictor.model.config import ModelConfig
from predictor.training.data import BIN_BASES, BINNED_HEADS, HEADS, TRACK_HEADS, Scaling
from predictor.training.step import one_hot

Tree = dict[str, Any]
Predictions = dict[str, Array]


class Weights(NamedTuple):
    """A network ready to predict: sizes, parameters, running moments and track constants."""

    config: ModelConfig
    params: Tree
    norm_state: Tree
    scaling: Scaling


@partial(jax.jit, static_argnums=0)
def _forward(
    config: ModelConfig,
    params: Tree,
    norm_state: Tree,
    codes: UInt8[Array, "B S"],
    organism: Int32[Array, " B"],
    means: dict[str, Array],
) -> Predictions:
    found = functional.forward(config, params, norm_state, one_hot(codes), organism, tuple(HEADS))
    values = {}
    for head in TRACK_HEADS:
        resolution = BIN_BASES if head in BINNED_HEADS else 1
        scaled = found[head][f"scaled_predictions_{resolution}bp"]
        values[head] = heads.unscale(head, scaled, means[head][organism][:, None], resolution)
    for head in ("contact_maps", "splice_sites_classification", "splice_sites_usage"):
        values[head] = found[head]["predictions"]
    junctions = found["splice_sites_junction"]
    values["splice_sites_junction"] = junctions["predictions"]
    values["splice_site_positions"] = junctions["splice_site_positions"]
    return values


def predict(
    weights: Weights, codes: UInt8[np.ndarray, "B S"], organism: int
) -> dict[str, np.ndarray]:
    """Predictions in data units for windows of one organism.

    Returns:
      Head -> values; track heads at their finest resolution. "splice_sites_junction" gives
      counts, "splice_site_positions" the sites they belong to.
    """
    found = _forward(
        weights.config,
        weights.params,
        weights.norm_state,
        jnp.asarray(codes),
        jnp.full(len(codes), organism, jnp.int32),
        weights.scaling.means,
    )
    return {head: np.asarray(value) for head, value in found.items()}
