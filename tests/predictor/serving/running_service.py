"""`python -m predictor serve` as a process of its own on a free port, and clients of it."""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import grpc
from alphagenome.models.dna_client import DnaClient

FRAMING = ("tests.predictor.serving.framing_model",)
ROOT = Path(__file__).resolve().parents[3]
# Generous: a loaded machine takes long to start Python and to compile the network.
START_SECONDS, STOP_SECONDS = 400.0, 60.0


@dataclass
class RunningService:
    """A service that has said that it serves.

    Attributes:
      port: on 127.0.0.1.
      lines: what it has printed so far.
      story: where a service with known answers writes what it was asked for.
    """

    process: subprocess.Popen[str]
    port: int
    lines: list[str]
    story: Path | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(
            self.address,
            options=[
                ("grpc.max_send_message_length", -1),
                ("grpc.max_receive_message_length", -1),
            ],
        )

    def client(self, key: str = "any", **more) -> DnaClient:
        """The official client on a channel of its own (spec/sdk_grpc.md 1, way A)."""
        metadata = [("x-goog-api-key", key)]
        return DnaClient(channel=self.channel(), metadata=metadata, **more)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tells it to stop; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(STOP_SECONDS)


def start(
    *arguments: str,
    home: Path,
    command: tuple[str, ...] = ("predictor", "serve"),
    settings: dict[str, str] | None = None,
) -> RunningService:
    """Starts a service, with environment variables of its own, and waits until it serves.

    Raises:
      RuntimeError: it ended before; with what it printed.
    """
    environment = os.environ | {"ALLELENS_HOME": str(home), "PYTHONPATH": str(ROOT)}
    environment |= settings or {}
    process = subprocess.Popen(
        [sys.executable, "-m", *command, *arguments, "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    serving, ports = threading.Event(), []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if found := re.match(r"Serving .* on .*:(\d+) \(", line):
                ports.append(int(found[1]))
                serving.set()
        serving.set()

    threading.Thread(target=read, daemon=True).start()
    serving.wait(START_SECONDS)
    if not ports:
        process.kill()
        process.wait(STOP_SECONDS)
        raise RuntimeError("The service did not start:\n" + "".join(lines))
    return RunningService(process, ports[0], lines)


def start_framing(story: Path, home: Path, *arguments: str) -> RunningService:
    """Starts a service with known answers, which writes into `story` what it was asked for."""
    story.touch()
    running = start(str(story), *arguments, home=home, command=FRAMING)
    running.story = story
    return running
