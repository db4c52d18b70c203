"""Chunks computed by the real engine, in this process."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.engines.background import Background, calibrate
from predictor.errors import AllelensError
from predictor.scoring.calibration_table import FILE_NAMES
from predictor.scoring.changes import background_name
from predictor.simulator import allele_tracks
from predictor.tracks.output_types import OUTPUTS
from webapp.accounts.models import User
from webapp.jobs import services
from webapp.jobs.claims import claim_chunk
from webapp.jobs.models import Chunk
from webapp.jobs.plan import variant_of
from webapp.jobs.submission import JobRequest, open_reference, plan_job
from webapp.projects.services import default_project
from webapp.results import selectors
from webapp.results.models import StoredPart
from webapp.results.services import find_complete, store
from worker.chunks import run_chunk
from worker.slot import Slot

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# The default window, which the tests of the running application compile as well.
WINDOW = 16384


@pytest.fixture(scope="module")
def slot(installed):
    """A worker's slot with its models, but without a heartbeat of its own."""
    return Slot("test")


@pytest.fixture
def ask(installed):
    user = User.objects.create_user("ada")

    def ask(position: int, *, output_types=("DNASE", "SPLICE_JUNCTIONS"), **more):
        interval = Interval("demo1", position - 1, position)
        base = open_reference("demoH1").sequence(interval)
        plan = plan_job(
            JobRequest(
                engine="demo",
                organism="human",
                variants=(f"demo1:{position}:{base}>{base}ACG",),
                window=WINDOW,
                output_types=output_types,
                **more,
            )
        )
        known = find_complete(plan.keys())
        levels = dict(StoredPart.objects.filter(key__in=known).values_list("key", "levels"))
        project = default_project(user=user)
        job, _ = services.create_job(user=user, project=project, plan=plan, complete_parts=levels)
        return job

    return ask


def work(slot) -> int:
    done = 0
    while True:
        claimed = claim_chunk(owner=slot.name, engines=["demo"], lease_seconds=60)
        if claimed is None:
            return done
        run_chunk(slot, claimed)
        done += 1


def test_a_chunk_is_predicted_stored_and_told_part_by_part(slot, ask):
    job = ask(50_000)
    assert work(slot) == 1
    job.refresh_from_db()
    assert job.state == "finished", job.message
    parts = list(job.chunks.get().parts.all())
    assert {part.state for part in parts} == {"complete"}
    for part in parts:
        stored = StoredPart.objects.get(key=part.key)
        assert stored.is_complete
        assert stored.track_ids == part.tracks


def test_what_is_stored_is_what_the_engine_predicts(slot, ask):
    job = ask(60_000, output_types=("DNASE",))
    work(slot)
    chunk = job.chunks.get()
    given = chunk.variants[0]
    expected = slot.models.get("demo").predict_alleles(
        Interval(chunk.chromosome, chunk.start, chunk.end),
        [
            Variant(
                given["chromosome"],
                given["position"],
                given["reference_bases"],
                given["alternate_bases"],
            )
        ],
        organism=Organism.HOMO_SAPIENS,
        requested_outputs=[OutputType.DNASE],
        ontology_terms=None,
    )
    stored = store().read(chunk.parts.get().key, "l1", (slice(None), slice(None), slice(None)))
    np.testing.assert_array_equal(stored[0].T, expected.reference.dnase.values)
    np.testing.assert_array_equal(stored[1].T, expected.alternate.dnase.values)


def test_the_same_request_again_needs_no_worker(slot, ask):
    first = ask(70_000)
    work(slot)
    second = ask(70_000)
    assert second.state == "finished"
    assert work(slot) == 0
    keys = [sorted(job.chunks.get().parts.values_list("key", flat=True)) for job in (first, second)]
    assert keys[0] == keys[1]


def test_an_error_with_a_sentence_fails_the_chunk_at_once(slot, ask, monkeypatch):
    def refuse(*_args, **_options):
        raise AllelensError("One sentence.")

    job = ask(80_000)
    monkeypatch.setattr(slot.models, "get", refuse)
    assert work(slot) == 1
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "One sentence.")


def test_an_unexpected_error_is_tried_three_times_and_told_plainly(slot, ask, monkeypatch):
    def crash(*_args, **_options):
        raise RuntimeError("secret detail")

    job = ask(90_000)
    monkeypatch.setattr(slot.models, "get", crash)
    assert work(slot) == 3
    job.refresh_from_db()
    assert job.state == "failed"
    assert "secret" not in job.message
    assert "log" in job.message


def test_exchanged_weights_are_not_passed_off_as_the_ones_asked_for(slot, ask):
    job = ask(100_000)
    type(job).objects.update(weights_digest="of other weights")
    work(slot)
    job.refresh_from_db()
    assert job.chunks.get().error_code == "weights_changed"


def test_a_cancelled_chunk_stops_between_its_parts(slot, ask, monkeypatch):
    job = ask(110_000)
    claimed = claim_chunk(owner=slot.name, engines=["demo"], lease_seconds=60)
    services.cancel_job(job=job)
    real = slot.hold

    def hold_and_learn(claimed):
        # As the heartbeat does when it finds the job cancelled.
        real(claimed)
        slot._lost.set()

    monkeypatch.setattr(slot, "hold", hold_and_learn)
    run_chunk(slot, claimed)
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not job.events.filter(type="part.published").exists()


