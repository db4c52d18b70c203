"""Steps that every change of a job is made of; all are called while the job is locked."""

from django.db import connection, transaction
from django.db.models import Count, Q

from webapp.jobs.doorbell import ring_workers
from webapp.jobs.models import Chunk, ChunkPart
from webapp.jobs.states import ACTIVE_JOB, ChunkState, EventType, JobState, PartState
from webapp.jobs.story import Story


def tell_part(story: Story, chunk: Chunk, part: ChunkPart, state: PartState) -> None:
    story.tell(
        EventType.PART_PUBLISHED,
        chunk=str(chunk.uuid),
        source=part.source,
        output_type=part.output_type,
        level=state.value,
        levels=part.levels,
    )


def end_chunk(story: Story, chunk: Chunk, state: ChunkState) -> None:
    chunk.state = state
    chunk.finished = story.now
    chunk.lease_owner = ""
    chunk.lease_until = None
    chunk.save()


def fail_for_good(story: Story, chunk: Chunk, *, code: str, message: str) -> None:
    chunk.error_code = code
    chunk.error_message = message
    end_chunk(story, chunk, ChunkState.FAILED)
    error = {"code": code, "message": message}
    story.tell(EventType.CHUNK_FAILED, chunk=str(chunk.uuid), error=error)


def queue_again(story: Story, chunk: Chunk, *, message: str) -> None:
    chunk.state = ChunkState.QUEUED
    chunk.lease_owner = ""
    chunk.lease_until = None
    chunk.save()
    story.tell(EventType.CHUNK_QUEUED, chunk=str(chunk.uuid), message=message)
    transaction.on_commit(ring_workers, robust=True)


def start_job(story: Story) -> None:
    if story.job.state == JobState.QUEUED:
        story.job.state = JobState.RUNNING
        story.job.started = story.job.started or story.now
        story.tell(EventType.JOB_STARTED)


def end_job_if_done(story: Story) -> None:
    """Ends the job when nothing of it is left to do. The job's lock makes the count true."""
    job = story.job
    if job.state not in ACTIVE_JOB:
        return
    counts = Chunk.objects.filter(job=job).aggregate(
        total=Count("pk"),
        queued=Count("pk", filter=Q(state=ChunkState.QUEUED)),
        running=Count("pk", filter=Q(state=ChunkState.RUNNING)),
        failed=Count("pk", filter=Q(state=ChunkState.FAILED)),
    )
    if counts["running"] or (counts["queued"] and not job.cancel_requested):
        return
    total, failed = counts["total"], counts["failed"]
    if job.cancel_requested and counts["queued"]:
        # Those that are just being claimed are locked; the claim sees the cancellation itself.
        waiting = Chunk.objects.filter(job=job, state=ChunkState.QUEUED).select_for_update(
            skip_locked=connection.features.has_select_for_update_skip_locked, of=("self",)
        )
        pks = list(waiting.values_list("pk", flat=True))
        Chunk.objects.filter(pk__in=pks).update(state=ChunkState.CANCELLED, finished=story.now)
        job.state, type_, job.message = JobState.CANCELLED, EventType.JOB_CANCELLED, "Cancelled."
    elif failed == total:
        job.state, type_ = JobState.FAILED, EventType.JOB_FAILED
        first = job.chunks.filter(state=ChunkState.FAILED).order_by("index").first()
        job.message = first.error_message if first else ""
    else:
        job.state, type_ = JobState.FINISHED, EventType.JOB_FINISHED
        job.message = f"{failed} of {total} predictions failed." if failed else ""
    job.finished = story.now
    story.tell(type_, message=job.message)
