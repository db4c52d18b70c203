"""What people do to jobs. Each changes rows and appends its events in one transaction.

Events and their payloads (chunks are named by their UUID):

- `job.queued` {}, `job.started` {}, `job.cancel_requested` {}
- `job.finished`, `job.failed`, `job.cancelled` {message}; the last also ends every open chunk
- `chunk.queued` {chunk, message}: it waits again
- `chunk.started` {chunk, attempt}
- `part.published` {chunk, source: prediction|truth, output_type, level: overview|complete, levels}
- `chunk.finished` {chunk}, `chunk.failed` {chunk, error: {code, message}}
- `note` {message}

Locks are taken job first, then its chunks; only a claim (`claims.py`) takes a waiting chunk
first, so nothing else may wait for the lock of a waiting chunk.
"""

from django.conf import settings
from django.db import IntegrityError, transaction

from webapp.accounts.models import User
from webapp.api_errors import Conflict, TooMany
from webapp.jobs.doorbell import ring_workers
from webapp.jobs.models import Chunk, ChunkPart, Job
from webapp.jobs.plan import JobPlan
from webapp.jobs.states import (
    ACTIVE_JOB,
    OPEN_CHUNK,
    ChunkState,
    EventType,
    JobState,
    PartState,
)
from webapp.jobs.story import Story, changing
from webapp.jobs.transitions import end_job_if_done, queue_again, start_job, tell_part
from webapp.projects.models import Project


def create_job(
    *,
    user: User,
    project: Project,
    plan: JobPlan,
    complete_parts: dict[str, list[int]],
    idempotency_key: str | None = None,
) -> tuple[Job, bool]:
    """Stores a job and rings the workers; or finds the one with the same idempotency key.

    Args:
      user: who asks; an editor or owner of the project.
      project: where the job belongs.
      plan: the checked request.
      complete_parts: key → levels of the plan's parts that the result store already holds; they
        are complete at once, and a job of such parts alone never reaches a worker.
      idempotency_key: the caller's name for this request.

    Returns:
      The job, and whether it is new.

    Raises:
      Conflict: the key was used for another request.
      TooMany: the person has too many open chunks.
    """
    if idempotency_key is not None:
        known = Job.objects.filter(created_by=user, idempotency_key=idempotency_key).first()
        if known is not None:
            return _same_request(known, plan), False
    _check_quota(user=user, wanted=len(plan.chunks))
    try:
        with transaction.atomic():
            job = Job.objects.create(
                project=project,
                created_by=user,
                engine=plan.engine,
                weights_digest=plan.weights_digest,
                organism=plan.organism,
                assembly=plan.assembly,
                window=plan.window,
                request=plan.request,
                idempotency_key=idempotency_key,
                priority=0 if len(plan.chunks) <= 10 else 10,
            )
            _store_chunks(job, plan)
            with changing(job.pk) as story:
                story.tell(EventType.JOB_QUEUED)
                _reuse_parts(story, complete_parts)
                job = story.job
            if job.state in ACTIVE_JOB:
                transaction.on_commit(lambda: ring_workers(min(len(plan.chunks), 4)), robust=True)
    except IntegrityError:
        known = Job.objects.filter(created_by=user, idempotency_key=idempotency_key).first()
        if idempotency_key is None or known is None:
            raise
        return _same_request(known, plan), False
    return job, True


def _same_request(job: Job, plan: JobPlan) -> Job:
    if job.request != plan.request:
        raise Conflict(
            "This idempotency key was used before for another request; send a new key.",
            field="idempotency_key",
        )
    return job


def _check_quota(*, user: User, wanted: int) -> None:
    active = Chunk.objects.filter(
        job__created_by=user, job__state__in=ACTIVE_JOB, state__in=OPEN_CHUNK
    ).count()
    limit = settings.JOB_MAX_ACTIVE_CHUNKS
    if active + wanted > limit:
        raise TooMany(
            f"You have {active} predictions waiting or running, and this asks for {wanted} more; "
            f"the limit is {limit}. Wait for some to finish, or cancel a job."
        )


def _store_chunks(job: Job, plan: JobPlan) -> None:
    chunks = Chunk.objects.bulk_create(
        Chunk(
            job=job,
            index=index,
            chromosome=chunk.chromosome,
            start=chunk.start,
            end=chunk.end,
            variants=list(chunk.variants),
        )
        for index, chunk in enumerate(plan.chunks)
    )
    ChunkPart.objects.bulk_create(
        ChunkPart(
            chunk=row,
            source=part.source,
            output_type=part.output_type,
            key=part.key,
            resolution=part.resolution,
            tracks=list(part.tracks),
        )
        for row, chunk in zip(chunks, plan.chunks, strict=True)
        for part in chunk.parts
    )


def _reuse_parts(story: Story, complete_parts: dict[str, list[int]]) -> None:
    """Marks parts that are stored already; chunks of nothing else are finished."""
    if not complete_parts:
        return
    parts = ChunkPart.objects.filter(chunk__job=story.job, key__in=complete_parts).select_related(
        "chunk"
    )
    for part in parts.order_by("pk"):
        part.state = PartState.COMPLETE
        part.levels = complete_parts[part.key]
        part.save(update_fields=["state", "levels"])
        tell_part(story, part.chunk, part, PartState.COMPLETE)
    whole = Chunk.objects.filter(job=story.job).exclude(
        parts__state__in=[PartState.PENDING, PartState.OVERVIEW]
    )
    for chunk in whole:
        start_job(story)
        Chunk.objects.filter(pk=chunk.pk).update(
            state=ChunkState.FINISHED, started=story.now, finished=story.now
        )
        story.tell(EventType.CHUNK_FINISHED, chunk=str(chunk.uuid))
    end_job_if_done(story)


def cancel_job(*, job: Job) -> Job:
    """Asks to stop a job. Waiting chunks end now, running ones at their next heartbeat.

    Raises:
      Conflict: the job has ended already.
    """
    with changing(job.pk) as story:
        if story.job.state not in ACTIVE_JOB:
            raise Conflict(f"This job is {JobState(story.job.state).label}; nothing is left to do.")
        if not story.job.cancel_requested:
            story.job.cancel_requested = True
            story.tell(EventType.JOB_CANCEL_REQUESTED)
            end_job_if_done(story)
        return story.job


def retry_job(*, job: Job) -> Job:
    """Lets the failed chunks of an ended job wait again.

    Raises:
      Conflict: the job has not ended, was cancelled, or has no failed chunk.
    """
    with changing(job.pk) as story:
        failed = list(Chunk.objects.filter(job=story.job, state=ChunkState.FAILED))
        if story.job.state not in (JobState.FINISHED, JobState.FAILED) or not failed:
            raise Conflict("Only an ended job with failed predictions can be tried again.")
        story.job.state = JobState.QUEUED
        story.job.finished = None
        story.job.message = ""
        story.tell(EventType.JOB_QUEUED)
        for chunk in failed:
            chunk.tries = 0
            chunk.error_code = chunk.error_message = ""
            chunk.finished = None
            queue_again(story, chunk, message="tried again")
        return story.job
