"""Splice junctions: which sites are paired, and how often.

Axes: B batch, S base pairs, L classes, K sites, J the four kinds of site (donor +, acceptor +,
donor -, acceptor -), A acceptors, D donors, C channels, T tissues, G = 2 T tracks (all tissues on
the + strand, then all on the - strand).

Einsum letters: b batch, r strand, d donor, a acceptor, t tissue, c channel.

Source: spec/model.md 7.5 and 8.
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Bool, Float, Int

from predictor.model.config import ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import MultiOrganismLinear
from predictor.model.rotary import rotary_at, rotate

SITE_KINDS = ("pos_donor", "pos_acceptor", "neg_donor", "neg_acceptor")
"""Rows of a table of site positions, which are also the first four splice site classes."""

_TABLE_STD = 0.1


def select_sites(
    probabilities: Float[Array, "B S L"], k: int, threshold: float
) -> Int[Array, "B 4 K"]:
    """The most probable splice sites of each kind.

    Args:
      probabilities: class probabilities; the first four classes are the kinds of site.
      k: most sites per kind.
      threshold: smallest probability of a site.

    Returns:
      0-based positions within the sequence, ascending, filled up with -1. Always k columns, also
      when the sequence is shorter.
    """
    length = probabilities.shape[1]
    by_kind = jnp.moveaxis(probabilities[..., : len(SITE_KINDS)], -1, 1).astype(jnp.float32)
    values, positions = jax.lax.top_k(by_kind, min(k, length))
    # An empty entry sorts behind every position and only then becomes -1.
    positions = jnp.sort(jnp.where(values >= threshold, positions, length), axis=-1)
    positions = jnp.where(positions < length, positions, -1)
    missing = k - positions.shape[-1]
    return jnp.pad(positions, ((0, 0), (0, 0), (0, missing)), constant_values=-1)


class JunctionHead(nnx.Module):
    """Counts of the junction between every donor and every acceptor of a strand."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        self.config = config
        self.linear = MultiOrganismLinear(
            config.organisms, config.embedding_1bp_channels, config.junction_channels, draw=draw
        )
        # A start at zero would block every gradient: factor and offset meet only in products.
        tissues = config.tracks.splice_sites_junction
        shape = (config.organisms, 2 * tissues * config.junction_channels)
        self.tables = nnx.Dict(
            {kind: nnx.Param(draw(shape, std=_TABLE_STD)) for kind in SITE_KINDS}
        )

    def __call__(
        self,
        embeddings_1bp: Float[Array, "B S _"],
        organism_index: Int[Array, " B"],
        positions: Int[Array, "B 4 K"],
    ) -> dict[str, Array]:
        """Junction counts at the given sites.

        Args:
          embeddings_1bp: 1-bp output embeddings.
          organism_index: rows of the organism tables.
          positions: sites within the sequence, rows as `SITE_KINDS`, -1 where there is none.

        Returns:
          `predictions` [B, K donors, K acceptors, 2 T], 0 where there is no site;
          `splice_junction_mask`, the same shape, true where there are both sites;
          `splice_site_positions`, the positions.
        """
        present = positions >= 0
        vectors = self._site_vectors(embeddings_1bp, organism_index, positions)
        # Kinds alternate between donor and acceptor, so they fold into strand × (donor, acceptor).
        batch, _, sites, tissues, channels = vectors.shape
        strands = vectors.reshape(batch, 2, 2, sites, tissues, channels)
        products = jnp.einsum("brdtc,bratc->bdart", strands[:, :, 0], strands[:, :, 1])
        counts = jax.nn.softplus(products).reshape(batch, sites, sites, 2 * tissues)
        mask = _pair_mask(present, tissues)
        return {
            "predictions": jnp.where(mask, counts, 0),
            "splice_junction_mask": mask,
            "splice_site_positions": positions,
        }

    def _site_vectors(
        self,
        embeddings_1bp: Float[Array, "B S _"],
        organism_index: Int[Array, " B"],
        positions: Int[Array, "B 4 K"],
    ) -> Float[Array, "B 4 K T C"]:
        """Per site and tissue: factor × projected embedding + offset, rotated by the position."""
        config = self.config
        batch, kinds, sites = positions.shape
        # Gathering first leaves a few hundred positions to project, instead of all of them.
        rows = jnp.maximum(positions, 0).reshape(batch, kinds * sites, 1)
        chosen = jnp.take_along_axis(embeddings_1bp, rows, axis=1)
        g = self.linear(chosen, organism_index)
        g = g.reshape(batch, kinds, sites, 1, config.junction_channels)
        tables = jnp.stack([self.tables[kind][...][organism_index] for kind in SITE_KINDS], axis=1)
        tables = tables.astype(embeddings_1bp.dtype).reshape(
            batch, kinds, 2, 1, config.tracks.splice_sites_junction, config.junction_channels
        )
        cosines, sines = rotary_at(positions, config.junction_channels, config.junction_positions)
        return rotate(
            tables[:, :, 0] * g + tables[:, :, 1], cosines[:, :, :, None], sines[:, :, :, None]
        )


def _pair_mask(present: Bool[Array, "B 4 K"], tissues: int) -> Bool[Array, "B K K G"]:
    batch, _, sites = present.shape
    strands = present.reshape(batch, 2, 2, sites)
    pairs = strands[:, :, 0, :, None] & strands[:, :, 1, None, :]
    pairs = jnp.moveaxis(pairs, 1, -1)[..., None]
    return jnp.broadcast_to(pairs, (*pairs.shape[:-1], tissues)).reshape(batch, sites, sites, -1)
