"""Tells of an installation on a console: a bar on a terminal, plain lines in a log."""

from typing import TextIO

from tqdm import tqdm

_LINES_A_FILE = 10
_BYTES_A_LINE = 1 << 28


class ConsoleReport:
    """A `download.Report` that writes to a stream."""

    def __init__(self, stream: TextIO):
        """Takes the stream; whether it is a terminal decides how progress is shown."""
        self._stream = stream
        self._terminal = stream.isatty()
        self._bar: tqdm[None] | None = None
        self._what = ""
        self._lines = 0

    def say(self, sentence: str) -> None:
        """Writes a line, below the bar that may stand there."""
        self._end_bar()
        self._stream.write(f"{sentence}\n")
        self._stream.flush()

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Moves the bar; in a log, writes a line now and then."""
        if self._terminal:
            self._move_bar(what, done, total)
            return
        step = max(total // _LINES_A_FILE, 1) if total else _BYTES_A_LINE
        if what != self._what:
            self._what, self._lines = what, 0
        if done // step > self._lines:
            self._lines = done // step
            share = f" of {total / 1e6:,.1f} MB ({done / total:.0%})" if total else " MB"
            self.say(f"{what}: {done / 1e6:,.1f}{share}")

    def _move_bar(self, what: str, done: int, total: int | None) -> None:
        if self._bar is None or what != self._what:
            self._end_bar()
            self._what = what
            self._bar = tqdm(
                desc=what, total=total, file=self._stream, unit="B", unit_scale=True, initial=done
            )
        self._bar.update(done - self._bar.n)

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
