"""What JAX, numpy and the demo engine do under a real limit; run in a process of its own."""

import gc
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType

from benchmarks.network import Bench, Request, forget_peak, peak_bytes
from predictor.engines import fit
from predictor.engines.compiled import CompiledNetwork
from predictor.engines.local import LocalModel
from predictor.engines.organism_data import base_codes, nonzero_means
from predictor.engines.out_of_memory import is_out_of_memory
from predictor.engines.stretches import SIZES
from predictor.errors import NotEnoughMemoryError
from predictor.model.config import ModelConfig
from predictor.tracks.output_types import parse_organism
from predictor.weights.load import described_folder

LONG, SHORT = 65_536, 2_048
HUMAN = parse_organism("human")


@contextmanager
def limited_to(megabytes: int) -> Iterator[None]:
    """So much more address space than now, and no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + megabytes * 1_000_000
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def errors() -> dict[str, Any]:
    double = jax.jit(lambda x: 2 * x + x.T)
    double(jnp.ones((4, 4))).block_until_ready()

    def recognised(compute: Any) -> bool:
        try:
            compute()
        except Exception as error:  # noqa: BLE001
            return is_out_of_memory(error)
        return False

    with limited_to(200):
        found = {
            "jax": recognised(lambda: double(jnp.ones((20_000, 20_000))).block_until_ready()),
            "numpy": recognised(lambda: np.ones((20_000, 20_000))),
        }
    return {**found, "afterwards": float(double(jnp.ones((4, 4))).sum())}


def engine(*megabytes: str) -> dict[str, Any]:
    """What a long window ends with under limits, and whether a short one is served after it."""
    model = LocalModel.load(described_folder("demo"))
    network = model.network
    window = "ACGT" * (LONG // 4)
    kinds = [OutputType.DNASE, OutputType.CONTACT_MAPS]

    def predicted(bases: str) -> list[np.ndarray]:
        found = model.predict_sequence(bases, requested_outputs=kinds, ontology_terms=None)
        return [np.array(found.get(kind).values) for kind in kinds]

    # Everything is compiled before the limit: a compiler without memory ends its process.
    means = nonzero_means(model.catalogue, HUMAN, network.config.tracks)
    for at_once in SIZES:
        network.references.clear()
        network.reference(base_codes(window), 0, kinds, means, at_once=at_once)
    network.references.clear()
    expected, of_short = predicted(window), predicted(window[:SHORT])

    def under(limit: int) -> dict[str, Any]:
        network.references.clear()
        gc.collect()
        steps = []

        def predict(*arguments: Any) -> Any:
            found = CompiledNetwork.predict(network, *arguments)
            steps.append(arguments[-1])
            return found

        network.predict = predict  # type: ignore[method-assign]
        answer: dict[str, Any] = {}
        with limited_to(limit):
            try:
                answer["equal"] = all(map(close, predicted(window), expected))
                answer["tokens"] = min(steps)
            except NotEnoughMemoryError as error:
                answer["message"] = error.message
            answer["afterwards"] = all(map(close, predicted(window[:SHORT]), of_short))
        return answer

    return {number: under(int(number)) for number in megabytes}


def peak() -> dict[str, Any]:
    """Bytes that a pass of the demo network takes, and what the estimate says."""
    bench = Bench(Request(LONG, "all", "float32"), ModelConfig.demo())
    bench.one_pass()
    bench.network.references.clear()
    gc.collect()
    before = fit.resident()
    forget_peak()
    bench.one_pass()
    need = bench.need()
    return {
        "taken": peak_bytes() - before,
        "expected": need.total - need.weights,
        "process": peak_bytes(),
        "expected_process": need.process,
    }


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return np.allclose(found, expected, rtol=1e-3, atol=1e-4)


if __name__ == "__main__":
    steps = {"errors": errors, "engine": engine, "peak": peak}
    print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])))
