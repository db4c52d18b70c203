"""Normalisations, none of which subtracts a mean over the batch, and dropout.

Axes: C channels; the leading axes are free.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

_EPSILON = 1e-5


class RMSBatchNorm(nnx.Module):
    """Divides every channel by the root of its second moment.

    In use the moment is the running one. In training (`model.train()`) it is that of the batch,
    over all axes but the last, and the running one moves towards it.

    Source: spec/model.md 2.2, training.md 1.2.
    """

    def __init__(self, channels: int, *, decay: float):
        self.decay = decay
        self.scale = nnx.Param(jnp.ones(channels))
        self.offset = nnx.Param(jnp.zeros(channels))
        self.var_ema = nnx.BatchStat(jnp.ones(channels))
        self.use_running_average = True

    def __call__(self, x: Float[Array, "*axes C"]) -> Float[Array, "*axes C"]:
        moment = self._moment(x).astype(x.dtype)
        factor = self.scale[...].astype(x.dtype) * jax.lax.rsqrt(moment + _EPSILON)
        offset = self.offset[...].astype(x.dtype)
        # One rounding at last: compilers for CPUs would round in between, and slowly.
        return (x.astype(jnp.float32) * factor + offset).astype(x.dtype)

    def _moment(self, x: Float[Array, "*axes C"]) -> Float[Array, " C"]:
        running = self.var_ema[...]
        if self.use_running_average:
            return running
        axes = tuple(range(x.ndim - 1))
        moment = jnp.mean(jnp.square(x.astype(jnp.float32)), axis=axes)
        self.var_ema[...] = jax.lax.stop_gradient(self.decay * running + (1 - self.decay) * moment)
        return moment


class LayerNorm(nnx.Module):
    """Divides every position by the root mean square of its channels.

    `centered` subtracts the mean over the channels first. Statistics are accumulated in float32.

    Source: spec/model.md 2.3.
    """

    def __init__(self, channels: int, *, centered: bool):
        self.centered = centered
        self.scale = nnx.Param(jnp.ones(channels))
        self.offset = nnx.Param(jnp.zeros(channels))

    def __call__(self, x: Float[Array, "*axes C"]) -> Float[Array, "*axes C"]:
        if self.centered:
            x = x - jnp.mean(x, axis=-1, keepdims=True)
        moment = jnp.mean(jnp.square(x), axis=-1, keepdims=True, dtype=jnp.float32)
        factor = jax.lax.rsqrt(moment + _EPSILON).astype(x.dtype)
        return self.scale[...].astype(x.dtype) * factor * x + self.offset[...].astype(x.dtype)


class Dropout(nnx.Module):
    """Sets a share of the values to zero in training and scales up the rest.

    Does nothing in use. `model.train()` switches it on; the border of the network then gives
    every instance its own `key`.
    """

    def __init__(self, rate: float):
        self.rate = rate
        self.deterministic = True
        self.key: Array | None = nnx.data(None)

    def __call__(self, x: Float[Array, "*axes"]) -> Float[Array, "*axes"]:
        if self.deterministic or self.rate == 0:
            return x
        if self.key is None:
            raise ValueError("A Dropout in training mode was given no key; set its `key` first.")
        keep = jax.random.bernoulli(self.key, 1 - self.rate, x.shape)
        return jnp.where(keep, x / (1 - self.rate), 0)
