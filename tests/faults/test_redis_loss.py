"""Redis may vanish with all it holds: nothing depends on it but speed."""

import shutil
import socket
import subprocess

import pytest
import redis

from tests.faults.story import (
    SocketClient,
    assert_computed_once,
    submit,
    wait_for_end,
    wait_for_middle,
)
from tests.until import until

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.services]


class PrivateRedis:
    """A server of our own, without persistence, that may be killed."""

    def __init__(self, program: str, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._command = [program, "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self._folder = folder
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._answers, 20, what="the private Redis")

    def _answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port).ping())
        except redis.ConnectionError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def private_redis(profile, tmp_path):
    if profile != "services":
        pytest.skip("the embedded profile has no Redis")
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server program to kill")
    server = PrivateRedis(program, tmp_path)
    yield server
    server.kill()


def test_a_job_and_its_client_survive_a_redis_that_comes_back_empty(private_redis, start_app):
    app = start_app(
        settings={
            "REDIS_URL": f"redis://127.0.0.1:{private_redis.port}/0",
            "ALLELENS_LEASE_SECONDS": "2",
            "ALLELENS_SWEEP_SECONDS": "0.5",
            # Short rings, so that the job needs the broker again after its loss.
            "ALLELENS_DRAIN_SECONDS": "1",
        }
    )
    app.wait_for_worker()
    job = submit(app, 20)
    client = SocketClient(app, job["id"])
    client.start()
    wait_for_middle(app, job["id"])
    private_redis.kill()
    private_redis.start()
    ended = wait_for_end(app, job["id"])
    client.join(60)
    client.stopped.set()
    assert client.ended, app.logs()
    assert_computed_once(ended, client.events)


def test_a_job_is_accepted_while_redis_is_down_and_computed_afterwards(private_redis, start_app):
    app = start_app(
        settings={
            "REDIS_URL": f"redis://127.0.0.1:{private_redis.port}/0",
            "ALLELENS_SWEEP_SECONDS": "0.5",
        }
    )
    app.wait_for_worker()
    private_redis.kill()
    job = submit(app, 1)
    assert app.get("/readyz").json()["queue"] is False
    private_redis.start()
    assert wait_for_end(app, job["id"])["state"] == "finished"
