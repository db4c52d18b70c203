"""Which windows fit into the memory of a device, told before anything is loaded. Knows no JAX.

What is counted is what `engines/compiled.py` holds at once, stage by stage, for REF and then ALT.
The factors were read off XLA's own plans of the programs; a test holds the whole against the
plans.

Letters: S base pairs of the window, C channels at 1 bp.
"""

import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from alphagenome.models.dna_output import OutputType

from predictor.model.config import PAIR_WIDTH, TOKEN_WIDTH, ModelConfig
from predictor.tracks.output_types import OUTPUTS

CPU = "CPU"
"""Name of the device where there is no accelerator."""
MEMORY_VARIABLE = "ALLELENS_MEMORY_LIMIT"
"""Environment variable: gigabytes that predictions may take; all that is free where not set."""
REFERENCE_BYTES = 2 * 2**30
"""Memory in which reference windows are kept on a CPU; one alone may take more."""
_REFERENCE_SHARE = 0.25

_AT_ONCE = 32_768
"""Base pairs that are encoded or decoded at a time, without what is needed on both sides."""
_FEW, _ENCODED_WITH_FEW = 2_048, 8_192
_ENCODER_HALO = 640
_DECODER_TOKENS, _DECODER_MARGIN = 6, 8
"""What is decoded to either side: tokens, and positions of every finer resolution."""
# Arrays [S, C] beside inputs and results, at the finest resolution.
_ENCODER_ARRAYS, _ENCODER_WINDOW_ARRAYS = 2.0, 3.45
_DECODER_ARRAYS, _DECODER_BLOCK_ARRAYS = 3.2, 5.65
_BLOCKED_KERNEL = 2**18
"""Values of a kernel from which on a CPU multiplies in blocks of rows (`model/linear.py`)."""
_KERNEL_WIDTH_VALUES = 2 * 320
"""Most values of a position that a convolution on a CPU lays out again, side by side: Eigen takes
two slices of the kernel's inputs at a time. Not in XLA's plans, and the process ends where it
fails."""
# Of the result of a head: itself, and what it is computed from.
_HEAD_ARRAYS = 2.05
# Of the junctions: tissues at once (as in `model/splicing.py`), and what there is of each: counts,
# and vectors of its sites.
_TISSUES, _COUNT_ARRAYS, _VECTOR_ARRAYS = 16, 2.0, 0.2
# Of the tower: hidden layers (of each of its layers), pair representations, and the weights of
# the row attention.
_LAYER_ARRAYS, _PAIR_ARRAYS, _ROW_ARRAYS = 2.9, 5.1, 1.0
_FLOAT32 = 4
_GIGABYTE = 1_000_000_000
_PROCESS = 600_000_000
"""Bytes of the interpreter with JAX and the SDK, before any network."""
_SHARE = 0.9
"""Of the free memory that an estimate may fill."""


class _Values(NamedTuple):
    """How values are held: on a CPU, XLA computes bfloat16 in float32."""

    bytes: int
    on_cpu: bool
    set_aside: bool

    @property
    def widened(self) -> bool:
        return self.on_cpu and self.bytes < _FLOAT32

    @property
    def working_bytes(self) -> int:
        return _FLOAT32 if self.on_cpu else self.bytes


class Need(NamedTuple):
    """Bytes of memory that a prediction of REF and ALT takes, at most.

    Attributes:
      weights: parameters and running moments.
      kept: what is known of both alleles between the stages.
      results: of both alleles, float32.
      working: of the stage that takes most.
    """

    weights: int
    kept: int
    results: int
    working: int

    @property
    def total(self) -> int:
        """On the device."""
        return sum(self)

    @property
    def process(self) -> int:
        """Of the whole process, where the device is the CPU."""
        return self.total + _PROCESS


