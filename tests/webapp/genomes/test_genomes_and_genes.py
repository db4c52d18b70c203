"""The list of genomes, and genes by range."""

import pytest

from .conftest import GENES, SIZES

pytestmark = pytest.mark.django_db


def test_the_list_says_which_genomes_are_invented_and_how_long_they_are(client):
    (found,) = client.get("/api/genomes/").json()
    assert found["assembly"] == "demoH1"
    assert found["invented"] is True
    assert "invented" in found["title"]
    assert found["organism"] == "human"
    assert {row["name"]: row["length"] for row in found["chromosomes"]} == SIZES
    assert client.get(found["fasta_url"]).status_code == 200
    assert client.get(found["index_url"]).status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"chromosome": "demo1"}, ["D-TAL1", "D-TAL2"]),
        ({"chromosome": "demo1", "start": 13_999, "end": 14_000}, ["D-TAL1"]),
        ({"chromosome": "demo1", "start": 14_000, "end": 30_000}, []),
        ({"chromosome": "demo1", "start": 14_000, "end": 30_001}, ["D-TAL2"]),
        ({"chromosome": "demo1", "start": 9_000, "end": 10_000}, []),
        ({"chromosome": "demo1", "limit": 1}, ["D-TAL1"]),
        ({"chromosome": "demoS", "start": -500, "end": 10**6}, ["D-SMN2"]),
    ],
)
def test_genes_are_those_with_a_base_in_the_interval(client, query, names):
    found = client.get("/api/genomes/demoH1/genes/", query).json()
    assert [gene["name"] for gene in found["genes"]] == names
    assert found["shown"] == len(names)
    assert found["total"] >= len(names)


def test_a_gene_comes_with_its_exons_in_half_open_coordinates(client):
    (gene,) = client.get("/api/genomes/demoH1/genes/", {"chromosome": "demoS"}).json()["genes"]
    identity, name, chromosome, start, end, strand, exons = GENES[2]
    assert gene == {
        "id": identity,
        "name": name,
        "chromosome": chromosome,
        "start": start,
        "end": end,
        "strand": strand,
        "gene_type": "protein_coding",
        "transcripts": [
            {
                "id": f"{identity}.1",
                "start": start,
                "end": end,
                "exons": [list(exon) for exon in exons],
                "cds": [[1_030, 1_200]],
            }
        ],
    }


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "chromosome is missing"),
        ({"chromosome": "chr7"}, 'demoH1 has no chromosome "chr7"; it has demo1, demoS.'),
        ({"chromosome": "demo1", "start": "x"}, "start must be a whole number"),
        ({"chromosome": "demo1", "start": 9, "end": 3}, "ends at 3, which is not after"),
    ],
)
def test_bad_input_is_answered_with_its_sentence(client, query, sentence):
    answer = client.get("/api/genomes/demoH1/genes/", query)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


def test_a_genome_without_annotation_has_no_genes_and_no_fault(client, genome):
    (genome / "genes.gtf").unlink()
    found = client.get("/api/genomes/demoH1/genes/", {"chromosome": "demo1"}).json()
    assert found == {"genes": [], "shown": 0, "total": 0}
    results = client.get("/api/genomes/demoH1/search/", {"q": "demo1:100"}).json()["results"]
    assert results[0]["kind"] == "interval"


def test_a_genome_that_was_replaced_is_read_anew(client, genome):
    text = (genome / "genes.gtf").read_text()
    assert (
        client.get("/api/genomes/demoH1/search/", {"q": "D-NEW"}).json()["results"][0]["kind"]
        == "problem"
    )
    (genome / "genes.gtf").write_text(text.replace("D-TAL2", "D-NEW"))
    found = client.get("/api/genomes/demoH1/search/", {"q": "D-NEW"}).json()["results"]
    assert [hit["label"] for hit in found] == ["D-NEW"]
