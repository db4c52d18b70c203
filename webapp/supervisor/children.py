"""Child processes that are started again when they die."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from webapp.supervisor import lifeline

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
# Who ran this long had no trouble starting; the next pause is short again.
_STEADY_SECONDS = 30.0
_LARGEST_LOG_BYTES = 10_000_000

Say = Callable[[str], None]


@dataclass
class Child:
    """One process and its restarts.

    Attributes:
      name: for messages and the log file.
      command: to run.
      log: file that takes its output.
      say: prints a line for the person at the terminal.
      environment: added to ours.
      pass_descriptors: open files that it inherits.
    """

    name: str
    command: Sequence[str]
    log: Path
    say: Say
    environment: Mapping[str, str] = field(default_factory=dict)
    pass_descriptors: Sequence[int] = ()

    _process: subprocess.Popen[bytes] | None = None
    _lifeline: int | None = None
    _started: float = 0.0
    _pause: float = 0.0
    _start_again_at: float = 0.0

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        ours, theirs = os.pipe()
        # `ours` is what the child reads; we keep the writing end and never write.
        with self._open_log() as log:
            self._process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment, lifeline.VARIABLE: str(ours)},
                pass_fds=[ours, *self.pass_descriptors],
                # Ctrl-C at the terminal reaches the supervisor only, which then ends all in order;
                # and the child's own children can be ended with it, as a group.
                start_new_session=True,
            )
        os.close(ours)
        self._lifeline = theirs
        self._started = time.monotonic()
        self._start_again_at = 0.0

    def _open_log(self) -> IO[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > _LARGEST_LOG_BYTES:
                self.log.replace(self.log.with_suffix(".old.log"))
        return self.log.open("ab")

    def tend(self) -> None:
        """Notices a death, and starts again after a pause that grows with each failure."""
        if self._process is None:
            if time.monotonic() >= self._start_again_at:
                self.start()
            return
        status = self._process.poll()
        if status is None:
            return
        lived = time.monotonic() - self._started
        self._clean_up(self._process.pid)
        self._process = None
        if lived > _STEADY_SECONDS:
            self._pause = 0.0
        self._pause = min(max(2 * self._pause, _FIRST_PAUSE_SECONDS), _LONGEST_PAUSE_SECONDS)
        self._start_again_at = time.monotonic() + self._pause
        self.say(
            f"The {self.name} process ended ({_reason(status)}); it starts again in "
            f"{self._pause:g} s. Its log: {self.log}"
        )

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def make_stop(self, until: float) -> None:
        """Waits for the end until a moment of `time.monotonic`, then kills what is left."""
        if self._process is None:
            return
        try:
            self._process.wait(max(until - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._clean_up(self._process.pid)
        self._process = None

    def _clean_up(self, group: int) -> None:
        """Kills what the dead process left behind, such as a worker's child with the model."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


def _reason(status: int) -> str:
    if status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"