def need(
    config: ModelConfig,
    window: int,
    *,
    parameters: int,
    tracks: Mapping[OutputType, int] | None = None,
    alleles: int = 2,
    value_bytes: int = _FLOAT32,
    at_once: int = _AT_ONCE,
    keeps_skips: bool = False,
    on_cpu: bool = True,
    afterwards: int = 0,
    set_aside: bool = False,
    kept_bytes: int = REFERENCE_BYTES,
) -> Need:
    """Memory that a window needs.

    Args:
      config: sizes.
      window: S, in bp.
      parameters: of the network.
      tracks: computed tracks of the requested output types; all of all where not given.
      alleles: 2 for variants, 1 for REF alone.
      value_bytes: of a value of the compute type.
      at_once: base pairs that are decoded at a time.
      keeps_skips: ALT shares the skips of REF (`edits.py`).
      on_cpu: the device is the CPU.
      afterwards: bytes that are made of the results, beside them.
      set_aside: count too what kernels of a CPU ask the system for beside XLA's plans. Hardly any
        of it becomes resident, but where it is refused the process ends.
      kept_bytes: what a reference window may take; larger, it gives up its skips.
    """
    values = _Values(value_bytes, on_cpu, set_aside)
    tracks = _all_tracks(config) if tracks is None else tracks
    results = sum(
        result_bytes(config, window, kind, number)
        for kind, number in tracks.items()
        if kind is not OutputType.SPLICE_JUNCTIONS
    )
    counts = 0
    if OutputType.SPLICE_JUNCTIONS in tracks:
        # The 1-bp embeddings and the classes, which the junctions are computed from.
        results += window * (config.embedding_1bp_channels * value_bytes + 5 * _FLOAT32)
        kind = OutputType.SPLICE_JUNCTIONS
        counts = alleles * result_bytes(config, window, kind, tracks[kind])
    # While an allele is encoded there are no results of it yet; the junctions come last of all.
    before = counts + (alleles if keeps_skips else 1) * results
    working = max(
        _encoder_bytes(config, window, values, at_once) - before,
        _tower_bytes(config, window, values.working_bytes) - counts - results,
        _decoder_bytes(config, window, tracks, values, at_once, patched=keeps_skips) - counts,
        _junction_bytes(config, tracks),
        afterwards,
    )
    allele = reference = _allele_bytes(config, window, value_bytes)
    if keeps_skips or reference > kept_bytes:
        reference -= _skip_bytes(config, window, value_bytes)
    return Need(
        weights=parameters * value_bytes,
        kept=allele + (alleles - 1) * reference,
        results=alleles * results + counts,
        working=int(working),
    )


def fits(needed: int, memory: int) -> bool:
    """Whether so many bytes fit into `memory` bytes, with some to spare."""
    return needed <= _SHARE * memory


def needed(
    config: ModelConfig, window: int, *, parameters: int, memory: int, on_cpu: bool = True
) -> int:
    """Bytes that REF and ALT of a window take with all tracks, with all that is loaded.

    On a CPU, what REF may keep depends on the bytes that are free (`memory`).
    The released network computes in bfloat16 on an accelerator; everything else in float32.
    """
    narrow = config.rotary == "released" and not on_cpu
    found = need(
        config,
        window,
        parameters=parameters,
        value_bytes=2 if narrow else _FLOAT32,
        on_cpu=on_cpu,
        kept_bytes=largest_reference(memory) if on_cpu else REFERENCE_BYTES,
    )
    return found.process if on_cpu else found.total


def main_memory() -> int:
    """Bytes of main memory that this process may take.

    `ALLELENS_MEMORY_LIMIT` where that is set; else what the kernel calls available, within the
    limit of a container.
    """
    limit = _limit_set()
    return _available() if limit is None else limit


def largest_reference(memory: int) -> int:
    """Bytes that one reference window may take on a CPU with so many bytes free: a quarter.

    With less, what the scorers read of a REF of 131,072 bp, 3 GB of the full network in float32,
    would be computed again for every variant.
    """
    return max(REFERENCE_BYTES, int(_REFERENCE_SHARE * memory))


def room() -> int:
    """Bytes of main memory that this process may take beyond those it has.

    Within what the system has, what is set, and the limits of the process.
    """
    limit = _limit_set()
    free = _available() if limit is None else limit - resident()
    return min(free, _left_to_process())


def _limit_set() -> int | None:
    limit = os.environ.get(MEMORY_VARIABLE)
    return int(float(limit) * _GIGABYTE) if limit else None


def _available() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    fields = dict(line.split(":") for line in lines)
    return min(1024 * int(fields["MemAvailable"].split()[0]), _left_in_container())


