"""The whole application as real processes on a free port, with a data folder of its own.

Profile `embedded`: one `manage.py up`. Profile `services`: `serve`, `python -m worker` and `sweep`
with the production settings on PostgreSQL and Redis.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import requests

from tests.until import until
from webapp.supervisor import lifeline

ROOT = Path(__file__).resolve().parents[1]
# Generous: a loaded machine compiles the network for minutes where nothing is cached.
START_SECONDS = 400.0
_PASSWORD = "a long test password 1"
# Set by pytest's own Django or meant for it; the processes must find their own.
_NOT_INHERITED = (
    *("DJANGO_SETTINGS_MODULE", "ALLELENS_HOME", "ALLELENS_TEST_HOME"),
    *("SECRET_KEY", "REDIS_URL", "ALLELENS_REDIS_PREFIX", "ALLELENS_HTTPS"),
)


@dataclass
class RunningApp:
    """A running application.

    Attributes:
      url: without a slash at the end.
      data: its data folder.
      profile: `embedded` or `services`.
      cookies: what a browser needs to be signed in; none in the embedded profile.
      environment: of its processes.
    """

    url: str
    data: Path
    profile: str
    environment: Mapping[str, str]
    cookies: dict[str, str] = field(default_factory=dict)
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _commands: dict[str, list[str]] = field(default_factory=dict)
    _database: str | None = None
    # Closes with us, however we end; the processes then end too.
    _lifeline: tuple[int, int] = field(default_factory=os.pipe)

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name: `web`, `worker`, `model` (the worker's child), `up` or `sweep`."""
        found = {
            name: process.pid for name, process in self._processes.items() if process.poll() is None
        }
        if "up" in found:
            for pid, command in _children(found["up"]):
                if "manage.py serve" in command:
                    found["web"] = pid
                elif "-m worker" in command:
                    found["worker"] = pid
        if "worker" in found:
            for pid, command in _children(found["worker"]):
                if "tracker" not in command:
                    found["model"] = pid
        return found

    @property
    def socket_url(self) -> str:
        return self.url.replace("http://", "ws://")

    def session(self) -> requests.Session:
        """A signed-in HTTP session."""
        session = requests.Session()
        session.cookies.update(self.cookies)
        session.headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        return session

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session().get(self.url + path, timeout=30, **options)

    def post(self, path: str, values: Any = None) -> requests.Response:
        return self.session().post(self.url + path, json=values, timeout=30)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Kills one process by its name; returns its id."""
        pid = self.pids[name]
        os.kill(pid, number)
        return pid

    def revive(self, name: str) -> None:
        """Starts a killed process again, where no supervisor does so by itself."""
        if self.profile == "services":
            self._processes[name].wait(10)
            self._start(name)

    def wait_for_worker(self, timeout: float = START_SECONDS) -> None:
        """Returns once a worker has its model."""
        until(self._is_ready, timeout, what="a worker with a model", pause=0.2)

    def _is_ready(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def is_alive(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
        return False

    def logs(self) -> str:
        """The ends of all logs, for the message of a failed test."""
        files = sorted((self.data / "logs").glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text()[-4000:]}" for file in files)

    def _start(self, name: str) -> None:
        log = self.data / "logs" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            self._processes[name] = subprocess.Popen(
                self._commands[name],
                cwd=ROOT,
                env={**self.environment, lifeline.VARIABLE: str(self._lifeline[0])},
                pass_fds=[self._lifeline[0]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if name == "up" else file,
                stderr=subprocess.STDOUT if name == "up" else file,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Ends all processes, by their groups, and removes what they used."""
        groups = set(self.pids.values())
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal.SIGKILL)
        for descriptor in self._lifeline:
            os.close(descriptor)
        if self._database is not None:
            _drop_database(self._database)
            _forget_keys(self.environment)


def start(
    data: Path,
    *,
    profile: str,
    installed: Path,
    settings: Mapping[str, str] | None = None,
) -> RunningApp:
    """Starts the application; it answers when this returns, its worker may still be loading.

    Args:
      data: an empty folder for its data.
      profile: `embedded` or `services`.
      installed: a data folder whose genomes, weights and compiled functions are used.
      settings: further environment variables, such as ALLELENS_LEASE_SECONDS.
    """
    data.mkdir(parents=True, exist_ok=True)
    for name in ("genomes", "weights", "xla-cache"):
        if (installed / name).exists() and not (data / name).exists():
            (data / name).symlink_to(installed / name)
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
    environment |= {"ALLELENS_HOME": str(data), "PYTHONUNBUFFERED": "1", **(settings or {})}
    starting = _start_services if profile == "services" else _start_embedded
    return starting(data, environment)


def _start_embedded(data: Path, environment: dict[str, str]) -> RunningApp:
    environment["DJANGO_SETTINGS_MODULE"] = "webapp.settings.embedded"
    app = RunningApp(url="", data=data, profile="embedded", environment=environment)
    command = [sys.executable, "manage.py", "up", "--port", "0", "--data", str(data)]
    app._commands["up"] = command
    app._start("up")
    output = app._processes["up"].stdout
    assert output is not None
    lines: list[str] = []
    reader = threading.Thread(target=_collect, args=(output, lines, data / "logs"), daemon=True)
    reader.start()
    try:
        app.url = until(lambda: _served(app, lines), START_SECONDS, what="manage.py up")
    except BaseException:
        app.stop()
        raise
    return app


