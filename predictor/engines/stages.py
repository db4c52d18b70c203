"""The compiled programs of a network, stage by stage.

One encoder and one tower for each length of window, and an encoder for each size of edit
(`engines/edits.py`); one decoder for each size of stretch (`engines/stretches.py`), whatever the
window; one small program for each head. So another choice of outputs compiles hardly anything,
and always gives the same numbers.

Axes: B sequences, S base pairs, N tokens, C and D channels, T tracks, K sites.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, Integer

from predictor.engines import compiler_memory, dispatch  # noqa: F401
from predictor.engines.edits import Edit, Patch
from predictor.engines.stretches import Stretch
from predictor.model import functional, narrow
from predictor.model.alphagenome import Encoded, Trunk
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.heads import HEADS, JUNCTION, Embeddings, unscale
from predictor.model.preparation import prepare
from predictor.model.splicing import select_sites
from predictor.tracks.output_types import OUTPUTS


class Stages:
    """The stages of one network; its weights lie on the default device, prepared once.

    Attributes:
      config: sizes.
      dtype: compute type.
    """

    def __init__(
        self,
        config: ModelConfig,
        params: dict[str, Any],
        state: dict[str, Any],
        *,
        dtype: DTypeLike,
    ):
        """Prepares the weights, emptying the dicts on the way (`model.preparation.prepare`)."""
        self.dtype = dtype
        self.config, *self._weights = prepare(config, params, state, dtype=dtype)
        static = self.config
        self._encoder = self._part("encoder")
        self._tower = self._part("organism_embedding", "tower", "embedder_128bp", "embedder_pair")
        self._decoder = self._part("decoder", "embedder_1bp")
        self._heads = {name: self._part(f"heads/{name}") for name in HEADS}
        self._encode = jax.jit(partial(_encode, static, dtype), static_argnames="at_once")
        self._encode_edit = jax.jit(partial(_encode_edit, static, dtype), static_argnames="bases")
        self._transform = jax.jit(partial(functional.transform, static))
        self._patch = jax.jit(_patch)
        self._cut = jax.jit(_cut, static_argnames="given")
        self._decode = jax.jit(partial(_decode, static))
        self._decode_part = jax.jit(partial(functional.decode_part, static))
        self._keep = jax.jit(_keep, static_argnames="tokens")
        self._head = jax.jit(partial(_head, static), static_argnums=0)
        self._zeros = jax.jit(jnp.zeros, static_argnames=("shape", "dtype"))
        self._put = jax.jit(_put, donate_argnums=0)
        self._sites = jax.jit(
            partial(select_sites, k=static.junction_sites, threshold=static.junction_threshold)
        )
        self._counts = jax.jit(partial(_counts, static))

    @property
    def weights(self) -> tuple[functional.Tree, functional.Tree]:
        """Prepared parameters and state, for further programs of the same network."""
        params, state = self._weights
        return params, state

    def _part(self, *modules: str) -> tuple[functional.Tree, functional.Tree]:
        params, state = (functional.part(tree, *modules) for tree in self._weights)
        return params, state

    def encode(
        self, codes: Integer[np.ndarray, "B S"], at_once: int = functional.WINDOW
    ) -> Encoded:
        """Tokens and skips; S is a multiple of 128, of which `at_once` bp are encoded at a time."""
        found: Encoded = self._encode(*self._encoder, codes, at_once=at_once)
        return found

    def encode_edit(
        self, reference: Encoded, codes: Integer[np.ndarray, "B S"], edit: Edit
    ) -> tuple[Float[Array, "B N C"], Patch]:
        """The encoder's result for ALT, from that for REF.

        Args:
          reference: of REF.
          codes: of ALT.
          edit: what of it has to be encoded.

        Returns:
          The tokens of ALT, and its skips where they may differ.
        """
        bases, places = edit
        first = places.read[0]
        read = codes[:, first : first + narrow.read_lengths(bases)[0]]
        tokens, skips = self._encode_edit(*self._encoder, read, *reference, places, bases=bases)
        return tokens, Patch(skips, places.changed[:-1])

    def transform(self, tokens: Float[Array, "B N C"], organisms: Int[np.ndarray, " B"]) -> Trunk:
        """The tower."""
        found: Trunk = self._transform(*self._tower, tokens, organisms)
        return found

    def decode(
        self,
        trunk: Trunk,
        skips: tuple[Float[Array, "B _ _"], ...],
        organisms: Int[np.ndarray, " B"],
        stretch: Stretch,
        patch: Patch | None = None,
    ) -> Float[Array, "B _ D"]:
        """The 1-bp embeddings of a stretch; `patch` takes the place of some skips."""
        tokens = trunk.tokens.shape[1]
        if stretch.given == tokens:
            if patch is not None:
                skips = self._patch(skips, patch)
            found: Array = self._decode(
                *self._decoder, trunk.tokens, trunk.bp_128, skips, organisms
            )
            return found
        if patch is not None and not _touches(patch, stretch):
            patch = None
        starts = narrow.decoded_starts(*stretch, tokens)
        part = self._cut(trunk.tokens, trunk.bp_128, skips, patch, starts, given=stretch.given)
        of_part: Array = self._decode_part(*self._decoder, part, organisms, starts)
        return of_part

    def keep(
        self, embeddings: Float[Array, "B _ D"], decoded: Stretch, stretch: Stretch
    ) -> Float[Array, "B _ D"]:
        """The embeddings of a stretch from those of one that holds it."""
        if stretch == decoded:
            return embeddings
        start = np.int32(stretch.first - decoded.first)
        found: Array = self._keep(embeddings, start, tokens=stretch.given)
        return found

    def head(
        self,
        kind: OutputType,
        embeddings: Embeddings,
        organisms: Int[np.ndarray, " B"],
        chosen: Int[np.ndarray, " T"] | None,
        nonzero_mean: Float[np.ndarray, " T"] | None,
    ) -> Float[Array, "B *bins T"]:
        """One output type in data units; the splice classes are always all five."""
        name = OUTPUTS[kind].head
        found: Array = self._head(
            name, *self._heads[name], embeddings, organisms, chosen, nonzero_mean
        )
        return found

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """An array to `put` into."""
        found: Array = self._zeros(shape=shape, dtype=dtype)
        return found

    def put(
        self, whole: Float[Array, "B S T"], found: Float[Array, "B _ T"], stretch: Stretch
    ) -> Float[Array, "B S T"]:
        """Writes what a stretch gives into the array of the window, which is given up."""
        written: Array = self._put(whole, found, np.int32(stretch.first * TOKEN_WIDTH))
        return written

    def sites(self, probabilities: Float[Array, "B S L"]) -> Int[Array, "B 4 K"]:
        """The splice sites that the probabilities show."""
        found: Array = self._sites(probabilities)
        return found

    def junction_counts(
        self,
        rows: Float[Array, "1 4 K C"],
        organisms: Int[np.ndarray, " 1"],
        positions: Int[np.ndarray, "1 4 K"],
        chosen: Int[np.ndarray, " T"] | None,
    ) -> Float[Array, "K K G"]:
        """Junction counts of one sequence for the 1-bp embeddings of its sites."""
        found: Array = self._counts(*self._heads[JUNCTION], rows, organisms, positions, chosen)
        return found


def _encode(
    config: ModelConfig,
    dtype: DTypeLike,
    params: functional.Tree,
    state: functional.Tree,
    codes: Integer[Array, "B S"],
    *,
    at_once: int = functional.WINDOW,
) -> Encoded:
    one_hot = jax.nn.one_hot(codes, 4, dtype=dtype)
    return functional.encode(config, params, state, one_hot, window=at_once, dtype=dtype)


def _encode_edit(
    config: ModelConfig,
    dtype: DTypeLike,
    params: functional.Tree,
    state: functional.Tree,
    codes: Integer[Array, "B _"],
    tokens: Float[Array, "B N C"],
    skips: tuple[Float[Array, "B _ _"], ...],
    places: narrow.EditPlaces,
    *,
    bases: int,
) -> tuple[Float[Array, "B N C"], tuple[Float[Array, "B _ _"], ...]]:
    one_hot = jax.nn.one_hot(codes, 4, dtype=dtype)
    changed, patches = functional.encode_edit(config, params, state, one_hot, skips, places, bases)
    together = jax.lax.dynamic_update_slice_in_dim(tokens, changed, places.changed[-1], axis=1)
    return together, patches


def _touches(patch: Patch, stretch: Stretch) -> bool:
    """Whether a stretch, with what is decoded around it, may see any of a patch."""
    first = (stretch.first - narrow.MARGINS[0]) * TOKEN_WIDTH
    end = (stretch.end + narrow.MARGINS[0]) * TOKEN_WIDTH
    # The coarsest skip has two positions per token, and the largest reach.
    width = TOKEN_WIDTH // 2
    start = int(patch.firsts[-1]) * width
    return first < start + patch.skips[-1].shape[1] * width and start < end


def _patch(skips: tuple[Float[Array, "B _ _"], ...], patch: Patch) -> tuple[Array, ...]:
    return tuple(
        narrow.overlaid(skip, over, patch.firsts[level])
        for level, (skip, over) in enumerate(zip(skips, patch.skips, strict=True))
    )


def _cut(
    tokens: Float[Array, "B N C"],
    bp_128: Float[Array, "B N D"],
    skips: tuple[Float[Array, "B _ _"], ...],
    patch: Patch | None,
    starts: Int[Array, " 9"],
    *,
    given: int,
) -> narrow.Part:
    """What the decoder needs for a stretch; `starts` as of `narrow.decoded_starts`."""
    length, *lengths = narrow.decoded_lengths(given)
    # From 1 bp to 64 bp, as the skips.
    fine = list(zip(reversed(lengths), [starts[level] for level in range(7, 0, -1)], strict=True))
    cut = [
        jax.lax.dynamic_slice_in_dim(skip, start, size, axis=1)
        for skip, (size, start) in zip(skips, fine, strict=True)
    ]
    if patch is not None:
        cut = [
            narrow.overlaid(part, over, patch.firsts[level] - start)
            for level, (part, over, (_, start)) in enumerate(
                zip(cut, patch.skips, fine, strict=True)
            )
        ]
    return narrow.Part(
        tokens=jax.lax.dynamic_slice_in_dim(tokens, starts[0], length, axis=1),
        bp_128=jax.lax.dynamic_slice_in_dim(bp_128, starts[-1] // TOKEN_WIDTH, given, axis=1),
        skips=tuple(cut),
    )


def _decode(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    tokens: Float[Array, "B N C"],
    bp_128: Float[Array, "B N D"],
    skips: tuple[Float[Array, "B _ _"], ...],
    organisms: Int[Array, " B"],
) -> Float[Array, "B _ D"]:
    trunk = Trunk(tokens, bp_128, pair=jnp.zeros(()))
    _, bp_1 = functional.read_bases(
        config, params, state, trunk, skips, organisms, (), {}, with_embeddings=True, window=None
    )
    assert bp_1 is not None, "the embeddings were asked for"
    return bp_1


def _keep(x: Float[Array, "B _ D"], start: Int[Array, ""], *, tokens: int) -> Float[Array, "B _ D"]:
    return jax.lax.dynamic_slice_in_dim(x, start * TOKEN_WIDTH, tokens * TOKEN_WIDTH, axis=1)


def _head(
    config: ModelConfig,
    name: str,
    params: functional.Tree,
    state: functional.Tree,
    embeddings: Embeddings,
    organisms: Int[Array, " B"],
    chosen: Int[Array, " T"] | None,
    nonzero_mean: Float[Array, " T"] | None,
) -> Float[Array, "B *bins T"]:
    found: Mapping[str, Array] = functional.read_head(
        config, params, state, name, embeddings, organisms, chosen
    )
    if nonzero_mean is None:
        return found["predictions"].astype(jnp.float32)
    ((key, scaled),) = found.items()
    resolution = int(key.removeprefix("scaled_predictions_").removesuffix("bp"))
    return unscale(name, scaled.astype(jnp.float32), nonzero_mean, resolution)


def _put(
    whole: Float[Array, "B S T"], found: Float[Array, "B _ T"], start: Int[Array, ""]
) -> Float[Array, "B S T"]:
    return jax.lax.dynamic_update_slice_in_dim(whole, found, start, axis=1)


def _counts(
    config: ModelConfig,
    params: functional.Tree,
    state: functional.Tree,
    rows: Float[Array, "1 4 K C"],
    organisms: Int[Array, " 1"],
    positions: Int[Array, "1 4 K"],
    chosen: Int[Array, " T"] | None,
) -> Float[Array, "K K G"]:
    del state
    counts = functional.junction_counts(config, params, rows, organisms, positions, chosen)
    return counts.reshape(counts.shape[1:])
