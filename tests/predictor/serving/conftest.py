"""Services in processes of their own: one with the demo engine, one with known answers."""

from collections.abc import Iterator

import pytest

from tests.predictor.serving import running_service
from tests.predictor.serving.running_service import RunningService


@pytest.fixture(scope="session")
def service(installed) -> Iterator[RunningService]:
    """The demo engine with its shipped weights on the whole demo genome."""
    running = running_service.start("--engine", "demo", home=installed)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def engine(installed):
    """The same engine in this process."""
    from predictor.engines import registry

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLELENS_HOME", str(installed))
        return registry.open_engine("demo")


@pytest.fixture(scope="session")
def client(service):
    return service.client()


@pytest.fixture
def start_framing(tmp_path, installed):
    """Starts a service with known answers, with options of its own."""
    running: list[RunningService] = []

    def start(*arguments: str) -> RunningService:
        running.append(running_service.start_framing(tmp_path / "story", installed, *arguments))
        return running[-1]

    yield start
    for service in running:
        service.stop()


@pytest.fixture(scope="session")
def framing(tmp_path_factory, installed):
    """A service with known answers for tests that do not harm it."""
    running = running_service.start_framing(tmp_path_factory.mktemp("framing") / "story", installed)
    yield running
    running.stop()
