import pytest

from tests.webapp.jobs.test_claims import claim, complete, types
from webapp.api_errors import Conflict
from webapp.jobs import claims, services
from webapp.jobs.claims import StaleAttempt
from webapp.jobs.sweeper import end_cancelled_jobs, release_leases


def test_a_waiting_job_is_cancelled_at_once(submit):
    job = submit(3)
    services.cancel_job(job=job)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert set(job.chunks.values_list("state", flat=True)) == {"cancelled"}
    assert claim() is None
    assert types(job) == ["job.queued", "job.cancel_requested", "job.cancelled"]


def test_cancelling_in_the_middle_of_a_chunk_stops_it_at_the_heartbeat(submit):
    job = submit(2)
    complete(claim())
    running = claim()
    services.cancel_job(job=job)
    job.refresh_from_db()
    assert job.state == "running"
    with pytest.raises(StaleAttempt):
        claims.heartbeat(claimed=running, lease_seconds=30)
    claims.release_chunk(claimed=running, message="Stopped.")
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert sorted(job.chunks.values_list("state", flat=True)) == ["cancelled", "finished"]


def test_the_sweeper_ends_a_cancelled_job_whose_worker_died(submit):
    job = submit(1)
    claim()
    services.cancel_job(job=job)
    assert end_cancelled_jobs() == 0
    release_leases(owner="slot")
    end_cancelled_jobs()
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert job.chunks.get().state == "cancelled"


def test_a_chunk_that_ends_after_the_cancellation_still_counts(submit):
    job = submit(1)
    running = claim()
    services.cancel_job(job=job)
    complete(running)
    job.refresh_from_db()
    assert job.state == "finished"


def test_an_ended_job_cannot_be_cancelled(submit):
    job = submit(1)
    complete(claim())
    with pytest.raises(Conflict):
        services.cancel_job(job=job)


def test_a_running_or_cancelled_job_cannot_be_tried_again(submit):
    job = submit(1)
    with pytest.raises(Conflict):
        services.retry_job(job=job)
    services.cancel_job(job=job)
    with pytest.raises(Conflict):
        services.retry_job(job=job)
