"""Dense layers over the last axis.

Axes: B batch, R rows, C input channels, D output channels, O organisms, T chosen outputs.

Every module of the network computes in the type of its input: parameters are stored in float32
and cast where they are used, so the type of the one-hot input decides the compute type.
"""
# ruff: noqa: D102  (a block's docstring tells what its call does)

import math
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from predictor.model.initialization import Draw

# Large products on a CPU run in blocks of rows that stay in its cache: 1.5 times as fast.
MOST_ROWS = 768
_LEAST_ROWS = 256
_LARGE_KERNEL = 2**18
# Rows of a block in bfloat16, and what they are a multiple of: the rows that the matrix units of a
# CPU take at once.
_ROWS, _ROW_STEP = 512, 32


def row_blocks(rows: int, kernel_size: int) -> int:
    """The number of rows of a block for a product on a CPU; all of them where blocks do not pay.

    Args:
      rows: to be split evenly.
      kernel_size: values of the kernel of one product.
    """
    if kernel_size < _LARGE_KERNEL or rows <= MOST_ROWS:
        return rows
    block = max(size for size in range(1, MOST_ROWS + 1) if rows % size == 0)
    return block if block >= _LEAST_ROWS else rows


def dense(
    x: Float[Array, "*axes C"], kernel: Float[Array, "C D"], *, dtype: DTypeLike
) -> Float[Array, "*axes D"]:
    """`x @ kernel`, accumulated in float32 and given in `dtype`."""

    def whole(x: Array, kernel: Array) -> Array:
        return jnp.dot(x, kernel, preferred_element_type=jnp.float32).astype(dtype)

    if x.dtype == jnp.bfloat16:
        return on_cpu(partial(_dense_in_blocks, jnp.dtype(dtype)), whole)(x, kernel)
    rows = math.prod(x.shape[:-1])
    block = row_blocks(rows, kernel.size)
    if block == rows:
        return whole(x, kernel)

    def blocks(x: Array, kernel: Array) -> Array:
        pieces = x.reshape(-1, block, x.shape[-1])
        y: Array = jax.lax.map(lambda piece: whole(piece, kernel), pieces)
        return y.reshape(*x.shape[:-1], -1)

    return on_cpu(blocks, whole)(x, kernel)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _dense_in_blocks(
    dtype: DTypeLike, x: Float[Array, "*axes C"], kernel: Float[Array, "C D"]
) -> Float[Array, "*axes D"]:
    rows = bits(x.reshape(-1, x.shape[-1]))

    def product(block: int, start: Int[Array, ""]) -> Array:
        piece = jax.lax.dynamic_slice_in_dim(rows, start, block)
        return jnp.dot(values(piece), kernel, preferred_element_type=jnp.float32).astype(dtype)

    return in_row_blocks(product, len(rows), dtype=dtype).reshape(*x.shape[:-1], -1)


@_dense_in_blocks.defjvp
def _dense_in_blocks_jvp(
    dtype: DTypeLike, primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    (x, kernel), (dx, dkernel) = primals, tangents

    def product(a: Array, b: Array) -> Array:
        return jnp.dot(a, b, preferred_element_type=jnp.float32).astype(dtype)

    return _dense_in_blocks(dtype, x, kernel), product(dx, kernel) + product(x, dkernel)


def in_row_blocks(
    product: Callable[[int, Int[Array, ""]], Float[Array, "R D"]], rows: int, *, dtype: DTypeLike
) -> Float[Array, "N D"]:
    """Rows that are made block by block: N of them, R at a time.

    Args:
      product: takes the number of rows of a block and the first of them.
      rows: any number; the last block overlaps the one before rather than being shorter.
      dtype: of the rows.
    """
    if rows <= MOST_ROWS:
        return product(rows, jnp.int32(0))
    count = -(-rows // _ROWS)
    block = -(-rows // (count * _ROW_STEP)) * _ROW_STEP
    shape = jax.eval_shape(partial(product, block), jnp.int32(0))

    def add(index: Int[Array, ""], found: Array) -> Array:
        start = jnp.minimum(index * block, rows - block)
        return jax.lax.dynamic_update_slice_in_dim(found, bits(product(block, start)), start, 0)

    empty = bits(jnp.zeros((rows, shape.shape[1]), dtype))
    return values(jax.lax.fori_loop(0, count, add, empty), dtype)


def bits(x: Float[Array, "*axes"]) -> Array:
    """The same memory as whole numbers where `x` is bfloat16; otherwise `x` itself.

    XLA's compiler for CPUs widens bfloat16 to float32 even where it is only moved, which costs more
    than the products. Without a derivative.
    """
    return jax.lax.bitcast_convert_type(x, jnp.uint16) if x.dtype == jnp.bfloat16 else x


def values(x: Array, dtype: DTypeLike = jnp.bfloat16) -> Float[Array, "*axes"]:
    """The inverse of `bits`."""
    return jax.lax.bitcast_convert_type(x, dtype) if x.dtype != dtype else x


def on_cpu(cpu: Callable[..., Array], elsewhere: Callable[..., Array]) -> Callable[..., Array]:
    """Two ways to compute the same, the first of them for CPUs."""

    def either(*arrays: Array) -> Array:
        result: Array = jax.lax.platform_dependent(*arrays, cpu=cpu, default=elsewhere)
        return result

    return either


def product_float32(
    equation: str, a: Float[Array, "*axes_a"], b: Float[Array, "*axes_b"]
) -> Float[Array, "..."]:
    """Einsum of two arrays, accumulated and returned in float32.

    CPU programs have no batched bfloat16 product with a float32 result, so the operands are
    widened there, which loses nothing; elsewhere that would give up the fast bfloat16 units.
    """

    def narrow(a: Array, b: Array) -> Array:
        return jnp.einsum(equation, a, b, preferred_element_type=jnp.float32)

    def widened(a: Array, b: Array) -> Array:
        return jnp.einsum(equation, a.astype(jnp.float32), b.astype(jnp.float32))

    if a.dtype == b.dtype == jnp.float32:
        return narrow(a, b)
    return on_cpu(widened, narrow)(a, b)


class Linear(nnx.Module):
    """`x @ kernel + bias`."""

    def __init__(self, channels_in: int, channels_out: int, *, use_bias: bool = True, draw: Draw):
        self.kernel = nnx.Param(draw.kernel((channels_in, channels_out), fan_in=channels_in))
        self.bias = nnx.Param(jnp.zeros(channels_out)) if use_bias else None

    def __call__(self, x: Float[Array, "*axes C"]) -> Float[Array, "*axes D"]:
        y = dense(x, self.kernel[...].astype(x.dtype), dtype=x.dtype)
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
        self,
        x: Float[Array, "B *axes C"],
        organism_index: Int[Array, " B"],
        chosen: Int[Array, " T"] | None = None,
    ) -> Float[Array, "B *axes D"]:
        """All outputs, or the chosen ones only: their columns are taken before the product."""
        kernel, bias = self.kernel[...][organism_index], self.bias[...][organism_index]
        if chosen is not None:
            kernel, bias = kernel[..., chosen], bias[..., chosen]
        kernel, bias = kernel.astype(x.dtype), bias.astype(x.dtype)
        if len(x) == 1:
            y = dense(x, kernel[0], dtype=jnp.float32)
        else:
            y = product_float32("b...c,bcd->b...d", x, kernel)
        return y + jnp.expand_dims(bias, tuple(range(1, x.ndim - 1)))
