"""The list of bad input (`tests/bad_input.py`) over HTTP."""

import re

import pytest

from tests.bad_input import OVER_THE_END, ROWS, window
from webapp.jobs.models import Job

pytestmark = pytest.mark.django_db
ASKED = [
    pytest.param(row, body, id=f"{name}-{number}")
    for name, row in ROWS.items()
    if not isinstance(row.http, str)
    for number, body in enumerate(row.http)
]


@pytest.fixture
def ask(client_of, user, installed):
    client = client_of(user)

    def ask(**values):
        usual = {"engine": "demo", "organism": "human", "output_types": ["DNASE"]}
        return client.post("/api/jobs/", usual | values)

    return ask


@pytest.mark.parametrize(("row", "body"), ASKED)
def test_bad_input_is_refused_with_what_was_found_and_expected(ask, row, body):
    kept = ask(interval=window())
    assert kept.status_code == 201
    answer = ask(**body)
    assert answer.status_code == 400, answer.json()
    sentence = answer.json()["message"]
    assert re.search(row.found, sentence), sentence
    assert re.search(row.expected, sentence), sentence
    assert sentence.endswith((".", "?"))
    assert "\n" not in sentence
    assert Job.objects.count() == 1


def test_a_window_over_the_end_of_the_chromosome_is_predicted_and_told(ask):
    assert ask(interval=window()).json()["request"]["warnings"] == []
    job = ask(interval=window(start=-1_000, end=15_384)).json()
    assert job["request"]["warnings"] == [OVER_THE_END]


def test_of_many_windows_over_the_end_the_first_are_told(ask, installed):
    from alphagenome.data.genome import Interval

    from webapp.jobs.submission import open_reference

    bases = open_reference("demoH1").sequence(Interval("demo1", 0, 30))
    texts = [f"demo1:{p}:{base}>{base}A" for p, base in enumerate(bases, start=1)]
    told = ask(variants=texts).json()["request"]["warnings"]
    assert len(told) == 11
    assert told[-1] == "The same is true of 20 more."
