"""A small data folder: a genome of a few thousand bases, genes, and an untrained network."""

import dataclasses
import json
import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.quick_compile import QUICK_COMPILE

BASES = np.array(list("ACGT"))
GENES = """\
demo1\td\tgene\t1001\t3000\t.\t+\t.\tgene_id "DG1"; gene_name "D-ONE"; gene_type "protein_coding";
demo1\tdemo\ttranscript\t1001\t3000\t.\t+\t.\tgene_id "DG1"; transcript_id "DT1";
demo1\tdemo\texon\t1001\t1200\t.\t+\t.\tgene_id "DG1"; transcript_id "DT1"; exon_number 1;
demo1\tdemo\texon\t1501\t1600\t.\t+\t.\tgene_id "DG1"; transcript_id "DT1"; exon_number 2;
demo1\tdemo\texon\t2401\t3000\t.\t+\t.\tgene_id "DG1"; transcript_id "DT1"; exon_number 3;
demo1\tdemo\tCDS\t1101\t1200\t.\t+\t0\tgene_id "DG1"; transcript_id "DT1"; exon_number 1;
demo1\tdemo\tgene\t4001\t6000\t.\t-\t.\tgene_id "DG2"; gene_name "D-TWO"; gene_type "lncRNA";
demo1\tdemo\ttranscript\t4001\t6000\t.\t-\t.\tgene_id "DG2"; transcript_id "DT2";
demo1\tdemo\texon\t4001\t4500\t.\t-\t.\tgene_id "DG2"; transcript_id "DT2";
demo1\tdemo\texon\t5301\t6000\t.\t-\t.\tgene_id "DG2"; transcript_id "DT2";
"""
POLYADENYLATION_SITES = """\
Chromosome\tStart\tEnd\tgene_id\tgene_name\tpas_strand
demo1\t2600\t2601\tDG1\tD-ONE\t+
demo1\t2990\t2991\tDG1\tD-ONE\t+
"""


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def golden(repository):
    """Reads one golden case of scoring: its arrays, and its description."""

    def read(name: str):
        path = repository.parent / "shared" / "parity" / f"scoring_case_{name}.npz"
        if not path.exists():
            pytest.skip(f"the golden cases are not beside the repository ({path.name})")
        found = np.load(path)
        return found, json.loads(str(found["meta"]))

    return read


@pytest.fixture(scope="session")
def small_home(tmp_path_factory, xla_cache) -> Path:
    """A data folder with both demo assemblies and the engine `demo`, all of them tiny."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "xla-cache").symlink_to(xla_cache)
    rng = np.random.default_rng(7)
    for assembly, sizes in {
        "demoH1": {"demo1": 9_000, "demo2": 3_000},
        "demoM1": {"demoM": 6_000},
    }.items():
        place = folder / "genomes" / assembly
        place.mkdir(parents=True)
        lines = [
            f">{name}\n" + "\n".join(_wrapped("".join(rng.choice(BASES, size))))
            for name, size in sizes.items()
        ]
        (place / "genome.fa").write_text("\n".join(lines) + "\n")
    (folder / "genomes" / "demoH1" / "genes.gtf").write_text(GENES)
    (folder / "genomes" / "demoH1" / "polya.tsv").write_text(POLYADENYLATION_SITES)
    _write_weights(folder / "weights" / "demo", rng)
    return folder


@pytest.fixture
def in_small_home(small_home, monkeypatch) -> Path:
    monkeypatch.setenv("ALLELENS_HOME", str(small_home))
    return small_home


def _wrapped(sequence: str, width: int = 60) -> list[str]:
    return [sequence[i : i + width] for i in range(0, len(sequence), width)]


def _write_weights(folder: Path, rng: np.random.Generator) -> None:
    import jax

    from predictor.model import functional
    from predictor.model.config import ModelConfig
    from predictor.weights import checkpoint

    config = dataclasses.replace(
        ModelConfig.demo(),
        channels=8,
        channels_step=2,
        tower_layers=2,
        query_heads=2,
        key_channels=8,
        value_channels=8,
        pair_channels=8,
        pair_heads=2,
        pair_head_channels=4,
        junction_channels=8,
        junction_sites=12,
    )
    params, state = functional.abstract(config)
    checkpoint.save(
        folder,
        config=config,
        params=jax.tree.map(lambda s: rng.normal(0, 0.3, s.shape).astype(np.float32), params),
        state=jax.tree.map(lambda s: np.ones(s.shape, np.float32), state),
        tracks=_tracks(),
        card={"title": "untrained, for tests"},
    )


def _tracks() -> dict:
    from alphagenome.models.dna_model import Organism

    from predictor.simulator import track_table

    found = {}
    for organism in Organism:
        tables = found[organism.name] = {}
        for kind, table in track_table.tracks(organism).items():
            rows = json.loads(table.to_json(orient="records"))
            for number, row in enumerate(rows):
                if row["name"].lower() != "padding" and not kind.name.startswith("SPLICE_SITE"):
                    row["nonzero_mean"] = 1.0 + number / 4
            tables[kind.name] = rows
    return found


@pytest.fixture(scope="session")
def quick_jit():
    """`jax.jit` for programs that run only once or twice."""
    import jax

    return partial(jax.jit, compiler_options=QUICK_COMPILE)


@pytest.fixture(scope="session")
def reference(small_home):
    from predictor.genome.reference import Reference

    return Reference(small_home / "genomes" / "demoH1" / "genome.fa")


@pytest.fixture(scope="session")
def model(small_home):
    """The small engine, accepting windows of 2,048 and 4,096 bp."""
    from alphagenome.models.dna_model import Organism

    from predictor.engines.local import LocalModel
    from predictor.genome.polyadenylation import PolyadenylationSites, installed_sites
    from predictor.genome.reference import Reference

    before = os.environ.get("ALLELENS_HOME")
    os.environ["ALLELENS_HOME"] = str(small_home)
    genomes = small_home / "genomes"
    try:
        return LocalModel.load(
            small_home / "weights" / "demo",
            engine="demo",
            references={
                Organism.HOMO_SAPIENS: Reference(genomes / "demoH1" / "genome.fa"),
                Organism.MUS_MUSCULUS: Reference(genomes / "demoM1" / "genome.fa"),
            },
            annotations={Organism.HOMO_SAPIENS: genomes / "demoH1" / "genes.gtf"},
            polyadenylation_sites={
                Organism.HOMO_SAPIENS: PolyadenylationSites(installed_sites(genomes / "demoH1"))
            },
            windows=(2_048, 4_096),
        )
    finally:
        if before is None:
            del os.environ["ALLELENS_HOME"]
        else:
            os.environ["ALLELENS_HOME"] = before
