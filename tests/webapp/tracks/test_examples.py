"""Examples: each can be asked for exactly as it is given."""

import pytest

from predictor.genome.variant import parse_variant
from predictor.simulator.showcase import SHOWCASE
from webapp.tracks.output_types import OUTPUT_TYPES

pytestmark = pytest.mark.django_db


@pytest.fixture
def examples(client):
    return client.get("/api/examples/").json()


def test_every_show_case_locus_is_an_example_with_all_its_variants(examples):
    assert [example["slug"] for example in examples] == [slot.slug for slot in SHOWCASE]
    for example, slot in zip(examples, SHOWCASE, strict=True):
        offered = [example["variants"], *(other["variants"] for other in example["alternatives"])]
        assert offered == [[str(variant.variant)] for variant in slot.variants]
        assert example["like"]
        assert example["look_at"]
        labels = [other["label"] for other in example["alternatives"]]
        assert len(set(labels)) == len(labels)


def test_the_window_holds_what_is_to_be_seen(examples):
    for example in examples:
        variant = parse_variant(example["variants"][0])
        window = variant.reference_interval.resize(example["window"])
        view = example["interval"]
        inside = window.start <= view["start"] and view["end"] <= window.end
        assert inside or example["window"] == 32_768
        assert view["start"] <= variant.start < view["end"]


def test_only_tracks_are_asked_for_that_one_of_the_cell_types_has(client, examples):
    cells = client.get("/api/engines/demo/tracks/").json()["biosamples"]
    counts = {cell["ontology_curie"]: cell["counts"] for cell in cells}
    for example in examples:
        assert example["output_types"]
        for output_type in example["output_types"]:
            assert output_type == "SPLICE_SITES" or any(
                output_type in counts[curie] for curie in example["ontology_curies"]
            )
        assert set(example["output_types"]) <= set(OUTPUT_TYPES)


def test_the_first_example_says_what_rises_where(examples):
    assert examples[0]["slug"] == "d-tal1"
    assert "DNase-seq rises at the variant in T-lymphoblast-like cells" in examples[0]["look_at"]
    needed = {"RNA_SEQ", "DNASE", "CHIP_HISTONE", "SPLICE_JUNCTIONS", "CONTACT_MAPS"}
    assert needed <= set(examples[0]["output_types"])
