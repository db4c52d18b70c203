"""This worker's place: its row in the database, its heartbeat, its models."""

import logging
import math
import os
import threading
import time
from typing import Any

from celery.signals import (
    worker_before_create_process,
    worker_process_init,
    worker_shutting_down,
)
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from predictor.engines.inventory import find_device
from webapp.jobs.claims import ClaimedChunk, StaleAttempt, claimable, fail_chunk, heartbeat
from webapp.jobs.doorbell import ring_workers
from webapp.jobs.models import WorkerSlot
from webapp.jobs.sweeper import release_leases
from webapp.results.services import sweep_leftovers
from worker import time_limit, want_of_memory
from worker.models import Models

_log = logging.getLogger("allelens.worker")

_SLOT_BEAT_SECONDS = 5.0


def slot_name() -> str:
    return os.environ.get("ALLELENS_SLOT", "worker")


class Slot:
    """One child process with its models.

    One thread beats: for the slot (so that others see that it lives) and for the chunk that is
    being computed (so that its lease holds, even while XLA compiles for minutes). It ends the
    process where a chunk takes longer than it may: what computes cannot be interrupted.
    """

    def __init__(self, name: str):
        self.name = name
        self.models = Models()
        self._held: ClaimedChunk | None = None
        self._window = 0
        self._late = math.inf
        self._lost = threading.Event()
        self._parent = os.getppid()
        self._device = ""
        self._memory: int | None = None
        self._last_slot_beat = 0.0

    def start(self) -> None:
        """Takes the place: tidies up what an earlier process left, then loads a model."""
        self._device, self._memory = find_device()
        self._record(WorkerSlot.State.STARTING)
        released = release_leases(
            owner=self.name, out_of_memory=want_of_memory.ended_the_last_process()
        )
        if released:
            _log.warning("Gave back %s chunks of an earlier process.", released)
        sweep_leftovers()
        threading.Thread(target=self._beat_forever, name="heartbeat", daemon=True).start()
        started = time.monotonic()
        self.load_models()
        _log.info("Models %s ready after %.1f s", self.models.opened(), time.monotonic() - started)

    def load_models(self) -> None:
        opened = self.models.preload()
        self._record(WorkerSlot.State.READY if opened else WorkerSlot.State.EMPTY)
        if opened and claimable(self.models.installed()).exists():
            # What was rung for while nobody listened may be lost.
            ring_workers()

    def hold(self, claimed: ClaimedChunk, window: int) -> None:
        """From now on the heartbeat keeps this chunk's lease, as long as a window may take."""
        self._lost.clear()
        self._window = window
        self._late = time.monotonic() + time_limit.seconds(window)
        self._held = claimed

    def let_go(self) -> None:
        self._held = None
        self._late = math.inf

    def check_held(self) -> None:
        """Raises StaleAttempt if the chunk is no longer ours, or its job is being cancelled."""
        if self._lost.is_set():
            raise StaleAttempt

    def is_stopping(self) -> bool:
        """Whether the worker was told to stop; then no further chunk may be claimed."""
        return WorkerSlot.objects.filter(name=self.name, state=WorkerSlot.State.STOPPING).exists()

    def _record(self, state: WorkerSlot.State) -> None:
        WorkerSlot.objects.update_or_create(
            name=self.name,
            defaults={
                "state": state,
                "engines": self.models.installed() if state == WorkerSlot.State.READY else [],
                "device": self._device,
                "memory": self._memory,
                "pid": os.getpid(),
                "beat": timezone.now(),
            },
        )

    def _beat_forever(self) -> None:
        while True:
            time.sleep(min(settings.JOB_LEASE_SECONDS / 4, 2.0))
            if os.getppid() != self._parent:
                # The worker was killed; a child without it would only hold memory.
                os._exit(1)
            try:
                self._beat()
                if self.end_late_chunk():
                    os._exit(1)
            except DatabaseError:
                _log.exception("The heartbeat cannot reach the database; it tries again.")
                close_old_connections()

    def end_late_chunk(self) -> bool:
        """Fails the chunk in hand if its time is over; then this process must end."""
        held, window = self._held, self._window
        if held is None or time.monotonic() <= self._late:
            return False
        try:
            fail_chunk(
                claimed=held,
                code=time_limit.CODE,
                message=time_limit.message(window),
                permanent=True,
            )
        except StaleAttempt:
            # It ended in this moment, or was cancelled; the computation goes on to see that.
            return self._held is held
        _log.error("A chunk of %s bp took too long; the process starts anew.", f"{window:,}")
        return True

    def _beat(self) -> None:
        held = self._held
        if held is not None and not self._lost.is_set():
            try:
                heartbeat(claimed=held, lease_seconds=settings.JOB_LEASE_SECONDS)
            except StaleAttempt:
                if self._held is held:
                    self._lost.set()
        if time.monotonic() - self._last_slot_beat > _SLOT_BEAT_SECONDS:
            self._last_slot_beat = time.monotonic()
            slots = WorkerSlot.objects.filter(name=self.name)
            slots.update(beat=timezone.now(), pid=os.getpid())
            empty = slots.filter(state=WorkerSlot.State.EMPTY).exists()
            if empty and self.models.installed():
                # Weights or genome were installed while we ran.
                self.load_models()


_slot: Slot | None = None


def current() -> Slot:
    """The slot of this process, made on first use."""
    global _slot
    if _slot is None:
        _slot = Slot(slot_name())
        _slot.start()
    return _slot


@worker_before_create_process.connect  # type: ignore[untyped-decorator]
def _look_back(**_: Any) -> None:
    """In the parent: the child that is started learns why the last one ended."""
    want_of_memory.look_back()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _open(**_: Any) -> None:
    """In the child, before its first task: the model is loaded and compiled now, not at a click."""
    try:
        current()
    except Exception:
        _log.exception("The worker's child cannot start.")
        raise


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stopping(**_: Any) -> None:
    """In the parent: the child finishes its chunk and takes no other."""
    try:
        WorkerSlot.objects.filter(name=slot_name()).update(state=WorkerSlot.State.STOPPING)
    except DatabaseError:
        _log.exception("The database does not learn that the worker stops.")
