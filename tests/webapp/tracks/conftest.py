"""The demo engine's small files (its tracks and card) in a data folder of the test's own."""

import json

import pytest
from alphagenome.models.dna_model import Organism
from rest_framework.test import APIClient

from predictor.simulator.track_table import tracks
from webapp.accounts.models import User

CARD = {"digest": "3f2a" * 16, "seed": 7, "measured": {"DNASE": 0.9}}


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """The data folder; nothing but the genome and the big arrays of the weights is a stand-in."""
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    genome = tmp_path / "genomes" / "demoH1"
    genome.mkdir(parents=True)
    (genome / "genome.fa").write_text(">demo1\nACGT\n")
    weights = tmp_path / "weights" / "demo"
    (weights / "arrays").mkdir(parents=True)
    rows = {
        organism.name: {
            kind.name: table.astype(object).where(table.notna(), None).to_dict("records")
            for kind, table in tracks(organism).items()
        }
        for organism in (Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS)
    }
    (weights / "tracks.json").write_text(json.dumps(rows))
    (weights / "config.json").write_text("{}")
    (weights / "card.json").write_text(json.dumps(CARD))
    return tmp_path


@pytest.fixture
def client(db, engine):
    client = APIClient()
    client.force_authenticate(User.objects.create_user("reader"))
    return client
