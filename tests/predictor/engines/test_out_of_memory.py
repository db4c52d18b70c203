import json
import subprocess
import sys

import pytest

from predictor.engines.out_of_memory import in_smaller_steps, is_out_of_memory
from predictor.errors import NotEnoughMemoryError
from predictor.home import REPOSITORY_ROOT


def computed(things, most):
    """What is computed together where the memory is enough for `most` things at a time."""

    def compute(group):
        if len(group) > most:
            raise MemoryError
        return "".join(group)

    steps = in_smaller_steps(things, compute, release=lambda: None, window=16_384)
    return [found for _, found in steps]


def test_what_is_kept_from_before_is_given_up_first():
    kept, calls = ["another window"], []

    def compute(group):
        calls.append(group)
        if kept:
            raise MemoryError
        return group

    steps = list(in_smaller_steps("ab", compute, release=kept.clear, window=16_384))
    assert steps == [("ab", "ab")]
    assert calls == ["ab", "ab"]


@pytest.mark.parametrize(
    ("most", "expected"),
    [(9, ["abcdefg"]), (4, ["abc", "defg"]), (2, ["a", "bc", "de", "fg"]), (1, list("abcdefg"))],
)
def test_what_does_not_fit_together_is_computed_in_halves_and_in_order(most, expected):
    assert computed(list("abcdefg"), most) == expected


def test_what_does_not_fit_by_itself_ends_with_the_window_and_what_to_do():
    with pytest.raises(NotEnoughMemoryError, match="16,384 bp; choose a shorter window"):
        computed(list("abc"), 0)


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    def compute(group):
        raise RuntimeError("INVALID_ARGUMENT: shapes differ")

    with pytest.raises(RuntimeError, match="INVALID_ARGUMENT"):
        list(in_smaller_steps("ab", compute, release=lambda: None, window=2_048))
    assert not is_out_of_memory(ValueError("Out of memory"))


def in_own_process(step, folder):
    """Runs a step of limited_engine.py, which limits the memory of its process; its answer."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.predictor.engines.limited_engine", step, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY_ROOT,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_errors_of_jax_and_numpy_under_a_real_limit_are_recognised(tmp_path):
    assert in_own_process("errors", tmp_path) == {"jax": True, "numpy": True, "afterwards": 48.0}
