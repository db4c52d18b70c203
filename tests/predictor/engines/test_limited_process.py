"""The engine in a process of its own: under a real limit of memory, and what it really takes."""

import json
import os
import subprocess
import sys

import pytest

from benchmarks.forward import measured_apart
from predictor.engines.stretches import SIZES
from predictor.home import REPOSITORY_ROOT

# What is freed goes back to the system at once, so that a limit and a peak mean the same each time.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "100000", "MALLOC_ARENA_MAX": "2"}


def in_own_process(step, *arguments):
    """Runs a step of limited_engine.py; its answer."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.predictor.engines.limited_engine", step, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY_ROOT,
        env=os.environ | ENVIRONMENT,
        timeout=1_800,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_errors_of_jax_and_numpy_under_a_real_limit_are_recognised():
    assert in_own_process("errors") == {"jax": True, "numpy": True, "afterwards": 48.0}


@pytest.mark.slow
def test_an_engine_under_a_limit_takes_smaller_steps_or_says_so_and_serves_a_shorter_window():
    ample, scarce, tiny = in_own_process("engine", "100", "55", "20").values()
    assert ample == {"equal": True, "tokens": SIZES[0], "afterwards": True}
    assert scarce == {"equal": True, "tokens": scarce["tokens"], "afterwards": True}
    assert scarce["tokens"] < SIZES[0]
    assert tiny["afterwards"]
    assert tiny["message"].startswith("The memory of this device is not enough for a window of")


@pytest.mark.slow
def test_the_estimate_for_the_demo_network_is_within_20_percent_of_what_it_takes():
    found = in_own_process("peak")
    assert found["expected_process"] == pytest.approx(found["process"], rel=0.2)
    assert found["expected"] == pytest.approx(found["taken"], rel=0.2)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("window", "outputs", "precision"),
    [(16_384, "all", "float32"), (16_384, "five", "bfloat16"), (131_072, "five", "float32")],
)
def test_the_estimate_for_the_full_network_is_within_20_percent_of_what_it_takes(
    window, outputs, precision
):
    request = {"window": window, "outputs": outputs, "precision": precision, "repeats": 1}
    found = measured_apart("benchmarks.forward", request)
    assert found["estimated_gb"] == pytest.approx(found["process_gb"], rel=0.2)
