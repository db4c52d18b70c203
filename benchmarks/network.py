"""The full-size network with random weights behind the engine, and what its passes cost.

Weights are drawn as for training, so that activations stay near 1; their values change no figure,
except for the number of splice sites, which is told.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType

from predictor.engines import fit
from predictor.engines.compiled import CompiledNetwork
from predictor.model import functional
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.heads import CLASSIFICATION
from predictor.tracks.output_types import OUTPUTS

DTYPES = {"float32": jnp.float32, "bfloat16": jnp.bfloat16}
CHOSEN: dict[str, Mapping[OutputType, np.ndarray]] = {
    "all": {},
    # RNA_SEQ has up to four tracks of a tissue (two assays, two strands), DNASE one.
    "five": {OutputType.RNA_SEQ: np.arange(4), OutputType.DNASE: np.arange(1)},
    "fifty": {OutputType.RNA_SEQ: np.arange(40), OutputType.DNASE: np.arange(10)},
}
"""Kinds of request: rows of the output types; "all" is every track of all eleven."""
READ = 501
"""Base pairs around a further variant that are read."""

_SITE_LOGITS = (-3.5, -3.5, -3.5, -3.5, 2.0)
"""Bias of the splice classes. Even so, random weights give two of the four kinds of site their most
from 16 kb on, 512: junctions cost as much as they can."""


@dataclass(frozen=True)
class Request:
    """A row of the benchmark.

    Attributes:
      window: in bp.
      outputs: a key of `CHOSEN`.
      precision: a key of `DTYPES`.
      repeats: timed runs, after one that compiles; the best counts.
      further: measure also a further substitution in the window, read through `READ` bp.
    """

    window: int
    outputs: str
    precision: str
    repeats: int = 2
    further: bool = False

    @property
    def chosen(self) -> Mapping[OutputType, np.ndarray]:
        return CHOSEN[self.outputs]

    @property
    def kinds(self) -> list[OutputType]:
        return list(self.chosen or OUTPUTS)


class Bench:
    """The network of a request, measured in this process; for an honest peak, in a new one."""

    def __init__(self, request: Request, config: ModelConfig | None = None):
        self.request = request
        self._compiling = 0.0
        jax.monitoring.register_event_duration_secs_listener(self._hear)
        begin = time.perf_counter()
        trained = config or ModelConfig.full()
        params, state = random_weights(trained)
        self.parameters = sum(leaf.size for leaf in jax.tree.leaves(params))
        self.network = CompiledNetwork(trained, params, state, dtype=DTYPES[request.precision])
        self.load_s = time.perf_counter() - begin
        self.means = {
            kind: np.ones(getattr(trained.tracks, about.head), np.float32)
            for kind, about in OUTPUTS.items()
            if about.kind == "signal" and not about.head.startswith("splice")
        }
        self.codes = np.random.default_rng(0).integers(0, 4, request.window).astype(np.uint8)

    def measure(self) -> dict[str, Any]:
        """Figures of one pass over a window, and of a further variant of it.

        `compile_s`, `wall_s`, `cpu_s` (over all cores); `peak_gb` from the first pass on and
        `process_gb` with loading, resident in main memory; `device_gb` of an accelerator;
        `estimated_gb` by `engines/fit.py`; `sites` found; for a further variant `further_s`,
        `further_cpu_s` and `further_share` of two passes.
        """
        before = peak_bytes()
        forget_peak()
        self.one_pass()
        compile_s = self._compiling
        wall_s, cpu_s = best(self.one_pass, self.request.repeats)
        found: dict[str, Any] = {
            "load_s": self.load_s,
            "compile_s": compile_s,
            "wall_s": wall_s,
            "cpu_s": cpu_s,
            "peak_gb": peak_bytes() / 1e9,
            "process_gb": max(before, peak_bytes()) / 1e9,
            "estimated_gb": self._told(self.need()) / 1e9,
            "sites": self._sites(),
        }
        statistics = jax.devices()[0].memory_stats() or {}
        if "peak_bytes_in_use" in statistics:
            found["device_gb"] = statistics["peak_bytes_in_use"] / 1e9
        if self.request.further:
            found |= self._further(cpu_s, wall_s)
        return found

    def pair(self) -> tuple[float, float]:
        """Wall and processor seconds of REF and ALT, both whole, of a window seen first."""
        alternate = np.concatenate([self.codes[1:], self.codes[:1]])

        def run() -> Any:
            self.network.references.clear()
            return self.network.predict(
                np.stack([self.codes, alternate]),
                0,
                [kind for kind in self.request.kinds if kind is not OutputType.SPLICE_JUNCTIONS],
                self.means,
                chosen=self.request.chosen,
            )

        run()
        return best(run, self.request.repeats)

    def further(self) -> tuple[float, float]:
        """Wall and processor seconds of a substitution in a window whose REF is known."""
        kinds = [kind for kind in self.request.kinds if kind is not OutputType.SPLICE_JUNCTIONS]
        positions = iter(np.random.default_rng(1).permutation(self.request.window))
        window = self.network.reference(self.codes, 0, kinds, self.means, self.request.chosen)

        def run() -> Any:
            position = int(next(positions))
            alternate = self.codes.copy()
            alternate[position] = (alternate[position] + 1) % 4
            read = np.zeros(self.request.window // TOKEN_WIDTH, bool)
            first = max(position - READ // 2, 0) // TOKEN_WIDTH
            read[first : (position + READ // 2) // TOKEN_WIDTH + 1] = True
            reads = dict.fromkeys(kinds, read)
            return self.network.alternates(
                window, alternate[None], kinds, self.means, self.request.chosen, reads
            )

        run()
        return best(run, self.request.repeats + 2)

    def _further(self, cpu_s: float, wall_s: float) -> dict[str, float]:
        further_s, further_cpu_s = self.further()
        return {
            "further_s": further_s,
            "further_cpu_s": further_cpu_s,
            "further_share": further_s / (2 * wall_s),
            "further_cpu_share": further_cpu_s / (2 * cpu_s),
        }

    def one_pass(self) -> Any:
        """REF of the window, of which nothing was known before."""
        self.network.references.clear()
        return self.network.reference(
            self.codes, 0, self.request.kinds, self.means, self.request.chosen
        )

    def _sites(self) -> int:
        junctions = self.one_pass().junctions
        return 0 if junctions is None else int((np.asarray(junctions.positions) >= 0).sum())

    def need(self) -> fit.Need:
        """What the estimate says of one pass."""
        config = self.network.config
        tracks = {
            kind: len(self.request.chosen[kind])
            if self.request.chosen
            else getattr(config.tracks, OUTPUTS[kind].head)
            for kind in self.request.kinds
        }
        return fit.need(
            config,
            self.request.window,
            parameters=self.parameters,
            tracks=tracks,
            alleles=1,
            value_bytes=jnp.dtype(DTYPES[self.request.precision]).itemsize,
        )

    def _told(self, need: fit.Need) -> int:
        return need.process if jax.default_backend() == "cpu" else need.total

    def _hear(self, event: str, seconds: float, **_: Any) -> None:
        if event.startswith("/jax/core/compile/"):
            self._compiling += seconds


def random_weights(config: ModelConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters and state in main memory, float32."""
    random = np.random.default_rng(0)
    params, state = (_filled(tree, random, ()) for tree in functional.abstract(config))
    params["heads"][CLASSIFICATION]["linear"]["bias"][:] = _SITE_LOGITS
    return params, state


