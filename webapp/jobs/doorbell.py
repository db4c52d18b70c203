"""Rings workers and watching web processes.

A ring may be lost, late or double; nothing depends on it but speed, so a dead broker is only
logged, whatever it raises.
"""

import functools
import logging
from pathlib import Path
from typing import Any
from uuid import UUID

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer  # type: ignore[import-untyped]
from django.conf import settings

from webapp.jobs import broker

_log = logging.getLogger("allelens.jobs")

DRAIN_TASK = "worker.drain"
_RING_EXPIRES_SECONDS = 120


@functools.cache
def _celery() -> Any:
    # Late: Celery takes a fifth of a second to import, and the first page does not need it.
    from celery import Celery

    broker.register()
    broker_dir: Path | None = getattr(settings, "BROKER_DIR", None)
    if broker_dir is not None:
        broker.make_folders(broker_dir)
    app = Celery("allelens", set_as_current=False)
    app.config_from_object(settings, namespace="CELERY")
    return app


def ring_workers(times: int = 1) -> bool:
    """Tells workers that there may be work. Returns whether the broker took the message."""
    try:
        for _ in range(times):
            _celery().send_task(DRAIN_TASK, expires=_RING_EXPIRES_SECONDS, ignore_result=True)
    except Exception:  # noqa: BLE001
        _log.warning("The broker does not take messages; the sweeper rings later.", exc_info=True)
        return False
    return True


def broker_answers() -> bool:
    """Whether a message could be sent now."""
    broker_dir: Path | None = getattr(settings, "BROKER_DIR", None)
    try:
        if broker_dir is not None:
            broker.make_folders(broker_dir)
            return True
        with _celery().connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except Exception:  # noqa: BLE001
        _log.warning("The broker does not answer.", exc_info=True)
        return False
    return True


def group_of(job_uuid: UUID) -> str:
    return f"job.{job_uuid}"


def wake_watchers(job_uuid: UUID) -> None:
    """Tells every web process that this job may have new events."""
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(
            group_of(job_uuid), {"type": "job.changed", "job": str(job_uuid)}
        )
    except Exception:  # noqa: BLE001
        _log.warning("The channel layer does not answer; pages will look by themselves.")
