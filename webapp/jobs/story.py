"""Changes of a job and the numbered events that tell of them, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from webapp.jobs.doorbell import wake_watchers
from webapp.jobs.models import Event, Job
from webapp.jobs.states import EventType


class Story:
    """A locked job; `tell` appends to its story, `job` may be changed freely."""

    def __init__(self, job: Job):
        self.job = job
        self.now = timezone.now()
        self._events: list[Event] = []

    def tell(self, type_: EventType, **payload: Any) -> None:
        self.job.last_seq += 1
        self._events.append(
            Event(job=self.job, seq=self.job.last_seq, type=type_, time=self.now, payload=payload)
        )

    def close(self) -> None:
        if not self._events:
            return
        self.job.save()
        Event.objects.bulk_create(self._events)
        job_uuid = self.job.uuid
        transaction.on_commit(lambda: wake_watchers(job_uuid), robust=True)


@contextmanager
def changing(job_pk: int) -> Iterator[Story]:
    """Locks a job for a change.

    The lock is held until commit: two changes of one job come one after the other, and their
    events become visible in the order of their numbers. A change without an event is not saved.

    Raises:
      Job.DoesNotExist: the job was deleted.
    """
    with transaction.atomic():
        story = Story(Job.objects.select_for_update().get(pk=job_pk))
        yield story
        story.close()
