from datetime import timedelta

import pytest
from django.utils import timezone

from webapp.accounts.models import User
from webapp.jobs import claims, services
from webapp.jobs.claims import StaleAttempt
from webapp.jobs.models import Chunk, ChunkPart
from webapp.jobs.sweeper import expire_leases, release_leases
from webapp.projects.services import create_project


def claim(owner="slot", engines=("demo",), lease_seconds=30.0):
    return claims.claim_chunk(owner=owner, engines=list(engines), lease_seconds=lease_seconds)


def complete(claimed):
    for output_type in ChunkPart.objects.filter(chunk=claimed.pk).values_list(
        "output_type", flat=True
    ):
        claims.record_part(
            claimed=claimed, output_type=output_type, level="complete", levels=[1, 32]
        )
    claims.finish_chunk(claimed=claimed)


def types(job):
    return list(job.events.order_by("seq").values_list("type", flat=True))


def test_a_job_is_computed_to_its_end_and_tells_its_story_in_order(submit):
    job = submit(1)
    complete(claim())
    job.refresh_from_db()
    assert job.state == "finished"
    assert types(job) == [
        "job.queued",
        "job.started",
        "chunk.started",
        "part.published",
        "part.published",
        "chunk.finished",
        "job.finished",
    ]
    assert list(job.events.order_by("seq").values_list("seq", flat=True)) == list(range(1, 8))
    assert job.last_seq == 7


def test_a_second_ring_for_the_same_work_finds_nothing(submit):
    submit(1)
    assert claim(owner="one") is not None
    assert claim(owner="two") is None


def test_a_worker_takes_only_chunks_of_engines_that_it_has(submit):
    submit(1, engine="alphagenome")
    assert claim(engines=["demo"]) is None
    assert claim(engines=["demo", "alphagenome"]) is not None


def test_a_stale_attempt_commits_nothing(submit):
    job = submit(1)
    lost = claim(owner="one")
    Chunk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert expire_leases() == 1
    taken = claim(owner="two")
    assert taken.attempt == lost.attempt + 1
    before = types(job)
    for attempt in (
        lambda: claims.record_part(claimed=lost, output_type="DNASE", level="complete", levels=[1]),
        lambda: claims.finish_chunk(claimed=lost),
        lambda: claims.fail_chunk(claimed=lost, code="x", message="x", permanent=True),
        lambda: claims.heartbeat(claimed=lost, lease_seconds=30),
        lambda: claims.release_chunk(claimed=lost, message="x"),
    ):
        with pytest.raises(StaleAttempt):
            attempt()
    assert types(job) == before
    complete(taken)
    job.refresh_from_db()
    assert job.state == "finished"


def test_a_part_is_published_once_even_if_it_is_recorded_twice(submit):
    job = submit(1)
    claimed = claim()
    record = {"claimed": claimed, "output_type": "DNASE", "levels": [256]}
    assert claims.record_part(**record, level="overview")
    assert not claims.record_part(**record, level="overview")
    assert claims.record_part(**record, level="complete")
    assert not claims.record_part(**record, level="complete")
    assert not claims.record_part(**record, level="overview")
    assert types(job).count("part.published") == 2


def test_parts_of_a_lost_attempt_are_kept_and_not_told_again(submit):
    job = submit(1)
    first = claim()
    claims.record_part(claimed=first, output_type="DNASE", level="complete", levels=[1])
    release_leases(owner="slot")
    complete(claim())
    published = job.events.filter(type="part.published").values_list("payload", flat=True)
    assert sorted(payload["output_type"] for payload in published) == ["DNASE", "RNA_SEQ"]


def test_a_heartbeat_keeps_the_lease_and_a_live_lease_is_left_alone(submit):
    submit(1)
    claimed = claim(lease_seconds=0.0)
    claims.heartbeat(claimed=claimed, lease_seconds=30)
    assert expire_leases() == 0


def test_a_chunk_with_an_open_part_cannot_be_finished(submit):
    submit(1)
    claimed = claim()
    claims.record_part(claimed=claimed, output_type="DNASE", level="complete", levels=[1])
    with pytest.raises(ValueError, match="not complete"):
        claims.finish_chunk(claimed=claimed)


def test_an_error_of_the_input_fails_the_chunk_at_once_with_its_sentence(submit):
    job = submit(2)
    claims.fail_chunk(claimed=claim(), code="bad", message="One sentence.", permanent=True)
    complete(claim())
    job.refresh_from_db()
    assert (job.state, job.message) == ("finished", "1 of 2 predictions failed.")
    failed = job.chunks.get(state="failed")
    assert (failed.error_code, failed.error_message) == ("bad", "One sentence.")


def test_a_job_of_failures_alone_has_failed_with_the_first_sentence(submit):
    job = submit(2)
    for number in (1, 2):
        claims.fail_chunk(claimed=claim(), code="bad", message=f"No {number}.", permanent=True)
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "No 1.")


def test_an_unexpected_error_is_tried_three_times(submit):
    job = submit(1)
    for _ in range(3):
        job.refresh_from_db()
        assert job.state != "failed"
        claims.fail_chunk(claimed=claim(), code="oops", message="Oops.", permanent=False)
    job.refresh_from_db()
    assert job.state == "failed"
    assert claim() is None


def test_a_chunk_that_kills_its_worker_is_given_up_after_three_claims(submit):
    job = submit(1)
    for _ in range(3):
        assert claim() is not None
        release_leases(owner="slot")
    assert claim() is None
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.chunks.get().error_code == "worker_lost"


def test_giving_back_in_order_costs_no_try(submit):
    submit(1)
    for _ in range(5):
        claims.release_chunk(claimed=claim(), message="The worker stops.")
    assert claim() is not None


def test_after_a_retry_only_the_failed_chunk_is_computed(submit):
    job = submit(2)
    claims.fail_chunk(claimed=claim(), code="bad", message="Bad.", permanent=True)
    complete(claim())
    services.retry_job(job=job)
    again = claim()
    assert again.attempt == 2
    complete(again)
    job.refresh_from_db()
    assert job.state == "finished"
    assert claim() is None


def test_small_jobs_come_before_large_ones_whatever_their_age(submit):
    large, small = submit(11), submit(1)
    assert claim().job_pk == small.pk
    assert claim().job_pk == large.pk


def test_who_has_fewer_chunks_running_is_served_first(submit):
    other = User.objects.create_user("grace")
    first = submit(3)
    second = submit(3, by=other, project=create_project(user=other, title="Other"))
    order = [claim().job_pk for _ in range(6)]
    assert order == [first.pk, second.pk] * 3
