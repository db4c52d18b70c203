"""A genome that `install-genome` has put in place, seen through the app."""

import sys

import pytest

from predictor.genome.install_plan import Request
from predictor.genome.install_report import ConsoleReport
from predictor.genome.installation import install

from .conftest import SIZES

pytestmark = pytest.mark.django_db


@pytest.fixture
def installed(genome, capsys):
    """The demo files under the name of a real assembly."""
    files = {"fasta": str(genome / "genome.fa"), "annotation": str(genome / "genes.gtf")}
    install(Request(assembly="hg38", **files), ConsoleReport(sys.stdout))


def test_an_installed_genome_is_listed_and_not_called_invented(client, installed):
    (found,) = [row for row in client.get("/api/genomes/").json() if row["assembly"] == "hg38"]
    assert found["invented"] is False
    assert found["organism"] == "human"
    assert {row["name"]: row["length"] for row in found["chromosomes"]} == SIZES


def test_its_genes_and_its_search_are_those_of_the_file(client, installed):
    def asked(assembly, call, query):
        return client.get(f"/api/genomes/{assembly}/{call}/", query).json()

    for call, query in (
        ("genes", {"chromosome": "demo1"}),
        ("genes", {"chromosome": "demo1", "start": 13_999, "end": 14_000}),
        ("search", {"q": "D-TAL"}),
        ("search", {"q": "dg0003.1"}),
        ("search", {"q": "demo1:31,000"}),
    ):
        assert asked("hg38", call, query) == asked("demoH1", call, query)
