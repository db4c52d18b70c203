"""`manage.py up` as a person meets it: started twice, killed, on a taken port, on new data."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys

import pytest

from tests.running_app import ROOT, alive
from tests.until import until

pytestmark = [pytest.mark.fault, pytest.mark.slow, pytest.mark.once]


@pytest.fixture(scope="module")
def app(start_app_once):
    """One for all that leave it running."""
    return start_app_once(profile="embedded")


@pytest.fixture
def own_app(start_app):
    return start_app(profile="embedded")


def up(data, *arguments):
    """Runs a second `manage.py up`, which must end by itself."""
    return subprocess.run(
        [sys.executable, "manage.py", "up", "--data", str(data), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=_environment(),
    )


def _environment():
    return {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}


def sentence(result):
    """The one line that was said."""
    assert result.returncode == 1
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_a_second_start_is_told_where_the_first_one_serves(app):
    said = sentence(up(app.data, "--port", "0"))
    assert app.url in said
    assert str(app.pids["up"]) in said
    assert app.get("/healthz").status_code == 200


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = sentence(up(tmp_path, "--port", str(port)))
    assert str(port) in said
    assert "--port" in said


def test_a_database_of_a_newer_version_is_left_as_it_is(tmp_path, installed):
    file = tmp_path / "db.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE django_migrations (id, app, name, applied)")
        database.execute("INSERT INTO django_migrations VALUES (1, 'jobs', '0999_later', '')")
    (tmp_path / "genomes").symlink_to(installed / "genomes")
    before = file.read_bytes()
    said = sentence(up(tmp_path, "--port", "0"))
    assert "newer version" in said
    assert "0999_later" in said
    assert file.read_bytes() == before


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path):
    (tmp_path / "db.sqlite3").write_text("dear diary, " * 1000)
    assert "not a database" in sentence(up(tmp_path, "--port", "0"))


def test_an_ended_supervisor_leaves_no_process_behind(own_app):
    own_app.wait_for_worker()
    pids = own_app.pids
    assert {"up", "web", "worker", "model"} <= set(pids)
    own_app.kill("up", signal.SIGTERM)
    until(lambda: not any(alive(pid) for pid in pids.values()), 20, what="the end of all")


def test_a_killed_supervisor_leaves_no_process_behind(own_app):
    own_app.wait_for_worker()
    pids = own_app.pids
    own_app.kill("up")
    until(lambda: not any(alive(pid) for pid in pids.values()), 20, what="the end of all")


def test_a_child_that_dies_is_started_again(app):
    before = app.kill("web")
    until(lambda: app.pids.get("web", before) != before, 30, what="a new web process")
    assert app.get("/healthz").status_code == 200


def test_the_local_user_has_a_project_and_needs_no_login(app):
    session = app.get("/api/session/").json()
    assert session["user"] == {"username": "local", "is_local": True}
    projects = app.get("/api/projects/").json()
    assert [(p["id"], p["role"]) for p in projects] == [(session["default_project"], "owner")]


def test_missing_weights_stop_nothing_and_are_found_once_installed(tmp_path, start_app, installed):
    """An empty folder stands for weights that were never, or only half, installed."""
    data = tmp_path / "data"
    empty = data / "weights" / "demo"
    empty.mkdir(parents=True)
    app = start_app(data, profile="embedded")

    demo = app.get("/api/engines/demo/").json()
    assert not demo["installed"]
    assert demo["problem"]
    assert demo["install_command"].startswith("python -m predictor ")
    asked = {
        "engine": "demo",
        "organism": "human",
        "interval": {"chromosome": "demo1", "start": 0, "end": 16384},
        "output_types": ["DNASE"],
    }
    refused = app.post("/api/jobs/", asked)
    assert refused.status_code == 409
    assert demo["install_command"] in refused.json()["message"]
    assert app.get("/readyz").json()["worker"] is False

    weights = installed / "weights" / "demo"
    empty.rmdir()
    if weights.is_dir():
        empty.symlink_to(weights)
    app.wait_for_worker()
    assert app.get("/api/engines/demo/").json()["installed"]
    assert app.post("/api/jobs/", asked).status_code == 201
