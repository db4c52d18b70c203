"""Repairs what crashed processes leave behind, and rings again where a ring was lost."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from predictor.errors import NotEnoughMemoryError
from webapp.jobs import broker
from webapp.jobs.claims import ClaimedChunk, StaleAttempt, claimable, held_chunk
from webapp.jobs.doorbell import ring_workers
from webapp.jobs.models import Chunk, Job, WorkerSlot
from webapp.jobs.states import ACTIVE_JOB, OPEN_CHUNK, ChunkState
from webapp.jobs.story import changing
from webapp.jobs.transitions import end_job_if_done, fail_for_good, queue_again

_log = logging.getLogger("allelens.sweeper")

_ENDED_FOR_MEMORY = (
    "The computer's memory was used up while this was computed, and the system ended the worker's "
    "process; it was not tried again. Ask for a shorter window or fewer output types."
)
_TOO_OFTEN = (
    "The worker stopped {tries} times while it computed this, perhaps for want of memory; it was "
    "not tried again. Ask for a shorter window or fewer output types, or look into the worker's "
    "log."
)


def sweep() -> None:
    """One round; safe to run in several processes at once."""
    expired = expire_leases()
    ended = end_cancelled_jobs()
    pruned = prune_events()
    if expired or ended or pruned:
        _log.info("expired leases: %s, ended jobs: %s, pruned: %s", expired, ended, pruned)
    rings = min(claimable().count(), idle_slots())
    if rings:
        ring_workers(rings)
    broker_dir: Path | None = getattr(settings, "BROKER_DIR", None)
    if broker_dir is not None:
        broker.tidy(broker_dir)


def idle_slots() -> int:
    """Workers that have a model and nothing to do.

    Only for these it is worth ringing: a busy worker looks for more work by itself, and a starting
    one rings for itself. So a long absence of workers does not fill the broker.
    """
    since = timezone.now() - timedelta(seconds=settings.WORKER_SLOT_TIMEOUT_SECONDS)
    ready = WorkerSlot.objects.filter(state=WorkerSlot.State.READY, beat__gte=since)
    busy = Chunk.objects.filter(state=ChunkState.RUNNING).values("lease_owner")
    return ready.exclude(name__in=busy).count()


def release_leases(*, owner: str, out_of_memory: bool = False) -> int:
    """Gives back what a slot held before it was restarted; counts as a try.

    Args:
      owner: name of the slot.
      out_of_memory: the system ended the slot's process for want of memory. Another try would
        need as much, so that there is none.
    """
    return _take_back(Chunk.objects.filter(lease_owner=owner), out_of_memory=out_of_memory)


def expire_leases() -> int:
    """Gives back what workers hold that have stopped beating."""
    return _take_back(Chunk.objects.filter(lease_until__lt=timezone.now()))


def _take_back(chunks: Any, *, out_of_memory: bool = False) -> int:
    taken = 0
    held = chunks.filter(state=ChunkState.RUNNING).values_list("pk", "attempt", "job_id")
    for pk, attempt, job_pk in list(held):
        claimed = ClaimedChunk(pk=pk, attempt=attempt, job_pk=job_pk)
        try:
            with changing(job_pk) as story:
                chunk = held_chunk(claimed)
                if not chunks.filter(pk=pk).exists():
                    continue  # It beat in between.
                if out_of_memory and not story.job.cancel_requested:
                    code = NotEnoughMemoryError.code
                    fail_for_good(story, chunk, code=code, message=_ENDED_FOR_MEMORY)
                elif chunk.tries >= settings.JOB_MAX_TRIES and not story.job.cancel_requested:
                    message = _TOO_OFTEN.format(tries=chunk.tries)
                    fail_for_good(story, chunk, code="worker_lost", message=message)
                else:
                    queue_again(story, chunk, message="The worker stopped; it will be continued.")
                end_job_if_done(story)
                taken += 1
        except (StaleAttempt, Job.DoesNotExist):
            continue
    return taken


def end_cancelled_jobs() -> int:
    """Ends cancelled jobs of which nothing runs any more, should their worker have missed it."""
    ended = 0
    jobs = Job.objects.filter(state__in=ACTIVE_JOB).annotate(
        open=Count("chunks", filter=Q(chunks__state__in=OPEN_CHUNK))
    )
    for pk in list(jobs.filter(Q(cancel_requested=True) | Q(open=0)).values_list("pk", flat=True)):
        with changing(pk) as story:
            end_job_if_done(story)
            ended += story.job.state not in ACTIVE_JOB
    return ended


def prune_events() -> int:
    """Deletes the stories of jobs that ended long ago; their last state stays."""
    before = timezone.now() - settings.JOB_EVENT_RETENTION
    old = Job.objects.filter(finished__lt=before, event_floor__lt=F("last_seq"))
    pruned = 0
    for job in old[:100]:
        with transaction.atomic():
            locked = Job.objects.select_for_update().get(pk=job.pk)
            deleted, _ = locked.events.filter(seq__lte=locked.last_seq).delete()
            Job.objects.filter(pk=job.pk).update(event_floor=locked.last_seq)
            pruned += deleted
    return pruned
