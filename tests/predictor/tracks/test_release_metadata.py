"""The release's description of its tracks becomes the rows of `tracks.json`."""

import json

import numpy as np
import pytest
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.tracks import release_metadata, strand
from predictor.tracks.catalogue import Catalogue
from predictor.tracks.release_metadata import InvalidMetadataError, MetadataNotFoundError
from tests.release_files import PADDING, table, track, trimmed_metadata_text, write_metadata

PEOPLE, MICE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
BIOSAMPLES = (
    "PRIMARY_CELL",
    "IN_VITRO_DIFFERENTIATED_CELLS",
    "CELL_LINE",
    "TISSUE",
    "TECHNICAL_SAMPLE",
    "ORGANOID",
)


@pytest.fixture
def tracks(tmp_path):
    return release_metadata.read(write_metadata(tmp_path))


@pytest.fixture
def rows(tmp_path):
    """Reads one table, written as text."""

    def read(text, kind):
        path = tmp_path / "human.textproto"
        path.write_text(text)
        return release_metadata.read({PEOPLE: path})["HOMO_SAPIENS"][kind]

    return read


def test_a_row_holds_the_columns_of_the_sdk_and_nothing_that_is_missing(tracks):
    lung, t_cell, padding = tracks["HOMO_SAPIENS"]["ATAC"]
    assert lung == {
        "name": "ATAC lung",
        "strand": ".",
        "Assay title": "ATAC-seq",
        "ontology_curie": "UBERON:0002048",
        "biosample_name": "lung",
        "biosample_type": "tissue",
        "biosample_life_stage": "adult",
        "nonzero_mean": 0.75,
    }
    assert t_cell == {
        "name": "ATAC T-cell",
        "strand": ".",
        "ontology_curie": "CL:0000084",
        "biosample_name": "T-cell",
        "biosample_type": "primary_cell",
        "data_source": "encode",
        "endedness": "paired",
        "genetically_modified": False,
        "nonzero_mean": 1.5,
    }
    assert padding == {"name": "Padding", "strand": ".", "nonzero_mean": None}


def test_padding_has_no_mean_and_a_table_without_means_stays_without(tracks):
    assert tracks["MUS_MUSCULUS"]["PROCAP"] == [{"name": "Padding", "strand": "."}] * 2
    assert "nonzero_mean" not in tracks["HOMO_SAPIENS"]["CONTACT_MAPS"][0]


def test_only_dnase_moves_by_one_base_on_the_other_strand(tracks):
    shifted = {
        kind: {row.get("reverse_strand_shift") for row in rows}
        for kind, rows in tracks["HOMO_SAPIENS"].items()
    }
    assert shifted.pop("DNASE") == {1}
    assert set().union(*shifted.values()) == {None}


def test_the_fields_of_single_assays_keep_their_columns(tracks):
    human = tracks["HOMO_SAPIENS"]
    assert human["CHIP_TF"][0]["transcription_factor"] == "CTCF"
    assert human["CHIP_HISTONE"][0]["histone_mark"] == "H3K27ac"
    assert [row.get("gtex_tissue") for row in human["RNA_SEQ"]] == ["Lung", "Lung", "", None, None]
    assert human["RNA_SEQ"][0]["endedness"] == "single"


def test_junctions_have_one_row_for_each_tissue_and_no_strand(tracks):
    junctions = tracks["HOMO_SAPIENS"]["SPLICE_JUNCTIONS"]
    assert [row["name"] for row in junctions] == ["tissue 0", "tissue 1", "tissue 2"]
    assert not any("strand" in row for row in junctions)
    assert tracks["MUS_MUSCULUS"]["SPLICE_JUNCTIONS"][1:] == [{"name": "Padding"}] * 2


@pytest.mark.parametrize("name", BIOSAMPLES)
def test_every_type_of_biosample_is_written_in_small_letters(rows, name):
    biosample = f'biosample {{ type: BIOSAMPLE_TYPE_{name} name: "x" }}'
    (row,) = rows(table("ATAC", track("a", "UNSTRANDED", biosample)), "ATAC")
    assert row["biosample_type"] == name.lower()
    assert "biosample_life_stage" not in row


@pytest.mark.parametrize(
    ("prefix", "number", "curie"),
    [
        ("CLO", 9, "CLO:0000009"),
        ("UBERON", 2048, "UBERON:0002048"),
        ("CL", 84, "CL:0000084"),
        ("EFO", 2067, "EFO:0002067"),
        ("NTR", 1234567890, "NTR:1234567890"),
    ],
)
def test_every_ontology_is_written_with_at_least_seven_digits(rows, prefix, number, curie):
    term = f"ontology_term {{ ontology_type: ONTOLOGY_TYPE_{prefix} id: {number} }}"
    (row,) = rows(table("ATAC", track("a", "UNSTRANDED", term)), "ATAC")
    assert row["ontology_curie"] == curie


def test_every_output_type_of_the_release_is_known(tracks):
    assert set(tracks["HOMO_SAPIENS"]) == {kind.name for kind in OutputType}


def test_the_rows_can_be_written_as_json_without_change(tracks):
    assert json.loads(json.dumps(tracks, allow_nan=False)) == tracks


