import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model.convolution import convolve
from predictor.model.linear import dense

POSITIONS = [1, 40, 768, 769, 1100]
"""Rows of one block, of two, and of some that overlap."""


def random(seed, *shape):
    return jax.random.normal(jax.random.key(seed), shape).astype(jnp.bfloat16)


def relative_error(found, expected):
    found, expected = (np.asarray(x, np.float64) for x in (found, expected))
    return np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2))


@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_a_product_of_bfloat16_is_summed_in_float32_and_rounded_once(positions, dtype):
    x, kernel = random(0, 2, positions, 96), random(1, 96, 24)
    found = jax.jit(dense, static_argnames="dtype")(x, kernel, dtype=dtype)
    expected = np.asarray(x, np.float64) @ np.asarray(kernel, np.float64)
    assert found.dtype == dtype
    assert relative_error(found, expected) < (1e-6 if dtype == jnp.float32 else 3e-3)


@pytest.mark.parametrize("channels", [4, 64])
@pytest.mark.parametrize("positions", POSITIONS)
def test_a_convolution_of_bfloat16_is_summed_in_float32_and_rounded_once(positions, channels):
    x, kernel = random(0, 2, positions, channels), random(1, 5, channels, 24)
    found = jax.jit(convolve)(x, kernel)
    expected = convolve(x.astype(jnp.float32), kernel.astype(jnp.float32))
    assert found.dtype == jnp.bfloat16
    assert relative_error(found, expected) < 3e-3


def test_products_of_bfloat16_have_the_derivatives_of_float32():
    x, matrix, taps = random(0, 2, 800, 64), random(1, 64, 32), random(2, 5, 32, 16)

    def total(x, matrix, taps):
        y = convolve(dense(x, matrix, dtype=x.dtype), taps)
        return jnp.sum(jnp.square(y.astype(jnp.float32)))

    arguments = (x, matrix, taps)
    gradient = jax.jit(jax.grad(total, argnums=(0, 1, 2)))
    found = gradient(*arguments)
    expected = gradient(*(one.astype(jnp.float32) for one in arguments))
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == jnp.bfloat16
        assert relative_error(one, other) < 0.02
