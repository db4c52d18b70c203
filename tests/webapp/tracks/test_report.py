"""The report on an engine: read from beside its weights, without the network."""

import json
import shutil

import pytest
from rest_framework.test import APIClient

from webapp.tracks.report import EngineReportSerializer

from .conftest import CARD

pytestmark = pytest.mark.django_db

REPORT = {
    "engine": "demo",
    "weights_digest": CARD["digest"],
    "summary": {"passed": 1, "asked": 1, "missed": []},
}
ADDRESS = "/api/engines/demo/report/"


def write(engine, report) -> None:
    (engine / "weights" / "demo" / "report.json").write_text(json.dumps(report))


def test_a_report_is_told_as_it_was_written(client, engine):
    write(engine, REPORT)
    found = client.get(ADDRESS).json()
    assert found["report"] == REPORT
    assert found["current"] is True
    assert found["command"] == "python -m predictor evaluate --engine demo"


def test_a_report_on_other_weights_is_not_current(client, engine):
    write(engine, {**REPORT, "weights_digest": "0" * 64})
    found = client.get(ADDRESS).json()
    assert found["report"]["weights_digest"] == "0" * 64
    assert found["current"] is False


def test_without_a_report_the_command_that_makes_one_is_named(client, engine):
    found = client.get(ADDRESS).json()
    assert found == {
        "report": None,
        "current": False,
        "command": "python -m predictor evaluate --engine demo",
    }


def test_an_engine_of_a_real_genome_has_no_known_truth_and_no_command(client):
    found = client.get("/api/engines/alphagenome/report/").json()
    assert found == {"report": None, "current": False, "command": ""}


def test_a_report_that_was_cut_off_counts_as_none(client, engine):
    (engine / "weights" / "demo" / "report.json").write_text('{"engine": "de')
    assert client.get(ADDRESS).json()["report"] is None


def test_the_shipped_report_has_the_shape_that_the_schema_promises(client, engine):
    shutil.rmtree(engine / "weights")
    found = client.get(ADDRESS).json()
    assert found["report"] is not None
    checked = EngineReportSerializer(data=found)
    assert checked.is_valid(), checked.errors
    assert len(found["report"]["strata"]) == 11


def test_reports_are_for_people_who_are_signed_in_and_only_read(client, engine):
    assert APIClient().get(ADDRESS).status_code in (401, 403)
    assert client.post(ADDRESS).status_code == 405
    assert client.get("/api/engines/nobody/report/").json()["code"] == "unknown_engine"