def _collect(output: IO[bytes], lines: list[str], logs: Path) -> None:
    with (logs / "up.log").open("a") as file:
        for line in output:
            lines.append(line.decode())
            file.write(lines[-1])
            file.flush()


def _served(app: RunningApp, lines: list[str]) -> str:
    if app._processes["up"].poll() is not None:
        raise RuntimeError(f"manage.py up ended: {''.join(lines)}\n{app.logs()}")
    for line in lines:
        if line.startswith("Allelens serves "):
            return line.split()[2]
    return ""


def _start_services(data: Path, environment: dict[str, str]) -> RunningApp:
    port = _free_port()
    database = f"allelens_run_{secrets.token_hex(6)}"
    _create_database(database)
    environment |= {
        "DJANGO_SETTINGS_MODULE": "webapp.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(40),
        "DATABASE_URL": f"postgresql://{_postgres_user()}@127.0.0.1:5432/{database}",
        "ALLELENS_REDIS_PREFIX": database,
        "ALLELENS_HTTPS": "0",
        "DJANGO_SUPERUSER_PASSWORD": _PASSWORD,
    }
    environment.setdefault("REDIS_URL", "redis://127.0.0.1:6379/9")
    python = [sys.executable]
    app = RunningApp(
        url=f"http://127.0.0.1:{port}",
        data=data,
        profile="services",
        environment=environment,
        _database=database,
        _commands={
            "web": [*python, "manage.py", "serve", "--port", str(port)],
            "worker": [*python, "-m", "worker", "--slot", "test"],
            "sweep": [*python, "manage.py", "sweep"],
        },
    )
    try:
        _manage(app, "prepare")
        _manage(app, "createsuperuser", "--noinput", "--username=test", "--email=t@example.org")
        for name in app._commands:
            app._start(name)
        until(app.is_alive, START_SECONDS, what="the web process")
        app.cookies = _signed_in(app.url)
    except BaseException as error:
        logs = app.logs()
        app.stop()
        raise RuntimeError(f"The services profile did not start.\n{logs}") from error
    return app


def _manage(app: RunningApp, *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=dict(app.environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}")


def _signed_in(url: str) -> dict[str, str]:
    session = requests.Session()
    session.get(f"{url}/api/session/", timeout=30)
    answer = session.post(
        f"{url}/api/session/",
        json={"username": "test", "password": _PASSWORD},
        headers={"X-CSRFToken": session.cookies["csrftoken"]},
        timeout=30,
    )
    answer.raise_for_status()
    return dict(session.cookies)


def _postgres_user() -> str:
    return os.environ.get("PGUSER", "postgres")


def _server() -> Any:
    import psycopg

    return psycopg.connect(
        host="127.0.0.1", port=5432, user=_postgres_user(), dbname="postgres", autocommit=True
    )


def _create_database(name: str) -> None:
    with _server() as server:
        server.execute(f'CREATE DATABASE "{name}"')


def _drop_database(name: str) -> None:
    with _server() as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _forget_keys(environment: Mapping[str, str]) -> None:
    import redis

    client = redis.Redis.from_url(environment["REDIS_URL"])
    for key in client.scan_iter(f"{environment['ALLELENS_REDIS_PREFIX']}*"):
        client.delete(key)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _children(parent: int) -> list[tuple[int, str]]:
    listed = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [(int(row[0]), row[2]) for row in rows if len(row) == 3 and int(row[1]) == parent]


def alive(pid: int) -> bool:
    """Whether a process exists and is not only waiting to be collected."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


def read_events(app: RunningApp, job_id: str) -> list[dict[str, Any]]:
    """All events of a job, over HTTP, in the pieces in which they come."""
    events: list[dict[str, Any]] = []
    while True:
        after = events[-1]["seq"] if events else 0
        answer = app.get(f"/api/jobs/{job_id}/events/?after={after}").json()
        events += answer["events"]
        if not answer["events"]:
            return events


def first_bases(app: RunningApp, *, chromosome: str = "demo1") -> str:
    """The sequence of a chromosome of the demo genome, as the app serves it."""
    text = app.get("/api/genomes/demoH1/sequence.fa").text
    record = next(part for part in text.split(">") if part.startswith(f"{chromosome}\n"))
    return record.partition("\n")[2].replace("\n", "")


def some_variants(app: RunningApp, number: int, *, start: int = 40_000) -> list[str]:
    """Different substitutions that agree with the demo genome."""
    bases = first_bases(app)
    swap = {"A": "C", "C": "A", "G": "T", "T": "G", "N": "A"}
    positions = range(start, start + 1_009 * number, 1_009)
    return [f"demo1:{p}:{bases[p - 1]}>{swap[bases[p - 1]]}" for p in positions]
