"""Splice junctions: which sites are paired, and how often.

Axes: B batch, S base pairs, L classes, K sites, J the four kinds of site (donor +, acceptor +,
donor -, acceptor -), C channels, F = C / 2 frequencies, T tissues, G = 2 T tracks (all tissues on
the + strand, then all on the - strand).

Einsum letters: b batch, r strand, d donor, a acceptor, c channel.

Source: spec/model.md 7.5 and 8.
"""

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from predictor.model.config import ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import MultiOrganismLinear
from predictor.model.rotary import rotary_at

SITE_KINDS = ("pos_donor", "pos_acceptor", "neg_donor", "neg_acceptor")
"""Rows of a table of site positions, which are also the first four splice site classes."""

_TABLE_STD = 0.1
# Tissues whose vectors are made at once, times examples and sites of a kind.
_SITES_AT_ONCE = 512
# Tissues that are put into the result at once: 64 bytes of each pair.
_TISSUES_AT_ONCE = 16


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
        chosen: Int[Array, " T"] | None = None,
    ) -> dict[str, Array]:
        """Junction counts at the given sites.

        Args:
          embeddings_1bp: 1-bp output embeddings.
          organism_index: rows of the organism tables.
          positions: sites within the sequence, rows as `SITE_KINDS`, -1 where there is none.
          chosen: tissues; all where it is None.

        Returns:
          `predictions` [B, K donors, K acceptors, 2 T], 0 where there is no site;
          `splice_junction_mask`, the same shape, true where there are both sites;
          `splice_site_positions`, the positions.
        """
        tissues = len(chosen) if chosen is not None else self.config.tracks.splice_sites_junction
        rows = site_rows(embeddings_1bp, positions)
        mask = jnp.moveaxis(_pairs(positions), 1, -1)
        return {
            "predictions": self.counts(rows, organism_index, positions, chosen),
            "splice_junction_mask": jnp.repeat(mask, tissues, axis=-1),
            "splice_site_positions": positions,
        }

    def counts(
        self,
        rows: Float[Array, "B 4 K _"],
        organism_index: Int[Array, " B"],
        positions: Int[Array, "B 4 K"],
        chosen: Int[Array, " T"] | None = None,
    ) -> Float[Array, "B K K G"]:
        """The same counts for the embeddings of the sites alone.

        Tissues are computed a few at a time, so that never more than their vectors exist.

        Args:
          rows: 1-bp embeddings of the sites (`site_rows`).
          organism_index: rows of the organism tables.
          positions: as above.
          chosen: tissues; all where it is None.
        """
        config = self.config
        batch, kinds, sites, _ = rows.shape
        g = self.linear(rows.reshape(batch, kinds * sites, -1), organism_index)
        g = _even_then_odd(g).reshape(batch, 2, 2, sites, config.junction_channels)
        cosines, sines = (
            table.reshape(batch, 2, 2, sites, -1)
            for table in rotary_at(positions, config.junction_channels, config.junction_positions)
        )
        pairs = _pairs(positions)

        def of_tissue(
            tables: tuple[Float[Array, "B 2 2 C"], Float[Array, "B 2 2 C"]],
        ) -> Float[Array, "B 2 K K"]:
            factor, offset = (table[:, :, :, None] for table in tables)
            z = _rotate_halves(factor * g + offset, cosines, sines).astype(rows.dtype)
            # Kinds alternate: donor and acceptor of the + strand, then of the - strand.
            products = jnp.einsum(
                "brdc,brac->brda", z[:, :, 0], z[:, :, 1], preferred_element_type=jnp.float32
            )
            return jnp.where(pairs, jax.nn.softplus(products), 0)

        factors, offsets = self._tables(organism_index, rows.dtype, chosen)
        tissues = len(factors)
        block = min(tissues, _TISSUES_AT_ONCE)

        def of_block(start: Int[Array, ""]) -> Float[Array, "B K K 2 _"]:
            tables = [jax.lax.dynamic_slice_in_dim(x, start, block) for x in (factors, offsets)]
            counts = jax.lax.map(
                of_tissue, tuple(tables), batch_size=max(1, _SITES_AT_ONCE // (batch * sites))
            )
            return jnp.transpose(counts, (1, 3, 4, 2, 0))

        if block == tissues:
            return of_block(jnp.int32(0)).reshape(batch, sites, sites, -1)

        def add(number: Int[Array, ""], counts: Array) -> Array:
            # The last block overlaps the one before rather than being shorter.
            start = jnp.minimum(number * block, tissues - block)
            return jax.lax.dynamic_update_slice_in_dim(counts, of_block(start), start, axis=-1)

        empty = jnp.zeros((batch, sites, sites, 2, tissues), jnp.float32)
        counts: Array = jax.lax.fori_loop(0, -(-tissues // block), add, empty)
        return counts.reshape(batch, sites, sites, -1)

    def _tables(
        self, organism_index: Int[Array, " B"], dtype: DTypeLike, chosen: Int[Array, " T"] | None
    ) -> tuple[Float[Array, "T B 2 2 C"], Float[Array, "T B 2 2 C"]]:
        """Factors and offsets by tissue, example, strand, and donor or acceptor."""
        tissues, channels = self.config.tracks.splice_sites_junction, self.config.junction_channels
        by_kind = []
        for kind in SITE_KINDS:
            table = self.tables[kind][...].reshape(-1, 2, tissues, channels)
            if chosen is not None:
                table = table[:, :, chosen]
            by_kind.append(table[organism_index].astype(dtype))
        tables = _even_then_odd(jnp.stack(by_kind, axis=1))
        batch, kinds, _, tissues, _ = tables.shape
        tables = jnp.transpose(tables, (2, 3, 0, 1, 4))
        factors, offsets = tables.reshape(2, tissues, batch, 2, kinds // 2, channels)
        return factors, offsets


def site_rows(
    embeddings_1bp: Float[Array, "B S C"], positions: Int[Array, "B 4 K"]
) -> Float[Array, "B 4 K C"]:
    """The embeddings of the sites: gathering them first leaves few positions to project."""
    batch, kinds, sites = positions.shape
    rows = jnp.maximum(positions, 0).reshape(batch, kinds * sites, 1)
    return jnp.take_along_axis(embeddings_1bp, rows, axis=1).reshape(batch, kinds, sites, -1)


def _even_then_odd(x: Float[Array, "*axes C"]) -> Float[Array, "*axes C"]:
    """Orders the channels so that a rotation need not interleave; products do not notice."""
    return jnp.concatenate([x[..., 0::2], x[..., 1::2]], axis=-1)


def _rotate_halves(
    x: Float[Array, "*axes C"], cosines: Float[Array, "*axes F"], sines: Float[Array, "*axes F"]
) -> Float[Array, "*axes C"]:
    """`rotary.rotate` for channels in the order of `_even_then_odd`."""
    even, odd = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([even * cosines - odd * sines, odd * cosines + even * sines], axis=-1)


def _pairs(positions: Int[Array, "B 4 K"]) -> Bool[Array, "B 2 K K"]:
    """Where there are both a donor and an acceptor of the strand."""
    batch, _, sites = positions.shape
    present = (positions >= 0).reshape(batch, 2, 2, sites)
    return present[:, :, 0, :, None] & present[:, :, 1, None, :]
