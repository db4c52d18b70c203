"""The pair representation: what every 2,048-bp piece has to do with every other.

Axes: B batch, N tokens, M = N / 16 pair cells per side, C trunk channels, P pair channels,
H heads, K channels of a head, R = 2 M relative positions from -M to M - 1.

Einsum letters: b batch, q first (query) cell, k second (key) cell, r relative position, h head,
c channel, a row.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

import math
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float

from predictor.model.activation import gelu_tanh
from predictor.model.config import PAIR_TOKENS, ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import Linear, product_float32
from predictor.model.normalization import Dropout, LayerNorm


def central_mask(
    distances: Float[np.ndarray, " R"], *, widths: int, max_position: int
) -> Float[np.ndarray, "R W"]:
    """Marks the distances inside each of a series of growing windows.

    Window `i` is `i + L**(i / widths)` wide with `L = max_position - widths + 1`, and holds the
    distances strictly below that (spec/model.md 4.2, 3).
    """
    index = np.arange(widths, dtype=np.float64)
    limits = index + float(max_position - widths + 1) ** (index / widths)
    return (limits[None, :] > distances[:, None]).astype(np.float32)


@lru_cache(maxsize=32)
def relative_position_features(
    side: int, *, features: int, max_position: int
) -> Float[np.ndarray, "R W"]:
    """Features of the relative positions -side ... side - 1; the second half carries the sign."""
    positions = np.arange(-side, side, dtype=np.float32)
    mask = central_mask(np.abs(positions), widths=features // 2, max_position=max_position)
    return np.concatenate([mask, np.sign(positions)[:, None] * mask], axis=1)


def relative_shift(x: Float[Array, "*axes M R"]) -> Float[Array, "*axes M M"]:
    """Picks for row `i`, column `j` the entry of relative position `j - i`.

    Column `r` of the input stands for relative position `r - M`. In the flattened matrix the
    wanted entries of one row start 2 M - 1 after those of the row before.
    """
    *axes, side, positions = x.shape
    flat = x.reshape(*axes, side * positions)[..., side:]
    return flat.reshape(*axes, side, positions - 1)[..., :side]


class SequenceToPair(nnx.Module):
    """Pairs from the pooled sequence: content and relative position (spec/model.md 4.2)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels = config.trunk_channels
        heads, head_channels = config.pair_heads, config.pair_head_channels
        inner = heads * head_channels
        self.config = config
        self.norm = LayerNorm(channels, centered=False)
        self.query = Linear(channels, inner, use_bias=False, draw=draw)
        self.key = Linear(channels, inner, use_bias=False, draw=draw)
        self.position = Linear(config.pair_position_features, inner, draw=draw)
        self.query_bias = nnx.Param(jnp.zeros((heads, head_channels)))
        self.key_bias = nnx.Param(jnp.zeros((heads, head_channels)))
        self.pair = Linear(heads, config.pair_channels, draw=draw)
        self.from_query = Linear(channels, config.pair_channels, use_bias=False, draw=draw)
        self.from_key = Linear(channels, config.pair_channels, use_bias=False, draw=draw)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(self, x: Float[Array, "B N C"]) -> Float[Array, "B M M P"]:
        batch, tokens, channels = x.shape
        pooled = x.reshape(batch, tokens // PAIR_TOKENS, PAIR_TOKENS, channels).mean(axis=2)
        z = self.norm(pooled)
        y = self.pair(self._products(z))
        active = gelu_tanh(z)
        y = y + self.from_query(active)[:, :, None] + self.from_key(active)[:, None, :]
        return self.dropout(y)

    def _products(self, z: Float[Array, "B M C"]) -> Float[Array, "B M M H"]:
        """Content products plus half the sum of the two products with the relative position."""
        batch, side, _ = z.shape
        heads = self.config.pair_heads
        q = self.query(z).reshape(batch, side, heads, -1)
        k = self.key(z).reshape(batch, side, heads, -1)
        features = relative_position_features(
            side,
            features=self.config.pair_position_features,
            max_position=self.config.pair_positions,
        )
        e = self.position(jnp.asarray(features, dtype=z.dtype)).reshape(2 * side, heads, -1)

        content = jnp.einsum("bqhc,bkhc->bqkh", q, k)
        q_position = jnp.einsum("bqhc,rhc->bhqr", q + self.query_bias[...].astype(z.dtype), e)
        k_position = jnp.einsum("bkhc,rhc->bhkr", k + self.key_bias[...].astype(z.dtype), e)
        relative = relative_shift(q_position) + relative_shift(k_position).swapaxes(-1, -2)
        return content + 0.5 * jnp.moveaxis(relative, 1, -1)


class RowAttention(nnx.Module):
    """One-headed attention along the second pair axis, row by row (spec/model.md 4.3)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels = config.pair_channels
        self.norm = LayerNorm(channels, centered=False)
        self.query = Linear(channels, channels, use_bias=False, draw=draw)
        self.key = Linear(channels, channels, use_bias=False, draw=draw)
        self.value = Linear(channels, channels, draw=draw)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(self, pair: Float[Array, "B M M P"]) -> Float[Array, "B M M P"]:
        n = self.norm(pair)
        q, k, v = self.query(n), self.key(n), self.value(n)
        logits = product_float32("baqc,bakc->baqk", q, k)
        weights = jax.nn.softmax(logits / math.sqrt(pair.shape[-1]), axis=-1)
        y = product_float32("baqk,bakc->baqc", weights.astype(v.dtype), v)
        return self.dropout(y.astype(pair.dtype))


class PairMlp(nnx.Module):
    """Norm and two dense layers with a ReLU (spec/model.md 4.4)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels, hidden = config.pair_channels, config.mlp_factor * config.pair_channels
        self.norm = LayerNorm(channels, centered=False)
        self.widen = Linear(channels, hidden, draw=draw)
        self.narrow = Linear(hidden, channels, draw=draw)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(self, pair: Float[Array, "B M M P"]) -> Float[Array, "B M M P"]:
        return self.dropout(self.narrow(jax.nn.relu(self.widen(self.norm(pair)))))


class PairUpdate(nnx.Module):
    """Adds what the sequence says about its pairs, then lets the pairs exchange it."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        self.sequence_to_pair = SequenceToPair(config, draw=draw)
        self.row_attention = RowAttention(config, draw=draw)
        self.mlp = PairMlp(config, draw=draw)

    def __call__(
        self, x: Float[Array, "B N C"], pair: Float[Array, "B M M P"] | None
    ) -> Float[Array, "B M M P"]:
        y = self.sequence_to_pair(x)
        pair = y if pair is None else pair + y
        pair = pair + self.row_attention(pair)
        return pair + self.mlp(pair)
