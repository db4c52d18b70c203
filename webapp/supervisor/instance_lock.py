"""One running application for each data folder."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from predictor.errors import AllelensError


class AlreadyRunning(AllelensError):
    """Another process serves this data folder."""

    code = "already_running"


def take(folder: Path, *, url: str) -> IO[str]:
    """Locks a data folder until the returned file is closed or the process ends.

    Raises:
      AlreadyRunning: says at which address the other one serves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = _read(file)
        file.close()
        raise AlreadyRunning(
            f"Allelens already serves the data folder {folder}"
            f"{other}; stop it first, or choose another folder with --data."
        ) from None
    file.seek(0)
    file.truncate()
    json.dump({"pid": os.getpid(), "url": url}, file)
    file.flush()
    return file


def _read(file: IO[str]) -> str:
    try:
        values = json.load(file)
        return f" at {values['url']} (process {values['pid']})"
    except (ValueError, KeyError, TypeError):
        return ""
