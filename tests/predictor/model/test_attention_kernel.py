"""Shapes of the tests: B 2, H 2, K 16, V 48 (a sum of two powers of two) unless told otherwise."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import attention_kernel
from predictor.model.attention_kernel import (
    biased_attention,
    blockwise_attention,
    gpu_attention,
    kernel_works,
)

CAP = 5.0
FULL = {"heads": 8, "key_channels": 128, "value_channels": 192}
SMALL = {"heads": 2, "key_channels": 16, "value_channels": 48}
WAYS = {
    "as called": jax.jit(partial(biased_attention, cap=CAP)),
    "one cell row a block": jax.jit(partial(blockwise_attention, cap=CAP, block_bytes=1)),
    "GPU program": jax.jit(partial(gpu_attention, cap=CAP, interpret=True)),
}
"""Compiled once for all tests that share a shape."""


def random_arguments(
    tokens, *, batch=2, heads=2, key_channels=16, value_channels=48, dtype=jnp.float32
):
    side = tokens // 16
    shapes = (
        (batch, tokens, heads, key_channels),
        (batch, tokens, key_channels),
        (batch, tokens, value_channels),
        (batch, heads, side, side),
    )
    rng = np.random.default_rng(tokens)
    return [jnp.asarray(2 * rng.normal(size=shape), dtype) for shape in shapes]


def slow_attention(q, k, v, bias):
    """The definition, row by row, in float64."""
    q, k, v, bias = (np.asarray(array).astype(np.float64) for array in (q, k, v, bias))
    y = np.zeros((*q.shape[:3], v.shape[-1]))
    for b, s, h in np.ndindex(y.shape[:3]):
        logits = k[b] @ q[b, s, h] / np.sqrt(q.shape[-1]) + np.repeat(bias[b, h, s // 16], 16)
        weights = np.exp(CAP * np.tanh(logits / CAP))
        y[b, s, h] = weights @ v[b] / weights.sum()
    return y


def full_attention(q, k, v, bias):
    """The definition with all logits at once, as a function whose gradient JAX makes alone."""
    bias = jnp.repeat(jnp.repeat(bias, 16, axis=2), 16, axis=3)
    logits = jnp.einsum("bshc,btc->bhst", q, k) / np.sqrt(q.shape[-1]) + bias
    weights = jax.nn.softmax(CAP * jnp.tanh(logits / CAP), axis=-1)
    return jnp.einsum("bhst,btc->bshc", weights, v)


def gradients(attention, arguments, jit=jax.jit):
    """Of a loss that sees every number of the result differently."""

    def loss(*arguments):
        y = attention(*arguments).astype(jnp.float32)
        return (y * jnp.sin(jnp.arange(y.size, dtype=jnp.float32)).reshape(y.shape)).sum()

    return jit(jax.grad(loss, argnums=(0, 1, 2, 3)))(*arguments)


@pytest.mark.parametrize("tokens", [16, 48, 128, 400])
@pytest.mark.parametrize("way", WAYS)
def test_attention_equals_its_slow_version(way, tokens):
    arguments = random_arguments(tokens)
    actual = WAYS[way](*arguments)
    np.testing.assert_allclose(actual, slow_attention(*arguments), atol=5e-6)


@pytest.mark.parametrize("way", WAYS)
def test_bfloat16_rounds_the_weights_and_the_result_only(way):
    arguments = random_arguments(48, dtype=jnp.bfloat16)
    actual = WAYS[way](*arguments)
    assert actual.dtype == jnp.bfloat16
    expected = slow_attention(*arguments)
    # Two roundings, each of at most half of 2**-7.
    np.testing.assert_allclose(actual.astype(jnp.float32), expected, rtol=2**-7, atol=2**-7)


def test_blocks_of_any_size_give_the_same(quick_jit):
    arguments = random_arguments(192)
    # 12 cell rows in one block, 12, 6 and 3.
    whole, *blocked = (
        quick_jit(partial(blockwise_attention, cap=CAP, block_bytes=block_bytes))(*arguments)
        for block_bytes in (2**30, 1, 100_000, 200_000)
    )
    for actual in blocked:
        np.testing.assert_allclose(actual, whole, atol=2e-6)


def test_a_block_is_the_largest_share_of_the_cells_that_fits():
    cells = [attention_kernel._cells_per_block(12, 100, size) for size in (1, 199, 200, 599, 9999)]
    assert cells == [1, 1, 2, 4, 12]
    assert attention_kernel._cells_per_block(13, 100, 1200) == 1


@pytest.mark.parametrize("way", WAYS)
def test_heads_and_examples_do_not_see_each_other(way):
    q, k, v, bias = random_arguments(48)
    expected = WAYS[way](q, k, v, bias)
    other_head = WAYS[way](q[:, :, ::-1], k, v, bias[:, ::-1])[:, :, ::-1]
    np.testing.assert_allclose(other_head, expected, atol=1e-6)
    other_example = WAYS[way](q[::-1], k[::-1], v[::-1], bias[::-1])[::-1]
    np.testing.assert_allclose(other_example, expected, atol=1e-6)
    first = WAYS[way](q.at[1].set(0), k, v, bias.at[1].set(0))[0]
    np.testing.assert_allclose(first, expected[0], atol=1e-6)


@pytest.mark.parametrize("way", WAYS)
def test_keys_may_come_in_any_order_with_their_values_and_biases(way):
    q, k, v, bias = random_arguments(48)
    expected = WAYS[way](q, k, v, bias)
    rng = np.random.default_rng(0)
    cells = np.array([2, 0, 1])
    tokens = (16 * cells[:, None] + rng.permuted(np.tile(np.arange(16), (3, 1)), axis=1)).ravel()
    actual = WAYS[way](q, k[:, tokens], v[:, tokens], bias[..., cells])
    np.testing.assert_allclose(actual, expected, atol=2e-6)


@pytest.mark.parametrize("way", WAYS)
def test_logits_far_beyond_the_cap_weigh_as_the_cap_does(way):
    q, k, v, bias = random_arguments(48)
    high = jnp.where(bias > 0, 1e4, -1e4)
    actual = WAYS[way](q, k, v, high)
    weights = np.exp(np.where(np.repeat(np.asarray(bias) > 0, 16, axis=-1), CAP, -CAP))
    weights /= weights.sum(axis=-1, keepdims=True)
    expected = np.repeat(np.einsum("bhmt,btc->bmhc", weights, v), 16, axis=1)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


# 512 tokens need two blocks on a CPU, 400 make 25 of one cell row each.
@pytest.mark.parametrize(
    ("tokens", "attention"),
    [
        (48, partial(biased_attention, cap=CAP)),
        (512, partial(biased_attention, cap=CAP)),
        (400, partial(blockwise_attention, cap=CAP, block_bytes=1)),
    ],
)
def test_gradients_equal_those_of_the_full_matrix(tokens, attention, quick_jit):
    arguments = random_arguments(tokens, heads=4)
    expected = gradients(full_attention, arguments, quick_jit)
    for actual, wanted in zip(gradients(attention, arguments, quick_jit), expected, strict=True):
        np.testing.assert_allclose(actual, wanted, atol=2e-5 * float(jnp.abs(wanted).max()))


def test_gradients_of_many_blocks_are_added_in_float32(quick_jit):
    arguments = random_arguments(512, batch=1, dtype=jnp.bfloat16)
    wide = [array.astype(jnp.float32) for array in arguments]
    expected = gradients(full_attention, wide, quick_jit)
    for blocks in (1, 32):
        plain = partial(blockwise_attention, cap=CAP, block_bytes=2**21 // blocks)
        for actual, wanted in zip(gradients(plain, arguments, quick_jit), expected, strict=True):
            assert actual.dtype == jnp.bfloat16
            error = actual.astype(jnp.float32) - wanted
            relative_error = jnp.linalg.norm(error) / jnp.linalg.norm(wanted)
            assert relative_error < 0.005


def array_sizes(jaxpr):
    """Numbers in each array that a program makes, inside its loops and branches too."""
    for equation in jaxpr.eqns:
        yield from (variable.aval.size for variable in equation.outvars)
        for part in jax.tree.leaves(
            equation.params, is_leaf=lambda leaf: hasattr(leaf, "jaxpr") or hasattr(leaf, "eqns")
        ):
            inner = getattr(part, "jaxpr", part)
            if hasattr(inner, "eqns"):
                yield from array_sizes(inner)


@pytest.mark.parametrize("of", ["result", "gradients"])
def test_no_array_is_larger_than_a_block_or_the_arguments(of):
    block_bytes = 2**20
    arguments = random_arguments(1024, batch=1, heads=8, value_channels=16)
    plain = partial(blockwise_attention, cap=CAP, block_bytes=block_bytes)
    function = plain if of == "result" else lambda *args: gradients(plain, args)
    sizes = list(array_sizes(jax.make_jaxpr(function)(*arguments).jaxpr))
    assert max(sizes) == block_bytes // 4


def test_memory_is_far_below_that_of_the_logits_of_all_pairs(quick_jit):
    tokens, heads = 2048, 8
    arguments = random_arguments(tokens, batch=1, heads=heads, value_channels=16)
    attention = partial(biased_attention, cap=CAP)

    def temporary_bytes(function):
        return quick_jit(function).lower(*arguments).compile().memory_analysis().temp_size_in_bytes

    logits_bytes = heads * tokens**2 * 4
    assert temporary_bytes(full_attention) >= logits_bytes
    assert temporary_bytes(attention) < logits_bytes / 8
    assert temporary_bytes(lambda *args: gradients(attention, args)) < logits_bytes / 8


def test_arguments_are_all_that_is_kept_for_the_gradient():
    arguments = random_arguments(128)
    _, pull_back = jax.vjp(partial(biased_attention, cap=CAP), *arguments)
    kept = sum(leaf.nbytes for leaf in jax.tree.leaves(pull_back))
    assert kept <= sum(array.nbytes for array in arguments)


def lowered_for_cuda(function, tokens=512):
    arguments = random_arguments(tokens, batch=1, **FULL, dtype=jnp.bfloat16)
    return jax.jit(function).trace(*arguments).lower(lowering_platforms=("cuda",)).as_text()


@pytest.mark.parametrize(
    ("sizes", "dtype", "fits"),
    [
        (FULL, jnp.bfloat16, True),
        (SMALL, jnp.bfloat16, True),
        (FULL, jnp.float32, False),
        (FULL | {"heads": 6}, jnp.bfloat16, False),
        (FULL | {"key_channels": 96}, jnp.bfloat16, False),
        (FULL | {"key_channels": 8}, jnp.bfloat16, False),
        (FULL | {"value_channels": 200}, jnp.bfloat16, False),
    ],
)
def test_gpu_program_is_made_for_bfloat16_and_the_sizes_of_triton(sizes, dtype, fits):
    q, _, v, _ = random_arguments(16, **sizes, dtype=dtype)
    assert attention_kernel._fits_kernel(q, v) == fits


@pytest.mark.parametrize("tokens", [16, 48, 512])
def test_gpu_program_can_be_made_without_a_gpu(tokens):
    assert lowered_for_cuda(partial(gpu_attention, cap=CAP), tokens).count("gpu.triton") == 1


def test_gpu_program_is_used_on_a_gpu_where_it_works_and_only_there(monkeypatch):
    attention = partial(biased_attention, cap=CAP)
    monkeypatch.setattr(attention_kernel, "_is_kernel_usable", lambda q, v: True)
    jax.clear_caches()
    assert lowered_for_cuda(attention).count("gpu.triton") == 1
    # The gradient is the plain way's, and needs no result.
    assert "gpu.triton" not in lowered_for_cuda(lambda *args: gradients(attention, args))
    arguments = random_arguments(48, dtype=jnp.bfloat16)
    assert "gpu.triton" not in jax.jit(attention).lower(*arguments).as_text()

    monkeypatch.setattr(attention_kernel, "_is_kernel_usable", lambda q, v: False)
    jax.clear_caches()
    assert "gpu.triton" not in lowered_for_cuda(attention)


def test_a_good_kernel_works_also_when_asked_inside_a_trace(caplog):
    kernel = partial(gpu_attention, interpret=True)
    answers = []

    @jax.jit
    def program(x):
        answers.append(kernel_works(kernel, jax.devices()[0], tile=16, **SMALL))
        return x

    program(1.0)
    assert answers == [True]
    assert not caplog.records


def transposing(q, k, v, bias, *, cap):
    return gpu_attention(q, k, v, jnp.swapaxes(bias, 2, 3), cap=cap, interpret=True)


def breaking(q, k, v, bias, *, cap):
    return jnp.nan * gpu_attention(q, k, v, bias, cap=cap, interpret=True)


# The last one is the kernel itself, which a CPU cannot run.
@pytest.mark.parametrize("kernel", [transposing, breaking, partial(gpu_attention)])
def test_a_kernel_that_does_not_work_is_refused_with_one_warning(kernel, caplog):
    for _ in range(2):
        assert not kernel_works(kernel, jax.devices()[0], tile=32, **SMALL)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "plain blockwise attention is used instead" in record.getMessage()


@pytest.mark.parametrize("tile", [16, 32, 64])
def test_the_kernel_works_on_this_gpu(tile):
    device = attention_kernel._cuda_device()
    if device is None:
        pytest.skip("needs an NVIDIA GPU")
    assert kernel_works(gpu_attention, device, tile=tile, **FULL)
