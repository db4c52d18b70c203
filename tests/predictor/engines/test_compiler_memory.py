import ctypes

import jax
import jax.numpy as jnp
import pytest

from predictor import freed_memory
from predictor.engines import compiler_memory


def test_after_a_program_is_compiled_what_that_took_is_given_back(monkeypatch):
    """JAX tells of it by the name of an event, which a later release may change."""
    calls = []
    monkeypatch.setattr(freed_memory, "_trim", calls.append)
    monkeypatch.setattr(compiler_memory, "_WORTH_SECONDS", 0)
    jax.jit(lambda x: jnp.sin(x) + 3.25)(jnp.ones(7)).block_until_ready()
    assert 0 in calls


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "gnu_get_libc_version"), reason="not glibc")
def test_glibc_can_do_it():
    assert freed_memory._trim is not None
    assert freed_memory._trim(0) in (0, 1)
