"""What all tests share: the profile's services, the demo genome, the running app."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from predictor.simulator.genome import write_assembly
from tests import running_app
from tests.services import missing_services, required

PROFILE = os.environ.get("ALLELENS_TEST_PROFILE", "embedded")
# How fast examples are drawn depends on what else the machine does.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders the tests; where services are needed, they are there or it is said why."""
    # Files with slow tests come first, so that no worker of several is left with one at the end.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    wanting = [
        item for item in items if PROFILE == "services" or item.get_closest_marker("services")
    ]
    missing = missing_services() if wanting else []
    if not missing:
        return
    names = " and ".join(missing)
    if required():
        pytest.exit(f"Required services do not answer on 127.0.0.1: {names}.", returncode=1)
    for item in wanting:
        item.add_marker(pytest.mark.skip(reason=f"{names} not reachable on 127.0.0.1"))


def pytest_sessionfinish() -> None:
    """Removes the run's own data folder, unless ALLELENS_TEST_HOME named one to keep."""
    home = os.environ.get("ALLELENS_TEST_HOME", "")
    if Path(home).name.startswith("allelens-test-"):
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def profile() -> str:
    """`embedded` (SQLite, files) or `services` (PostgreSQL, Redis)."""
    return PROFILE


@pytest.fixture(scope="session")
def xla_cache() -> Path:
    """What XLA has compiled: all workers of a run share it, and later runs find it."""
    folder = ROOT / "var" / "test-xla-cache"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def installed(xla_cache: Path) -> Path:
    """The run's data folder, with the demo genomes in it; the weights are the shipped ones."""
    home = Path(os.environ["ALLELENS_TEST_HOME"])
    if not (home / "xla-cache").exists():
        (home / "xla-cache").symlink_to(xla_cache)
    if not (home / "genomes" / "demoH1" / "genome.fa.fai").exists():
        write_assembly(home / "genomes")
    return home


StartApp = Callable[..., running_app.RunningApp]


@contextmanager
def _starter(folders: pytest.TempPathFactory, installed: Path) -> Iterator[StartApp]:
    running: list[running_app.RunningApp] = []

    def start_app(
        data: Path | None = None, *, settings: dict[str, str] | None = None, profile: str = PROFILE
    ) -> running_app.RunningApp:
        data = data or folders.mktemp("app")
        app = running_app.start(data, profile=profile, installed=installed, settings=settings)
        running.append(app)
        return app

    try:
        yield start_app
    finally:
        for app in running:
            app.stop()


@pytest.fixture
def start_app(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[StartApp]:
    """Starts the application with settings of its own; all are stopped after the test."""
    with _starter(tmp_path_factory, installed) as start:
        yield start


@pytest.fixture(scope="module")
def start_app_once(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[StartApp]:
    """As `start_app`; all are stopped after the tests of the module."""
    with _starter(tmp_path_factory, installed) as start:
        yield start


@pytest.fixture(scope="session", name="running_app")
def _running_app(
    tmp_path_factory: pytest.TempPathFactory, installed: Path
) -> Iterator[running_app.RunningApp]:
    """One application for all tests that do not harm it, with a worker that has its model."""
    with _starter(tmp_path_factory, installed) as start:
        app = start()
        app.wait_for_worker()
        yield app
