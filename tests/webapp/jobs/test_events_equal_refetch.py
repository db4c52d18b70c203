import pytest

from tests.webapp.jobs.conftest import plan
from tests.webapp.jobs.replay import Follower
from tests.webapp.jobs.test_claims import claim, complete
from webapp.jobs import claims, services
from webapp.jobs.models import Job
from webapp.jobs.sweeper import release_leases


def test_every_change_of_a_job_tells_the_same_as_a_refetch(submit):
    job = submit(4)
    follower = Follower(job)
    follower.check()

    first = claim()
    follower.check()
    claims.record_part(claimed=first, output_type="DNASE", level="overview", levels=[256])
    follower.check()
    release_leases(owner="slot")
    follower.check()
    complete(claim())
    follower.check()
    claims.fail_chunk(claimed=claim(), code="bad", message="Bad.", permanent=True)
    follower.check()
    claims.fail_chunk(claimed=claim(), code="oops", message="Oops.", permanent=False)
    follower.check()
    while (claimed := claim()) is not None:
        complete(claimed)
        follower.check()
    assert follower.known["state"] == "finished"
    services.retry_job(job=job)
    follower.check()
    running = claim()
    services.cancel_job(job=job)
    follower.check()
    claims.release_chunk(claimed=running, message="Stopped.")
    follower.check()
    assert follower.known["state"] == "cancelled"


def test_a_waiting_job_that_is_cancelled_tells_the_same_as_a_refetch(submit):
    job = submit(2)
    follower = Follower(job)
    services.cancel_job(job=job)
    follower.check()


@pytest.mark.parametrize("stored", [1, 2, 3, 4])
def test_parts_that_are_stored_already_are_complete_at_once(user, project, stored):
    asked = plan(2)
    complete_parts = {key: [1, 32] for key in asked.keys()[:stored]}
    job, _ = services.create_job(
        user=user, project=project, plan=asked, complete_parts=complete_parts
    )
    fresh = Job.objects.get(pk=job.pk)
    assert fresh.state == ("finished" if stored == 4 else "queued" if stored == 1 else "running")
    assert fresh.chunks.filter(state="finished").count() == stored // 2
    follower = Follower(fresh)
    while (claimed := claim()) is not None:
        complete(claimed)
        follower.check()
    assert follower.known["state"] == "finished"
    published = fresh.events.filter(type="part.published").count()
    assert published == 4
