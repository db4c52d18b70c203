"""The network, as in the figure of the paper.

DNA ─ encoder ─┬─ skips at 1, 2, 4, … 64 bp ────────────┐
               └ tokens + organism                      │
                   └ tower (with its pair representation)│
                       ├ tokens ─┬ decoder ◄────────────┘
                       │         └ 128-bp embeddings ─┐
                       │           decoder ── 1-bp embeddings ─ tracks, splicing
                       └ pairs ─ pair embeddings ─ contact maps

Axes: B batch, S base pairs, J kinds of splice site, K sites.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flax import nnx
from jaxtyping import Array, Float, Int

from predictor.model.attention import TransformerTower
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.convolution import SequenceDecoder, SequenceEncoder
from predictor.model.embedding import (
    OrganismEmbedding,
    OutputEmbedder1bp,
    OutputEmbedder128bp,
    OutputEmbedderPair,
)
from predictor.model.heads import CLASSIFICATION, HEADS, JUNCTION, Embeddings
from predictor.model.initialization import Draw
from predictor.model.splicing import select_sites
from predictor.model.windows import DECODER_HALO, ENCODER_HALO, in_windows

Chosen = Mapping[str, Int[Array, " T"]]
"""Per head the tracks (for junctions the tissues) to compute; a head that is absent gives all."""
_ALL: Chosen = {}


class Encoded(NamedTuple):
    """What the encoder makes of a sequence; its organism plays no part yet.

    Attributes:
      tokens: one per 128 bp.
      skips: the encoder's results at 1, 2, 4, ... 64 bp.
    """

    tokens: Float[Array, "B N C"]
    skips: tuple[Float[Array, "B _ _"], ...]


class Trunk(NamedTuple):
    """What is known of a whole window after the tower.

    Attributes:
      tokens: the tower's result, which the decoder starts from.
      bp_128: 128-bp output embeddings.
      pair: pair output embeddings.
    """

    tokens: Float[Array, "B N C"]
    bp_128: Float[Array, "B N D"]
    pair: Float[Array, "B M M P"]


class AlphaGenome(nnx.Module):
    """Sequence to embeddings to predictions (spec/model.md)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        self.config = config
        self.encoder = SequenceEncoder(config, draw=draw)
        self.organism_embedding = OrganismEmbedding(
            config.organisms, config.trunk_channels, draw=draw
        )
        self.tower = TransformerTower(config, draw=draw)
        self.decoder = SequenceDecoder(config, draw=draw)
        self.embedder_128bp = OutputEmbedder128bp(config, draw=draw)
        self.embedder_1bp = OutputEmbedder1bp(config, draw=draw)
        self.embedder_pair = OutputEmbedderPair(config, draw=draw)
        self.heads = nnx.Dict(
            {head.name: head.build(head, config, draw=draw) for head in HEADS.values()}
        )

    def __call__(
        self,
        one_hot: Float[Array, "B S 4"],
        organism_index: Int[Array, " B"],
        requested: Sequence[str],
        *,
        chosen: Chosen = _ALL,
        splice_site_positions: Int[Array, "B 4 K"] | None = None,
        with_128bp: bool = False,
        with_embeddings: bool = True,
        window: int | None = None,
    ) -> dict[str, dict[str, Array]]:
        """Predictions of the requested heads, and the embeddings they read."""
        encoded = self.encode(one_hot, window=window)
        trunk = self.transform(encoded.tokens, organism_index)
        found = self.read_tokens(trunk, organism_index, requested, chosen, with_128bp=with_128bp)
        finest = bases_heads(requested, sites_given=splice_site_positions is not None)
        bp_1 = None
        if finest or JUNCTION in requested or not requested:
            at_bases, bp_1 = self.read_bases(
                trunk,
                encoded.skips,
                organism_index,
                finest,
                chosen,
                with_embeddings=with_embeddings or JUNCTION in requested,
                window=window,
            )
            found = {name: {**at_bases.get(name, {}), **found.get(name, {})} for name in finest} | {
                name: found[name] for name in found.keys() - set(finest)
            }
        if JUNCTION in requested:
            assert bp_1 is not None, "the junction head is one of those that read bases"
            if splice_site_positions is None:
                splice_site_positions = self.select_sites(found[CLASSIFICATION]["predictions"])
            found[JUNCTION] = self.heads[JUNCTION](
                bp_1, organism_index, splice_site_positions, chosen.get(JUNCTION)
            )
        predictions = {name: found[name] for name in requested}
        if with_embeddings:
            predictions["embeddings"] = _named(trunk, bp_1)
        return predictions

    def encode(self, one_hot: Float[Array, "B S 4"], *, window: int | None = None) -> Encoded:
        """The encoder's tokens and skips; window by window where `window` (bp) is given."""

        def encoded(inputs: Sequence[Float[Array, "B _ 4"]]) -> Encoded:
            tokens, skips = self.encoder(inputs[0])
            return Encoded(tokens, tuple(skips))

        length = one_hot.shape[1]
        result: Encoded = in_windows(
            encoded, [one_hot], length=length, width=window or length, halo=ENCODER_HALO
        )
        return result

    def transform(self, tokens: Float[Array, "B N C"], organism_index: Int[Array, " B"]) -> Trunk:
        """The tower and the embeddings that follow from it alone."""
        x = self.organism_embedding(tokens, organism_index)
        trunk, pair = self.tower(x)
        return Trunk(
            tokens=trunk,
            bp_128=self.embedder_128bp(trunk, organism_index),
            pair=self.embedder_pair(pair, organism_index),
        )

    def read_tokens(
        self,
        trunk: Trunk,
        organism_index: Int[Array, " B"],
        requested: Sequence[str],
        chosen: Chosen = _ALL,
        *,
        with_128bp: bool = False,
    ) -> dict[str, dict[str, Array]]:
        """The heads that need no decoder, and with `with_128bp` those of the 1-bp tracks."""
        embeddings = Embeddings(bp_128=trunk.bp_128, pair=trunk.pair)
        return {
            name: self.heads[name](embeddings, organism_index, chosen.get(name))
            for name in requested
            if 1 not in HEADS[name].resolutions
            or (with_128bp and TOKEN_WIDTH in HEADS[name].resolutions)
        }

    def read_bases(
        self,
        trunk: Trunk,
        skips: Sequence[Float[Array, "B _ _"]],
        organism_index: Int[Array, " B"],
        heads: Sequence[str],
        chosen: Chosen = _ALL,
        *,
        with_embeddings: bool = False,
        window: int | None = None,
    ) -> tuple[dict[str, dict[str, Array]], Float[Array, "B S D"] | None]:
        """The decoder and the heads at 1 bp, of the whole window or of a stretch of it.

        The pair embedding plays no part, so `trunk` and `skips` may be those of any stretch of
        tokens.
        """

        def read(
            inputs: Sequence[Float[Array, "B _ _"]],
        ) -> tuple[dict[str, dict[str, Array]], Float[Array, "B _ D"] | None]:
            tokens, bp_128, *skips = inputs
            bp_1 = self.embedder_1bp(self.decoder(tokens, skips), bp_128, organism_index)
            found = {
                name: self.heads[name](Embeddings(bp_1=bp_1), organism_index, chosen.get(name))
                for name in heads
            }
            return found, bp_1 if with_embeddings else None

        length = trunk.tokens.shape[1] * TOKEN_WIDTH
        result: tuple[dict[str, dict[str, Array]], Array | None] = in_windows(
            read,
            [trunk.tokens, trunk.bp_128, *skips],
            length=length,
            width=window or length,
            halo=DECODER_HALO,
        )
        return result

    def select_sites(self, probabilities: Float[Array, "B S L"]) -> Int[Array, "B 4 K"]:
        """The splice sites that the classification head finds (spec/model.md 8)."""
        return select_sites(
            probabilities, self.config.junction_sites, self.config.junction_threshold
        )


def bases_heads(requested: Sequence[str], *, sites_given: bool) -> tuple[str, ...]:
    """The heads to run on 1-bp embeddings; the junctions' own comes after the choice of sites."""
    names = [name for name in requested if 1 in HEADS[name].resolutions and name != JUNCTION]
    if JUNCTION in requested and not sites_given and CLASSIFICATION not in names:
        names.append(CLASSIFICATION)
    return tuple(names)


def _named(trunk: Trunk, bp_1: Float[Array, "B S D"] | None) -> dict[str, Array]:
    named = {"embeddings_128bp": trunk.bp_128, "embeddings_pair": trunk.pair}
    if bp_1 is not None:
        named["embeddings_1bp"] = bp_1
    return named