def test_a_chunk_that_was_taken_over_commits_nothing(slot, ask):
    job = ask(120_000)
    claimed = claim_chunk(owner="old", engines=["demo"], lease_seconds=60)
    Chunk.objects.update(attempt=claimed.attempt + 1)
    run_chunk(slot, claimed)
    assert not job.events.filter(type="part.published").exists()
    assert Chunk.objects.get().state == "running"


def test_the_truth_comes_after_the_prediction_part_by_part(slot, ask):
    job = ask(130_000, truth=True)
    assert work(slot) == 1
    job.refresh_from_db()
    assert job.state == "finished", job.message
    told = [event.payload for event in job.events.filter(type="part.published").order_by("seq")]
    whole = [(each["source"], each["output_type"]) for each in told if each["level"] == "complete"]
    assert whole == [
        ("prediction", "DNASE"),
        ("prediction", "SPLICE_JUNCTIONS"),
        ("truth", "DNASE"),
        ("truth", "SPLICE_JUNCTIONS"),
    ]


def test_what_is_stored_as_truth_is_what_the_simulator_says(slot, ask):
    job = ask(140_000, output_types=("DNASE", "SPLICE_JUNCTIONS"), truth=True)
    work(slot)
    chunk = job.chunks.get()
    expected = allele_tracks.true_output(
        Interval(chunk.chromosome, chunk.start, chunk.end),
        [variant_of(values) for values in chunk.variants],
        organism=Organism.HOMO_SAPIENS,
        reference=open_reference("demoH1"),
    )
    everything = slice(None)
    key = chunk.parts.get(source="truth", output_type="DNASE").key
    stored = store().read(key, "l1", (everything, everything, everything))
    np.testing.assert_array_equal(stored[0].T, expected.reference.dnase.values)
    np.testing.assert_array_equal(stored[1].T, expected.alternate.dnase.values)
    key = chunk.parts.get(source="truth", output_type="SPLICE_JUNCTIONS").key
    counts = store().read(key, "counts", (everything, everything, everything))
    for allele, data in zip(counts, (expected.reference, expected.alternate), strict=True):
        assert allele.sum() == pytest.approx(data.splice_junctions.values.sum(), rel=1e-5)


def test_the_truth_asked_for_later_needs_no_model(slot, ask, monkeypatch):
    ask(150_000)
    work(slot)

    def refuse(*_args, **_options):
        raise AssertionError("The model was opened.")

    monkeypatch.setattr(slot.models, "get", refuse)
    job = ask(150_000, truth=True)
    assert work(slot) == 1
    job.refresh_from_db()
    assert job.state == "finished", job.message
    # Reused parts are told when the job is made, the truth by the worker.
    states = set(job.chunks.get().parts.values_list("source", "state"))
    assert states == {("prediction", "complete"), ("truth", "complete")}


def test_a_truth_that_cannot_be_told_fails_the_chunk_and_leaves_the_prediction(
    slot, ask, monkeypatch
):
    def refuse(*_args, **_options):
        raise AllelensError("One sentence about the truth.")

    job = ask(160_000, truth=True)
    monkeypatch.setattr("worker.truth.true_alleles", refuse)
    work(slot)
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "One sentence about the truth.")
    states = set(job.chunks.get().parts.values_list("source", "state"))
    assert states == {("prediction", "complete"), ("truth", "pending")}


def test_the_background_holds_the_very_numbers_that_people_see(slot, ask, tmp_path, monkeypatch):
    job = ask(118_000, output_types=tuple(kind.name for kind in OUTPUTS))
    work(slot)
    chunk = job.chunks.get()
    variant = variant_of(chunk.variants[0])
    about = Background(
        engine="demo",
        weights=job.weights_digest,
        organism="HOMO_SAPIENS",
        window=WINDOW,
        variants_sha256="",
        variants=1,
        indels=1,
        shifted=1,
        label="one insertion",
    )
    table = tmp_path / FILE_NAMES[Organism.HOMO_SAPIENS]
    found = calibrate(slot.models.get("demo"), about, [variant], table, report=str)
    monkeypatch.setattr("webapp.results.background.weights_folder", lambda engine: tmp_path)
    rows = selectors.changes(chunk=chunk, limit=1_000)["rows"]
    assert {row["output_type"] for row in rows} == {kind.name for kind in OUTPUTS}
    for row in rows:
        name = background_name(row["output_type"], row["measure"])
        column = int(row["track"].partition("/")[2])
        number = row["difference"] if row["log2_ratio"] is None else row["log2_ratio"]
        assert found.scorers[name].breakpoints[column] == pytest.approx(number, abs=1e-6)
        standing = row["background"]
        assert standing["noise_floor"] == found.scorers[name].noise_floor[column]
        assert standing["is_called"] == (abs(number) >= standing["noise_floor"])
        assert standing["quantile"] is not None
