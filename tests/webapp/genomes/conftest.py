"""A small genome in a data folder of the test's own: random bases, three genes."""

import random

import pytest
from rest_framework.test import APIClient

from webapp.accounts.models import User

SIZES = {"demo1": 60_000, "demoS": 5_000}
GENES = [
    # As in the file, but 0-based: id, name, place, strand and exons of each gene.
    ("DG0001", "D-TAL1", "demo1", 10_000, 14_000, "-", [(10_000, 10_400), (13_500, 14_000)]),
    ("DG0002", "D-TAL2", "demo1", 30_000, 32_000, "+", [(30_000, 32_000)]),
    ("DG0003", "D-SMN2", "demoS", 1_000, 3_000, "+", [(1_000, 1_200), (2_800, 3_000)]),
]


def bases(chromosome: str) -> str:
    return "".join(random.Random(chromosome).choices("ACGT", k=SIZES[chromosome]))


def _gtf() -> str:
    lines = []
    for gene, name, chromosome, start, end, strand, exons in GENES:
        texts = f'gene_id "{gene}"; gene_name "{name}"; gene_type "protein_coding";'
        features = [("gene", start, end, texts)]
        texts += f' transcript_id "{gene}.1";'
        features.append(("transcript", start, end, texts))
        features += [("exon", first, last, texts) for first, last in exons]
        features += [("CDS", exons[0][0] + 30, exons[0][1], texts)]
        lines += [
            f"{chromosome}\tdemo\t{feature}\t{first + 1}\t{last}\t.\t{strand}\t.\t{text}"
            for feature, first, last, text in features
        ]
    return "\n".join(lines) + "\n"


@pytest.fixture
def genome(tmp_path, monkeypatch):
    """The folder of the genome demoH1."""
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    folder = tmp_path / "genomes" / "demoH1"
    folder.mkdir(parents=True)
    with (folder / "genome.fa").open("w") as file:
        for chromosome in SIZES:
            sequence = bases(chromosome)
            file.write(f">{chromosome}\n")
            file.writelines(f"{sequence[at : at + 60]}\n" for at in range(0, len(sequence), 60))
    (folder / "genes.gtf").write_text(_gtf())
    return folder


@pytest.fixture
def client(db, genome):
    client = APIClient()
    client.force_authenticate(User.objects.create_user("reader"))
    return client
