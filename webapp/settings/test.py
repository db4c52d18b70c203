"""The tests' settings, in two profiles chosen by ALLELENS_TEST_PROFILE.

`embedded`: an SQLite file and a broker of files; `services`: PostgreSQL and Redis on 127.0.0.1.
Both work on a data folder of their own.
"""

import os
import tempfile
from pathlib import Path

from webapp.settings import environment

TEST_PROFILE = environment.text("ALLELENS_TEST_PROFILE", "embedded")

# The data folder must be known before the settings below are read. An own folder for each run
# lets several runs share a machine.
if "ALLELENS_TEST_HOME" not in os.environ:
    os.environ["ALLELENS_TEST_HOME"] = tempfile.mkdtemp(prefix="allelens-test-")
_home = Path(os.environ["ALLELENS_TEST_HOME"])
# Each of several parallel workers of one run has a folder of its own inside the run's.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker and _home.name != _worker:
    _home = _home / _worker
    _home.mkdir(exist_ok=True)
    os.environ["ALLELENS_TEST_HOME"] = str(_home)
os.environ["ALLELENS_HOME"] = str(_home)
_run = f"{_home.parent.name}_{_worker}" if _worker else _home.name
_run = _run.removeprefix("allelens-test-")

if TEST_PROFILE == "services":
    os.environ.setdefault("SECRET_KEY", "only for the tests, never for a real installation")
    os.environ.setdefault("ALLELENS_HTTPS", "0")
    os.environ.setdefault("PGHOST", "127.0.0.1")
    os.environ.setdefault("PGUSER", "postgres")
    os.environ.setdefault("PGDATABASE", "postgres")
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/9")
    os.environ.setdefault("ALLELENS_REDIS_PREFIX", f"allelens-test-{_run}")
    from webapp.settings.production import *  # noqa: F403
    from webapp.settings.production import DATABASES

    DATABASES["default"]["TEST"] = {"NAME": f"allelens_test_{_run}"}
else:
    from webapp.settings.embedded import *  # noqa: F403
    from webapp.settings.embedded import DATABASES

    # A file, not memory: threads and processes of a test must see the same database.
    DATABASES["default"]["TEST"] = {"NAME": _home / "test.sqlite3"}

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# In-process tests sign in by hand; the local user has tests of its own.
LOCAL_USERNAME = None
