"""`manage.py up`: all of Allelens on this machine, by one command."""

import argparse
import http.client
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections

from predictor.errors import AllelensError
from webapp.accounts.services import local_user
from webapp.jobs.models import Chunk
from webapp.jobs.states import ChunkState
from webapp.projects.services import default_project
from webapp.supervisor import first_run, instance_lock, lifeline
from webapp.supervisor.children import Child

_STOP_SECONDS = 12.0
_STOP_IDLE_SECONDS = 3.0
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Command(BaseCommand):
    help = "Serves the application on this machine: web pages, one worker, and the sweeper."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
        parser.add_argument("--data", help="data folder (default: ALLELENS_HOME, or var/)")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.MODE != "embedded":
            raise CommandError("'up' is for the embedded settings; in production run each part.")
        lifeline.watch()
        try:
            self._run(options["host"], options["port"])
        except AllelensError as error:
            raise CommandError(error.message) from error

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _run(self, host: str, port: int) -> None:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: stop.set())
        # The lock comes before the port, so that a second start is told what serves already.
        wanted = _address(host, port)
        lock = instance_lock.take(settings.DATA_DIR, url=wanted)
        try:
            listener = _listen(host, port)
            url = _address(host, listener.getsockname()[1])
            if url != wanted:
                lock.close()
                lock = instance_lock.take(settings.DATA_DIR, url=url)
            self._prepare()
            self._serve(host, listener, url, stop)
        finally:
            lock.close()

    def _prepare(self) -> None:
        if first_run.check_database(Path(str(settings.DATABASES["default"]["NAME"]))):
            self._say("Preparing the database ...")
            first_run.migrate()
        if missing := first_run.missing_demo_genomes():
            self._say(f"Writing the demo genome ({', '.join(missing)}) ...")
            first_run.make_demo_genomes()
        default_project(user=local_user(username=settings.LOCAL_USERNAME or "local"))
        close_old_connections()

    def _serve(self, host: str, listener: socket.socket, url: str, stop: threading.Event) -> None:
        logs = settings.DATA_DIR / "logs"
        descriptor = listener.fileno()
        python = [sys.executable, "-u"]
        web_environment = {}
        if host not in _LOOPBACK:
            # Who opens the machine to the network decides under which names; "*" never signs in
            # the local user, because that also asks for a loopback name.
            names = os.environ.get("ALLELENS_ALLOWED_HOSTS", "*")
            web_environment["ALLELENS_ALLOWED_HOSTS"] = names
            self._say("Other machines may open the page but are not signed in.")
        children = [
            # The listening socket is ours: while the web process starts again, connections wait.
            Child(
                name="web",
                command=[*python, "manage.py", "serve", "--fd", str(descriptor)],
                log=logs / "web.log",
                say=self._say,
                environment=web_environment,
                pass_descriptors=[descriptor],
            ),
            Child(
                name="worker",
                command=[*python, "-m", "worker", "--slot", "embedded"],
                log=logs / "worker.log",
                say=self._say,
            ),
        ]
        os.chdir(settings.BASE_DIR)
        for child in children:
            child.start()
        sweeper = threading.Thread(target=_sweep_until, args=(stop,), name="sweeper", daemon=True)
        sweeper.start()
        answered = False
        while not stop.wait(0.1):
            for child in children:
                child.tend()
            if not answered and _answers(host, listener.getsockname()[1]):
                answered = True
                self._say(f"Allelens serves {url}  (stop it with Ctrl-C)")
        self._say("Stopping ...")
        listener.close()
        for child in children:
            child.ask_to_stop()
        # A worker in the middle of a chunk may end it; one that only loads its model need not.
        busy = Chunk.objects.filter(state=ChunkState.RUNNING).exists()
        until = time.monotonic() + (_STOP_SECONDS if busy else _STOP_IDLE_SECONDS)
        for child in children:
            child.make_stop(until)
        sweeper.join(2)


def _sweep_until(stop: threading.Event) -> None:
    from webapp.supervisor.sweeping import sweep_forever

    sweep_forever(stop)


def _address(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CommandError(
            f"Cannot listen on {host}, port {port}: {error.strerror}. If another program uses "
            "the port, choose another one, for example --port 8001."
        ) from error
    return listener


def _answers(host: str, port: int) -> bool:
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(shown, port, timeout=1)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
