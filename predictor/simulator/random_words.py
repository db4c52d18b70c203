"""Random choices that come out the same on every machine and with every NumPy version.

Only raw 64-bit words of PCG64 are used (their stream is fixed); the top 53 bits divided by
2^53 are the uniform numbers. Distribution methods of the library change over versions.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import Float64, Int64

_Item = TypeVar("_Item")
Seed = int | Sequence[int]


class RandomWords:
    """A stream of random choices.

    Args:
      seed: an integer or several (for instance stage and step); different seeds give
        independent streams.
    """

    def __init__(self, seed: Seed):
        self._bits = np.random.PCG64(seed)

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return float(self._bits.random_raw() >> 11) / 2.0**53

    def uniforms(self, count: int) -> Float64[np.ndarray, " N"]:
        """`count` numbers in [0, 1)."""
        words = self._bits.random_raw(count)
        numbers: Float64[np.ndarray, " N"] = (words >> np.uint64(11)) / 2.0**53
        return numbers

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def integers(self, count: int, size: int) -> Int64[np.ndarray, " N"]:
        """`count` integers from 0 to size - 1."""
        return (self.uniforms(count) * size).astype(np.int64)

    def bell(self) -> float:
        """A number with mean 0 and deviation 1, nearly normal: twelve uniform ones less six."""
        return float(self.uniforms(12).sum()) - 6.0

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def choice(self, items: Sequence[_Item]) -> _Item:
        """One of the items, all equally likely."""
        return items[self.integer(0, len(items) - 1)]

    def weighted(self, items: Sequence[_Item], weights: Sequence[float]) -> _Item:
        """One of the items, likely in proportion to its weight."""
        left = self.uniform() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def count(self, mean: float) -> int:
        """An integer next to `mean` with that expectation."""
        return int(mean) + self.chance(mean - int(mean))
