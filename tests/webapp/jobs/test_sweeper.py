from datetime import timedelta

import pytest
from django.utils import timezone

from tests.webapp.jobs.test_claims import claim, complete
from webapp.jobs import sweeper
from webapp.jobs.models import Chunk, Job, WorkerSlot
from webapp.jobs.selectors import events_after


@pytest.fixture
def rings(monkeypatch):
    heard: list[int] = []
    monkeypatch.setattr(sweeper, "ring_workers", lambda times=1: heard.append(times))
    return heard


@pytest.fixture
def worker():
    """A worker that has its model and gave a sign of life just now."""
    return WorkerSlot.objects.create(
        name="slot", state="ready", engines=["demo"], pid=1, beat=timezone.now()
    )


def test_an_idle_worker_is_rung_again_while_work_waits(submit, rings, worker):
    submit(1)
    sweeper.sweep()
    sweeper.sweep()
    assert rings == [1, 1]


def test_a_busy_worker_is_not_rung(submit, rings, worker):
    submit(2)
    claim(owner=worker.name)
    sweeper.sweep()
    assert rings == []


@pytest.mark.parametrize("state", ["starting", "empty", "stopping"])
def test_nobody_is_rung_who_cannot_work(submit, rings, worker, state):
    WorkerSlot.objects.update(state=state)
    submit(1)
    sweeper.sweep()
    assert rings == []


def test_the_absent_are_not_rung(submit, rings, worker):
    WorkerSlot.objects.update(beat=timezone.now() - timedelta(minutes=5))
    submit(1)
    sweeper.sweep()
    assert rings == []


def test_without_work_nobody_is_rung(submit, rings, worker):
    submit(1)
    complete(claim())
    sweeper.sweep()
    assert rings == []


def test_a_lost_lease_lets_the_chunk_wait_again(submit, rings, worker):
    job = submit(1)
    claim()
    Chunk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sweeper.sweep()
    assert job.chunks.get().state == "queued"
    assert rings == [1]


def test_old_stories_are_pruned_and_readers_told_to_fetch_anew(submit, rings, settings):
    job = submit(1)
    complete(claim())
    sweeper.sweep()
    assert not events_after(job_pk=job.pk, after=0)["resync"]
    Job.objects.update(finished=timezone.now() - settings.JOB_EVENT_RETENTION * 2)
    sweeper.sweep()
    assert job.events.count() == 0
    assert events_after(job_pk=job.pk, after=0)["resync"]
    job.refresh_from_db()
    assert not events_after(job_pk=job.pk, after=job.last_seq)["resync"]


def test_a_reader_from_the_future_is_told_to_fetch_anew(submit):
    job = submit(1)
    assert events_after(job_pk=job.pk, after=99)["resync"]
