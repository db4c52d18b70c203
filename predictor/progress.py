"""How far a long command is: a bar on a terminal, plain lines anywhere else."""

import sys
import time
from types import TracebackType
from typing import TextIO

from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Counts what is done, for example `with Progress(200, "variants") as progress: ...`.

    On a terminal a bar is drawn and removed at the end. Otherwise a line such as
    `50 of 200 variants` is written every ten seconds at most, and one when all is done.
    """

    def __init__(self, total: int, what: str, *, stream: TextIO | None = None):
        """Starts at 0.

        Args:
          total: number of things to do.
          what: what they are called, in the plural.
          stream: standard error where not given.
        """
        self._total = total
        self._what = what
        self._stream = stream or sys.stderr
        self._done = 0
        self._told = (0, time.monotonic())
        self._bar = (
            tqdm(total=total, unit=f" {what}", file=self._stream, leave=False)
            if self._stream.isatty()
            else None
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif error is None and self._told[0] < self._done:
            self._tell()

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
        elif time.monotonic() - self._told[1] >= _SECONDS_BETWEEN_LINES:
            self._tell()

    def say(self, line: str) -> None:
        """Writes a line of its own, without disturbing the bar."""
        if self._bar is not None:
            self._bar.write(line, file=self._stream)
        else:
            print(line, file=self._stream, flush=True)

    def _tell(self) -> None:
        self._told = (self._done, time.monotonic())
        self.say(f"{self._done:,} of {self._total:,} {self._what}")
