"""The forward pass with the sequence shared by several devices.

The model knows nothing of devices. Here its stages are given their places on a mesh of two axes,
"data" (examples) and "sequence" (neighbouring pieces of the window, in order), and the compiler
partitions what lies between:

- Parameters and state: on every device.
- Sequence arrays, at every resolution: axis 0 over "data", axis 1 over "sequence".
- Pair arrays: the same, so that a device has the rows of its own tokens. Attention along a row
  stays on one device; the last transposition is an exchange.
- Encoder and decoder: every device runs the unchanged module on its own piece and a halo of its
  neighbours' (`_with_halo`).
- Tower: every device keeps its own queries and rows of the bias; keys and values, one head for
  all, are gathered.
- Splice sites: every device offers its best, then all take the best of those.

Axes: B batch, S base pairs, K sites, Q = sites offered by all devices.

Source: spec/training.md 7.3.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jax.typing import ArrayLike, DTypeLike
from jaxtyping import Array, Float, Int

from predictor.errors import AllelensError
from predictor.model import functional
from predictor.model.alphagenome import AlphaGenome
from predictor.model.attention_kernel import undivided_attention
from predictor.model.config import PAIR_WIDTH, ModelConfig
from predictor.model.functional import Predictions, Tree
from predictor.model.heads import CLASSIFICATION, HEADS, JUNCTION, requested_heads
from predictor.model.splicing import select_sites

DATA = "data"
SEQUENCE = "sequence"
_EXAMPLES = PartitionSpec(DATA)  # type: ignore[no-untyped-call]
_PIECES = PartitionSpec(DATA, SEQUENCE)  # type: ignore[no-untyped-call]
_EVERYWHERE = PartitionSpec()  # type: ignore[no-untyped-call]

_ENCODER_HALO = 640
"""Base pairs to either side that a token can depend on (513), in whole tokens."""
_DECODER_HALO = 768
"""Base pairs to either side that a base of the decoder's result can depend on (762), likewise."""


class InvalidShardingError(AllelensError):
    """A batch of windows cannot be shared by these devices."""

    code = "invalid_sharding"


def sequence_mesh(devices: Sequence[jax.Device] | None = None, *, data: int = 1) -> Mesh:
    """A mesh whose "sequence" axis takes the devices in their order.

    Args:
      devices: all of the machine, if none are given.
      data: number of groups of devices; each group takes its own share of the batch.

    Raises:
      InvalidShardingError: the devices do not form that many equal groups.
    """
    chosen = jax.devices() if devices is None else devices
    if data < 1 or len(chosen) == 0 or len(chosen) % data:
        raise InvalidShardingError(
            f"{len(chosen)} devices do not form {data} equal groups; choose a number of groups "
            "that divides the number of devices."
        )
    return Mesh(np.array(chosen).reshape(data, -1), (DATA, SEQUENCE))


def replicate(mesh: Mesh, tree: Tree) -> Tree:
    """The same arrays on every device: once for the parameters, instead of with every call."""
    placed: Tree = jax.device_put(tree, NamedSharding(mesh, _EVERYWHERE))
    return placed


def sharded_forward(
    config: ModelConfig,
    mesh: Mesh,
    requested: Iterable[str | OutputType],
    *,
    with_128bp: bool = False,
    dtype: DTypeLike = jnp.float32,
) -> jax.stages.Wrapped:
    """`functional.forward` as one compiled function for the devices of the mesh.

    Args:
      config: sizes.
      mesh: from `sequence_mesh`.
      requested: heads or output types; only what they need is computed.
      with_128bp: give the 128-bp versions of the 1-bp tracks too.
      dtype: compute type.

    Returns:
      A function of `params, state, one_hot, organism_index` and, if wanted,
      `splice_site_positions`, that answers as `functional.forward` does. The arrays stay on their
      devices, in pieces along the sequence (pairs: by rows; junctions: whole);
      `jax.device_get` puts them together. It raises `InvalidShardingError` where the windows
      cannot be shared: every device of the "sequence" axis needs a multiple of 2,048 bp, and
      every group the same number of examples.
    """
    heads = requested_heads(requested)

    @jax.jit
    def run(
        params: Tree,
        state: Tree,
        one_hot: Float[ArrayLike, "B S 4"],
        organism_index: Int[ArrayLike, " B"],
        splice_site_positions: Int[ArrayLike, "B 4 K"] | None = None,
    ) -> Predictions:
        _check(mesh, one_hot)
        model = functional.bind(config, params, state)
        _distribute(model, mesh)
        return _predict(
            model,
            mesh,
            _pinned(mesh, _PIECES, jnp.asarray(one_hot, dtype)),
            _pinned(mesh, _EXAMPLES, jnp.asarray(organism_index)),
            heads,
            splice_site_positions,
            with_128bp=with_128bp,
        )

    return run


