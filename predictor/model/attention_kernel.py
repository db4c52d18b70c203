"""Attention with pair bias and soft cap, without a logit for every pair of tokens in memory.

Axes: B batch, N tokens, M = N / 16 pair cells per side, S query tokens of a block, L = S / 16 rows
of cells of a block, H query heads, K channels of a query or key head, V channels of a value head,
R = 16 H rows of the GPU program's matrix.

Einsum letters: b batch, s query token, t key token, h head, c channel.

No running maximum is kept, as other blockwise softmaxes must: the cap bends every logit into
(-cap, cap), 5 in the released network, so exp neither overflows nor loses the largest term, and
the softmax of a row is the plain sum of exp times value over the plain sum of exp.

Why not a library: `jax.nn.dot_product_attention` of JAX 0.10.2 (XLA and cuDNN alike) takes a bias
per pair of tokens but no cap, and wants values as wide as keys; JAX's own Pallas kernels for GPU
take neither bias nor cap.
"""

import functools
import logging
import math
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plgpu
from jaxtyping import Array, Float

from predictor.model.config import PAIR_TOKENS
from predictor.model.linear import product_float32

_LOGGER = logging.getLogger(__name__)

_BLOCK_BYTES = {"cpu": 2 * 2**20, "default": 64 * 2**20}
"""Size of the float32 logits of one block of query tokens, by platform.

On a CPU they should stay in the cache; elsewhere a block should be work enough to hide the start
of its programs (not measured). On 2 cores of an AMD EPYC with 2 MiB of L2 and 32 MiB of L3 cache
(B = 1, H = 8, K = 128, V = 192), milliseconds of CPU time and MiB of XLA's temporary memory, each
for the result / the gradient; "matrix" is the way with all logits at once:

| type, N | matrix | 1 MiB | 2 MiB | 4 MiB | 8 MiB |
| --- | --- | --- | --- | --- | --- |
| float32, 512: ms | 18 / 84 | 11 / 44 | 10 / 45 | 12 / 50 | 10 / 71 |
| float32, 1024: ms | 163 / 475 | 50 / 217 | 50 / 227 | 49 / 245 | 47 / 284 |
| float32, 1024: MiB | 65 / 230 | 6 / 16 | 8 / 18 | 12 / 25 | 20 / 39 |
| bfloat16, 512: ms | 20 / 101 | 13 / 49 | 13 / 52 | 12 / 60 | 11 / 71 |
| bfloat16, 1024: ms | 180 / 520 | 58 / 205 | 54 / 219 | 47 / 225 | 47 / 255 |
| bfloat16, 1024: MiB | 64 / 213 | 9 / 18 | 10 / 22 | 13 / 31 | 21 / 49 |

At N = 128 there is one block, whatever the type: 1 / 3 instead of 2 / 4 ms.
"""

_KEYS_PER_STEP = 64
"""Most key tokens that the GPU kernel takes at a time."""
_SMALLEST_TILE = 16
"""Shortest side of a matrix product in Triton."""
_WARPS, _STAGES = 8, 2
"""Of the GPU kernel. Compiled by Triton 3.9 for compute capability 8.0 and 9.0, the sizes of the
full network then spill no register and take 88 and 128 KiB of shared memory; it was never timed."""
_TOLERANCE = 2e-2
"""How far the GPU kernel may be from the plain way in bfloat16, on values around 1."""

_REFUSAL = (
    "The attention kernel does not work on %s (%s): the plain blockwise attention is used "
    "instead, which computes the same, slower."
)

Attention = Callable[..., Float[Array, "B N H V"]]
"""Takes q, k, v, bias and the keyword `cap`, as `biased_attention` does."""


