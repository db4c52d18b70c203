import signal

import pytest

from tests.faults.story import (
    SocketClient,
    assert_computed_once,
    count,
    submit,
    wait_for_end,
    wait_for_middle,
)
from tests.running_app import alive, read_events
from tests.until import until

pytestmark = [pytest.mark.fault, pytest.mark.slow]

CHUNKS = 20
SHORT = {"ALLELENS_LEASE_SECONDS": "2", "ALLELENS_SWEEP_SECONDS": "0.5"}


@pytest.fixture(scope="module")
def app(start_app_once):
    """One for all: after each test everything that was killed runs again."""
    app = start_app_once(settings=SHORT)
    app.wait_for_worker()
    return app


def test_a_job_survives_the_death_of_the_worker_and_is_computed_once(app):
    job = submit(app, CHUNKS)
    wait_for_middle(app, job["id"])
    model = app.pids["model"]
    app.kill("worker")
    until(lambda: not alive(model), 20, what="the end of the orphaned child")
    app.revive("worker")
    ended = wait_for_end(app, job["id"])
    events = read_events(app, job["id"])
    assert_computed_once(ended, events)
    assert max(chunk["attempt"] for chunk in ended["chunks"]) == 2


def test_a_job_survives_the_death_of_the_process_that_holds_the_model(app):
    job = submit(app, CHUNKS)
    wait_for_middle(app, job["id"])
    before = app.kill("model")
    ended = wait_for_end(app, job["id"])
    assert_computed_once(ended, read_events(app, job["id"]))
    assert app.pids["model"] != before


def test_a_client_misses_nothing_when_the_web_process_dies(app):
    job = submit(app, CHUNKS)
    client = SocketClient(app, job["id"])
    client.start()
    wait_for_middle(app, job["id"])
    app.kill("web")
    app.revive("web")
    client.join(900)
    client.stopped.set()
    assert client.ended, app.logs()
    assert client.losses > 0
    ended = app.get(f"/api/jobs/{job['id']}/").json()
    assert_computed_once(ended, client.events)
    assert client.events == read_events(app, job["id"])


def test_a_job_survives_the_death_of_everything_at_once(app):
    job = submit(app, CHUNKS)
    wait_for_middle(app, job["id"])
    for name in ("worker", "web"):
        app.kill(name)
    for name in ("worker", "web"):
        app.revive(name)
    until(app.is_alive, 60, what="the web process")
    assert_computed_once(wait_for_end(app, job["id"]), read_events(app, job["id"]))


def test_cancelling_in_the_middle_stops_the_worker_soon(app):
    job = submit(app, CHUNKS)
    wait_for_middle(app, job["id"])
    app.post(f"/api/jobs/{job['id']}/cancel/")
    ended = wait_for_end(app, job["id"], timeout=60)
    assert ended["state"] == "cancelled"
    assert {chunk["state"] for chunk in ended["chunks"]} == {"finished", "cancelled"}


def test_a_stopped_worker_ends_its_chunk_and_the_next_one_goes_on(app):
    job = submit(app, CHUNKS)
    wait_for_middle(app, job["id"])
    app.kill("worker", signal.SIGTERM)
    app.revive("worker")
    ended = wait_for_end(app, job["id"])
    assert_computed_once(ended, read_events(app, job["id"]))
    assert max(chunk["attempt"] for chunk in ended["chunks"]) == 1


def test_a_process_that_is_killed_at_every_try_ends_its_job_with_a_sentence_and_the_next_one_runs(
    app,
):
    """SIGKILL is what the kernel sends where memory is used up."""
    job = submit(app, 1, window=32768, output_types=None)
    for tries in range(1, 4):
        until(
            lambda tries=tries: count(read_events(app, job["id"]), "chunk.started") == tries,
            600,
            what=f"try {tries}",
            pause=0.02,
        )
        app.kill("model")
    ended = wait_for_end(app, job["id"])
    assert ended["state"] == "failed"
    assert "stopped 3 times" in ended["message"]
    assert "want of memory" in ended["message"]
    assert [chunk["error"]["code"] for chunk in ended["chunks"]] == ["worker_lost"]
    assert wait_for_end(app, submit(app, 1)["id"])["state"] == "finished"


def test_a_chunk_that_takes_too_long_ends_with_a_sentence_and_the_worker_starts_anew(
    start_app,
):
    app = start_app(settings={**SHORT, "ALLELENS_CHUNK_SECONDS": "0"})
    app.wait_for_worker()
    before = app.pids["model"]
    job = submit(app, 1, window=32768, output_types=None)
    ended = wait_for_end(app, job["id"])
    assert ended["state"] == "failed"
    assert "not done within 0 seconds" in ended["message"]
    assert "32,768 bp" in ended["message"]
    until(lambda: app.pids.get("model", before) != before, 60, what="a new process")
    app.wait_for_worker()
