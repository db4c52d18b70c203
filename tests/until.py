"""Waits for something to become true; never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], timeout: float, *, what: str = "", pause: float = 0.05) -> T:
    """The first true answer of `condition`.

    Raises:
      TimeoutError: there was none within `timeout` seconds.
    """
    end = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            name = what or getattr(condition, "__name__", "the condition")
            raise TimeoutError(f"{name} did not become true within {timeout:g} s")
        time.sleep(pause)