def biased_attention(
    q: Float[Array, "B N H K"],
    k: Float[Array, "B N K"],
    v: Float[Array, "B N V"],
    bias: Float[Array, "B H M M"],
    *,
    cap: float,
) -> Float[Array, "B N H V"]:
    """Softmax over keys of `cap * tanh((q k / sqrt(K) + bias) / cap)`, times the values.

    All query heads share the keys and the values. There is no mask: padding takes part.

    Args:
      q: queries; N is a multiple of 16.
      k: keys.
      v: values.
      bias: one number per head and pair of cells of 16 × 16 tokens, query cell first.
      cap: logits are bent into (-cap, cap).

    Returns:
      The weighted values, in the type of `v`. Logits, softmax and sums are float32, whatever the
      types of the arguments.

    Only the arguments are kept for the gradient, which makes the logits again, block by block.

    Source: spec/model.md 4.5, 4.6 and 9.2.
    """
    return _attention(cap, q, k, v, bias)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _attention(
    cap: float,
    q: Float[Array, "B N H K"],
    k: Float[Array, "B N K"],
    v: Float[Array, "B N V"],
    bias: Float[Array, "B H M M"],
) -> Float[Array, "B N H V"]:
    ways: dict[str, Attention] = {
        platform: functools.partial(blockwise_attention, cap=cap, block_bytes=block_bytes)
        for platform, block_bytes in _BLOCK_BYTES.items()
    }
    if _is_kernel_usable(q, v):
        ways["cuda"] = functools.partial(gpu_attention, cap=cap)
    result: Array = jax.lax.platform_dependent(q, k, v, bias, **ways)
    return result


def _attention_forward(cap: float, *args: Array) -> tuple[Array, tuple[Array, ...]]:
    return _attention(cap, *args), args


def _attention_backward(cap: float, args: tuple[Array, ...], cotangent: Array) -> tuple[Array, ...]:
    def pull_back(cotangent: Array, *args: Array, block_bytes: int) -> tuple[Array, ...]:
        plain = functools.partial(blockwise_attention, cap=cap, block_bytes=block_bytes)
        _, vjp = jax.vjp(plain, *args)
        gradients: tuple[Array, ...] = vjp(cotangent)
        return gradients

    ways = {
        platform: functools.partial(pull_back, block_bytes=block_bytes)
        for platform, block_bytes in _BLOCK_BYTES.items()
    }
    gradients: tuple[Array, ...] = jax.lax.platform_dependent(cotangent, *args, **ways)
    return gradients


_attention.defvjp(_attention_forward, _attention_backward)


def undivided_attention(
    q: Float[Array, "B N H K"],
    k: Float[Array, "B N K"],
    v: Float[Array, "B N V"],
    bias: Float[Array, "B H M M"],
    *,
    cap: float,
) -> Float[Array, "B N H V"]:
    """`biased_attention` with all logits at once, for a compiler that divides them itself."""
    return _attend(q, k, v, bias, cap)


def blockwise_attention(
    q: Float[Array, "B N H K"],
    k: Float[Array, "B N K"],
    v: Float[Array, "B N V"],
    bias: Float[Array, "B H M M"],
    *,
    cap: float,
    block_bytes: int,
) -> Float[Array, "B N H V"]:
    """`biased_attention` on any device: one block of query tokens after the other.

    The float32 logits of a block take `block_bytes` at most, or what 16 query tokens need if that
    is more. Without need of a second block there is no loop.
    """
    batch, tokens, heads, channels = q.shape
    side = bias.shape[-1]
    cells = _cells_per_block(side, PAIR_TOKENS * batch * heads * tokens * 4, block_bytes)
    if cells == side:
        return _attend(q, k, v, bias, cap)
    blocks = side // cells
    # Widened here and narrowed again in each block, so that the gradients of the blocks, which
    # the transposed loop adds up, are added in float32.
    wide_k, wide_v = k.astype(jnp.float32), v.astype(jnp.float32)

    # Without the checkpoint a gradient would keep the weights of all blocks, N × N a head. The
    # loop itself keeps the compiler from merging the two passes.
    @functools.partial(jax.checkpoint, prevent_cse=False)
    def block(args: tuple[Array, Array]) -> Array:
        return _attend(args[0], wide_k.astype(k.dtype), wide_v.astype(v.dtype), args[1], cap)

    q_blocks = q.reshape(batch, blocks, cells * PAIR_TOKENS, heads, channels)
    bias_blocks = bias.reshape(batch, heads, blocks, cells, side)
    y: Array = jax.lax.map(block, (jnp.moveaxis(q_blocks, 1, 0), jnp.moveaxis(bias_blocks, 2, 0)))
    return jnp.moveaxis(y, 0, 1).reshape(batch, tokens, heads, -1)


