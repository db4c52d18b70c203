"""Convolutional blocks, the encoder and the decoder.

Axes: B batch, S positions at the resolution of the input, C input channels, D output channels,
W kernel width, N tokens of 128 bp.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from predictor.model.activation import gelu_sigmoid
from predictor.model.config import DOWN_BLOCKS, ModelConfig
from predictor.model.initialization import Draw
from predictor.model.linear import MOST_ROWS, Linear, bits, in_row_blocks, on_cpu, values
from predictor.model.normalization import RMSBatchNorm

_MIN_VARIANCE = 1e-4
_RESIDUAL_SCALE = 0.9
# Fewer channels than this make poor products by themselves.
_WIDE = 64


def convolve(x: Float[Array, "B S C"], kernel: Float[Array, "W C D"]) -> Float[Array, "B S D"]:
    """Cross-correlation along the sequence; positions beyond the ends count as zero."""
    kernel = kernel.astype(x.dtype)
    if x.dtype == jnp.float32:
        return _convolve_natively(x, kernel)
    return on_cpu(_convolve_by_taps, _convolve_natively)(x, kernel)


def _convolve_natively(
    x: Float[Array, "B S C"], kernel: Float[Array, "W C D"]
) -> Float[Array, "B S D"]:
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        window_strides=(1,),
        padding="SAME",
        dimension_numbers=("NWC", "WIO", "NWC"),
    )


@jax.custom_jvp
def _convolve_by_taps(
    x: Float[Array, "B S C"], kernel: Float[Array, "W C D"]
) -> Float[Array, "B S D"]:
    """A product for each tap, block by block: for bfloat16 three times as fast.

    Sums in float32 and rounds once, as the native convolution does.
    """
    width, channels, _ = kernel.shape
    positions = x.shape[1]
    before = (width - 1) // 2
    padded = jnp.pad(bits(x), ((0, 0), (before, width - 1 - before), (0, 0)))
    # Taking a kernel apart copies it, which few positions do not repay.
    apart = channels >= _WIDE and positions > MOST_ROWS
    kernels = bits(kernel) if apart else bits(kernel).reshape(1, width * channels, -1)

    def of_block(rows: Array, block: int, start: Int[Array, ""]) -> Float[Array, "R D"]:
        taps = [jax.lax.dynamic_slice_in_dim(rows, start + tap, block) for tap in range(width)]
        if not apart:
            taps = [jnp.concatenate(taps, axis=1)]
        first, *others = (
            jnp.dot(values(tap), values(one), preferred_element_type=jnp.float32)
            for tap, one in zip(taps, kernels, strict=True)
        )
        return sum(others, first).astype(x.dtype)

    examples = [in_row_blocks(partial(of_block, rows), positions, dtype=x.dtype) for rows in padded]
    return jnp.stack(examples) if len(examples) > 1 else examples[0][None]


@_convolve_by_taps.defjvp
def _convolve_by_taps_jvp(
    primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    # The bits of a number have no derivative.
    (x, kernel), (dx, dkernel) = primals, tangents
    change = _convolve_natively(dx, kernel) + _convolve_natively(x, dkernel)
    return _convolve_by_taps(x, kernel), change


def max_pool(x: Float[Array, "B S C"]) -> Float[Array, "B S_half C"]:
    """The larger of every two neighbours."""
    batch, positions, channels = x.shape
    pairs = x.reshape(batch, positions // 2, 2, channels)
    return jnp.maximum(pairs[:, :, 0], pairs[:, :, 1])


class Convolution(nnx.Module):
    """Plain convolution with a bias."""

    def __init__(self, channels_in: int, channels_out: int, *, width: int, draw: Draw):
        shape = (width, channels_in, channels_out)
        self.kernel = nnx.Param(draw.kernel(shape, fan_in=width * channels_in))
        self.bias = nnx.Param(jnp.zeros(channels_out))

    def __call__(self, x: Float[Array, "B S C"]) -> Float[Array, "B S D"]:
        return convolve(x, self.kernel[...]) + self.bias[...].astype(x.dtype)


class StandardizedConvolution(nnx.Module):
    """Convolution whose kernel has zero mean and unit gain per output channel.

    The output ignores the offset and the scale of the kernel; `gain` holds the learned scale
    instead. The kernel is standardised in float32 also when the network computes in bfloat16
    (nearer to the float32 network than the reference is; spec/model.md 9.4).

    Source: spec/model.md 2.4.
    """

    def __init__(self, channels_in: int, channels_out: int, *, width: int, draw: Draw):
        shape = (width, channels_in, channels_out)
        self.kernel = nnx.Param(draw.kernel(shape, fan_in=width * channels_in))
        self.gain = nnx.Param(jnp.ones(channels_out))
        self.bias = nnx.Param(jnp.zeros(channels_out))

    def __call__(self, x: Float[Array, "B S C"]) -> Float[Array, "B S D"]:
        return convolve(x, self.standardized_kernel()) + self.bias[...].astype(x.dtype)

    def standardized_kernel(self) -> Float[Array, "W C D"]:
        """The kernel that is applied."""
        return standardized(self.kernel[...], self.gain[...])


def standardized(kernel: Float[Array, "W C D"], gain: Float[Array, " D"]) -> Float[Array, "W C D"]:
    """The kernel that is applied, in float32 (spec/model.md 2.4)."""
    width, channels_in, _ = kernel.shape
    centered = kernel - jnp.mean(kernel, axis=(0, 1))
    variance = jnp.var(centered, axis=(0, 1)) * (width * channels_in)
    return centered * (gain * jax.lax.rsqrt(jnp.maximum(variance, _MIN_VARIANCE)))


class ConvBlock(nnx.Module):
    """Norm, activation, standardised convolution; no residual inside (spec/model.md 2.5)."""

    def __init__(self, channels_in: int, channels_out: int, *, config: ModelConfig, draw: Draw):
        self.norm = RMSBatchNorm(channels_in, decay=config.norm_decay)
        kind = StandardizedConvolution if config.kernels == "trained" else Convolution
        self.convolution = kind(channels_in, channels_out, width=config.kernel_width, draw=draw)

    def __call__(self, x: Float[Array, "B S C"]) -> Float[Array, "B S D"]:
        return self.convolution(gelu_sigmoid(self.norm(x)))


class PointwiseBlock(nnx.Module):
    """Norm, activation, dense layer: the convolution block of width 1."""

    def __init__(self, channels: int, *, config: ModelConfig, draw: Draw):
        self.norm = RMSBatchNorm(channels, decay=config.norm_decay)
        self.linear = Linear(channels, channels, draw=draw)

    def __call__(self, x: Float[Array, "B S C"]) -> Float[Array, "B S C"]:
        return self.linear(gelu_sigmoid(self.norm(x)))


class DnaEmbedder(nnx.Module):
    """Bases to channels at 1 bp."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels = config.channels
        self.convolution = Convolution(4, channels, width=config.stem_width, draw=draw)
        self.block = ConvBlock(channels, channels, config=config, draw=draw)

    def __call__(self, one_hot: Float[Array, "B S 4"]) -> Float[Array, "B S D"]:
        x = self.convolution(one_hot)
        return x + self.block(x)


