import pytest

from tests.webapp.jobs.conftest import plan
from webapp.api_errors import Conflict, TooMany
from webapp.jobs import doorbell, services
from webapp.jobs.models import Job


def create(user, project, asked, key=None):
    return services.create_job(
        user=user, project=project, plan=asked, complete_parts={}, idempotency_key=key
    )


def test_the_same_key_gives_the_same_job(user, project):
    asked = plan(1, salt="s")
    first, new = create(user, project, asked, "key")
    again, newer = create(user, project, asked, "key")
    assert (first.pk, new, newer) == (again.pk, True, False)
    assert Job.objects.count() == 1


def test_the_same_key_for_another_request_is_refused(user, project):
    create(user, project, plan(1), "key")
    with pytest.raises(Conflict) as caught:
        create(user, project, plan(2), "key")
    assert caught.value.field == "idempotency_key"
    assert Job.objects.count() == 1


def test_keys_of_different_people_do_not_meet(members, project):
    create(members["owner"], project, plan(1), "key")
    _, new = create(members["editor"], project, plan(1), "key")
    assert new


def test_jobs_without_a_key_are_all_new(user, project):
    asked = plan(1, salt="s")
    assert create(user, project, asked)[1]
    assert create(user, project, asked)[1]


def test_too_many_open_predictions_are_refused_and_nothing_is_stored(user, project, settings):
    settings.JOB_MAX_ACTIVE_CHUNKS = 3
    create(user, project, plan(2))
    with pytest.raises(TooMany, match="2 predictions waiting"):
        create(user, project, plan(2))
    assert Job.objects.count() == 1
    create(user, project, plan(1))


@pytest.mark.django_db(transaction=True)
def test_a_dead_broker_does_not_stop_a_job_from_being_stored(user, project, monkeypatch):
    def no_broker():
        raise OSError("no broker")

    monkeypatch.setattr(doorbell, "_celery", no_broker)
    job, _ = create(user, project, plan(1))
    assert Job.objects.get(pk=job.pk).state == "queued"


def test_a_ring_reaches_the_broker():
    from kombu import Queue

    app = doorbell._celery()
    with app.connection_for_write() as connection:
        channel = connection.channel()
        queue = Queue("predict")(channel)
        queue.declare()
        queue.purge()
        assert doorbell.ring_workers(2)
        messages = [queue.get(no_ack=True) for _ in range(3)]
        assert [m.headers["task"] for m in messages if m] == [doorbell.DRAIN_TASK] * 2


def test_the_queue_position_counts_the_jobs_that_are_served_before(submit):
    from webapp.jobs.selectors import queue_position

    first, large, last = submit(1), submit(11), submit(1)
    assert [queue_position(job) for job in (first, large, last)] == [0, 2, 1]
