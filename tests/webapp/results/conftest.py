"""A stored prediction of three output types, the person who asked for it, and a stranger."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Junction, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from rest_framework.test import APIClient

from webapp.accounts.models import User
from webapp.jobs.chunk_plan import variant_json
from webapp.jobs.models import Chunk, ChunkPart, Job
from webapp.projects.services import create_project
from webapp.results import services
from webapp.results.store import ZarrTrackStore

INTERVAL = Interval("demoS", 100_000, 116_384)
VARIANT = Variant("demoS", 108_193, "C", "CCG")
CELLS = ["T-lymphoblast-like", "hepatocyte-like", "neuron-like", "erythroid-like"]


def metadata(number: int, *, strands: str = ".") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [f"D-track {index // len(strands)}" for index in range(number)],
            "strand": [strands[index % len(strands)] for index in range(number)],
            "ontology_curie": [f"DEMO:{index % 4 + 1:07d}" for index in range(number)],
            "biosample_name": [CELLS[index % 4] for index in range(number)],
        }
    )


def track_data(values: np.ndarray, resolution: int = 1, **options) -> TrackData:
    return TrackData(
        values.astype(np.float32),
        metadata(values.shape[-1], **options),
        resolution=resolution,
        interval=INTERVAL,
    )


def junction_data(values: np.ndarray) -> JunctionData:
    junctions = np.array(
        [
            Junction("demoS", 104_000, 105_000, "+"),
            Junction("demoS", 106_000, 107_500, "-"),
            Junction("demoS", 106_000, 109_500, "-"),
        ]
    )
    tissues = metadata(values.shape[1]).drop(columns="strand")
    return JunctionData(junctions, values.astype(np.float32), tissues, interval=INTERVAL)


@pytest.fixture
def store(tmp_path, monkeypatch):
    """An empty store of the test's own."""
    found = ZarrTrackStore(tmp_path / "results")
    monkeypatch.setattr(services, "store", lambda: found)
    monkeypatch.setattr("webapp.results.selectors.store", lambda: found)
    return found


@pytest.fixture
def arrays():
    """(REF, ALT) by output type; T-lymphoblast-like DNASE rises at the variant."""
    rng = np.random.default_rng(5)
    dnase = rng.random((16_384, 4))
    dnase_alt = dnase.copy()
    dnase_alt[8_150:8_250, 0] += 3.0
    chip = rng.random((128, 15))
    contact = rng.normal(size=(8, 8, 2))
    contact_alt = contact.copy()
    contact_alt[2, 5, 1] -= 2.0
    counts = np.array([[1.0, 0.0], [2.0, 0.5], [0.01, 0.5]])
    counts_alt = np.array([[1.0, 0.0], [0.2, 0.5], [1.5, 0.5]])
    return {
        "DNASE": (track_data(dnase), track_data(dnase_alt)),
        "CHIP_HISTONE": (track_data(chip, 128), track_data(chip, 128)),
        "CONTACT_MAPS": (track_data(contact, 2_048), track_data(contact_alt, 2_048)),
        "SPLICE_JUNCTIONS": (junction_data(counts), junction_data(counts_alt)),
    }


def ids_of(output_type: str, reference: TrackData | JunctionData) -> list[str]:
    factor = 2 if isinstance(reference, JunctionData) else 1
    return [f"{output_type}/{index}" for index in range(len(reference.metadata) * factor)]


def key_of(output_type: str, *, variants: bool = True, ids: list[str], engine: str = "demo") -> str:
    return services.part_key(
        engine=engine,
        weights_digest="w",
        assembly="demoH1",
        fasta_digest="f",
        organism="human",
        interval={"chromosome": "demoS", "start": 100_000, "end": 116_384, "strand": "."},
        variants=[str(VARIANT)] if variants else [],
        output_type=output_type,
        track_ids=ids,
    )


def publish(
    output_type: str, reference, alternate, *, interval: Interval = INTERVAL, engine: str = "demo"
):
    ids = ids_of(output_type, reference)
    return list(
        services.publish(
            key=key_of(output_type, ids=ids, variants=alternate is not None, engine=engine),
            output_type=output_type,
            reference=reference,
            alternate=alternate,
            interval=interval,
            variants=[VARIANT] if alternate is not None else [],
            track_rows=ids,
        )
    )


@pytest.fixture
def owner(db):
    return User.objects.create_user("owner")


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def client(owner):
    return client_of(owner)


@pytest.fixture
def stranger_client(db):
    return client_of(User.objects.create_user("stranger"))


def make_chunk(owner, arrays, *, with_variant: bool = True) -> Chunk:
    """A chunk that wants all of `arrays`; nothing is stored yet."""
    project = create_project(user=owner, title="tests")
    job = Job.objects.create(
        project=project,
        created_by=owner,
        engine="demo",
        weights_digest="w",
        organism="human",
        assembly="demoH1",
        window=16_384,
        request={},
    )
    variant = variant_json(VARIANT)
    chunk = Chunk.objects.create(
        job=job,
        index=0,
        chromosome="demoS",
        start=INTERVAL.start,
        end=INTERVAL.end,
        variants=[variant] if with_variant else [],
    )
    for output_type, (reference, _) in arrays.items():
        ids = ids_of(output_type, reference)
        ChunkPart.objects.create(
            chunk=chunk,
            output_type=output_type,
            key=key_of(output_type, ids=ids, variants=with_variant),
            resolution=1 if isinstance(reference, JunctionData) else reference.resolution,
            tracks=ids,
        )
    return chunk


@pytest.fixture
def empty_chunk(owner, store, arrays):
    return make_chunk(owner, arrays)


@pytest.fixture
def chunk(empty_chunk, arrays):
    """The same chunk, and everything is stored."""
    for output_type, (reference, alternate) in arrays.items():
        publish(output_type, reference, alternate)
    return empty_chunk
