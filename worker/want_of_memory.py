"""Whether the system ended a process of this worker for want of memory.

A process that is ended so cannot say it. But the kernel counts such ends, and the parent, which
lives on, compares the counts; the next child learns it from the environment.
"""

import os
from pathlib import Path

VARIABLE = "ALLELENS_ENDED_FOR_MEMORY"
_OF_CONTAINER = Path("/sys/fs/cgroup/memory.events")
_OF_MACHINE = Path("/proc/vmstat")

_before: int | None = None


def look_back() -> None:
    """To be called in the parent before every start of a child."""
    global _before
    now = ends()
    os.environ[VARIABLE] = "1" if _before is not None and now > _before else ""
    _before = now


def ended_the_last_process() -> bool:
    """In a child: whether the one before it was, as far as the kernel tells, ended so."""
    return bool(os.environ.get(VARIABLE))


def ends() -> int:
    """Processes ended for want of memory so far: in this container, or on this machine."""
    for file in (_OF_CONTAINER, _OF_MACHINE):
        try:
            counts = dict(line.split() for line in file.read_text().splitlines())
        except OSError:
            continue
        if "oom_kill" in counts:
            return int(counts["oom_kill"])
    return 0
