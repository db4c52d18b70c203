"""The sweeper's loop."""

import logging
import threading

from django.conf import settings
from django.db import close_old_connections, connection

from webapp.jobs.sweeper import sweep

_log = logging.getLogger("allelens.sweeper")


def sweep_forever(stop: threading.Event) -> None:
    """Sweeps every `JOB_SWEEP_SECONDS` until `stop` is set; survives what one round meets."""
    while not stop.wait(settings.JOB_SWEEP_SECONDS):
        try:
            close_old_connections()
            sweep()
        except Exception:  # noqa: BLE001
            _log.exception("A sweep failed; the next one tries again.")
            connection.close()
