"""The network's two GELUs; its third kind, the erf form, occurs nowhere (spec/model.md 2.1)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def gelu_sigmoid(x: Float[Array, "*axes"]) -> Float[Array, "*axes"]:
    """`x * sigmoid(1.702 x)`: convolution blocks and output embeddings.

    In float32 with one rounding at last, whatever the type of `x`.
    """
    wide = x.astype(jnp.float32)
    return (wide * jax.nn.sigmoid(1.702 * wide)).astype(x.dtype)


def gelu_tanh(x: Float[Array, "*axes"]) -> Float[Array, "*axes"]:
    """The tanh approximation: attention bias and sequence-to-pair block."""
    return jax.nn.gelu(x, approximate=True)
