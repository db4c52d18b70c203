"""Settings as processes of their own meet them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "webapp.settings.production",
    "SECRET_KEY": "0123456789" * 6,
    "DATABASE_URL": "postgresql://a:b@127.0.0.1/c",
    "REDIS_URL": "redis://127.0.0.1:6379/9",
    "ALLELENS_ALLOWED_HOSTS": "allelens.example",
}


def run(program, tmp_path, **environment):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {*PRODUCTION, "ALLELENS_REDIS_PREFIX", "ALLELENS_HTTPS"}
        and not name.startswith("PG")
    }
    return subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env={**inherited, "ALLELENS_HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_web_process_never_loads_jax(tmp_path):
    """Loads everything that serves a request: URL conf, sockets, submission."""
    program = (
        "import sys, django; django.setup();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "import webapp.asgi, webapp.jobs.submission;"
        "bad = [m for m in ('jax', 'jaxlib', 'flax', 'orbax') if m in sys.modules];"
        "print('LOADED', bad)"
    )
    done = run(["-c", program], tmp_path, DJANGO_SETTINGS_MODULE="webapp.settings.embedded")
    assert done.stdout.strip() == "LOADED []", done.stderr


def test_the_celery_module_never_loads_jax(tmp_path):
    program = (
        "import sys; import worker.app, worker.tasks, worker.slot;"
        "print('LOADED', [m for m in ('jax', 'flax') if m in sys.modules])"
    )
    done = run(["-c", program], tmp_path, DJANGO_SETTINGS_MODULE="webapp.settings.embedded")
    assert done.stdout.strip() == "LOADED []", done.stderr


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_production_refuses_to_start_without(missing, tmp_path):
    environment = {name: value for name, value in PRODUCTION.items() if name != missing}
    done = run(["manage.py", "check"], tmp_path, **environment)
    assert done.returncode != 0
    expected = "PGDATABASE" if missing == "DATABASE_URL" else missing
    assert expected in done.stderr


def test_production_refuses_a_short_key(tmp_path):
    done = run(["manage.py", "check"], tmp_path, **{**PRODUCTION, "SECRET_KEY": "short"})
    assert "32 characters" in done.stderr


def test_production_passes_the_checks_for_deployment(tmp_path):
    done = run(
        ["manage.py", "check", "--deploy", "--fail-level", "WARNING"], tmp_path, **PRODUCTION
    )
    assert done.returncode == 0, done.stderr


def test_the_embedded_key_is_made_once_and_is_private(tmp_path):
    program = ["-c", "from django.conf import settings; print(settings.SECRET_KEY)"]
    settings = {"DJANGO_SETTINGS_MODULE": "webapp.settings.embedded"}
    first, second = (run(program, tmp_path, **settings).stdout.strip() for _ in range(2))
    assert first == second
    assert len(first) > 50
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0


def test_up_refuses_the_production_settings(tmp_path):
    done = run(["manage.py", "up"], tmp_path, **PRODUCTION)
    assert done.returncode == 1
    assert "embedded" in done.stderr
