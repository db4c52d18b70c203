"""Random initial values.

Axes: V values.
"""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, PRNGKeyArray

_CUT = 2.0
_CUT_STD = 0.87962566103423978
"""Standard deviation of a standard normal that is cut at ±2."""

Module = TypeVar("Module", bound=nnx.Module)


class Draw:
    """Hands out normal values, cut at two standard deviations, piece by piece.

    All modules take theirs from one array, because compiling a random generator for each of the
    hundred shapes of the network takes 20 s, and for one takes 1 s.

    Without values it hands out zeros and only counts.
    """

    def __init__(self, values: Float[Array, " V"] | None = None):
        self.count = 0
        self._values = values

    def __call__(self, shape: Sequence[int], *, std: float) -> Float[Array, "..."]:
        """The next values, with the given standard deviation."""
        start = self.count
        self.count += math.prod(shape)
        if self._values is None:
            return jnp.zeros(shape)
        return std * self._values[start : self.count].reshape(shape)

    def kernel(self, shape: Sequence[int], *, fan_in: int) -> Float[Array, "..."]:
        """Values that keep the variance of `fan_in` summed inputs (training.md 1.2)."""
        return self(shape, std=1 / math.sqrt(fan_in))


def initialize(build: Callable[[Draw], Module], key: PRNGKeyArray) -> Module:
    """Builds a module with values drawn from the key.

    Example: `initialize(lambda draw: Linear(4, 8, draw=draw), jax.random.key(0))`.
    """
    counter = Draw()
    nnx.eval_shape(lambda: build(counter))
    values = jax.random.truncated_normal(key, -_CUT, _CUT, (counter.count,)) / _CUT_STD
    return build(Draw(values))
