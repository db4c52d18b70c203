from collections.abc import Iterator

import pytest

from tests.predictor.serving import running_service
from tests.predictor.serving.running_service import RunningService

KEY = "a-key-that-nobody-may-read"


@pytest.fixture(scope="session")
def hosted_service(tmp_path_factory, installed) -> Iterator[RunningService]:
    """Stands for the official service; accepts KEY only."""
    folder = tmp_path_factory.mktemp("hosted")
    keys = folder / "keys"
    keys.write_text(f"ada {KEY}\n")
    running = running_service.start_framing(folder / "story", installed, "--api-keys", str(keys))
    yield running
    running.stop()


@pytest.fixture
def at_service(hosted_service, tmp_path, installed, monkeypatch) -> RunningService:
    """A data folder of its own whose hg38 is the demo genome, and the address of the service."""
    (tmp_path / "genomes").mkdir()
    (tmp_path / "genomes" / "hg38").symlink_to(installed / "genomes" / "demoH1")
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    monkeypatch.setenv("ALPHAGENOME_ADDRESS", f"http://{hosted_service.address}")
    monkeypatch.delenv("ALPHAGENOME_API_KEY", raising=False)
    return hosted_service
