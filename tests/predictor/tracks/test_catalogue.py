import numpy as np
import pytest
from alphagenome.data import ontology as sdk_ontology
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputMetadata, OutputType

from predictor import errors
from predictor.tracks import ontology
from predictor.tracks.catalogue import Catalogue, catalogue
from predictor.tracks.output_types import parse_organism, parse_output_types

HUMAN, MOUSE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
T_CELL = "DEMO:0000001"


@pytest.fixture
def tracks(in_small_home):
    return catalogue("demo")


def test_the_sdk_gets_its_tables_without_padding(tracks):
    found = tracks.output_metadata(HUMAN)
    assert isinstance(found, OutputMetadata)
    # 66 tracks, of which the table lists the 8 junction tracks as 4 tissues.
    assert len(found.concatenate()) == 66 - 4
    for kind in OutputType:
        table = found.get(kind)
        assert not table["name"].str.lower().eq("padding").any()
        assert list(table.index) == list(range(len(table)))


def test_padding_keeps_its_place_among_the_rows(tracks):
    table = tracks.table(MOUSE, OutputType.RNA_SEQ)
    assert len(table.rows) == len(table.real) == 7
    assert table.real.tolist() == [True] * 4 + [False] * 3
    assert np.isnan(table.nonzero_mean[4:]).all()


def test_the_mouse_has_no_procap(tracks):
    assert OutputType.PROCAP in tracks.output_types(HUMAN)
    assert OutputType.PROCAP not in tracks.output_types(MOUSE)
    with pytest.raises(errors.OutputNotAvailableError, match="no PROCAP for mouse; available: "):
        tracks.check_request(MOUSE, [OutputType.PROCAP], None)


def test_a_modality_that_the_cell_type_lacks_is_named_with_what_exists(tracks):
    with pytest.raises(errors.OutputNotAvailableError) as caught:
        tracks.check_request(HUMAN, [OutputType.DNASE, OutputType.CAGE], [T_CELL])
    message = caught.value.message
    assert "no CAGE of" in message
    assert T_CELL in message
    assert "DNASE, RNA_SEQ" in message
    assert "CAGE" not in message.split("available:")[1]


def test_it_is_enough_that_one_of_the_cell_types_has_it(tracks):
    found = tracks.check_request(HUMAN, [OutputType.CAGE], [T_CELL, "demo:2"])
    assert found == (T_CELL, "DEMO:0000002")


def test_splice_sites_belong_to_every_cell_type(tracks):
    assert tracks.check_request(HUMAN, [OutputType.SPLICE_SITES], [T_CELL]) == (T_CELL,)
    assert len(tracks.table(HUMAN, OutputType.SPLICE_SITES).select((T_CELL,))) == 4


def test_an_unknown_term_lists_the_most_similar_ones_with_their_names(tracks):
    with pytest.raises(errors.UnknownOntologyTermError) as caught:
        tracks.check_terms(HUMAN, ["DEMO:0000009"])
    assert "demo has the ontology term DEMO:0000009" in caught.value.message
    assert f"{T_CELL} (" in caught.value.message


def test_no_terms_mean_all_tracks(tracks):
    assert tracks.check_terms(HUMAN, None) is None
    assert tracks.check_terms(HUMAN, []) is None


def test_selection_is_by_exact_term_and_never_padding(tracks):
    table = tracks.table(HUMAN, OutputType.DNASE)
    chosen = table.select((T_CELL,))
    assert table.rows.loc[chosen, "ontology_curie"].tolist() == [T_CELL]
    assert len(tracks.table(MOUSE, OutputType.DNASE).select(None)) == 2


def test_the_shift_on_the_other_strand_is_a_property_of_the_track():
    rows = [
        {"name": "a", "strand": ".", "reverse_strand_shift": 1},
        {"name": "b", "strand": "."},
    ]
    table = Catalogue("x", {"HOMO_SAPIENS": {"DNASE": rows}}).table(HUMAN, OutputType.DNASE)
    assert table.shifts.tolist() == [1, 0]
    assert list(table.metadata.columns) == ["name", "strand"]


def test_a_table_without_means_counts_as_one():
    rows = [{"name": "a", "strand": "."}]
    table = Catalogue("x", {"HOMO_SAPIENS": {"ATAC": rows}}).table(HUMAN, OutputType.ATAC)
    assert table.nonzero_mean.tolist() == [1.0]


def test_missing_weights_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    with pytest.raises(errors.WeightsMissingError, match="alphagenome are not installed"):
        catalogue("alphagenome")


def test_an_engine_cannot_be_named_after_a_path(in_small_home):
    with pytest.raises(errors.WeightsMissingError):
        catalogue("../demo")


@pytest.mark.parametrize(
    ("term", "curie"),
    [
        ("UBERON:0002048", "UBERON:0002048"),
        ("uberon:2048", "UBERON:0002048"),
        ("DEMO:1", "DEMO:0000001"),
        (sdk_ontology.from_curie("CL:0000084"), "CL:0000084"),
    ],
)
def test_terms_are_written_with_seven_digits(term, curie):
    assert ontology.parse_curie(term) == curie


@pytest.mark.parametrize("term", ["liver", "UBERON:", "BTO:0000759", "CL:84a", "CL:1:2"])
def test_what_is_no_term_gets_one_sentence(term):
    with pytest.raises(errors.UnknownOntologyTermError):
        ontology.parse_curie(term)


def test_repeated_terms_count_once_in_first_order():
    assert ontology.parse_curies(["CL:2", "CL:1", "CL:0000002"]) == ("CL:0000002", "CL:0000001")


def test_names_of_output_types_and_organisms_are_read():
    assert parse_output_types(["dnase", "RNA-seq", "DNASE"]) == [
        OutputType.DNASE,
        OutputType.RNA_SEQ,
    ]
    assert parse_organism("Mouse") is MOUSE
    with pytest.raises(errors.UnknownOutputTypeError, match='no output type "RNA"'):
        parse_output_types(["RNA"])
    with pytest.raises(errors.UnsupportedOrganismError, match="human or mouse"):
        parse_organism("yeast")
