"""Dense layers over the last axis.

Axes: B batch, C input channels, D output channels, O organisms.

Every module of the network computes in the type of its input: parameters are stored in float32
and cast where they are used, so the type of the one-hot input decides the compute type.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Int

from predictor.model.initialization import Draw


def product_float32(
    equation: str, a: Float[Array, "*axes_a"], b: Float[Array, "*axes_b"]
) -> Float[Array, "..."]:
    """Einsum of two arrays, accumulated and returned in float32.

    CPU programs have no bfloat16 product with a float32 result, so the operands are widened
    there, which loses nothing; elsewhere that would give up the fast bfloat16 units.
    """

    def narrow(a: Array, b: Array) -> Array:
        return jnp.einsum(equation, a, b, preferred_element_type=jnp.float32)

    def widened(a: Array, b: Array) -> Array:
        return jnp.einsum(equation, a.astype(jnp.float32), b.astype(jnp.float32))

    if a.dtype == b.dtype == jnp.float32:
        return narrow(a, b)
    result: Array = jax.lax.platform_dependent(a, b, cpu=widened, default=narrow)
    return result


class Linear(nnx.Module):
    """`x @ kernel + bias`."""

    def __init__(self, channels_in: int, channels_out: int, *, use_bias: bool = True, draw: Draw):
        self.kernel = nnx.Param(draw.kernel((channels_in, channels_out), fan_in=channels_in))
        self.bias = nnx.Param(jnp.zeros(channels_out)) if use_bias else None

    def __call__(self, x: Float[Array, "*axes C"]) -> Float[Array, "*axes D"]:
        y = x @ self.kernel[...].astype(x.dtype)
        return y if self.bias is None else y + self.bias[...].astype(x.dtype)


class MultiOrganismLinear(nnx.Module):
    """A dense layer with its own weights for every organism; the result is float32.

    Source: spec/model.md 7 and 9.2.
    """

    def __init__(self, organisms: int, channels_in: int, channels_out: int, *, draw: Draw):
        shape = (organisms, channels_in, channels_out)
        self.kernel = nnx.Param(draw.kernel(shape, fan_in=channels_in))
        self.bias = nnx.Param(jnp.zeros((organisms, channels_out)))

    def __call__(
        self, x: Float[Array, "B *axes C"], organism_index: Int[Array, " B"]
    ) -> Float[Array, "B *axes D"]:
        kernel = self.kernel[...][organism_index].astype(x.dtype)
        bias = self.bias[...][organism_index].astype(x.dtype)
        y = product_float32("b...c,bcd->b...d", x, kernel)
        return y + jnp.expand_dims(bias, tuple(range(1, x.ndim - 1)))
