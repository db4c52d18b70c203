"""Organism tables and the three output embeddings that all heads read.

Axes: B batch, S base pairs, N tokens of 128 bp, M pair cells per side, C input channels,
D output channels, P pair channels.

Source: spec/model.md 6.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from predictor.model.activation import gelu_sigmoid
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import Linear
from predictor.model.normalization import LayerNorm, RMSBatchNorm

_TABLE_STD = 0.1


class OrganismEmbedding(nnx.Module):
    """One learned vector per organism, added to every position."""

    def __init__(self, organisms: int, channels: int, *, draw: Draw):
        self.table = nnx.Param(draw((organisms, channels), std=_TABLE_STD))

    def __call__(
        self, x: Float[Array, "B *axes C"], organism_index: Int[Array, " B"]
    ) -> Float[Array, "B *axes C"]:
        """`x` plus the row of each example's organism."""
        rows = self.table[...][organism_index].astype(x.dtype)
        return x + jnp.expand_dims(rows, tuple(range(1, x.ndim - 1)))


class OutputEmbedder128bp(nnx.Module):
    """From the tower's tokens."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels = config.embedding_128bp_channels
        self.linear = Linear(config.trunk_channels, channels, draw=draw)
        self.norm = RMSBatchNorm(channels, decay=config.norm_decay)
        self.organism_embedding = OrganismEmbedding(config.organisms, channels, draw=draw)

    def __call__(
        self, trunk: Float[Array, "B N C"], organism_index: Int[Array, " B"]
    ) -> Float[Array, "B N D"]:
        return gelu_sigmoid(self.organism_embedding(self.norm(self.linear(trunk)), organism_index))


class OutputEmbedder1bp(nnx.Module):
    """From the decoder's result and the finished 128-bp embedding."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels = config.embedding_1bp_channels
        self.linear = Linear(config.channels, channels, draw=draw)
        self.skip = Linear(config.embedding_128bp_channels, channels, use_bias=False, draw=draw)
        self.norm = RMSBatchNorm(channels, decay=config.norm_decay)
        self.organism_embedding = OrganismEmbedding(config.organisms, channels, draw=draw)

    def __call__(
        self,
        decoded: Float[Array, "B S C"],
        embedding_128bp: Float[Array, "B N _"],
        organism_index: Int[Array, " B"],
    ) -> Float[Array, "B S D"]:
        skip = jnp.repeat(self.skip(embedding_128bp), TOKEN_WIDTH, axis=1)
        h = self.norm(self.linear(decoded) + skip)
        return gelu_sigmoid(self.organism_embedding(h, organism_index))


class OutputEmbedderPair(nnx.Module):
    """From the pair representation, made symmetric."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        self.norm = LayerNorm(config.pair_channels, centered=False)
        self.organism_embedding = OrganismEmbedding(
            config.organisms, config.pair_channels, draw=draw
        )

    def __call__(
        self, pair: Float[Array, "B M M P"], organism_index: Int[Array, " B"]
    ) -> Float[Array, "B M M P"]:
        symmetric = (pair + pair.swapaxes(1, 2)) / 2
        return gelu_sigmoid(self.organism_embedding(self.norm(symmetric), organism_index))
