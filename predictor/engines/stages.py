"""The compiled programs of a network, stage by stage.

One encoder and one tower for each length of window, and an encoder for each size of edit
(`engines/edits.py`); one decoder for each size of stretch (`engines/stretches.py`), whatever the
window; one small program for each head. So another choice of outputs compiles hardly anything,
and always gives the same numbers.

Axes: B sequences, S base pairs, N tokens, C and D channels, T tracks, K sites.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, Integer

from predictor.engines.edits import Edit, Patch
from predictor.engines.stretches import Stretch
from predictor.model import functional
from predictor.model.alphagenome import Encoded, Trunk
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.heads import Embeddings, unscale
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
        self._encode = jax.jit(partial(_encode, static, dtype))
        self._transform = jax.jit(partial(functional.transform, static))
        self._cut = jax.jit(_cut, static_argnums=4)
        self._replace = jax.jit(_replace)
        self._patch = jax.jit(_patch)
        self._decode = jax.jit(partial(_decode, static))
        self._keep = jax.jit(_keep, static_argnums=2)
        self._head = jax.jit(partial(_head, static), static_argnums=0)
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

    def encode(self, codes: Integer[np.ndarray, "B S"]) -> Encoded:
        """Tokens and skips; S is a multiple of 128."""
        found: Encoded = self._encode(*self._weights, codes)
        return found

    def encode_edit(
        self, tokens: Float[Array, "B N C"], codes: Integer[np.ndarray, "B S"], edit: Edit
    ) -> tuple[Float[Array, "B N C"], Patch]:
        """The encoder's result for ALT, from that for REF.

        Args:
          tokens: of REF.
          codes: of ALT.
          edit: what of it has to be encoded.

        Returns:
          The tokens of ALT, and its skips around the edit.
        """
        end = edit.start + edit.encoded
        encoded = self.encode(codes[:, edit.start * TOKEN_WIDTH : end * TOKEN_WIDTH])
        inside = np.int32(edit.first - edit.start)
        part = self._cut(*encoded, None, inside, edit.given)
        found: Array = self._replace(tokens, part.tokens, np.int32(edit.first))
        return found, Patch(part.skips, edit.first, edit.given)

    def transform(self, tokens: Float[Array, "B N C"], organisms: Int[np.ndarray, " B"]) -> Trunk:
        """The tower."""
        found: Trunk = self._transform(*self._weights, tokens, organisms)
        return found

    def decode(
        self,
        trunk: Trunk,
        skips: tuple[Float[Array, "B _ _"], ...],
        organisms: Int[np.ndarray, " B"],
        stretch: Stretch,
        patch: Patch | None = None,
    ) -> Float[Array, "B _ D"]:
        """The 1-bp embeddings that the stretch gives; `patch` takes the place of some skips."""
        tokens, bp_128 = trunk.tokens, trunk.bp_128
        if stretch.decoded < tokens.shape[1]:
            cut = self._cut(tokens, skips, bp_128, np.int32(stretch.start), stretch.decoded)
            tokens, skips, bp_128 = cut
        if patch is not None and _touches(patch, stretch):
            skips = self._patch(skips, patch.skips, np.int32(patch.first - stretch.start))
        found: Array = self._decode(*self._weights, tokens, bp_128, skips, organisms)
        if stretch.given < stretch.decoded:
            found = self._keep(found, np.int32(stretch.first - stretch.start), stretch.given)
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
        found: Array = self._head(
            OUTPUTS[kind].head, *self._weights, embeddings, organisms, chosen, nonzero_mean
        )
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
        rows: Float[Array, "B 4 K C"],
        organisms: Int[np.ndarray, " B"],
        positions: Int[np.ndarray, "B 4 K"],
        chosen: Int[np.ndarray, " T"] | None,
    ) -> Float[Array, "B K K G"]:
        """Junction counts for the 1-bp embeddings of the sites."""
        found: Array = self._counts(*self._weights, rows, organisms, positions, chosen)
        return found


def _encode(
    config: ModelConfig,
    dtype: DTypeLike,
    params: functional.Tree,
    state: functional.Tree,
    codes: Integer[Array, "B S"],
) -> Encoded:
    one_hot = jax.nn.one_hot(codes, 4, dtype=dtype)
    return functional.encode(config, params, state, one_hot, dtype=dtype)


class _Part(NamedTuple):
    """Of a stretch of tokens."""

    tokens: Float[Array, "B _ C"]
    skips: tuple[Float[Array, "B _ _"], ...]
    bp_128: Float[Array, "B _ D"] | None


def _cut(
    tokens: Float[Array, "B N C"],
    skips: tuple[Float[Array, "B _ _"], ...],
    bp_128: Float[Array, "B N D"] | None,
    start: Int[Array, ""],
    given: int,
) -> _Part:
    length = tokens.shape[1]

    def cut(x: Float[Array, "B _ C"]) -> Float[Array, "B _ C"]:
        per_token = x.shape[1] // length
        return jax.lax.dynamic_slice_in_dim(x, start * per_token, given * per_token, axis=1)

    return _Part(cut(tokens), tuple(map(cut, skips)), None if bp_128 is None else cut(bp_128))


def _replace(
    tokens: Float[Array, "B N C"], part: Float[Array, "B _ C"], first: Int[Array, ""]
) -> Float[Array, "B N C"]:
    return jax.lax.dynamic_update_slice_in_dim(tokens, part, first, axis=1)


def _touches(patch: Patch, stretch: Stretch) -> bool:
    return (
        patch.first < stretch.start + stretch.decoded and stretch.start < patch.first + patch.given
    )


def _patch(
    skips: tuple[Float[Array, "B _ _"], ...],
    patches: tuple[Float[Array, "B _ _"], ...],
    first: Int[Array, ""],
) -> tuple[Float[Array, "B _ _"], ...]:
    """Puts the patches over the skips of a stretch, which they may reach beyond on either side.

    Args:
      skips: of the stretch.
      patches: of the tokens around an edit.
      first: first token of the patches, counted from the start of the stretch.
    """

    def patched(skip: Float[Array, "B _ C"], over: Float[Array, "B _ C"]) -> Array:
        # The last skip has two positions per token; all have a power of two.
        scale = skip.shape[1] // tokens
        places = jnp.arange(skip.shape[1]) - first * scale
        inside = (places >= 0) & (places < over.shape[1])
        values = jnp.take(over, jnp.clip(places, 0, over.shape[1] - 1), axis=1)
        return jnp.where(inside[:, None], values, skip)

    tokens = skips[-1].shape[1] // 2
    return tuple(map(patched, skips, patches))


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


def _keep(x: Float[Array, "B _ D"], start: Int[Array, ""], tokens: int) -> Float[Array, "B _ D"]:
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
    rows: Float[Array, "B 4 K C"],
    organisms: Int[Array, " B"],
    positions: Int[Array, "B 4 K"],
    chosen: Int[Array, " T"] | None,
) -> Float[Array, "B K K G"]:
    del state
    counts = functional.junction_counts(config, params, rows, organisms, positions, chosen)
    batch, sites = len(rows), rows.shape[2]
    # Tissues of the + strand first, then those of the - strand.
    return jnp.transpose(counts, (1, 3, 4, 2, 0)).reshape(batch, sites, sites, -1)