def test_strands_pair_across_the_padding_in_the_middle_of_the_mouse_usage():
    """As released: 90 +, 277 padding, 90 -, 277 padding."""
    rows = [
        *({"name": f"usage {i}", "strand": "+"} for i in range(90)),
        *({"name": "Padding", "strand": "."} for _ in range(277)),
        *({"name": f"usage {i}", "strand": "-"} for i in range(90)),
        *({"name": "Padding", "strand": "."} for _ in range(277)),
    ]
    found = Catalogue("x", {MICE.name: {"SPLICE_SITE_USAGE": rows}})
    strands = found.table(MICE, OutputType.SPLICE_SITE_USAGE).strands
    index = strand.opposite_strand_index(strands)
    assert index[:90].tolist() == list(range(367, 457))
    assert index[367:457].tolist() == list(range(90))
    assert index[90:367].tolist() == list(range(90, 367))
    assert index[457:].tolist() == list(range(457, 734))


def test_the_small_release_of_the_tests_pairs_in_the_same_way(tracks):
    table = Catalogue("x", tracks).table(MICE, OutputType.SPLICE_SITE_USAGE)
    assert strand.opposite_strand_index(table.strands).tolist() == [3, 1, 2, 0, 4, 5]
    assert table.real.tolist() == [True, False, False, True, False, False]


def test_the_tracks_of_the_golden_cases_come_back_from_their_textproto(repository, tmp_path):
    path = repository.parent / "shared" / "parity" / "trimmed_metadata.json"
    if not path.exists():
        pytest.skip(f"the golden cases are not beside the repository ({path.name})")
    golden = json.loads(path.read_text())["tracks"]
    texts = {
        organism: "".join(
            trimmed_metadata_text(rows, name.upper())
            for name, rows in golden[organism.name].items()
        )
        for organism in Organism
    }
    found = release_metadata.read(write_metadata(tmp_path, texts))
    for organism in Organism:
        for name, expected in golden[organism.name].items():
            for row in expected:
                if name == "dnase":
                    row["reverse_strand_shift"] = 1
                if row.get("nonzero_mean") is not None:
                    # The messages hold float32.
                    row["nonzero_mean"] = float(np.float32(row["nonzero_mean"]))
            assert found[organism.name][name.upper()] == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("output_metadata { output_type: OUTPUT_TYPE_ATAC", "not the text form"),
        ("output_metadata { colour: 3 }", "not the text form"),
        ("", "describes no tracks"),
        (table("UNSPECIFIED", PADDING), "unknown output type 0"),
        (table("ATAC", PADDING) * 2, "describes ATAC twice"),
        ("output_metadata { output_type: OUTPUT_TYPE_ATAC }", "holds nothing for ATAC"),
        (table("ATAC", 'metadata { name: "a" }', payload="junctions"), "expected tracks"),
        (table("SPLICE_JUNCTIONS", PADDING), "expected junctions"),
        (table("ATAC", 'metadata { name: "a" }'), "table of ATAC .* Strand needs to be"),
        (table("CAGE", track("a", "POSITIVE")), "1 tracks on . and 0 on - cannot be paired"),
        (
            table("ATAC", track("a", "UNSTRANDED", "ontology_term { id: 3 }")),
            "table of ATAC .* OntologyType",
        ),
    ],
)
def test_an_unusable_file_is_named_with_what_is_wrong(rows, text, words):
    with pytest.raises(InvalidMetadataError, match=words) as caught:
        rows(text, "ATAC")
    assert "human.textproto" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "human.pb").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidMetadataError, match="not the text form"):
        release_metadata.read({PEOPLE: tmp_path / "human.pb"})


def test_files_are_told_apart_by_their_names_or_by_what_stands_before_them(tmp_path):
    for given in (
        ["OutputMetadataResponse_ORGANISM_HOMO_SAPIENS.textproto", "my_mouse_tracks.textproto"],
        ["human=a.textproto", "Mouse=b=c.textproto"],
    ):
        found = release_metadata.locate(given)
        assert [found[PEOPLE].name, found[MICE].name] == [
            given[0].removeprefix("human="),
            given[1].removeprefix("Mouse="),
        ]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (["a.textproto"], InvalidMetadataError, "write human=a.textproto or mouse=a.textproto"),
        (["human_mouse.txt"], InvalidMetadataError, "does not tell"),
        (["human.txt", "human=b.txt"], InvalidMetadataError, "are about human"),
        (["human.txt"], MetadataNotFoundError, "No file of --metadata is about mouse"),
    ],
)
def test_files_that_do_not_make_a_pair_are_refused(given, error, words):
    with pytest.raises(error, match=words):
        release_metadata.locate(given)


@pytest.mark.parametrize(
    "place",
    [
        "release/all-folds",
        "release",
        "release/metadata",
        "release/alphagenome_research/src/alphagenome_research/model/metadata",
        "home/weights/metadata",
        "packages/alphagenome_research/model/metadata",
    ],
)
def test_files_are_found_where_the_release_puts_them(tmp_path, monkeypatch, place):
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(tmp_path / "packages")
    (tmp_path / "packages" / "alphagenome_research").mkdir(parents=True)
    (tmp_path / "packages" / "alphagenome_research" / "__init__.py").write_text("1 / 0")
    checkpoint = tmp_path / "release" / "all-folds"
    checkpoint.mkdir(parents=True)
    with pytest.raises(MetadataNotFoundError, match="come with the official package"):
        release_metadata.locate([], checkpoint=checkpoint)
    written = write_metadata(tmp_path / place)
    assert release_metadata.locate([], checkpoint=checkpoint) == written


def test_files_in_the_checkpoint_come_before_those_of_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    write_metadata(tmp_path / "home" / "weights" / "metadata")
    written = write_metadata(tmp_path / "own")
    assert release_metadata.locate([], checkpoint=tmp_path / "own") == written


def test_a_file_that_was_named_but_is_absent_is_said(tmp_path):
    with pytest.raises(MetadataNotFoundError, match="There is no file"):
        release_metadata.read({PEOPLE: tmp_path / "human.textproto"})