def _filled(leaf: Any, random: np.random.Generator, path: tuple[str, ...]) -> Any:
    if isinstance(leaf, dict):
        return {name: _filled(below, random, (*path, name)) for name, below in leaf.items()}
    name = path[-1]
    if name in {"scale", "gain", "var_ema", "learnt_scale", "residual_scale"}:
        return np.ones(leaf.shape, np.float32)
    if name in {"bias", "offset"}:
        return np.zeros(leaf.shape, np.float32)
    values = random.standard_normal(leaf.shape, np.float32)
    # Kernels lie [.., inputs, outputs]: the width of a convolution counts as inputs, the row of
    # an organism does not.
    inputs = math.prod(leaf.shape[:-1]) // (leaf.shape[0] if "heads" in path else 1)
    values *= np.float32(1 / math.sqrt(max(inputs, 1)) if name == "kernel" else 0.1)
    return values


def best(run: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Least wall seconds and least processor seconds of several runs."""
    times = []
    for _ in range(repeats):
        wall, processor = time.perf_counter(), time.process_time()
        result = run()
        jax.block_until_ready(jax.tree.leaves(result))
        times.append((time.perf_counter() - wall, time.process_time() - processor))
        del result
    return min(wall for wall, _ in times), min(processor for _, processor in times)


def forget_peak() -> None:
    """Lets the kernel count this process's largest memory from here on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """Largest resident memory since `forget_peak`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
