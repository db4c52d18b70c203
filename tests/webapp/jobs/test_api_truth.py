"""Asking for the simulator's truth: on the invented genome only, by its own content."""

import dataclasses

import pytest

from predictor.engines import registry
from webapp.jobs import submission
from webapp.jobs.models import Job
from webapp.jobs.submission import JobRequest, plan_job

pytestmark = pytest.mark.django_db

REGION = {"chromosome": "demo1", "start": 40_960, "end": 45_056}


def plan(installed, *, truth=True, organism="human", **values):
    del installed
    chromosome = "demo1" if organism == "human" else "demoM"
    return plan_job(
        JobRequest(
            engine="demo",
            organism=organism,
            interval=(chromosome, 40_960, 45_056),
            truth=truth,
            **values,
        )
    )


def of_source(planned, source):
    return {part.output_type: part for part in planned.chunks[0].parts if part.source == source}


@pytest.mark.parametrize("organism", ["human", "mouse"])
def test_every_predicted_track_has_its_truth_and_the_prediction_comes_first(installed, organism):
    planned = plan(installed, organism=organism)
    parts = planned.chunks[0].parts
    half = len(parts) // 2
    assert [part.source for part in parts] == ["prediction"] * half + ["truth"] * half
    predicted, true = (of_source(planned, source) for source in ("prediction", "truth"))
    assert list(predicted) == list(true)
    assert len(predicted) == (11 if organism == "human" else 10)
    for name, part in predicted.items():
        assert part.tracks == true[name].tracks
        assert part.key != true[name].key


def test_a_request_for_some_cell_types_has_the_truth_of_these(installed):
    planned = plan(installed, ontology_curies=("DEMO:0000003",))
    for name, part in of_source(planned, "truth").items():
        assert part.tracks == of_source(planned, "prediction")[name].tracks


def test_the_truth_outlives_the_weights_and_the_prediction_does_not_depend_on_it(
    installed, monkeypatch
):
    before, without = plan(installed), plan(installed, truth=False)
    assert of_source(without, "truth") == {}
    assert of_source(without, "prediction") == of_source(before, "prediction")
    described = registry.describe_engine("demo")
    monkeypatch.setattr(
        submission,
        "describe_engine",
        lambda _: dataclasses.replace(described, weights_digest="of other weights"),
    )
    after = plan(installed)
    assert of_source(after, "truth") == of_source(before, "truth")
    for name, part in of_source(after, "prediction").items():
        assert part.key != of_source(before, "prediction")[name].key


def test_a_real_genome_has_no_truth(installed, client_of, user, monkeypatch):
    described = registry.describe_engine("demo")
    real = dataclasses.replace(described.engine, invented=False)
    monkeypatch.setattr(
        submission, "describe_engine", lambda _: dataclasses.replace(described, engine=real)
    )
    request = {"engine": "demo", "organism": "human", "interval": REGION}
    answer = client_of(user).post("/api/jobs/", {**request, "truth": True})
    assert answer.status_code == 400
    found = answer.json()
    assert (found["code"], found["field"]) == ("no_truth", "truth")
    assert "only the invented genome" in found["message"]
    assert not Job.objects.exists()
    assert client_of(user).post("/api/jobs/", request).status_code == 201


def test_the_job_says_that_it_was_asked_and_who_says_each_part(installed, client_of, user):
    values = {"engine": "demo", "organism": "human", "interval": REGION, "truth": True}
    job = client_of(user).post("/api/jobs/", {**values, "output_types": ["DNASE"]}).json()
    assert job["request"]["truth"] is True
    (chunk,) = job["chunks"]
    assert [(part["source"], part["output_type"]) for part in chunk["parts"]] == [
        ("prediction", "DNASE"),
        ("truth", "DNASE"),
    ]
    assert job["counts"]["parts"] == 2
