"""What JAX and numpy do under a real limit of memory; run in a process of its own."""

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

from predictor.engines.out_of_memory import is_out_of_memory


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


def errors(_: Path) -> dict[str, Any]:
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


if __name__ == "__main__":
    print(json.dumps({"errors": errors}[sys.argv[1]](Path(sys.argv[2]))))
