"""The truth about jobs: what was asked, what is done, who does what, and the story of it.

A Celery message only means that there may be work, a Channels message that there may be events.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from webapp.accounts.models import User
from webapp.jobs.states import ChunkState, EventType, JobState, PartSource, PartState
from webapp.projects.models import Project


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User | AnonymousUser) -> JobQuerySet:
        """Jobs of the projects that the person is a member of."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(project__memberships__user=user)


class Job(models.Model):
    """What a person asked for."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs"
    )
    engine = models.CharField(max_length=100)
    weights_digest = models.CharField(max_length=100)
    organism = models.CharField(max_length=20)
    assembly = models.CharField(max_length=50)
    window = models.PositiveIntegerField(help_text="bp given to the model")
    request = models.JSONField(help_text="what was asked, as understood")
    idempotency_key = models.CharField(max_length=100, null=True, blank=True)  # noqa: DJ001
    priority = models.SmallIntegerField(default=0, help_text="lower is served first")

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    cancel_requested = models.BooleanField(default=False)
    message = models.TextField(blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    # The number of the last event. It grows under the lock of this row, in the transaction of
    # the change it tells of, so that events become visible in the order of their numbers.
    last_seq = models.PositiveIntegerField(default=0)
    # Events up to this number were pruned.
    event_floor = models.PositiveIntegerField(default=0)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            # NULLs are distinct, so jobs without a key are free.
            models.UniqueConstraint(
                fields=["created_by", "idempotency_key"], name="one_job_per_idempotency_key"
            )
        ]
        indexes = [
            models.Index(fields=["project", "-created"], name="job_newest_in_project"),
            models.Index(
                fields=["priority", "created"],
                name="job_active",
                condition=Q(state__in=["queued", "running"]),
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.uuid} ({self.state})"


class ChunkQuerySet(models.QuerySet["Chunk"]):
    def visible_to(self, user: User | AnonymousUser) -> ChunkQuerySet:
        if not user.is_authenticated:
            return self.none()
        return self.filter(job__project__memberships__user=user)


class Chunk(models.Model):
    """What one task does: one window, one haplotype."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="chunks")
    index = models.PositiveIntegerField()
    chromosome = models.CharField(max_length=100)
    start = models.IntegerField(help_text="0-based; may be negative, the model then sees N")
    end = models.IntegerField()
    # [{"text", "chromosome", "position", "reference_bases", "alternate_bases"}], by position.
    variants = models.JSONField(default=list)

    state = models.CharField(max_length=10, choices=ChunkState.choices, default=ChunkState.QUEUED)
    # Grows with every claim: a worker that lost its lease cannot commit (fencing).
    attempt = models.PositiveIntegerField(default=0)
    # Claims since the chunk was last queued by a person; limits repetition.
    tries = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=200, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True, default="")
    error_message = models.TextField(blank=True, default="")
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "index"], name="chunk_index_in_job"),
            models.CheckConstraint(condition=Q(end__gt=models.F("start")), name="chunk_has_width"),
        ]
        indexes = [
            models.Index(fields=["id"], name="chunk_queued", condition=Q(state="queued")),
            models.Index(
                fields=["lease_until"], name="chunk_running", condition=Q(state="running")
            ),
        ]

    def __str__(self) -> str:
        return f"chunk {self.uuid} ({self.state}, attempt {self.attempt})"


class ChunkPart(models.Model):
    """One output type of one chunk, and the name of its arrays in the result store.

    Where the truth was asked for too, an output type has two parts, one of each source.
    """

    chunk = models.ForeignKey(Chunk, on_delete=models.CASCADE, related_name="parts")
    source = models.CharField(
        max_length=10, choices=PartSource.choices, default=PartSource.PREDICTION
    )
    output_type = models.CharField(max_length=50)
    key = models.CharField(max_length=64, db_index=True)
    resolution = models.PositiveIntegerField(help_text="bp per bin")
    # Track ids such as "DNASE/0", in the order of the arrays.
    tracks = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=PartState.choices, default=PartState.PENDING)
    levels = models.JSONField(default=list, help_text="bin sizes that can be read")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["chunk", "source", "output_type"], name="part_of_chunk_and_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.output_type} of {self.chunk_id} ({self.source}, {self.state})"


class Event(models.Model):
    """One line of a job's story; `seq` runs 1, 2, 3 ... in each job."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=30, choices=EventType.choices)
    time = models.DateTimeField()
    payload = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="event_number_in_job")]

    def __str__(self) -> str:
        return f"{self.seq} {self.type}"


class WorkerSlot(models.Model):
    """A place where one model runs; its heartbeat tells that somebody is there."""

    class State(models.TextChoices):
        STARTING = "starting", "loading a model"
        READY = "ready", "has a model"
        EMPTY = "empty", "has no model"
        STOPPING = "stopping", "is stopping"

    name = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State.choices)
    # Names of the engines that this slot can run.
    engines = models.JSONField(default=list)
    device = models.CharField(max_length=200, blank=True, default="")
    # Bytes that were free on the device before a model was loaded.
    memory = models.BigIntegerField(null=True)
    pid = models.IntegerField()
    beat = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"
