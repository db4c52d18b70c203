"""A way for an engine to say that it waits for others, and to be told that nobody waits for it.

An engine that computes here never waits. One that asks a service does, for minutes where a quota
is used up; whoever started the work hears of it, and may call it off.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

_STEP_SECONDS = 1.0


class Listener(Protocol):
    """Whoever started the work."""

    def waits(self, message: str) -> None:
        """The work waits; `message` says for what, and is empty when it goes on."""

    def check(self) -> None:
        """Raises whatever it likes where the work is not wanted any more."""


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Everything that waits within, in this thread, tells the listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(message: str) -> None:
    """Tells the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener.waits(message)


def pause(seconds: float) -> None:
    """Sleeps, but looks every second whether the work is still wanted."""
    listener = _listener.get()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if listener is not None:
            listener.check()
        time.sleep(min(left, _STEP_SECONDS))
