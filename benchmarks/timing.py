"""Several ways to do the same, timed in turns, so that their ratio survives a busy machine."""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np


class Seconds(NamedTuple):
    """Of one item, the median over the rounds; processor seconds are of all cores together."""

    wall: float
    processor: float


def in_turns(ways: Mapping[str, Callable[[], int]], rounds: int) -> dict[str, Seconds]:
    """Times each way once a round, after one round that compiles.

    Args:
      ways: each does its work and tells how many items it did.
      rounds: that count.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            wall, processor = time.perf_counter(), time.process_time()
            items = way()
            wall, processor = time.perf_counter() - wall, time.process_time() - processor
            times[name].append((wall / items, processor / items))
    return {name: Seconds(*np.median(found[1:], axis=0)) for name, found in times.items()}


def ratio(slow: Seconds, quick: Seconds) -> tuple[float, float]:
    """How many times as fast the quick one is, by the clock and by processor time."""
    return slow.wall / quick.wall, slow.processor / quick.processor
