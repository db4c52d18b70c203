"""The embedded mode's broker: kombu's messages as files, written in one step.

kombu's own transport opens a message's file under its final name and then writes it, so a reader
that looks in between finds an empty message and the worker dies of it. Here the file appears whole.
"""

import json
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem


class Channel(filesystem.Channel):
    # kombu's two base classes disagree about the name of `payload`.
    def _put(  # type: ignore[override]
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        # Readers take the part after the first dot for the queue's name.
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}"
        temporary = folder / f"{name}.writing"
        temporary.write_text(json.dumps(payload))
        temporary.rename(folder / f"{name}.{queue}.msg")


class Transport(filesystem.Transport):
    Channel = Channel


def register() -> None:
    """Makes the transport known to kombu as `allelens-files://`."""
    TRANSPORT_ALIASES["allelens-files"] = f"{__name__}:Transport"


def make_folders(folder: Path) -> None:
    for name in ("queue", "control", "processed"):
        (folder / name).mkdir(parents=True, exist_ok=True)


def tidy(folder: Path, *, older_than_seconds: float = 60) -> None:
    """Deletes messages that were read, and leftovers of a writer that was killed."""
    oldest = time.time() - older_than_seconds
    for pattern in ("processed/*.msg", "queue/*.writing"):
        for file in folder.glob(pattern):
            try:
                if file.stat().st_mtime < oldest:
                    file.unlink()
            except FileNotFoundError:
                continue