class DownBlock(nnx.Module):
    """Two residual convolution blocks; the first one adds channels."""

    def __init__(self, channels_in: int, channels_out: int, *, config: ModelConfig, draw: Draw):
        self.new_channels = channels_out - channels_in
        self.first = ConvBlock(channels_in, channels_out, config=config, draw=draw)
        self.second = ConvBlock(channels_out, channels_out, config=config, draw=draw)

    def __call__(self, x: Float[Array, "B S C"]) -> Float[Array, "B S D"]:
        widened = jnp.pad(x, ((0, 0), (0, 0), (0, self.new_channels)))
        h = self.first(x) + widened
        return h + self.second(h)


class UpBlock(nnx.Module):
    """Doubles the resolution and takes in the encoder's result there (spec/model.md 5)."""

    def __init__(self, channels_in: int, channels_out: int, *, config: ModelConfig, draw: Draw):
        self.channels_out = channels_out
        self.conv_in = ConvBlock(channels_in, channels_out, config=config, draw=draw)
        self.residual_scale = nnx.Param(jnp.asarray(_RESIDUAL_SCALE))
        self.conv_skip = PointwiseBlock(channels_out, config=config, draw=draw)
        self.conv_out = ConvBlock(channels_out, channels_out, config=config, draw=draw)

    def __call__(
        self,
        x: Float[Array, "B S C"],
        skip: Float[Array, "B _ D"],
        start: Int[Array, ""] | None = None,
    ) -> Float[Array, "B _ D"]:
        """`start`: where the skip begins in the doubled `x`, if it is only a part of it."""
        h = self.conv_in(x) + x[..., : self.channels_out]
        h = jnp.repeat(h, 2, axis=1) * self.residual_scale[...].astype(x.dtype)
        if start is not None:
            h = jax.lax.dynamic_slice_in_dim(h, start, skip.shape[1], axis=1)
        h = h + self.conv_skip(skip)
        return h + self.conv_out(h)


class SequenceEncoder(nnx.Module):
    """Bases to tokens of 128 bp, keeping the result at every resolution (spec/model.md 3)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        channels = config.skip_channels
        self.dna_embedder = DnaEmbedder(config, draw=draw)
        self.down_blocks = nnx.List(
            [
                DownBlock(channels[i], channels[i + 1], config=config, draw=draw)
                for i in range(DOWN_BLOCKS)
            ]
        )

    def __call__(
        self, one_hot: Float[Array, "B S 4"]
    ) -> tuple[Float[Array, "B N C"], list[Float[Array, "B _ _"]]]:
        """The tokens, and the skips at 1, 2, 4, ... 64 bp."""
        x = self.dna_embedder(one_hot)
        skips = [x]
        for block in self.down_blocks:
            x = block(max_pool(x))
            skips.append(x)
        return max_pool(x), skips


class SequenceDecoder(nnx.Module):
    """Tokens back to 1 bp (spec/model.md 5)."""

    def __init__(self, config: ModelConfig, *, draw: Draw):
        widths = [config.trunk_channels, *reversed(config.skip_channels)]
        self.up_blocks = nnx.List(
            [
                UpBlock(widths[i], widths[i + 1], config=config, draw=draw)
                for i in range(len(widths) - 1)
            ]
        )

    def __call__(
        self,
        x: Float[Array, "B N C"],
        skips: Sequence[Float[Array, "B _ _"]],
        starts: Sequence[Int[Array, ""]] | None = None,
    ) -> Float[Array, "B S D"]:
        """The bases of the skip at 1 bp.

        Args:
          x: tokens.
          skips: at 1, 2, 4, ... 64 bp.
          starts: for skips that get shorter towards 1 bp (`narrow.py`): where each begins in what
            the coarser one gives, from 64 bp to 1 bp.
        """
        narrowed = [None] * len(self.up_blocks) if starts is None else starts
        for block, skip, start in zip(self.up_blocks, reversed(skips), narrowed, strict=True):
            x = block(x, skip, start)
        return x
