"""Gradients of a number that is computed from predictions, with respect to the bases.

The way back goes stage by stage, as the way there (`engines/stages.py`): each stage is computed
again, so that only what passes between stages is kept in memory, and another number to explain
compiles hardly anything.

Axes: S base pairs, N tokens, C and D channels, T tracks that are asked for.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from jaxtyping import Array, Float, Int, Integer

from predictor.engines.stages import Stages
from predictor.model import functional
from predictor.model.alphagenome import Encoded, Trunk
from predictor.model.config import ModelConfig
from predictor.model.heads import Embeddings, unscale
from predictor.tracks.output_types import OUTPUTS

Measure: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]
"""From predictions [bins, T] (contact maps [bins, bins, T]) of one output type, in data units and
forward order, and from arrays, to one number. Hashable: it is compiled in."""


class Rows(NamedTuple):
    """Tracks of an output type as the network gives them.

    Attributes:
      chosen: int32 [T], rows of the head. Where the network reads the reverse complement, those
        that stand for the tracks there.
      nonzero_mean: float32 [T], of these rows.
      shifts: int32 [T], bins by which a turned track moves right; see `tracks.strand`.
    """

    chosen: Int[np.ndarray, " T"]
    nonzero_mean: Float[np.ndarray, " T"]
    shifts: Int[np.ndarray, " T"]


class InputGradient:
    """Values and gradients of one network, in float32 where it predicts in float32."""

    def __init__(self, stages: Stages):
        """Takes the stages of a network; its weights are not copied."""
        self._stages = stages
        static = (stages.config, stages.dtype)
        self._decode = jax.jit(partial(_decode, stages.config))
        self._measure = jax.jit(
            partial(_measured, stages.config), static_argnames=("kind", "measure", "backwards")
        )
        self._from_bases = jax.jit(partial(_back_decode, stages.config))
        self._from_trunk = jax.jit(partial(_back_transform, stages.config))
        self._from_tokens = jax.jit(partial(_back_encode, *static))

    def __call__(
        self,
        codes: Integer[np.ndarray, " S"],
        organism_index: int,
        kind: OutputType,
        rows: Rows,
        measure: Measure,
        arrays: Mapping[str, Any],
        *,
        backwards: bool = False,
    ) -> tuple[float, Float[np.ndarray, "S 4"]]:
        """The value, and its gradient in one backward pass.

        Args:
          codes: 0 to 3 for A, C, G, T, 4 for no base, in forward order.
          organism_index: 0 human, 1 mouse.
          kind: any output type but junctions.
          rows: tracks to compute.
          measure: from predictions to the value.
          arrays: its second argument.
          backwards: the network reads the reverse complement.

        Returns:
          The value, and float32 [S, 4] (columns A, C, G, T) in forward order, true strand.
        """
        if backwards:
            codes = np.where(codes < 4, 3 - codes, codes)[::-1].astype(np.uint8)
        organisms = np.full(1, organism_index, np.int32)
        weights = self._stages.weights
        encoded = self._stages.encode(codes[None])
        trunk = self._stages.transform(encoded.tokens, organisms)
        at_bases = OUTPUTS[kind].resolution == 1
        bp_1 = self._decode(*weights, trunk, encoded.skips, organisms) if at_bases else None
        value, of_embeddings = self._measure(
            *weights,
            Embeddings(bp_1) if at_bases else Embeddings(bp_128=trunk.bp_128, pair=trunk.pair),
            organisms,
            rows,
            dict(arrays),
            kind=kind,
            measure=measure,
            backwards=backwards,
        )
        if at_bases:
            of_trunk, of_skips = self._from_bases(
                *weights, trunk, encoded.skips, organisms, of_embeddings.bp_1
            )
        else:
            of_trunk = Trunk(jnp.zeros_like(trunk.tokens), of_embeddings.bp_128, of_embeddings.pair)
            of_skips = jax.tree.map(jnp.zeros_like, encoded.skips)
        of_tokens = self._from_trunk(*weights, encoded.tokens, organisms, of_trunk)
        gradient = np.asarray(
            self._from_tokens(*weights, codes[None], Encoded(of_tokens, of_skips))
        )[0]
        # The complement of column A is column T, that of C is G.
        return float(value), gradient[::-1, ::-1] if backwards else gradient


def _decode(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    trunk: Trunk,
    skips: tuple[Float[Array, "B _ _"], ...],
    organisms: Int[Array, " B"],
) -> Float[Array, "B S D"]:
    """The 1-bp embeddings of the whole window."""
    _, bp_1 = functional.read_bases(
        config, params, state, trunk, skips, organisms, (), {}, with_embeddings=True
    )
    assert bp_1 is not None, "the embeddings were asked for"
    return bp_1


def _measured(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    embeddings: Embeddings,
    organisms: Int[Array, " 1"],
    rows: Rows,
    arrays: dict[str, Any],
    *,
    kind: OutputType,
    measure: Measure,
    backwards: bool,
) -> tuple[Float[Array, ""], Embeddings]:
    """The value, and its gradient with respect to the embeddings."""

    def value(embeddings: Embeddings) -> Float[Array, ""]:
        found = _in_data_units(config, params, state, embeddings, organisms, kind, rows)
        return jnp.asarray(measure(_turned(kind, found, rows) if backwards else found, arrays))

    both: tuple[Array, Embeddings] = jax.value_and_grad(value)(embeddings)
    return both


def _in_data_units(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    embeddings: Embeddings,
    organisms: Int[Array, " 1"],
    kind: OutputType,
    rows: Rows,
) -> Array:
    about = OUTPUTS[kind]
    found = functional.read_head(
        config, params, state, about.head, embeddings, organisms, jnp.asarray(rows.chosen)
    )
    scaled = found.get(f"scaled_predictions_{about.resolution}bp")
    if scaled is not None:
        values = scaled[0].astype(jnp.float32)
        return unscale(about.head, values, rows.nonzero_mean, about.resolution)
    values = found["predictions"][0].astype(jnp.float32)
    # The splice classes are always all five.
    return values[..., rows.chosen] if kind is OutputType.SPLICE_SITES else values


def _turned(kind: OutputType, values: Float[Array, "*bins T"], rows: Rows) -> Array:
    """`tracks.strand.forward_tracks` and `forward_contact_maps`, for tracks already exchanged."""
    if OUTPUTS[kind].kind == "contact_map":
        return values[::-1, ::-1]
    sources = jnp.arange(len(values))[:, None] - rows.shifts
    moved = jnp.take_along_axis(values[::-1], jnp.maximum(sources, 0), axis=0)
    return jnp.where(sources >= 0, moved, 0)


def _back_decode(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    trunk: Trunk,
    skips: tuple[Float[Array, "B _ _"], ...],
    organisms: Int[Array, " B"],
    of_bp_1: Float[Array, "B S D"],
) -> tuple[Trunk, tuple[Float[Array, "B _ _"], ...]]:
    _, back = jax.vjp(lambda t, s: _decode(config, params, state, t, s, organisms), trunk, skips)
    found: tuple[Trunk, tuple[Array, ...]] = back(of_bp_1)
    return found


def _back_transform(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    tokens: Float[Array, "B N C"],
    organisms: Int[Array, " B"],
    of_trunk: Trunk,
) -> Float[Array, "B N C"]:
    _, back = jax.vjp(lambda t: functional.transform(config, params, state, t, organisms), tokens)
    (found,) = back(of_trunk)
    return jnp.asarray(found)


def _back_encode(
    config: ModelConfig,
    dtype: Any,
    params: functional.Tree,
    state: functional.Tree,
    codes: Integer[Array, "B S"],
    of_encoded: Encoded,
) -> Float[Array, "B S 4"]:
    one_hot = jax.nn.one_hot(codes, 4, dtype=dtype)
    _, back = jax.vjp(lambda x: functional.encode(config, params, state, x, dtype=dtype), one_hot)
    (found,) = back(of_encoded)
    return jnp.asarray(found, jnp.float32)
