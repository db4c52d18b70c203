"""A job on the hosted engine: computed by a service, and waiting where its quota is used up."""

from types import SimpleNamespace

import pytest
from alphagenome.data.genome import Interval
from alphagenome.models.v1 import dna_client as client_module

from predictor.engines import hosted_connection, waiting
from tests.predictor.serving import running_service
from webapp.accounts.models import User
from webapp.jobs import services
from webapp.jobs.claims import claim_chunk
from webapp.jobs.models import Event
from webapp.jobs.submission import JobRequest, open_reference, plan_job
from webapp.projects.services import default_project
from webapp.results import services as results
from worker.chunks import run_chunk
from worker.slot import Slot

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def hosted(tmp_path, installed, monkeypatch):
    """Connects a service that refuses its first calls; a data folder with the demo as hg38."""
    running = []

    def connect(refusals: int) -> None:
        service = running_service.start_framing(
            tmp_path / "story", installed, "--refuse", str(refusals)
        )
        running.append(service)
        (tmp_path / "genomes").mkdir()
        (tmp_path / "genomes" / "hg38").symlink_to(installed / "genomes" / "demoH1")
        monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
        monkeypatch.setenv("ALPHAGENOME_API_KEY", "any")
        monkeypatch.setenv("ALPHAGENOME_ADDRESS", f"http://{service.address}")
        results.store.cache_clear()
        hosted_connection.connect(person="Ada")

    # The pauses themselves are tested where they belong.
    monkeypatch.setattr(client_module, "time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr(waiting, "pause", lambda _: None)
    yield connect
    results.store.cache_clear()
    for service in running:
        service.stop()


def ask():
    user = User.objects.create_user("ada")
    base = open_reference("hg38").sequence(Interval("demo1", 49_999, 50_000))
    plan = plan_job(
        JobRequest(
            engine="hosted",
            organism="human",
            variants=(f"demo1:50000:{base}>{base}ACG",),
            window=16_384,
            output_types=("DNASE", "SPLICE_JUNCTIONS"),
        )
    )
    project = default_project(user=user)
    job, _ = services.create_job(user=user, project=project, plan=plan, complete_parts={})
    return job


def work() -> Slot:
    slot = Slot("test")
    claimed = claim_chunk(owner=slot.name, engines=slot.models.claimable(), lease_seconds=60)
    assert claimed is not None
    run_chunk(slot, claimed)
    return slot


def test_a_job_says_that_it_waits_for_the_service_and_then_finishes(hosted):
    hosted(refusals=6)
    job = ask()
    work()
    job.refresh_from_db()
    assert job.state == "finished", job.message
    assert {part.state for part in job.chunks.get().parts.all()} == {"complete"}
    notes = [e.payload["message"] for e in Event.objects.filter(job=job, type="note")]
    assert notes[0].startswith("Waiting for the hosted service: its quota is used up.")
    assert notes[-1] == ""
    assert job.message == ""


def test_a_job_that_waits_too_long_gives_others_their_turn(hosted):
    hosted(refusals=10_000)
    job = ask()
    slot = work()
    job.refresh_from_db()
    chunk = job.chunks.get()
    assert (job.state, chunk.state, chunk.tries) == ("running", "queued", 0)
    assert job.message.startswith("Waiting for the hosted service")
    assert "hosted" in slot.models.installed()
    assert "hosted" not in slot.models.claimable()
