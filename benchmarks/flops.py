"""FLOPs of the full-size network by window and request, counted in its programs; needs no weights.

A multiplication with its addition counts as 2. Only products and convolutions are counted, as in
the baseline of the reference implementation, whose counts are beside ours.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType

from benchmarks.table import Row
from predictor.engines import stages
from predictor.engines.edits import edit
from predictor.engines.stretches import Stretch, stretches, whole
from predictor.model import functional, narrow
from predictor.model.alphagenome import Encoded, Trunk
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.heads import Embeddings
from predictor.tracks.output_types import OUTPUTS

WINDOWS = (16_384, 131_072, 1_048_576)
# Baseline of the reference implementation, sections 1 and 2: GFLOP of a pass with all outputs, and
# with RNA-seq.
_OFFICIAL_ALL = {16_384: 1_444, 131_072: 9_534, 1_048_576: 77_573}
_OFFICIAL_RNA = {16_384: 1_006, 131_072: 8_078, 1_048_576: 68_029}
_FEW = {OutputType.RNA_SEQ: 3, OutputType.DNASE: 2}
_SITES = 32
_CONFIG = dataclasses.replace(ModelConfig.full(), kernels="standardized")


def measure() -> list[Row]:
    """One row for each window and request."""
    rows = []
    for window in WINDOWS:
        tokens = window // TOKEN_WIDTH
        trunk = _encoder(window) + _tower(window)
        everything = {kind: None for kind in OUTPUTS if kind is not OutputType.SPLICE_JUNCTIONS}
        all_outputs = trunk + _read(whole(tokens), everything) + _junctions()
        near = np.zeros(tokens, bool)
        near[tokens // 2 - 2 : tokens // 2 + 2] = True
        official = _OFFICIAL_ALL[window]
        for name, found, theirs in (
            ("REF, all outputs", all_outputs, official),
            ("REF, five tracks", trunk + _read(whole(tokens), _FEW), _OFFICIAL_RNA[window]),
            (
                "further SNV, five tracks in 501 bp",
                _edited_encoder(window) + _tower(window) + _read(stretches(near), _FEW),
                2 * _OFFICIAL_RNA[window],
            ),
        ):
            aim = f"the official code: {theirs:,}"
            rows.append(Row(f"{window:>9,} bp: {name}", found / 1e9, "GFLOP", aim))
    return rows


def count(function: Callable[..., Any], *shapes: Any) -> float:
    """FLOPs of the products and convolutions of a function, loops included."""
    return _of(jax.make_jaxpr(function)(*shapes).jaxpr)


@cache
def _encoder(bases: int) -> float:
    return count(partial(stages._encode, _CONFIG, jnp.float32), *_weights(), _codes(bases))


@cache
def _edited_encoder(window: int) -> float:
    reference = np.zeros(window, np.uint8)
    alternate = reference.copy()
    alternate[window // 2] = 1
    found = edit(reference, alternate)
    assert found is not None, "windows are longer than what a substitution reaches"
    read = jax.ShapeDtypeStruct((1, narrow.read_lengths(found.bases)[0], 4), jnp.float32)
    function = partial(functional.encode_edit, _CONFIG)
    return count(
        lambda params, state, one_hot, skips: function(
            params, state, one_hot, skips, found.places, found.bases
        ),
        *_weights(),
        read,
        _encoded(window).skips,
    )


@cache
def _tower(window: int) -> float:
    return count(
        partial(functional.transform, _CONFIG), *_weights(), _encoded(window).tokens, _ORGANISM
    )


def _read(where: Sequence[Stretch], kinds: Mapping[OutputType, int | None]) -> float:
    at_bases = [kind for kind in kinds if OUTPUTS[kind].resolution == 1]
    total = 0.0
    for stretch in where:
        alone = len(where) == 1 and stretch.first == 0
        total += _decoder(stretch.given * TOKEN_WIDTH) if alone else _decoded_part(stretch.given)
        bases = stretch.given * TOKEN_WIDTH
        total += sum(_head(kind, bases, kinds[kind]) for kind in at_bases)
    window = max(stretch.first + stretch.given for stretch in where) * TOKEN_WIDTH
    coarse = [kind for kind in kinds if kind not in at_bases]
    return total + sum(_head(kind, window, kinds[kind]) for kind in coarse)


@cache
def _decoder(bases: int) -> float:
    encoded, trunk = _encoded(bases), _trunk(bases)
    inputs = (trunk.tokens, trunk.bp_128, encoded.skips)
    return count(partial(stages._decode, _CONFIG), *_weights(), *inputs, _ORGANISM)


@cache
def _decoded_part(given: int) -> float:
    length, *lengths = narrow.decoded_lengths(given)

    def shape(positions: int, channels: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((1, positions, channels), jnp.float32)

    part = narrow.Part(
        tokens=shape(length, _CONFIG.trunk_channels),
        bp_128=shape(given, _CONFIG.embedding_128bp_channels),
        skips=tuple(map(shape, reversed(lengths), _CONFIG.skip_channels)),
    )
    starts = jax.ShapeDtypeStruct((9,), jnp.int32)
    return count(partial(functional.decode_part, _CONFIG), *_weights(), part, _ORGANISM, starts)


@cache
def _head(kind: OutputType, bases: int, tracks: int | None) -> float:
    if OUTPUTS[kind].resolution == 1:
        shape = (1, bases, _CONFIG.embedding_1bp_channels)
        embeddings = Embeddings(bp_1=jax.ShapeDtypeStruct(shape, jnp.float32))
    else:
        trunk = _trunk(bases)
        embeddings = Embeddings(bp_128=trunk.bp_128, pair=trunk.pair)
    head = OUTPUTS[kind].head
    chosen = None if tracks is None else jax.ShapeDtypeStruct((tracks,), jnp.int32)
    function = partial(functional.read_head, _CONFIG)
    return count(
        lambda params, state, embeddings, chosen: function(
            params, state, head, embeddings, np.zeros(1, np.int32), chosen
        ),
        *_weights(),
        embeddings,
        chosen,
    )


@cache
def _junctions() -> float:
    rows = jax.ShapeDtypeStruct((1, 4, _SITES, _CONFIG.embedding_1bp_channels), jnp.float32)
    positions = jax.ShapeDtypeStruct((1, 4, _SITES), jnp.int32)
    return count(
        lambda params, rows, positions: functional.junction_counts(
            _CONFIG, params, rows, np.zeros(1, np.int32), positions, None
        ),
        _weights()[0],
        rows,
        positions,
    )


_ORGANISM = jax.ShapeDtypeStruct((1,), jnp.int32)


@cache
def _weights() -> tuple[functional.Tree, functional.Tree]:
    return functional.abstract(_CONFIG)


def _codes(bases: int) -> Any:
    return jax.ShapeDtypeStruct((1, bases), jnp.uint8)


@cache
def _encoded(bases: int) -> Encoded:
    found: Encoded = jax.eval_shape(
        partial(stages._encode, _CONFIG, jnp.float32), *_weights(), _codes(bases)
    )
    return found


@cache
def _trunk(bases: int) -> Trunk:
    # Stretches may have any number of tokens; the shapes are those of the next longer window.
    window = math.ceil(bases / 2048) * 2048
    tokens = jax.ShapeDtypeStruct((1, window // TOKEN_WIDTH, _CONFIG.trunk_channels), jnp.float32)
    found: Trunk = jax.eval_shape(
        partial(functional.transform, _CONFIG), *_weights(), tokens, _ORGANISM
    )
    given = bases // TOKEN_WIDTH

    def shortened(x: Any) -> Any:
        return jax.ShapeDtypeStruct((1, given, *x.shape[2:]), x.dtype)

    return found._replace(tokens=shortened(found.tokens), bp_128=shortened(found.bp_128))


def _of(jaxpr: Any) -> float:
    return sum(_of_equation(equation) for equation in jaxpr.eqns)


def _of_equation(equation: Any) -> float:
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        left = equation.invars[0].aval.shape
        depth = math.prod(left[axis] for axis in contracted)
        return 2 * depth * math.prod(equation.outvars[0].aval.shape)
    if name == "conv_general_dilated":
        width, channels, _ = equation.invars[1].aval.shape
        return 2 * width * channels * math.prod(equation.outvars[0].aval.shape)
    if name == "scan":
        return params["length"] * _of(params["jaxpr"].jaxpr)
    if name == "cond":
        # Ways for several kinds of device, which compute the same.
        return max(_of(branch.jaxpr) for branch in params["branches"])
    inner = [_inner(value) for value in params.values()]
    return sum(_of(jaxpr) for jaxpr in inner if jaxpr is not None)


def _inner(value: Any) -> Any:
    value = getattr(value, "jaxpr", value)
    return value if hasattr(value, "eqns") else None
