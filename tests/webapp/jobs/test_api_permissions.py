"""Every address of jobs, for everybody who may come."""

import pytest

from tests.webapp.jobs.test_claims import claim, complete
from webapp.jobs import claims

PEOPLE = ["anonymous", "stranger", "viewer", "editor", "owner"]
READ = {"anonymous": 401, "stranger": 404, "viewer": 200, "editor": 200, "owner": 200}
WRITE = {"anonymous": 401, "stranger": 404, "viewer": 403, "editor": 200, "owner": 200}


@pytest.fixture(params=PEOPLE)
def person(request, members, client_of):
    client = client_of(members.get(request.param))
    client.role = request.param
    return client


def error_of(answer):
    """The error's code; every refusal has the one shape."""
    values = answer.json()
    assert set(values) >= {"code", "message", "field"}
    assert values["message"]
    return values["code"]


@pytest.mark.parametrize("path", ["", "events/"])
def test_who_may_read_a_job(person, submit, path):
    job = submit(1)
    answer = person.get(f"/api/jobs/{job.uuid}/{path}")
    assert answer.status_code == READ[person.role]
    if answer.status_code != 200:
        assert error_of(answer) in {"not_authenticated", "not_found"}


def test_who_may_cancel_a_job(person, submit):
    job = submit(1)
    answer = person.post(f"/api/jobs/{job.uuid}/cancel/")
    assert answer.status_code == WRITE[person.role]
    job.refresh_from_db()
    assert job.cancel_requested == (answer.status_code == 200)


def test_who_may_try_a_job_again(person, submit):
    job = submit(1)
    claims.fail_chunk(claimed=claim(), code="bad", message="Bad.", permanent=True)
    answer = person.post(f"/api/jobs/{job.uuid}/retry/")
    assert answer.status_code == WRITE[person.role]
    job.refresh_from_db()
    assert (job.state == "queued") == (answer.status_code == 200)


def test_who_sees_a_job_in_the_list(person, submit):
    job = submit(1)
    answer = person.get("/api/jobs/")
    if person.role == "anonymous":
        assert answer.status_code == 401
        return
    listed = [row["id"] for row in answer.json()["results"]]
    assert listed == ([] if person.role == "stranger" else [str(job.uuid)])


def test_who_may_ask_for_a_prediction_in_a_project(person, project, installed):
    answer = person.post(
        "/api/jobs/",
        {
            "project": str(project.uuid),
            "engine": "demo",
            "organism": "human",
            "interval": {"chromosome": "demo1", "start": 0, "end": 4096},
            "output_types": ["DNASE"],
        },
    )
    assert answer.status_code == {**WRITE, "editor": 201, "owner": 201}[person.role]
    assert project.jobs.count() == (answer.status_code == 201)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("put", ""),
        ("delete", ""),
        ("post", "events/"),
        ("get", "cancel/"),
        ("get", "retry/"),
        ("patch", "cancel/"),
    ],
)
def test_a_wrong_method_is_refused_in_the_one_shape(client_of, members, submit, method, path):
    job = submit(1)
    answer = getattr(client_of(members["owner"]), method)(f"/api/jobs/{job.uuid}/{path}")
    assert answer.status_code == 405
    assert error_of(answer) == "method_not_allowed"


def test_a_conflict_says_why(client_of, members, submit):
    job = submit(1)
    complete(claim())
    answer = client_of(members["owner"]).post(f"/api/jobs/{job.uuid}/cancel/")
    assert (answer.status_code, error_of(answer)) == (409, "conflict")
