"""The transformer tower: attention along the sequence, biased by the pair representation.

Axes: B batch, N tokens, M = N / 16 pair cells per side, C trunk channels, P pair channels,
H query heads, K channels of a query or key head, V channels of a value head.

Einsum letters: b batch, s query token, t key token, h head, c channel.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from predictor.model.activation import gelu_tanh
from predictor.model.attention_kernel import Attention, biased_attention
from predictor.model.config import ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import Linear
from predictor.model.normalization import Dropout, LayerNorm, RMSBatchNorm
from predictor.model.pair import PairUpdate
from predictor.model.rotary import rotary_table, rotate


class AttentionBias(nnx.Module):
    """A bias per head and pair cell, the same for all its tokens (spec/model.md 4.5)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        self.norm = RMSBatchNorm(config.pair_channels, decay=config.norm_decay)
        self.linear = Linear(config.pair_channels, config.query_heads, use_bias=False, draw=draw)

    def __call__(self, pair: Float[Array, "B M M P"]) -> Float[Array, "B H M M"]:
        return jnp.moveaxis(self.linear(gelu_tanh(self.norm(pair))), -1, 1)


class MultiQueryAttention(nnx.Module):
    """Attention whose query heads share one key head and one value head (spec/model.md 4.6).

    Padding takes part: there is no mask. Logits and softmax are float32.

    Attributes:
      attend: how it is computed; the logits of all pairs of tokens never exist together.
    """

    attend: Attention = staticmethod(biased_attention)

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels, heads = config.trunk_channels, config.query_heads
        key_channels, value_channels = config.key_channels, config.value_channels
        self.config = config
        self.norm_in = RMSBatchNorm(channels, decay=config.norm_decay)
        self.query = Linear(channels, heads * key_channels, use_bias=False, draw=draw)
        self.key = Linear(channels, key_channels, use_bias=False, draw=draw)
        self.value = Linear(channels, value_channels, use_bias=False, draw=draw)
        self.norm_query = LayerNorm(key_channels, centered=True)
        self.norm_key = LayerNorm(key_channels, centered=True)
        self.norm_value = LayerNorm(value_channels, centered=True)
        self.output = Linear(heads * value_channels, channels, draw=draw)
        self.norm_out = RMSBatchNorm(channels, decay=config.norm_decay)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(
        self, x: Float[Array, "B N C"], bias: Float[Array, "B H M M"]
    ) -> Float[Array, "B N C"]:
        q, k, v = self._project(self.norm_in(x))
        y = self.attend(q, k, v, bias, cap=self.config.logit_cap)
        return self.dropout(self.norm_out(self.output(y.reshape(*x.shape[:2], -1))))

    def _project(
        self, h: Float[Array, "B N C"]
    ) -> tuple[Float[Array, "B N H K"], Float[Array, "B N K"], Float[Array, "B N V"]]:
        """Normalised queries, keys and values; queries and keys rotated by their position."""
        batch, tokens, _ = h.shape
        q = self.query(h).reshape(batch, tokens, self.config.query_heads, -1)
        q, k, v = self.norm_query(q), self.norm_key(self.key(h)), self.norm_value(self.value(h))
        cosines, sines = (
            jnp.asarray(table, dtype=h.dtype)
            for table in rotary_table(
                tokens,
                self.config.key_channels,
                self.config.rotary_positions,
                rounding=self.config.rotary,
            )
        )
        return rotate(q, cosines[:, None], sines[:, None]), rotate(k, cosines, sines), v


class SequenceMlp(nnx.Module):
    """Norm, two dense layers with a ReLU, norm (spec/model.md 4.7)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels, hidden = config.trunk_channels, config.mlp_factor * config.trunk_channels
        self.norm_in = RMSBatchNorm(channels, decay=config.norm_decay)
        self.widen = Linear(channels, hidden, draw=draw)
        self.dropout_inside = Dropout(config.dropout_rate)
        self.narrow = Linear(hidden, channels, draw=draw)
        self.norm_out = RMSBatchNorm(channels, decay=config.norm_decay)
        self.dropout = Dropout(config.dropout_rate)

    def __call__(self, x: Float[Array, "B N C"]) -> Float[Array, "B N C"]:
        h = self.dropout_inside(jax.nn.relu(self.widen(self.norm_in(x))))
        return self.dropout(self.norm_out(self.narrow(h)))


class TowerLayer(nnx.Module):
    """One layer; every second one first lets the sequence update the pairs."""

    def __init__(self, index: int, config: ModelConfig, *, draw: Draw):
        self.pair_update = PairUpdate(config, draw=draw) if index % 2 == 0 else None
        self.attention_bias = AttentionBias(config, draw=draw)
        self.attention = MultiQueryAttention(config, draw=draw)
        self.mlp = SequenceMlp(config, draw=draw)

    def __call__(
        self, x: Float[Array, "B N C"], pair: Float[Array, "B M M P"] | None
    ) -> tuple[Float[Array, "B N C"], Float[Array, "B M M P"]]:
        if self.pair_update is not None:
            pair = self.pair_update(x, pair)
        assert pair is not None, "the first layer makes the pairs"
        x = x + self.attention(x, self.attention_bias(pair))
        x = x + self.mlp(x)
        return x, pair


class TransformerTower(nnx.Module):
    """The layers in order; the first one makes the pair representation (spec/model.md 4)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        self.layers = nnx.List(
            [TowerLayer(i, config, draw=draw) for i in range(config.tower_layers)]
        )

    def __call__(
        self, x: Float[Array, "B N C"]
    ) -> tuple[Float[Array, "B N C"], Float[Array, "B M M P"]]:
        first, *others = self.layers
        x, pair = first(x, None)
        for layer in others:
            x, pair = layer(x, pair)
        return x, pair
