"""What only shows when several writers are at it at once, on real connections."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, connections

from tests.webapp.jobs.test_claims import claim, complete
from webapp.jobs import claims
from webapp.jobs.models import Chunk, Event, Job
from webapp.jobs.selectors import events_after
from webapp.jobs.states import EventType
from webapp.jobs.story import changing

pytestmark = pytest.mark.django_db(transaction=True)


def together(*works: Callable[[], object]) -> None:
    """Runs the functions in threads that begin at the same moment; raises what one raised."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            work()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]


def test_a_reader_never_sees_an_event_appear_before_one_it_has_read(submit):
    """Numbers given out before commit would let a reader skip what commits later."""
    job = submit(1)
    writers, each = 8, 15
    seen: list[int] = []
    writing = threading.Event()

    def write() -> None:
        for _ in range(each):
            with changing(job.pk) as story:
                story.tell(EventType.NOTE, message="x")

    def read() -> None:
        # As a client does: asks for what comes after the last number it has.
        while not writing.is_set() or len(seen) < 1 + writers * each:
            answer = events_after(job_pk=job.pk, after=seen[-1] if seen else 0)
            seen.extend(event["seq"] for event in answer["events"])

    def write_all() -> None:
        try:
            together(*[write] * writers)
        finally:
            writing.set()

    together(read, write_all)
    assert seen == list(range(1, 2 + writers * each))


def test_the_last_two_chunks_of_a_job_end_it_once_when_they_finish_together(submit):
    for _ in range(5):
        job = submit(2)
        first, second = claim(), claim()
        together(lambda c=first: complete(c), lambda c=second: complete(c))
        job.refresh_from_db()
        assert job.state == "finished"
        assert job.events.filter(type="job.finished").count() == 1


def test_workers_that_claim_at_the_same_moment_get_different_chunks(submit):
    submit(6)
    submit(6)
    claimed: list[int] = []

    def work(name: str) -> None:
        while (found := claim(owner=name)) is not None:
            claimed.append(found.pk)

    together(*[lambda name=name: work(name) for name in "abcd"])
    # A claim that finds all free rows locked by others comes back empty-handed; a ring follows.
    work("later")
    assert sorted(claimed) == sorted(Chunk.objects.values_list("pk", flat=True))
    assert set(Chunk.objects.values_list("attempt", flat=True)) == {1}


def test_claims_cancellations_and_ends_do_not_block_each_other(submit):
    jobs = [submit(4) for _ in range(4)]

    def work() -> None:
        while (found := claim()) is not None:
            try:
                complete(found)
            except claims.StaleAttempt:
                continue

    def cancel() -> None:
        from webapp.api_errors import Conflict
        from webapp.jobs.services import cancel_job

        for job in jobs:
            try:
                cancel_job(job=job)
            except Conflict:
                continue

    together(work, work, cancel)
    work()
    states = set(Job.objects.values_list("state", flat=True))
    assert states <= {"finished", "cancelled"}
    assert not Chunk.objects.filter(state__in=["queued", "running"]).exists()
    for job in jobs:
        numbers = Event.objects.filter(job=job).order_by("seq").values_list("seq", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))


def test_only_one_of_two_ends_of_the_same_attempt_counts(submit):
    job = submit(1)
    claimed = claim()
    for output_type in ("DNASE", "RNA_SEQ"):
        claims.record_part(claimed=claimed, output_type=output_type, level="complete", levels=[1])
    outcomes: list[str] = []

    def finish() -> None:
        try:
            claims.finish_chunk(claimed=claimed)
            outcomes.append("finished")
        except claims.StaleAttempt:
            outcomes.append("stale")

    together(finish, finish)
    assert sorted(outcomes) == ["finished", "stale"]
    assert job.events.filter(type="chunk.finished").count() == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_a_claim_does_not_wait_for_a_chunk_that_another_one_is_claiming(submit):
    submit(1)
    second = submit(1)
    from django.db import transaction

    with transaction.atomic():
        first = Chunk.objects.select_for_update().order_by("pk").first()
        found: list[claims.ClaimedChunk | None] = []
        together(lambda: found.append(claim()))
        assert found[0] is not None
        assert found[0].pk != first.pk
        assert found[0].job_pk == second.pk
