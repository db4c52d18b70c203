"""A pipe from the supervisor to each child: when it closes, the supervisor is gone.

The kernel closes it even when the supervisor is killed with SIGKILL, so no child outlives it.
"""

import os
import signal
import threading
import time

VARIABLE = "ALLELENS_LIFELINE_FD"
_GRACE_SECONDS = 8.0


def watch() -> None:
    """Ends this process, and all of its process group, soon after the supervisor.

    Does nothing where no supervisor started this process.
    """
    descriptor = os.environ.pop(VARIABLE, None)
    if descriptor is not None:
        threading.Thread(
            target=_wait, args=(int(descriptor),), name="lifeline", daemon=True
        ).start()


def _wait(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    # The supervisor made this process the leader of its own group.
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
