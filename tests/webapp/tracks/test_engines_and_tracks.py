"""Engines, and what each can show."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from rest_framework.test import APIClient

from predictor.tracks.output_types import OUTPUTS
from webapp.tracks.output_types import OUTPUT_TYPES

from .conftest import CARD

pytestmark = pytest.mark.django_db


def _tracks(client, organism="human"):
    answer = client.get("/api/engines/demo/tracks/", {"organism": organism})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_every_output_type_has_words_of_its_own():
    assert set(OUTPUT_TYPES) == {kind.name for kind in OUTPUTS}
    assert len({info.title for info in OUTPUT_TYPES.values()}) == len(OUTPUT_TYPES)
    peaks = {name for name, info in OUTPUT_TYPES.items() if info.summary == "max"}
    assert {"CAGE", "PROCAP", "SPLICE_SITES", "SPLICE_SITE_USAGE"} <= peaks
    assert not peaks & {"RNA_SEQ", "ATAC", "DNASE", "CHIP_HISTONE", "CHIP_TF"}


def test_the_demo_engine_is_installed_and_says_that_it_is_invented(client):
    demo, *others = client.get("/api/engines/").json()
    assert demo["name"] == "demo"
    assert demo["installed"] is True
    assert demo["problem"] == ""
    assert demo["invented"] is True
    assert demo["windows"] == [4_096, 16_384, 32_768]
    assert demo["default_window"] == 16_384
    assert demo["weights_digest"] == CARD["digest"]
    assert set(demo["output_types"]) == set(OUTPUT_TYPES)
    assert [row["assembly"] for row in demo["organisms"]] == ["demoH1", "demoM1"]
    assert "PROCAP" not in demo["organisms"][1]["output_types"]
    assert others
    for engine in others:
        assert engine["installed"] is False
        assert engine["problem"]
        assert engine["install_command"]


def test_an_engine_comes_with_the_card_of_its_weights(client):
    assert client.get("/api/engines/demo/").json()["card"] == CARD
    assert client.get("/api/engines/alphagenome/").json()["card"] is None


@pytest.mark.parametrize(
    ("organism", "counts"),
    [
        (
            "human",
            {
                "RNA_SEQ": 7,
                "CAGE": 6,
                "PROCAP": 2,
                "ATAC": 2,
                "DNASE": 4,
                "CHIP_HISTONE": 15,
                "CHIP_TF": 8,
                "SPLICE_SITES": 4,
                "SPLICE_SITE_USAGE": 8,
                "SPLICE_JUNCTIONS": 8,
                "CONTACT_MAPS": 2,
            },
        ),
        (
            "mouse",
            {
                "RNA_SEQ": 4,
                "CAGE": 4,
                "ATAC": 1,
                "DNASE": 2,
                "CHIP_HISTONE": 6,
                "CHIP_TF": 2,
                "SPLICE_SITES": 4,
                "SPLICE_SITE_USAGE": 4,
                "SPLICE_JUNCTIONS": 4,
                "CONTACT_MAPS": 1,
            },
        ),
    ],
)
def test_tracks_are_those_of_the_demo_world_without_padding(client, organism, counts):
    found = _tracks(client, organism)
    assert {row["output_type"]: row["tracks"] for row in found["output_types"]} == counts
    ids = [track["id"] for track in found["tracks"]]
    assert ids == [f"{kind}/{index}" for kind, number in counts.items() for index in range(number)]
    assert not [track for track in found["tracks"] if track["name"].lower() == "padding"]


def test_junction_tracks_are_tissues_on_the_plus_strand_and_then_on_the_minus_strand(client):
    rows = [t for t in _tracks(client)["tracks"] if t["output_type"] == "SPLICE_JUNCTIONS"]
    assert [row["strand"] for row in rows] == ["+"] * 4 + ["-"] * 4
    curies = [row["ontology_curie"] for row in rows]
    assert curies[:4] == curies[4:]
    assert len(set(curies)) == 4


def test_a_cell_type_counts_its_tracks_and_lacks_what_it_lacks(client):
    cells = {cell["ontology_curie"]: cell for cell in _tracks(client)["biosamples"]}
    assert sorted(cells) == [f"DEMO:000000{number}" for number in (1, 2, 3, 4)]
    lymphoblast = cells["DEMO:0000001"]["counts"]
    assert lymphoblast["DNASE"] == 1
    assert lymphoblast["CHIP_HISTONE"] == 6
    assert "CAGE" not in lymphoblast
    assert "ATAC" not in lymphoblast


def test_labels_are_plain_words_and_tell_tracks_apart(client):
    tracks = _tracks(client)["tracks"]
    labels = [track["label"] for track in tracks]
    assert len(set(labels)) == len(labels)
    assert "H3K27ac, T-lymphoblast-like (demo)" in labels
    assert "DNase-seq, hepatocyte-like (demo)" in labels
    assert "Splice donor +" in labels


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("engines/nobody/", 400, "unknown_engine"),
        ("engines/nobody/tracks/", 400, "unknown_engine"),
        ("engines/demo/tracks/?organism=fly", 400, "unsupported_organism"),
    ],
)
def test_unknown_names_are_answered_with_a_sentence(client, address, status, code):
    answer = client.get(f"/api/{address}")
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["message"].endswith(".")


def test_missing_weights_are_said_and_nothing_falls_back(client, engine, monkeypatch):
    monkeypatch.setattr("predictor.weights.load.SHIPPED", Path("/nowhere"))
    shutil.rmtree(engine / "weights")
    demo = client.get("/api/engines/").json()[0]
    assert demo["installed"] is False
    assert "are not installed" in demo["problem"]
    assert client.get("/api/engines/demo/").json()["card"] is None
    answer = client.get("/api/engines/demo/tracks/")
    assert answer.status_code in (400, 409)
    assert answer.json()["code"] == "weights_missing"


def test_the_catalogue_is_for_people_who_are_signed_in(engine, db):
    for address in ("engines/", "engines/demo/", "engines/demo/tracks/", "examples/"):
        assert APIClient().get(f"/api/{address}").status_code in (401, 403)


def test_the_web_process_serves_engines_and_results_without_jax(engine):
    program = (
        "import os, sys, json, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'webapp.settings.test'\n"
        "from django.conf import settings\n"
        # The tests' own database: it has the tables.
        "settings.DATABASES['default']['NAME'] = sys.argv[1]\n"
        "django.setup()\n"
        "import webapp.urls\n"
        "from webapp.tracks import selectors, examples\n"
        "selectors.engines(); examples.examples()\n"
        "print(json.dumps(sorted(n for n in ('jax', 'flax', 'orbax') if n in sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(connection.settings_dict["NAME"])],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