def resident() -> int:
    """Bytes of main memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _left_to_process() -> int:
    left = 2**63
    pages = Path("/proc/self/statm").read_text().split()
    # Address space, and what of it is data.
    for limit, used in ((resource.RLIMIT_AS, pages[0]), (resource.RLIMIT_DATA, pages[5])):
        most, _ = resource.getrlimit(limit)
        if most != resource.RLIM_INFINITY:
            left = min(left, most - int(used) * resource.getpagesize())
    return left


def _left_in_container() -> int:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        lines = (folder / "memory.stat").read_text().splitlines()
        # Pages of files that nobody uses are given up where memory is needed.
        used -= int(dict(line.split() for line in lines)["inactive_file"])
    except (OSError, ValueError, KeyError):
        limit, used = "max", 0
    return 2**63 if limit == "max" else int(limit) - used


# What is held at once


def encoded_at_once(decoded_at_once: int) -> int:
    """Base pairs that are encoded at a time, beside so many that are decoded.

    Fewer only where memory is scarce: what lies around them is encoded twice.
    """
    return _AT_ONCE if decoded_at_once > _FEW else _ENCODED_WITH_FEW


def _all_tracks(config: ModelConfig) -> dict[OutputType, int]:
    return {kind: getattr(config.tracks, about.head) for kind, about in OUTPUTS.items()}


def _allele_bytes(config: ModelConfig, window: int, value_bytes: int) -> int:
    """Tokens before and after the tower, 128-bp and pair embeddings, and skips."""
    tokens, side = window // TOKEN_WIDTH, window // PAIR_WIDTH
    token_channels = 2 * config.trunk_channels + config.embedding_128bp_channels
    values = tokens * token_channels + side * side * config.pair_channels
    return values * value_bytes + _skip_bytes(config, window, value_bytes)


def _skip_bytes(config: ModelConfig, window: int, value_bytes: int) -> int:
    channels = enumerate(config.skip_channels)
    return value_bytes * sum((window >> halvings) * number for halvings, number in channels)


def result_bytes(config: ModelConfig, window: int, kind: OutputType, tracks: int) -> int:
    """Bytes of the predictions of one allele."""
    if kind is OutputType.SPLICE_JUNCTIONS:
        # Every donor with every acceptor, for all tissues on both strands.
        return _FLOAT32 * config.junction_sites**2 * 2 * tracks
    bins = window // OUTPUTS[kind].resolution
    return _FLOAT32 * tracks * (bins**2 if OUTPUTS[kind].kind == "contact_map" else bins)


def _encoder_bytes(config: ModelConfig, window: int, values: "_Values", at_once: int) -> float:
    encoded = min(window, encoded_at_once(at_once) + 2 * _ENCODER_HALO)
    arrays = _ENCODER_ARRAYS if encoded == window else _ENCODER_WINDOW_ARRAYS
    return _beside(config, encoded, arrays, values)


def _beside(config: ModelConfig, positions: int, arrays: float, values: "_Values") -> float:
    """Of a convolutional program, beside its inputs and results."""
    held = arrays * config.channels * values.working_bytes
    if values.widened:
        held += config.channels * values.bytes
    elif values.on_cpu and values.set_aside:
        side_by_side = min(config.kernel_width * config.channels, _KERNEL_WIDTH_VALUES)
        held += side_by_side * values.bytes
    return positions * held


def _tower_bytes(config: ModelConfig, window: int, value_bytes: int) -> float:
    tokens, side = window // TOKEN_WIDTH, window // PAIR_WIDTH
    hidden = tokens * config.mlp_factor * config.trunk_channels
    sequence = _LAYER_ARRAYS * config.tower_layers * hidden
    pairs = _PAIR_ARRAYS * side * side * config.pair_channels
    rows = _ROW_ARRAYS * side**3
    return (sequence + pairs) * value_bytes + rows * _FLOAT32


def _junction_bytes(config: ModelConfig, tracks: Mapping[OutputType, int]) -> int:
    """Counts and vectors of a few tissues, which are put into the result one after the other."""
    tissues = min(tracks.get(OutputType.SPLICE_JUNCTIONS, 0), _TISSUES)
    counts = 2 * config.junction_sites**2 * _COUNT_ARRAYS
    vectors = 4 * config.junction_sites * config.junction_channels * _VECTOR_ARRAYS
    return int(tissues * (counts + vectors) * _FLOAT32)


def _decoder_bytes(
    config: ModelConfig,
    window: int,
    tracks: Mapping[OutputType, int],
    values: "_Values",
    at_once: int,
    *,
    patched: bool,
) -> float:
    """Of the decoder, and of a head on its result; ALT may have a patch for the skips of REF."""
    bases = [
        # Junctions are computed from the classes.
        config.tracks.splice_sites_classification if kind is OutputType.SPLICE_JUNCTIONS else number
        for kind, number in tracks.items()
        if OUTPUTS[kind].resolution == 1
    ]
    if not bases:
        return 0
    whole = window <= at_once + 2 * _DECODER_TOKENS * TOKEN_WIDTH
    given, margin = (window, 0) if whole else (at_once, _DECODER_MARGIN)
    inputs = _part_bytes(config, given, values.bytes)
    if whole:
        inputs = _skip_bytes(config, window, values.bytes) if patched else 0
    blocked = config.channels * config.embedding_1bp_channels >= _BLOCKED_KERNEL
    arrays = _DECODER_BLOCK_ARRAYS if blocked else _DECODER_ARRAYS
    decoding = inputs + _beside(config, given + 2 * margin, arrays, values)
    embeddings = given * config.embedding_1bp_channels
    # A head takes the rows of its kernel that are asked for, and on the CPU widens all it reads.
    kernel = 2 * max(bases) * config.embedding_1bp_channels * values.working_bytes
    heads = _HEAD_ARRAYS * given * _FLOAT32 * max(bases) + kernel
    if values.widened:
        heads += embeddings * _FLOAT32
        decoding += config.channels * config.embedding_1bp_channels * _FLOAT32
    return embeddings * values.bytes + max(decoding, heads)


def _part_bytes(config: ModelConfig, given: int, value_bytes: int) -> int:
    """What the decoder is given for a stretch (`model/narrow.py`)."""
    tokens = given // TOKEN_WIDTH
    values = (tokens + 2 * _DECODER_TOKENS) * config.trunk_channels
    values += tokens * config.embedding_128bp_channels
    for halvings, channels in enumerate(config.skip_channels):
        values += ((given >> halvings) + 2 * _DECODER_MARGIN) * channels
    return values * value_bytes
