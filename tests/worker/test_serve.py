"""`python -m worker.serve`: the service beside the app, in a process of its own."""

import os
import sqlite3
import subprocess
import sys

import pytest

from tests.predictor.serving import running_service

pytestmark = pytest.mark.slow
EMBEDDED = {"DJANGO_SETTINGS_MODULE": "webapp.settings.embedded"}


def test_a_notebook_on_this_machine_is_the_local_user_and_its_use_is_counted(
    tmp_path, installed, profile
):
    if profile != "embedded":
        pytest.skip("the local user is of the embedded mode")
    (tmp_path / "genomes").symlink_to(installed / "genomes")
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=running_service.ROOT,
        env=os.environ | EMBEDDED | {"ALLELENS_HOME": str(tmp_path)},
        check=True,
        timeout=running_service.START_SECONDS,
    )
    service = running_service.start(
        *("--engine", "demo"), home=tmp_path, command=("worker.serve",), settings=EMBEDDED
    )
    try:
        assert len(service.client("a key of the official service").output_metadata().dnase) == 4
    finally:
        assert service.stop() == 0
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        uses = database.execute(
            "select username, windows from accounts_serviceuse "
            "join accounts_user on accounts_user.id = user_id"
        ).fetchall()
    assert uses == [("local", 0)]
