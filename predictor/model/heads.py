"""The eleven heads, as a table.

Axes: B batch, S positions at the head's resolution, M pair cells per side, T tracks.

Every head takes `chosen`, the tracks to compute (all where it is None): their weights are taken
before the product, so that the others cost nothing.

Model space is what the track heads predict and the losses compare ("scaled"); data units are
those of the tracks a person looks at. `unscale` and `scale_targets` go between them.

Source: spec/model.md 7.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from alphagenome.models.dna_output import OutputType
from flax import nnx
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Int

from predictor.errors import AllelensError
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import MultiOrganismLinear
from predictor.model.splicing import JunctionHead

_SOFT_CLIP = 10.0
_SQUASH = 0.75


class UnknownHeadError(AllelensError):
    """A head was requested that the network does not have."""

    code = "unknown_head"


class Embeddings(NamedTuple):
    """The output embeddings; those that no requested head reads may be None."""

    bp_1: Float[Array, "B S C"] | None = None
    bp_128: Float[Array, "B N D"] | None = None
    pair: Float[Array, "B M M P"] | None = None

    def has(self, resolution: int) -> bool:
        """Whether the embedding of that resolution is there."""
        return (self.bp_128 if resolution == TOKEN_WIDTH else self.bp_1) is not None

    def at(self, resolution: int) -> Float[Array, "B S C"]:
        """The embedding along the sequence at 1 or 128 bp."""
        embedding = self.bp_128 if resolution == TOKEN_WIDTH else self.bp_1
        if embedding is None:
            raise ValueError(f"The {resolution}-bp embeddings were not computed for this request.")
        return embedding


class TrackReadout(nnx.Module):
    """Tracks at one resolution, in model space (spec/model.md 7.1)."""

    def __init__(self, organisms: int, channels: int, tracks: int, *, draw: Draw):
        self.linear = MultiOrganismLinear(organisms, channels, tracks, draw=draw)
        self.learnt_scale = nnx.Param(jnp.ones((organisms, tracks)))

    def __call__(
        self,
        embedding: Float[Array, "B S C"],
        organism_index: Int[Array, " B"],
        chosen: Int[Array, " T"] | None,
    ) -> Float[Array, "B S T"]:
        scale = self.learnt_scale[...][organism_index]
        if chosen is not None:
            scale = scale[:, chosen]
        scale = jax.nn.softplus(scale.astype(embedding.dtype).astype(jnp.float32))
        y = self.linear(embedding, organism_index, chosen)
        return jax.nn.softplus(y) * scale[:, None]


class TrackHead(nnx.Module):
    """Genome tracks at 128 bp, or at 1 bp with a 128-bp version that only training needs.

    Answers at the resolutions whose embeddings it is given.
    """

    def __init__(self, spec: "Head", config: ModelConfig, *, draw: Draw):
        channels = {1: config.embedding_1bp_channels, 128: config.embedding_128bp_channels}
        tracks = getattr(config.tracks, spec.name)
        self.readouts = nnx.Dict(
            {
                f"resolution_{resolution}": TrackReadout(
                    config.organisms, channels[resolution], tracks, draw=draw
                )
                for resolution in spec.resolutions
            }
        )
        self.resolutions = spec.resolutions

    def __call__(
        self,
        embeddings: Embeddings,
        organism_index: Int[Array, " B"],
        chosen: Int[Array, " T"] | None = None,
    ) -> dict[str, Array]:
        return {
            f"scaled_predictions_{resolution}bp": self.readouts[f"resolution_{resolution}"](
                embeddings.at(resolution), organism_index, chosen
            )
            for resolution in self.resolutions
            if embeddings.has(resolution)
        }


class ContactHead(nnx.Module):
    """Contact maps; symmetric, because the pair embedding is."""

    def __init__(self, spec: "Head", config: ModelConfig, *, draw: Draw):
        tracks = getattr(config.tracks, spec.name)
        self.linear = MultiOrganismLinear(config.organisms, config.pair_channels, tracks, draw=draw)

    def __call__(
        self,
        embeddings: Embeddings,
        organism_index: Int[Array, " B"],
        chosen: Int[Array, " T"] | None = None,
    ) -> dict[str, Array]:
        if embeddings.pair is None:
            raise ValueError("The pair embeddings were not computed for this request.")
        return {"predictions": self.linear(embeddings.pair, organism_index, chosen)}


class SpliceHead(nnx.Module):
    """Logits per base pair, and what `activation` makes of them.

    Class probabilities need the logits of all classes, so a choice of classes is not heeded.
    """

    def __init__(
        self,
        spec: "Head",
        config: ModelConfig,
        *,
        activation: Callable[[Float[Array, "B S T"]], Float[Array, "B S T"]],
        draw: Draw,
    ):
        tracks = getattr(config.tracks, spec.name)
        self.activation = activation
        self.whole = activation is _class_probabilities
        self.linear = MultiOrganismLinear(
            config.organisms, config.embedding_1bp_channels, tracks, draw=draw
        )

    def __call__(
        self,
        embeddings: Embeddings,
        organism_index: Int[Array, " B"],
        chosen: Int[Array, " T"] | None = None,
    ) -> dict[str, Array]:
        chosen = None if self.whole else chosen
        logits = self.linear(embeddings.at(1), organism_index, chosen)
        return {"logits": logits, "predictions": self.activation(logits)}


def _class_probabilities(logits: Float[Array, "B S T"]) -> Float[Array, "B S T"]:
    return jax.nn.softmax(logits, axis=-1)


def _usage(logits: Float[Array, "B S T"]) -> Float[Array, "B S T"]:
    """The reference rounds usage to float16."""
    return jax.nn.sigmoid(logits).astype(jnp.float16).astype(jnp.float32)


def _classification(spec: "Head", config: ModelConfig, *, draw: Draw) -> SpliceHead:
    return SpliceHead(spec, config, activation=_class_probabilities, draw=draw)


def _site_usage(spec: "Head", config: ModelConfig, *, draw: Draw) -> SpliceHead:
    return SpliceHead(spec, config, activation=_usage, draw=draw)


def _junction(spec: "Head", config: ModelConfig, *, draw: Draw) -> JunctionHead:
    del spec
    return JunctionHead(config, draw=draw)


@dataclass(frozen=True, kw_only=True)
class Head:
    """One row of the table of heads.

    Attributes:
      name: name in our parameters, in the official checkpoint and in requests.
      output_type: the SDK's name of the modality.
      build: makes the module.
      resolutions: of the embeddings along the sequence that it reads, in bp; empty for pairs.
      squashed: targets are raised to the power of 0.75 in model space.
    """

    name: str
    output_type: OutputType
    build: Callable[..., nnx.Module]
    resolutions: tuple[int, ...]
    squashed: bool = False


CLASSIFICATION = "splice_sites_classification"
JUNCTION = "splice_sites_junction"

_BOTH = (1, TOKEN_WIDTH)
_TOKENS = (TOKEN_WIDTH,)

HEADS: dict[str, Head] = {
    head.name: head
    for head in (
        Head(name="atac", output_type=OutputType.ATAC, build=TrackHead, resolutions=_BOTH),
        Head(name="dnase", output_type=OutputType.DNASE, build=TrackHead, resolutions=_BOTH),
        Head(name="procap", output_type=OutputType.PROCAP, build=TrackHead, resolutions=_BOTH),
        Head(name="cage", output_type=OutputType.CAGE, build=TrackHead, resolutions=_BOTH),
        Head(
            name="rna_seq",
            output_type=OutputType.RNA_SEQ,
            build=TrackHead,
            resolutions=_BOTH,
            squashed=True,
        ),
        Head(name="chip_tf", output_type=OutputType.CHIP_TF, build=TrackHead, resolutions=_TOKENS),
        Head(
            name="chip_histone",
            output_type=OutputType.CHIP_HISTONE,
            build=TrackHead,
            resolutions=_TOKENS,
        ),
        Head(
            name="contact_maps",
            output_type=OutputType.CONTACT_MAPS,
            build=ContactHead,
            resolutions=(),
        ),
        Head(
            name=CLASSIFICATION,
            output_type=OutputType.SPLICE_SITES,
            build=_classification,
            resolutions=(1,),
        ),
        Head(
            name="splice_sites_usage",
            output_type=OutputType.SPLICE_SITE_USAGE,
            build=_site_usage,
            resolutions=(1,),
        ),
        Head(
            name=JUNCTION,
            output_type=OutputType.SPLICE_JUNCTIONS,
            build=_junction,
            resolutions=(1,),
        ),
    )
}
"""All heads by name."""

_BY_OUTPUT_TYPE = {head.output_type: head for head in HEADS.values()}


def requested_heads(requested: Iterable[str | OutputType]) -> tuple[str, ...]:
    """Names of the requested heads, each once, in the order of the table.

    Raises:
      UnknownHeadError: an entry is neither a head nor an output type.
    """
    names = set()
    for entry in requested:
        head = _BY_OUTPUT_TYPE.get(entry) if isinstance(entry, OutputType) else HEADS.get(entry)
        if head is None:
            raise UnknownHeadError(
                f"The network has no head {entry!r}. It has {', '.join(HEADS)}.",
                field="requested_outputs",
            )
        names.add(head.name)
    return tuple(name for name in HEADS if name in names)


def unscale(
    head: str,
    scaled: Float[ArrayLike, "*axes T"],
    nonzero_mean: Float[ArrayLike, "*#axes T"],
    resolution: int,
) -> Float[Array, "*axes T"]:
    """From model space to data units.

    Args:
      head: name of a track head.
      scaled: scaled predictions, at least 0.
      nonzero_mean: mean over the non-zero base pairs of every track; NaN (padding) gives NaN.
      resolution: bin size in bp; bins hold sums.

    Source: spec/model.md 7.1.
    """
    scaled = jnp.asarray(scaled)
    u = jnp.where(scaled > _SOFT_CLIP, (scaled + _SOFT_CLIP) ** 2 / (4 * _SOFT_CLIP), scaled)
    if HEADS[head].squashed:
        u = u ** (1 / _SQUASH)
    return u * jnp.asarray(nonzero_mean) * resolution


def scale_targets(
    head: str,
    targets: Float[ArrayLike, "*axes T"],
    nonzero_mean: Float[ArrayLike, "*#axes T"],
    resolution: int,
) -> Float[Array, "*axes T"]:
    """From data units to model space, the inverse of `unscale`.

    Args:
      head: name of a track head.
      targets: sums over bins of `resolution` bp, at least 0.
      nonzero_mean: mean over the non-zero base pairs of every track; NaN (padding) gives NaN.
      resolution: bin size in bp.

    Source: spec/model.md 7.1.
    """
    t = jnp.asarray(targets) / (jnp.asarray(nonzero_mean) * resolution)
    if HEADS[head].squashed:
        t = t**_SQUASH
    clipped = 2 * jnp.sqrt(_SOFT_CLIP * jnp.maximum(t, _SOFT_CLIP)) - _SOFT_CLIP
    return jnp.where(t > _SOFT_CLIP, clipped, t)
