"""The shipped demo engine, opened once."""

import os

import pytest


@pytest.fixture(scope="session")
def demo(installed):
    """The engine `demo` with the shipped weights and the demo genome."""
    from predictor.engines.registry import open_engine

    before = os.environ.get("ALLELENS_HOME")
    os.environ["ALLELENS_HOME"] = str(installed)
    try:
        return open_engine("demo")
    finally:
        if before is None:
            del os.environ["ALLELENS_HOME"]
        else:
            os.environ["ALLELENS_HOME"] = before
