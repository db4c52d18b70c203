"""Reads about jobs."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from webapp.accounts.models import User
from webapp.api_errors import NotFound
from webapp.jobs.models import Chunk, ChunkPart, Event, Job, WorkerSlot
from webapp.jobs.plan import edits_of
from webapp.jobs.states import ChunkState, JobState, PartState

EVENTS_PER_ANSWER = 500
_SNAPSHOT_TRIES = 3


def readable_job(*, user: User, job_id: UUID | str) -> Job:
    """The job, for members of its project.

    Raises:
      NotFound: there is none, or the person is a stranger to its project.
    """
    job = Job.objects.visible_to(user).select_related("project").filter(uuid=job_id).first()
    if job is None:
        raise NotFound("There is no such job, or you are not a member of its project.")
    return job


def readable_chunk(*, user: User, chunk_id: UUID | str) -> Chunk:
    """The chunk with its job, for members of the job's project.

    Raises:
      NotFound: there is none, or the person is a stranger to its project.
    """
    chunk = Chunk.objects.visible_to(user).select_related("job").filter(uuid=chunk_id).first()
    if chunk is None:
        raise NotFound("There is no such prediction, or you are not a member of its project.")
    return chunk


def queue_position(job: Job) -> int | None:
    """How many jobs are served before this one; None once it has started."""
    if job.state != JobState.QUEUED:
        return None
    earlier = Q(priority__lt=job.priority) | Q(priority=job.priority, created__lt=job.created)
    return Job.objects.filter(earlier, state=JobState.QUEUED).count()


def summary(job: Job) -> dict[str, Any]:
    """A job as it stands in a list."""
    counts = Chunk.objects.filter(job=job).aggregate(
        chunks=Count("pk"),
        chunks_finished=Count("pk", filter=Q(state=ChunkState.FINISHED)),
        chunks_failed=Count("pk", filter=Q(state=ChunkState.FAILED)),
    )
    counts |= ChunkPart.objects.filter(chunk__job=job).aggregate(
        parts=Count("pk"), parts_complete=Count("pk", filter=Q(state=PartState.COMPLETE))
    )
    return {
        "id": job.uuid,
        "project": job.project.uuid,
        "state": job.state,
        "cancel_requested": job.cancel_requested,
        "engine": job.engine,
        "weights_digest": job.weights_digest,
        "organism": job.organism,
        "assembly": job.assembly,
        "window": job.window,
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
        "last_seq": job.last_seq,
        "queue_position": queue_position(job),
        "counts": counts,
        "message": job.message,
        "request": job.request,
    }


def snapshot(job: Job) -> dict[str, Any]:
    """All about a job at one moment: the state after its event number `last_seq`."""
    for _ in range(_SNAPSHOT_TRIES):
        job = Job.objects.select_related("project").get(pk=job.pk)
        answer = _read(job)
        if Job.objects.filter(pk=job.pk, last_seq=job.last_seq).exists():
            return answer
    # It changes faster than it can be read: hold the changes up for a moment.
    with transaction.atomic():
        locked = Job.objects.select_related("project").select_for_update(of=("self",))
        return _read(locked.get(pk=job.pk))


def _read(job: Job) -> dict[str, Any]:
    rows = job.chunks.order_by("index").prefetch_related("parts")
    return {**summary(job), "chunks": [_chunk(chunk) for chunk in rows]}


def _chunk(chunk: Chunk) -> dict[str, Any]:
    failed = chunk.state == ChunkState.FAILED
    return {
        "id": chunk.uuid,
        "index": chunk.index,
        "state": chunk.state,
        "attempt": chunk.attempt,
        "interval": {
            "chromosome": chunk.chromosome,
            "start": chunk.start,
            "end": chunk.end,
            "strand": ".",
        },
        "variants": chunk.variants,
        "edits": edits_of(chunk.variants),
        "error": {"code": chunk.error_code, "message": chunk.error_message} if failed else None,
        "parts": [
            {
                "source": part.source,
                "output_type": part.output_type,
                "state": part.state,
                "key": part.key,
                "resolution": part.resolution,
                "levels": part.levels,
                "tracks": part.tracks,
            }
            for part in sorted(chunk.parts.all(), key=lambda part: part.pk)
        ],
    }


def event_json(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "type": event.type,
        "time": event.time.isoformat(),
        "payload": event.payload,
    }


def events_after(*, job_pk: int, after: int) -> dict[str, Any]:
    """What happened after event number `after`.

    Returns:
      `events` in their order, at most `EVENTS_PER_ANSWER`; `last_seq` of the job; `resync` where
      `after` is older than what is kept, or from another life: then fetch the job anew.
    """
    job = Job.objects.only("last_seq", "event_floor").get(pk=job_pk)
    if after < job.event_floor or after > job.last_seq:
        return {"events": [], "last_seq": job.last_seq, "resync": True}
    rows = Event.objects.filter(job_id=job_pk, seq__gt=after).order_by("seq")[:EVENTS_PER_ANSWER]
    return {"events": [event_json(row) for row in rows], "last_seq": job.last_seq, "resync": False}


def ready_engines() -> list[str]:
    """Engines for which a worker with a loaded model gave a sign of life a moment ago."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SLOT_TIMEOUT_SECONDS)
    slots = WorkerSlot.objects.filter(state=WorkerSlot.State.READY, beat__gte=since)
    return sorted({engine for slot in slots for engine in slot.engines})
