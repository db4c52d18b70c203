"""What all tests share: the profile's services, the demo genome, the running app."""

import os
import shutil
from collections.abc import Callable, Iterator
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
    """On the services profile, and for the tests that need them, services are there or say why."""
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
def installed() -> Path:
    """The run's data folder, with the demo genomes in it; the weights are the shipped ones."""
    home = Path(os.environ["ALLELENS_TEST_HOME"])
    # What XLA has compiled is worth keeping between runs; nothing else is.
    cache = ROOT / "var" / "test-xla-cache"
    cache.mkdir(parents=True, exist_ok=True)
    if not (home / "xla-cache").exists():
        (home / "xla-cache").symlink_to(cache)
    if not (home / "genomes" / "demoH1" / "genome.fa.fai").exists():
        write_assembly(home / "genomes")
    return home


StartApp = Callable[..., running_app.RunningApp]


def _starter(
    folders: pytest.TempPathFactory, installed: Path, running: list[running_app.RunningApp]
) -> StartApp:
    def start_app(
        data: Path | None = None, *, settings: dict[str, str] | None = None, profile: str = PROFILE
    ) -> running_app.RunningApp:
        data = data or folders.mktemp("app")
        app = running_app.start(data, profile=profile, installed=installed, settings=settings)
        running.append(app)
        return app

    return start_app


@pytest.fixture
def start_app(tmp_path_factory: pytest.TempPathFactory, installed: Path) -> Iterator[StartApp]:
    """Starts the application with settings of its own; all are stopped after the test."""
    running: list[running_app.RunningApp] = []
    yield _starter(tmp_path_factory, installed, running)
    for app in running:
        app.stop()


@pytest.fixture(scope="session")
def running_app_factory(
    tmp_path_factory: pytest.TempPathFactory, installed: Path
) -> Iterator[StartApp]:
    running: list[running_app.RunningApp] = []
    yield _starter(tmp_path_factory, installed, running)
    for app in running:
        app.stop()


@pytest.fixture(scope="session", name="running_app")
def _running_app(running_app_factory: StartApp) -> running_app.RunningApp:
    """One application for all tests that do not harm it, with a worker that has its model."""
    app = running_app_factory()
    app.wait_for_worker()
    return app
