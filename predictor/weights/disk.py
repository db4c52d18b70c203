"""Room on the disk: asked for before something large is written, and told when it ran out."""

import contextlib
import errno
import shutil
from collections.abc import Iterator
from pathlib import Path

from predictor.errors import AllelensError

# A limit on the size of one file (EFBIG) is a quota too.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What libraries say that write by themselves and raise errors of their own.
_FULL_TEXTS = ("No space left on device", "Disk quota exceeded")


class DiskFullError(AllelensError):
    """There is too little room on a disk."""

    code = "disk_full"


def check_room(folder: Path, needed: int) -> None:
    """Checks that a file system can take so many bytes more.

    Args:
      folder: on that file system; need not exist.
      needed: bytes.

    Raises:
      DiskFullError: says how much there is and how much is needed.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        raise DiskFullError(
            f"{folder} needs {_gigabytes(needed)} of free room, but its disk has "
            f"{_gigabytes(free)}; free some, or set ALLELENS_HOME to a folder on another disk."
        )


@contextlib.contextmanager
def told_when_full(folder: Path) -> Iterator[None]:
    """Turns "no space left" of whatever writes below `folder` into one sentence.

    Raises:
      DiskFullError: the disk, or the quota, is full.
    """
    try:
        yield
    except Exception as error:
        if not _is_full(error):
            raise
        raise DiskFullError(
            f"The disk of {folder} is full; free some room, or set ALLELENS_HOME to a folder on "
            "another disk, and run the command again."
        ) from error


def _is_full(error: BaseException | None) -> bool:
    while error is not None:
        full = isinstance(error, OSError) and error.errno in _FULL
        if full or any(text in str(error) for text in _FULL_TEXTS):
            return True
        error = error.__cause__ or error.__context__
    return False


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
