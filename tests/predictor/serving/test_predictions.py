"""The unmodified SDK drives the demo engine over a real port; results equal the engine's own."""

import ml_dtypes
import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import ModelVersion, Organism
from alphagenome.models.dna_output import OutputType

from predictor.genome.reference import Reference

pytestmark = pytest.mark.slow

INTERVAL = Interval("demo1", 100_000, 116_384)
TERM, TERM_ON_WIRE = "DEMO:0000001", "NTR:0000001"
# The shared part of two processes' arithmetic, and one rounding to 8 bits of mantissa.
TOLERANCE = {"rtol": 2**-7, "atol": 1e-6}


@pytest.fixture(scope="module")
def sequence(installed):
    genome = Reference(installed / "genomes" / "demoH1" / "genome.fa", assembly="demoH1")
    return genome.sequence(INTERVAL)


@pytest.fixture(scope="module")
def variant(sequence):
    base = sequence[8_000]
    return Variant("demo1", 108_001, base, base + "ACG")


def same(found, expected) -> None:
    for kind in OutputType:
        one, other = found.get(kind), expected.get(kind)
        assert (one is None) == (other is None), kind
        if one is None:
            continue
        assert one.values.shape == other.values.shape
        assert one.interval == other.interval
        np.testing.assert_allclose(one.values, other.values, **TOLERANCE, err_msg=kind.name)
        assert list(one.metadata["name"]) == list(other.metadata["name"])
        if kind is OutputType.SPLICE_JUNCTIONS:
            assert [str(j) for j in one.junctions] == [str(j) for j in other.junctions]
        else:
            assert one.resolution == other.resolution
            assert list(one.metadata["strand"]) == list(other.metadata["strand"])


def test_an_interval_has_the_engines_own_tracks_in_every_modality(client, engine):
    found = client.predict_interval(INTERVAL, requested_outputs=OutputType, ontology_terms=None)
    expected = engine.predict_interval(INTERVAL, requested_outputs=OutputType, ontology_terms=None)
    same(found, expected)
    # What travels is the engine's answer rounded, not something near it.
    rounded = expected.dnase.values.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert np.mean(found.dnase.values == rounded) > 0.99


def test_a_sequence_is_predicted_with_the_callers_interval(client, engine, sequence):
    asked = {"requested_outputs": [OutputType.RNA_SEQ, OutputType.CONTACT_MAPS]}
    found = client.predict_sequence(sequence, ontology_terms=None, interval=INTERVAL, **asked)
    same(found, engine.predict_sequence(sequence, ontology_terms=None, interval=INTERVAL, **asked))
    assert found.atac is None


def test_a_variant_has_both_alleles_in_raw_form(client, engine, variant):
    asked = {"requested_outputs": OutputType, "ontology_terms": None}
    found = client.predict_variant(INTERVAL, variant, **asked)
    expected = engine.predict_variant(INTERVAL, variant, **asked)
    same(found.reference, expected.reference)
    same(found.alternate, expected.alternate)
    assert not np.array_equal(found.reference.dnase.values, found.alternate.dnase.values)


def test_invented_cell_types_are_asked_for_as_terms_that_the_sdk_knows(client, engine):
    asked = {"requested_outputs": [OutputType.DNASE, OutputType.SPLICE_SITES]}
    found = client.predict_interval(INTERVAL, ontology_terms=[TERM_ON_WIRE], **asked)
    same(found, engine.predict_interval(INTERVAL, ontology_terms=[TERM], **asked))
    assert set(found.dnase.metadata["ontology_curie"]) == {TERM_ON_WIRE}


def test_the_reverse_strand_and_the_mouse_are_served(client, engine):
    place = Interval("demoM", 20_000, 36_384, "-")
    asked = {
        "organism": Organism.MUS_MUSCULUS,
        "requested_outputs": [OutputType.DNASE],
        "ontology_terms": None,
    }
    same(client.predict_interval(place, **asked), engine.predict_interval(place, **asked))


@pytest.mark.parametrize("organism", Organism)
def test_the_metadata_are_the_engines_own(client, engine, organism):
    found, expected = (model.output_metadata(organism) for model in (client, engine))
    for kind in OutputType:
        one, other = found.get(kind), expected.get(kind)
        assert (one is None) == (other is None), kind
        if one is None:
            continue
        other = other.assign(
            **{
                "ontology_curie": other["ontology_curie"].str.replace("DEMO", "NTR"),
            }
            if "ontology_curie" in other
            else {}
        )
        columns = [column for column in other if column in one]
        assert {"name", "ontology_curie"} & set(other) <= set(columns)
        pd.testing.assert_frame_equal(
            one[columns], other[columns], check_dtype=False, rtol=1e-6, atol=0
        )


def test_batches_and_named_versions_work(service, variant):
    client = service.client(model_version=ModelVersion.ALL_FOLDS)
    asked = {"requested_outputs": [OutputType.DNASE], "ontology_terms": None}
    found = client.predict_variants(
        INTERVAL, [variant, variant], progress_bar=False, max_workers=5, **asked
    )
    first, second = (output.alternate.dnase.values for output in found)
    np.testing.assert_array_equal(first, second)


def test_the_key_is_never_in_the_log(service):
    secret = "a-key-that-nobody-may-read"
    service.client(key=secret).output_metadata()
    assert not any(secret in line for line in service.lines)