def _check(mesh: Mesh, one_hot: Float[ArrayLike, "B S 4"]) -> None:
    examples, length, _ = np.shape(one_hot)
    groups, pieces = mesh.shape[DATA], mesh.shape[SEQUENCE]
    if length == 0 or length % (pieces * PAIR_WIDTH):
        raise InvalidShardingError(
            f"A window of {length:,} bp cannot be shared by {pieces} devices, because each needs "
            f"a multiple of {PAIR_WIDTH:,} bp; take fewer devices or another window."
        )
    if examples % groups:
        raise InvalidShardingError(
            f"{examples} windows cannot be shared by {groups} groups of devices; make the batch a "
            f"multiple of {groups}."
        )


def _predict(
    model: AlphaGenome,
    mesh: Mesh,
    one_hot: Float[Array, "B S 4"],
    organism_index: Int[Array, " B"],
    heads: tuple[str, ...],
    positions: Int[ArrayLike, "B 4 K"] | None,
    *,
    with_128bp: bool,
) -> Predictions:
    """The model's own pass, but for the selection of splice sites."""
    passed = {CLASSIFICATION if head == JUNCTION else head for head in heads}
    predictions = model(
        one_hot,
        organism_index,
        [head for head in HEADS if head in passed],
        with_128bp=with_128bp,
    )
    predictions = _pinned(mesh, _PIECES, predictions)
    if JUNCTION in heads:
        if positions is None:
            positions = select_sites_in_pieces(
                mesh,
                predictions[CLASSIFICATION]["predictions"],
                model.config.junction_sites,
                model.config.junction_threshold,
            )
        junctions = model.heads[JUNCTION](
            predictions["embeddings"]["embeddings_1bp"], organism_index, jnp.asarray(positions)
        )
        predictions[JUNCTION] = _pinned(mesh, _EXAMPLES, junctions)
    return {name: predictions[name] for name in (*heads, "embeddings")}


def select_sites_in_pieces(
    mesh: Mesh, probabilities: Float[Array, "B S L"], k: int, threshold: float
) -> Int[Array, "B 4 K"]:
    """`splicing.select_sites` of probabilities in pieces; the same sites, ties included.

    The best `k` of all are among the best `k` of every piece. Candidates are listed in the order
    of the sequence, so that of equal ones the first wins, as it does in a single list.
    """
    best_of_pieces = jax.shard_map(
        partial(_candidates, k=k, threshold=threshold),
        mesh=mesh,
        in_specs=_PIECES,
        out_specs=PartitionSpec(DATA, None, SEQUENCE),  # type: ignore[no-untyped-call]
        check_vma=False,
    )
    positions, values = best_of_pieces(probabilities)
    chosen = select_sites(jnp.moveaxis(values, 1, 2), k, threshold)
    sites = jnp.take_along_axis(positions, jnp.maximum(chosen, 0), axis=2)
    return jnp.where(chosen >= 0, sites, -1)


def _candidates(
    piece: Float[Array, "B P L"], *, k: int, threshold: float
) -> tuple[Int[Array, "B 4 K"], Float[Array, "B 4 K"]]:
    """The best sites of one piece: positions within the window, and probabilities.

    Empty entries have a probability that no threshold lets through.
    """
    found = select_sites(piece, k, threshold)
    by_kind = jnp.moveaxis(piece, 1, 2)[:, : found.shape[1]].astype(jnp.float32)
    values = jnp.take_along_axis(by_kind, jnp.maximum(found, 0), axis=2)
    start = jax.lax.axis_index(SEQUENCE) * piece.shape[1]
    return found + start, jnp.where(found >= 0, values, -jnp.inf)


def _distribute(model: AlphaGenome, mesh: Mesh) -> None:
    """Gives the stages of a bound model their places."""
    for owner, name, halo in _stages_along_the_sequence(model):
        _replace(owner, name, lambda stage, halo=halo: _in_pieces(stage, mesh, halo))
    for layer in model.tower.layers:
        # Devices share the queries, so no device has all logits.
        layer.attention.attend = undivided_attention
        if layer.pair_update is not None:
            _replace(layer.pair_update, "sequence_to_pair", lambda stage: _in_rows(stage, mesh))


