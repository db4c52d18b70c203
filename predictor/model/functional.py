"""The network as pure functions of plain dicts: the only place that knows how NNX stores arrays.

Parameters and state are nested dicts with string keys and arrays at the leaves, so they go
through `jax.jit`, `jax.grad`, optax and Orbax as they are. All functions can be traced, with
`config` and `requested` static.

Axes: B batch, S base pairs (a multiple of 2,048), J kinds of splice site, K sites, G junction
tracks.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from flax import nnx
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float, Int, PRNGKeyArray

from predictor.errors import AllelensError
from predictor.model import narrow
from predictor.model.alphagenome import AlphaGenome, Encoded, Trunk, bases_heads
from predictor.model.config import PAIR_WIDTH, ModelConfig
from predictor.model.heads import JUNCTION, Embeddings, requested_heads
from predictor.model.initialization import Draw, initialize
from predictor.model.normalization import Dropout
from predictor.model.splicing import JunctionHead

Tree: TypeAlias = dict[str, Any]
"""A nested dict with string keys, and arrays or shapes at the leaves."""

Predictions: TypeAlias = dict[str, dict[str, Array]]

WINDOW = 32_768
"""Base pairs that are encoded or decoded at a time: little is computed twice, and one window of
the full network takes half a gigabyte."""


class InvalidSequenceLengthError(AllelensError):
    """The network cannot take a sequence of this length."""

    code = "invalid_sequence_length"


@partial(jax.jit, static_argnums=0)
def init(config: ModelConfig, key: PRNGKeyArray) -> tuple[Tree, Tree]:
    """Fresh parameters to train from, and running moments of 1.

    Dense and convolution kernels are fan-in scaled normal, norms 1 and 0, `residual_scale` 0.9,
    `learnt_scale` 1, junction tables N(0, 0.1) (training.md 1.2).
    """
    return _arrays(initialize(lambda draw: AlphaGenome(config, draw=draw), key))


@lru_cache(maxsize=16)
def _structure(config: ModelConfig) -> tuple[Any, Tree, Tree]:
    model = nnx.eval_shape(lambda: AlphaGenome(config, draw=Draw()))
    return (nnx.split(model, nnx.Param, nnx.BatchStat)[0], *_arrays(model))


def abstract(config: ModelConfig) -> tuple[Tree, Tree]:
    """Parameters and state as `jax.ShapeDtypeStruct`s; takes no memory."""
    _, params, state = _structure(config)
    return params, state


def bind(config: ModelConfig, params: Tree, state: Tree) -> AlphaGenome:
    """The module holding these arrays, in the mode for use (running moments, no dropout).

    Arrays that are missing (see `part`) belong to modules that must not be called.
    """
    graph, *shapes = _structure(config)
    whole = [_completed(*pair) for pair in zip((params, state), shapes, strict=True)]
    model: AlphaGenome = nnx.merge(graph, *map(_with_list_indices, whole))
    return model


def part(tree: Tree, *modules: str) -> Tree:
    """Of parameters or state only those of some modules, such as "decoder" or "heads/atac".

    A call of a compiled function looks at every array that it is given, a millisecond for all.
    """
    found: Tree = {}
    for path in modules:
        *above, last = path.split("/")
        into, below = found, tree
        for name in above:
            into, below = into.setdefault(name, {}), below.get(name, {})
        if last in below:
            into[last] = below[last]
    return found


def _completed(tree: Tree, shapes: Tree) -> Tree:
    return {
        name: shape
        if name not in tree
        else (_completed(tree[name], shape) if isinstance(shape, dict) else tree[name])
        for name, shape in shapes.items()
    }


def forward(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    one_hot: Float[ArrayLike, "B S 4"],
    organism_index: Int[ArrayLike, " B"],
    requested: Iterable[str | OutputType],
    *,
    chosen: Mapping[str, Int[ArrayLike, " T"]] | None = None,
    splice_site_positions: Int[ArrayLike, "B 4 K"] | None = None,
    with_128bp: bool = False,
    with_embeddings: bool = True,
    window: int | None = WINDOW,
    dtype: DTypeLike = jnp.float32,
) -> Predictions:
    """Predictions of the requested heads in model space.

    Args:
      config: sizes.
      params: parameters, float32.
      state: running second moments, float32.
      one_hot: columns A, C, G, T; a zero row for any other letter.
      organism_index: 0 human, 1 mouse.
      requested: heads or output types; only what they need is computed.
      chosen: per head the tracks (for junctions the tissues) to compute; a head that is absent
        gives all of its tracks, padding included. The five splice classes are always given
        whole: each probability needs all of them.
      splice_site_positions: sites for the junction head, rows donor +, acceptor +, donor -,
        acceptor -, 0-based, -1 where there is none. Without them the network takes the sites
        that its classification head finds.
      with_128bp: give the 128-bp versions of the 1-bp tracks too, which only losses need.
      with_embeddings: give the output embeddings too.
      window: a longer sequence is encoded and decoded so many bp at a time, which takes less
        memory and gives the same numbers; None does all at once.
      dtype: compute type. Predictions are float32 in any case; embeddings have this type.

    Returns:
      Per head: tracks `scaled_predictions_1bp` and/or `scaled_predictions_128bp` [B, S', T]
      (ChIP: 128 bp only); contact maps `predictions` [B, M, M, T]; splice classes and usage
      `logits` and `predictions` [B, S, T]; junctions `predictions` [B, K, K, 2 T],
      `splice_junction_mask` and `splice_site_positions`. And under "embeddings" those that the
      requested heads read (all, if none is requested): `embeddings_1bp`, `embeddings_128bp`,
      `embeddings_pair`.

    Raises:
      InvalidSequenceLengthError: S is not a positive multiple of 2,048.
      UnknownHeadError: no such head.
    """
    return bind(config, params, state)(
        _checked(one_hot, dtype),
        jnp.asarray(organism_index),
        requested_heads(requested),
        chosen={head: jnp.asarray(tracks) for head, tracks in (chosen or {}).items()},
        splice_site_positions=_optional(splice_site_positions),
        with_128bp=with_128bp,
        with_embeddings=with_embeddings,
        window=window,
    )


def encode(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    one_hot: Float[ArrayLike, "B S 4"],
    *,
    window: int | None = WINDOW,
    dtype: DTypeLike = jnp.float32,
) -> Encoded:
    """The first stage of `forward`: bases to tokens, with the skips for the decoder.

    S may be any multiple of 128 bp: stretches of a sequence are encoded too.
    """
    return bind(config, params, state).encode(jnp.asarray(one_hot, dtype), window=window)


def encode_edit(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    one_hot: Float[Array, "B _ 4"],
    skips: Sequence[Float[Array, "B _ _"]],
    places: narrow.EditPlaces,
    bases: int,
) -> tuple[Float[Array, "B _ C"], tuple[Float[Array, "B _ _"], ...]]:
    """The first stage for an edit of a sequence: see `narrow.encode_edit`."""
    return narrow.encode_edit(bind(config, params, state).encoder, one_hot, skips, places, bases)


def transform(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    tokens: Float[ArrayLike, "B N C"],
    organism_index: Int[ArrayLike, " B"],
) -> Trunk:
    """The second stage: the tower over the tokens of the whole sequence."""
    return bind(config, params, state).transform(jnp.asarray(tokens), jnp.asarray(organism_index))


def read_tokens(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    trunk: Trunk,
    organism_index: Int[ArrayLike, " B"],
    requested: Iterable[str | OutputType],
    chosen: Mapping[str, Int[Array, " T"]],
) -> Predictions:
    """The third stage, for the requested heads that need no decoder; others are left out."""
    return bind(config, params, state).read_tokens(
        trunk, jnp.asarray(organism_index), requested_heads(requested), chosen
    )


def read_bases(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    trunk: Trunk,
    skips: Sequence[Float[Array, "B _ _"]],
    organism_index: Int[ArrayLike, " B"],
    requested: Iterable[str | OutputType],
    chosen: Mapping[str, Int[Array, " T"]],
    *,
    with_embeddings: bool = False,
    window: int | None = WINDOW,
) -> tuple[Predictions, Float[Array, "B S D"] | None]:
    """The third stage, for the requested heads at 1 bp but the junctions; others are left out.

    `trunk` and `skips` may be those of any stretch of tokens: the pair embedding is not used.
    With `with_embeddings` the second result is the 1-bp embeddings, otherwise None.
    """
    names = bases_heads(requested_heads(requested), sites_given=True)
    return bind(config, params, state).read_bases(
        trunk,
        skips,
        jnp.asarray(organism_index),
        names,
        chosen,
        with_embeddings=with_embeddings,
        window=window,
    )


def decode_part(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    part: narrow.Part,
    organism_index: Int[ArrayLike, " B"],
    starts: Int[Array, " 9"],
) -> Float[Array, "B _ D"]:
    """The 1-bp embeddings of a stretch; `starts` as of `narrow.decoded_starts`."""
    model = bind(config, params, state)
    decoded = narrow.decode(model.decoder, part, starts)
    found: Array = model.embedder_1bp(decoded, part.bp_128, jnp.asarray(organism_index))
    return found


def read_head(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    name: str,
    embeddings: Embeddings,
    organism_index: Int[ArrayLike, " B"],
    chosen: Int[Array, " T"] | None = None,
) -> dict[str, Array]:
    """One head alone, though not that of the junctions, on embeddings of earlier stages.

    It answers at those resolutions whose embeddings it is given.
    """
    head = bind(config, params, state).heads[name]
    found: dict[str, Array] = head(embeddings, jnp.asarray(organism_index), chosen)
    return found


def forward_train(
    config: ModelConfig,
    params: Tree,
    state: Tree,
    one_hot: Float[ArrayLike, "B S 4"],
    organism_index: Int[ArrayLike, " B"],
    requested: Iterable[str | OutputType],
    *,
    splice_site_positions: Int[ArrayLike, "B 4 K"] | None = None,
    key: PRNGKeyArray,
    dtype: DTypeLike = jnp.float32,
) -> tuple[Predictions, Tree]:
    """The same as `forward` with the batch's own second moments and dropout, and the new state.

    Always gives the 128-bp versions too. The moments of modules that no requested head needs
    stay as they were.
    """
    model = bind(config, params, state)
    model.train()  # type: ignore[no-untyped-call]
    _give_dropout_keys(model, key)
    predictions = model(
        _checked(one_hot, dtype),
        jnp.asarray(organism_index),
        requested_heads(requested),
        splice_site_positions=_optional(splice_site_positions),
        with_128bp=True,
    )
    return predictions, _arrays(model)[1]


def junctions(
    config: ModelConfig,
    params: Tree,
    embeddings_1bp: Float[ArrayLike, "B S C"],
    organism_index: Int[ArrayLike, " B"],
    positions: Int[ArrayLike, "B 4 K"],
) -> dict[str, Array]:
    """The junction head alone, on embeddings of an earlier pass (spec/model.md 13.5)."""
    return _junction_head(config, params)(
        jnp.asarray(embeddings_1bp), jnp.asarray(organism_index), jnp.asarray(positions)
    )


def junction_counts(
    config: ModelConfig,
    params: Tree,
    rows: Float[Array, "B 4 K C"],
    organism_index: Int[ArrayLike, " B"],
    positions: Int[Array, "B 4 K"],
    chosen: Int[Array, " T"] | None,
) -> Float[Array, "B K K G"]:
    """The counts alone, for the 1-bp embeddings of the sites only."""
    return _junction_head(config, params).counts(
        rows, jnp.asarray(organism_index), positions, chosen
    )


def _junction_head(config: ModelConfig, params: Tree) -> JunctionHead:
    head = nnx.eval_shape(lambda: JunctionHead(config, draw=Draw()))
    own = _with_list_indices(params["heads"][JUNCTION])
    bound: JunctionHead = nnx.merge(nnx.split(head)[0], own)
    return bound


def _checked(one_hot: Float[ArrayLike, "B S 4"], dtype: DTypeLike) -> Float[Array, "B S 4"]:
    length = np.shape(one_hot)[1]
    if length == 0 or length % PAIR_WIDTH:
        raise InvalidSequenceLengthError(
            f"The sequence has {length:,} bp, but the network takes multiples of {PAIR_WIDTH:,} "
            "bp. Resize the interval, for example to 16,384 bp.",
            field="interval",
        )
    return jnp.asarray(one_hot, dtype)


def _optional(positions: Int[ArrayLike, "B 4 K"] | None) -> Int[Array, "B 4 K"] | None:
    return None if positions is None else jnp.asarray(positions)


def _give_dropout_keys(model: AlphaGenome, key: PRNGKeyArray) -> None:
    dropouts = [module for _, module in nnx.iter_modules(model) if isinstance(module, Dropout)]
    for dropout, own in zip(dropouts, jax.random.split(key, len(dropouts)), strict=True):
        dropout.key = own


def _arrays(model: nnx.Module) -> tuple[Tree, Tree]:
    params, state = nnx.state(model, nnx.Param, nnx.BatchStat)
    return _with_string_keys(nnx.to_pure_dict(params)), _with_string_keys(nnx.to_pure_dict(state))


def _with_string_keys(tree: Mapping[Any, Any]) -> Tree:
    """List indices become strings: Orbax, optax and JSON treat those alike."""
    return {
        str(name): _with_string_keys(leaf) if isinstance(leaf, Mapping) else leaf
        for name, leaf in tree.items()
    }


def _with_list_indices(tree: Mapping[str, Any]) -> dict[str | int, Any]:
    """The inverse, for NNX; arrays of numpy (as files give them) become JAX's."""
    return {
        int(name) if name.isdigit() else name: (
            _with_list_indices(leaf) if isinstance(leaf, Mapping) else _as_array(leaf)
        )
        for name, leaf in tree.items()
    }


def _as_array(leaf: Any) -> Any:
    return leaf if isinstance(leaf, jax.ShapeDtypeStruct) else jnp.asarray(leaf)