def _cells_per_block(side: int, bytes_per_cell: int, block_bytes: int) -> int:
    """The largest divisor of `side` whose cells stay within `block_bytes`; 1 if none does."""
    fitting = max(1, block_bytes // bytes_per_cell)
    return max(cells for cells in range(1, side + 1) if side % cells == 0 and cells <= fitting)


def _attend(
    q: Float[Array, "B S H K"],
    k: Float[Array, "B N K"],
    v: Float[Array, "B N V"],
    bias: Float[Array, "B H L M"],
    cap: float,
) -> Float[Array, "B S H V"]:
    """Attention of the query tokens of one block to all keys."""
    batch, queries, heads, channels = q.shape
    # Heads after query tokens, as in q: this is one product without any transposition.
    logits = product_float32("bshc,btc->bsht", q, k)
    cells = logits.reshape(
        batch, queries // PAIR_TOKENS, PAIR_TOKENS, heads, bias.shape[-1], PAIR_TOKENS
    )
    bias = jnp.swapaxes(bias.astype(jnp.float32) / cap, 1, 2)[:, :, None, :, :, None]
    weights = jnp.exp(cap * jnp.tanh(cells * (1 / (cap * math.sqrt(channels))) + bias))
    weights = weights.reshape(logits.shape)
    y = product_float32("bsht,btc->bshc", weights.astype(v.dtype), v)
    return (y / weights.sum(axis=-1, keepdims=True)).astype(v.dtype)


def gpu_attention(
    q: Float[Array, "B N H K"],
    k: Float[Array, "B N K"],
    v: Float[Array, "B N V"],
    bias: Float[Array, "B H M M"],
    *,
    cap: float,
    interpret: bool = False,
) -> Float[Array, "B N H V"]:
    """`biased_attention` as one Triton program per batch entry and row of pair cells.

    The 16 query tokens of a row of cells times the heads are the rows of one matrix, so that all
    heads read a tile of keys and values once. Of the logits only one tile exists at a time.
    With `interpret` the program runs without a GPU, slowly.
    """
    batch, tokens, heads, channels = q.shape
    value_channels, side = v.shape[-1], bias.shape[-1]
    rows = PAIR_TOKENS * heads
    out: Array = pl.pallas_call(
        functools.partial(_row_of_cells, heads=heads, tile=_tile(tokens), cap=cap),
        grid=(batch, side),
        in_specs=[
            pl.BlockSpec((None, None, rows, channels), lambda b, i: (b, i, 0, 0)),
            pl.BlockSpec((None, tokens, channels), lambda b, i: (b, 0, 0)),
            pl.BlockSpec((None, tokens, value_channels), lambda b, i: (b, 0, 0)),
            pl.BlockSpec((None, heads, None, side), lambda b, i: (b, 0, i, 0)),
        ],
        out_specs=pl.BlockSpec((None, None, rows, value_channels), lambda b, i: (b, i, 0, 0)),
        out_shape=jax.ShapeDtypeStruct(  # type: ignore[no-untyped-call]
            (batch, side, rows, value_channels), v.dtype
        ),
        compiler_params=plgpu.CompilerParams(num_warps=_WARPS, num_stages=_STAGES),
        interpret=interpret,
        name="biased_attention",
    )(q.reshape(batch, side, rows, channels), k, v, bias)
    return out.reshape(batch, tokens, heads, value_channels)


def _row_of_cells(
    q_ref: Any,
    k_ref: Any,
    v_ref: Any,
    bias_ref: Any,
    out_ref: Any,
    *,
    heads: int,
    tile: int,
    cap: float,
) -> None:
    """The Triton program; references are q [R, K], k [N, K], v [N, V], bias [H, M], out [R, V]."""
    q = q_ref[...]
    rows, channels = q.shape
    tokens = k_ref.shape[0]
    head = jax.lax.rem(jnp.arange(rows), heads)[:, None]
    cell_in_tile = (jnp.arange(tile) // PAIR_TOKENS)[None, :]
    parts = _powers_of_two(v_ref.shape[1])

    def add_tile(index: Array, sums: tuple[Array, ...]) -> tuple[Array, ...]:
        keys = pl.ds(index * tile, tile)
        products = _dot(q, k_ref[keys, :].T)
        cell = index * (tile // PAIR_TOKENS) + cell_in_tile
        bias = bias_ref[head, cell].astype(jnp.float32)
        x = products * (1 / (cap * math.sqrt(channels))) + bias * (1 / cap)
        # cap * tanh(x) - cap, whose subtracted constant the softmax does not see: a GPU has a
        # fast exp, but a tanh that is either slow or good for three digits only.
        weights = jnp.exp(-2 * cap / (1 + jnp.exp(2 * x)))
        total, *weighted = sums
        weighted = [
            y + _dot(weights.astype(v_ref.dtype), v_ref[keys, part])
            for y, part in zip(weighted, parts, strict=True)
        ]
        return total + weights.sum(axis=1), *weighted

    zeros = [jnp.zeros((rows, part.stop - part.start), jnp.float32) for part in parts]
    sums = (jnp.zeros(rows, jnp.float32), *zeros)
    total, *weighted = jax.lax.fori_loop(0, tokens // tile, add_tile, sums)
    for y, part in zip(weighted, parts, strict=True):
        out_ref[:, part] = (y / total[:, None]).astype(out_ref.dtype)


def _dot(a: Array, b: Array) -> Array:
    """Product accumulated in float32; float32 operands keep all their bits."""
    result: Array = plgpu.dot(a, b, precision=jax.lax.Precision.HIGHEST)
    return result


def _powers_of_two(channels: int) -> list[slice]:
    """Consecutive slices whose sizes are powers of two, as Triton needs: 192 is 128 and 64."""
    sizes = [1 << bit for bit in reversed(range(channels.bit_length())) if channels >> bit & 1]
    return [slice(stop - size, stop) for size, stop in zip(sizes, accumulate(sizes), strict=True)]


def _tile(tokens: int) -> int:
    """Keys per step of the GPU kernel: a power of two that divides the number of tokens."""
    return math.gcd(tokens, _KEYS_PER_STEP)


def _is_kernel_usable(q: Array, v: Array) -> bool:
    """Whether the kernel is made for such arrays, there is a GPU, and it works there."""
    device = _cuda_device()
    return (
        device is not None
        and _fits_kernel(q, v)
        and kernel_works(
            gpu_attention,
            device,
            tile=_tile(q.shape[1]),
            heads=q.shape[2],
            key_channels=q.shape[3],
            value_channels=v.shape[2],
        )
    )


def _fits_kernel(q: Array, v: Array) -> bool:
    """Whether the kernel is made for arrays of these shapes and types.

    Not for float32: compiled without the tensor cores, its products spill the registers.
    """
    heads, key_channels, value_channels = *q.shape[2:], v.shape[2]
    return (
        q.dtype == v.dtype == jnp.bfloat16
        and _is_power_of_two(heads)
        and _is_power_of_two(key_channels)
        and key_channels >= _SMALLEST_TILE
        and value_channels % _SMALLEST_TILE == 0
    )


def _is_power_of_two(number: int) -> bool:
    return number.bit_count() == 1


def _cuda_device() -> jax.Device | None:
    try:
        return jax.devices("cuda")[0]
    except RuntimeError:  # so JAX says that there is none
        return None


@functools.cache
def kernel_works(
    kernel: Attention,
    device: jax.Device,
    *,
    tile: int,
    heads: int,
    key_channels: int,
    value_channels: int,
) -> bool:
    """Whether a kernel runs on a device and agrees there with the plain attention, in bfloat16.

    Tried once per process and kind of input, on three tiles of random tokens; a kernel that does
    not is told in a warning. It may be asked while a program is traced.
    """
    tokens, side, cap = 3 * tile, 3 * tile // PAIR_TOKENS, 5.0
    rng = np.random.default_rng(0)
    shapes = (
        (1, tokens, heads, key_channels),
        (1, tokens, key_channels),
        (1, tokens, value_channels),
        (1, heads, side, side),
    )
    arguments = [rng.normal(size=shape).astype(jnp.bfloat16) for shape in shapes]

    def run(attention: Attention) -> Float[np.ndarray, "1 N H V"]:
        # Compiled first, because a compiled program runs at once also where the caller is traced.
        with jax.default_device(device):
            program = jax.jit(functools.partial(attention, cap=cap)).lower(*arguments).compile()
            return np.asarray(program(*arguments), dtype=np.float32)

    expected = run(_attend)
    try:
        error = np.abs(run(kernel) - expected).max()
    except Exception as failure:  # noqa: BLE001 (a kernel's compiler may raise anything)
        _LOGGER.warning(_REFUSAL, device, f"it fails with {failure!r}")
        return False
    if error <= _TOLERANCE:  # false for NaN too
        return True
    _LOGGER.warning(_REFUSAL, device, f"its results are off by {error:.1g}")
    return False