def _replace(owner: nnx.Module, name: str, placed: Callable[..., Any]) -> None:
    setattr(owner, name, placed(getattr(owner, name)))


def _stages_along_the_sequence(model: AlphaGenome) -> Iterator[tuple[nnx.Module, str, int]]:
    """Modules that a piece of the sequence is enough for: owner, name, and halo in bp."""
    yield model, "encoder", _ENCODER_HALO
    yield model, "decoder", _DECODER_HALO
    yield model, "embedder_128bp", 0
    yield model, "embedder_1bp", 0
    for head in HEADS.values():
        if head.resolutions and head.name != JUNCTION:
            yield model.heads, head.name, 0
    for layer in model.tower.layers:
        yield layer, "mlp", 0


def _in_rows(make_pairs: Callable[..., Any], mesh: Mesh) -> Callable[..., Any]:
    """New pairs, distributed by rows; left to itself, the compiler takes columns."""
    return lambda x: _pinned(mesh, _PIECES, make_pairs(x))


def _pinned(mesh: Mesh, spec: PartitionSpec, arrays: Any) -> Any:
    sharding = NamedSharding(mesh, spec)
    return jax.lax.with_sharding_constraint(arrays, sharding)  # type: ignore[no-untyped-call]


def _in_pieces(module: nnx.Module, mesh: Mesh, halo: int) -> Callable[..., Any]:
    """The module, run unchanged by every device on its own piece of the sequence.

    So the compiler need not partition what happens inside (loops over blocks, kernels). Arrays
    of one axis are values per example, all others have the sequence as their second axis.
    """
    graph, weights = nnx.split(module)
    has_neighbours = mesh.shape[SEQUENCE] > 1

    def placed(*arrays: Any, **options: Any) -> Any:
        def on_device(weights: Any, pieces: Any) -> Any:
            run = partial(nnx.merge(graph, weights), **options)
            return _with_halo(run, pieces, halo) if halo and has_neighbours else run(*pieces)

        specs = jax.tree.map(lambda leaf: _EXAMPLES if leaf.ndim == 1 else _PIECES, arrays)
        return jax.shard_map(
            on_device,
            mesh=mesh,
            in_specs=(_EVERYWHERE, specs),
            out_specs=_PIECES,
            # Loops and kernels inside the module do not state the axes that they vary over.
            check_vma=False,
        )(weights, arrays)

    return placed


def _with_halo(run: Callable[..., Any], pieces: Any, halo: int) -> Any:
    """Runs on the pieces and a halo of their neighbours', and cuts that off the results.

    Only a true end of the window may look like an end to the module: every layer pads with zeros
    there, and a halo of zeros is something else. So the first and the last device take the halos
    of both sides from their one neighbour, and the shapes are alike everywhere.
    """
    base_pairs = max(piece.shape[1] for piece in jax.tree.leaves(pieces))
    total = base_pairs + 2 * halo
    device, last = jax.lax.axis_index(SEQUENCE), jax.lax.axis_size(SEQUENCE) - 1
    left = jnp.where(device == 0, 0, jnp.where(device == last, 2 * halo, halo))

    def widened(piece: Float[Array, "B P C"]) -> Float[Array, "B P_wide C"]:
        resolution = base_pairs // piece.shape[1]
        return _with_neighbours(piece, left // resolution, 2 * halo // resolution)

    def cut(wide: Float[Array, "B P_wide C"]) -> Float[Array, "B P C"]:
        resolution = total // wide.shape[1]
        start, size = left // resolution, base_pairs // resolution
        return jax.lax.dynamic_slice_in_dim(wide, start, size, axis=1)

    return jax.tree.map(cut, run(*jax.tree.map(widened, pieces)))


def _with_neighbours(
    piece: Float[Array, "B P C"], left: Int[Array, ""], both: int
) -> Float[Array, "B P_wide C"]:
    """`left` positions of the piece before, the piece, and `both - left` of the piece behind."""
    devices = jax.lax.axis_size(SEQUENCE)
    rightwards = [(i, i + 1) for i in range(devices - 1)]
    leftwards = [(i + 1, i) for i in range(devices - 1)]
    before = jax.lax.ppermute(piece[:, -both:], SEQUENCE, rightwards)  # type: ignore[no-untyped-call]
    behind = jax.lax.ppermute(piece[:, :both], SEQUENCE, leftwards)  # type: ignore[no-untyped-call]
    everything = jnp.concatenate([before, piece, behind], axis=1)
    return jax.lax.dynamic_slice_in_dim(everything, both - left, piece.shape[1] + both, axis=1)
