"""What workers do to chunks: take one, hold it, record its parts, end it.

A claim is proved by its attempt: every write checks that the chunk is still running at that
attempt, so a worker that was given up (fenced off) commits nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from webapp.jobs.models import Chunk, ChunkPart
from webapp.jobs.states import ACTIVE_JOB, ChunkState, EventType, PartSource, PartState
from webapp.jobs.story import changing
from webapp.jobs.transitions import (
    end_chunk,
    end_job_if_done,
    fail_for_good,
    queue_again,
    start_job,
    tell_part,
)


class StaleAttempt(Exception):
    """The chunk was taken over, ended or cancelled; whoever gets this must stop working on it."""


@dataclass(frozen=True, kw_only=True)
class ClaimedChunk:
    """What a worker holds: the chunk's row number, and the attempt that proves the claim."""

    pk: int
    attempt: int
    job_pk: int


def claim_chunk(*, owner: str, engines: list[str], lease_seconds: float) -> ClaimedChunk | None:
    """Takes the next waiting chunk, fairly: by priority, then least busy person, then age.

    Args:
      owner: the worker slot's name.
      engines: names of the engines that the slot can run.
      lease_seconds: how long the claim holds without a heartbeat.
    """
    while True:
        chunk_pk, claimed = _claim_once(owner=owner, engines=engines, lease_seconds=lease_seconds)
        if claimed is not None or chunk_pk is None:
            return claimed


def claimable(engines: list[str] | None = None) -> Any:
    """Waiting chunks that a worker may take."""
    chunks = Chunk.objects.filter(
        state=ChunkState.QUEUED, job__cancel_requested=False, job__state__in=ACTIVE_JOB
    )
    return chunks if engines is None else chunks.filter(job__engine__in=engines)


def _claim_once(
    *, owner: str, engines: list[str], lease_seconds: float
) -> tuple[int | None, ClaimedChunk | None]:
    """The chunk that was found, and the claim unless its job was just cancelled."""
    running = (
        Chunk.objects.filter(state=ChunkState.RUNNING, job__created_by=OuterRef("job__created_by"))
        .order_by()
        .values("job__created_by")
        .annotate(number=Count("pk"))
        .values("number")
    )
    with transaction.atomic():
        chunk = (
            claimable(engines)
            .annotate(busy=Coalesce(Subquery(running, output_field=IntegerField()), 0))
            .order_by("job__priority", "busy", "job__created", "pk")
            .select_for_update(
                skip_locked=connection.features.has_select_for_update_skip_locked, of=("self",)
            )
            .first()
        )
        if chunk is None:
            return None, None
        with changing(chunk.job_id) as story:
            if story.job.cancel_requested or story.job.state not in ACTIVE_JOB:
                # Cancelled since the query above; the cancellation told of it.
                Chunk.objects.filter(pk=chunk.pk).update(
                    state=ChunkState.CANCELLED, finished=story.now
                )
                return chunk.pk, None
            start_job(story)
            attempt = chunk.attempt + 1
            Chunk.objects.filter(pk=chunk.pk).update(
                state=ChunkState.RUNNING,
                attempt=attempt,
                tries=chunk.tries + 1,
                lease_owner=owner,
                lease_until=story.now + timedelta(seconds=lease_seconds),
                started=chunk.started or story.now,
                error_code="",
                error_message="",
            )
            story.tell(EventType.CHUNK_STARTED, chunk=str(chunk.uuid), attempt=attempt)
        return chunk.pk, ClaimedChunk(pk=chunk.pk, attempt=attempt, job_pk=chunk.job_id)


def heartbeat(*, claimed: ClaimedChunk, lease_seconds: float) -> None:
    """Extends the lease.

    Raises:
      StaleAttempt: the chunk is no longer this worker's, or its job is being cancelled.
    """
    mine = held(claimed).filter(job__cancel_requested=False)
    until = timezone.now() + timedelta(seconds=lease_seconds)
    # In one statement, so that a lease which was just given away is not taken back.
    if (
        Chunk.objects.filter(pk__in=mine.values("pk"), attempt=claimed.attempt).update(
            lease_until=until
        )
        == 0
    ):
        raise StaleAttempt


def held(claimed: ClaimedChunk) -> Any:
    return Chunk.objects.filter(pk=claimed.pk, attempt=claimed.attempt, state=ChunkState.RUNNING)


def held_chunk(claimed: ClaimedChunk) -> Chunk:
    """The worker's chunk, locked; to be called while the job is locked."""
    chunk: Chunk | None = held(claimed).select_for_update(of=("self",)).first()
    if chunk is None:
        raise StaleAttempt
    return chunk


def record_part(
    *,
    claimed: ClaimedChunk,
    output_type: str,
    level: str,
    levels: list[int],
    source: str = PartSource.PREDICTION,
) -> bool:
    """Notes that an output type can be read at some bin sizes. Safe to repeat.

    Returns:
      Whether this was news.

    Raises:
      StaleAttempt: the chunk is no longer this worker's.
    """
    with changing(claimed.job_pk) as story:
        chunk = held_chunk(claimed)
        part = ChunkPart.objects.get(chunk=chunk, source=source, output_type=output_type)
        state = PartState(level)
        if part.state == PartState.COMPLETE or part.state == state:
            return False
        part.state = state
        part.levels = levels
        part.save(update_fields=["state", "levels"])
        tell_part(story, chunk, part, state)
    return True


def note_on_job(*, claimed: ClaimedChunk, message: str) -> None:
    """Says on the job what it waits for; nothing any more where the message is empty.

    Raises:
      StaleAttempt: the chunk is no longer this worker's.
    """
    with changing(claimed.job_pk) as story:
        held_chunk(claimed)
        story.job.message = message
        story.tell(EventType.NOTE, message=message)


def finish_chunk(*, claimed: ClaimedChunk) -> None:
    """Ends a chunk whose parts are all complete, and the job with its last chunk.

    Raises:
      StaleAttempt: the chunk is no longer this worker's.
      ValueError: a part is not complete.
    """
    with changing(claimed.job_pk) as story:
        chunk = held_chunk(claimed)
        if chunk.parts.exclude(state=PartState.COMPLETE).exists():
            raise ValueError(f"{chunk} has parts that are not complete.")
        end_chunk(story, chunk, ChunkState.FINISHED)
        story.tell(EventType.CHUNK_FINISHED, chunk=str(chunk.uuid))
        end_job_if_done(story)


def fail_chunk(*, claimed: ClaimedChunk, code: str, message: str, permanent: bool) -> None:
    """Ends a chunk with an error, or lets it wait for another try.

    Args:
      claimed: the worker's claim.
      code: stable name of the kind of error.
      message: one sentence for people.
      permanent: the same would happen again (bad input); else it is tried `JOB_MAX_TRIES` times.

    Raises:
      StaleAttempt: the chunk is no longer this worker's.
    """
    with changing(claimed.job_pk) as story:
        chunk = held_chunk(claimed)
        if permanent or chunk.tries >= settings.JOB_MAX_TRIES:
            fail_for_good(story, chunk, code=code, message=message)
        else:
            queue_again(story, chunk, message=message)
        end_job_if_done(story)


def release_chunk(*, claimed: ClaimedChunk, message: str) -> None:
    """Gives a chunk back, without counting the try (the worker stops, the job was cancelled)."""
    with changing(claimed.job_pk) as story:
        chunk = held_chunk(claimed)
        chunk.tries -= 1
        queue_again(story, chunk, message=message)
        end_job_if_done(story)
