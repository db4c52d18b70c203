"""The states of a job and of what it is made of."""

from django.db import models


class JobState(models.TextChoices):
    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class ChunkState(models.TextChoices):
    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    FINISHED = "finished", "finished"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


class PartState(models.TextChoices):
    PENDING = "pending", "not there yet"
    OVERVIEW = "overview", "overview there"
    COMPLETE = "complete", "complete"


class PartSource(models.TextChoices):
    """Who says what a part holds: the model, or the simulator of the invented genome."""

    PREDICTION = "prediction", "predicted"
    TRUTH = "truth", "truth (simulator)"


class EventType(models.TextChoices):
    """One line of a job's story. What the payload of each holds: `webapp.jobs.services`."""

    JOB_QUEUED = "job.queued"
    JOB_STARTED = "job.started"
    CHUNK_QUEUED = "chunk.queued"
    CHUNK_STARTED = "chunk.started"
    PART_PUBLISHED = "part.published"
    CHUNK_FINISHED = "chunk.finished"
    CHUNK_FAILED = "chunk.failed"
    JOB_CANCEL_REQUESTED = "job.cancel_requested"
    JOB_FINISHED = "job.finished"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    NOTE = "note"


ACTIVE_JOB = (JobState.QUEUED, JobState.RUNNING)
ENDED_CHUNK = (ChunkState.FINISHED, ChunkState.FAILED, ChunkState.CANCELLED)
OPEN_CHUNK = (ChunkState.QUEUED, ChunkState.RUNNING)
