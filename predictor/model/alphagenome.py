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

from collections.abc import Sequence

from flax import nnx
from jaxtyping import Array, Float, Int

from predictor.model.attention import TransformerTower
from predictor.model.config import ModelConfig
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
        splice_site_positions: Int[Array, "B 4 K"] | None = None,
        with_128bp: bool = False,
    ) -> dict[str, dict[str, Array]]:
        """Predictions of the requested heads, and the embeddings they read."""
        with_1bp = not requested or any(1 in HEADS[name].resolutions for name in requested)
        embeddings = self.embed(one_hot, organism_index, with_1bp=with_1bp)
        predictions = {
            name: self.heads[name](embeddings, organism_index, with_128bp=with_128bp)
            for name in requested
            if name != JUNCTION
        }
        if JUNCTION in requested:
            if splice_site_positions is None:
                splice_site_positions = self.select_sites(embeddings, organism_index)
            predictions[JUNCTION] = self.heads[JUNCTION](
                embeddings.at(1), organism_index, splice_site_positions
            )
        return {**predictions, "embeddings": _named(embeddings)}

    def embed(
        self, one_hot: Float[Array, "B S 4"], organism_index: Int[Array, " B"], *, with_1bp: bool
    ) -> Embeddings:
        """The output embeddings; without the 1-bp ones the decoder does not run."""
        x, skips = self.encoder(one_hot)
        x = self.organism_embedding(x, organism_index)
        trunk, pair = self.tower(x)
        bp_128 = self.embedder_128bp(trunk, organism_index)
        bp_1 = None
        if with_1bp:
            bp_1 = self.embedder_1bp(self.decoder(trunk, skips), bp_128, organism_index)
        return Embeddings(bp_1, bp_128, self.embedder_pair(pair, organism_index))

    def select_sites(
        self, embeddings: Embeddings, organism_index: Int[Array, " B"]
    ) -> Int[Array, "B 4 K"]:
        """The splice sites that the classification head finds (spec/model.md 8)."""
        classes = self.heads[CLASSIFICATION](embeddings, organism_index, with_128bp=False)
        return select_sites(
            classes["predictions"], self.config.junction_sites, self.config.junction_threshold
        )


def _named(embeddings: Embeddings) -> dict[str, Array]:
    named = {"embeddings_128bp": embeddings.bp_128, "embeddings_pair": embeddings.pair}
    if embeddings.bp_1 is not None:
        named["embeddings_1bp"] = embeddings.bp_1
    return named
