"""How long a window fits into memory, before anything is loaded."""

import dataclasses
import os
from collections.abc import Iterable

from predictor.model.config import PAIR_WIDTH, ModelConfig

# Arrays of the width of the input that are alive at once at the finest resolution, counted in
# the decoder (input, two convolutions, skip) and its 1-bp embedding, with one more of each for
# the compiler's copies.
_ARRAYS_AT_ONCE = 10
_PAIR_ARRAYS_AT_ONCE = 6
_ALLELES = 2
_BYTES = 4
_SHARE = 0.8


def estimated_bytes(config: ModelConfig, window: int) -> int:
    """Memory in bytes that REF and ALT of a window need, roughly; parameters not counted."""
    tracks: int = sum(dataclasses.astuple(config.tracks))
    finest = window * (config.channels * _ARRAYS_AT_ONCE + tracks)
    cells = (window // PAIR_WIDTH) ** 2
    pairs = cells * config.pair_channels * config.query_heads * _PAIR_ARRAYS_AT_ONCE
    return _ALLELES * _BYTES * (finest + pairs)


def longest_window(config: ModelConfig, windows: Iterable[int], memory: int) -> int | None:
    """The longest of the windows of which REF and ALT fit into `memory` bytes; None if none."""
    fitting = [w for w in windows if estimated_bytes(config, w) <= memory * _SHARE]
    return max(fitting, default=None)


def main_memory() -> int:
    """Bytes of main memory that are free for use."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
