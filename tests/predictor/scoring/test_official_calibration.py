"""The schema of the official table is not public here, so every likely layout is written."""

import numpy as np
import pytest
from alphagenome import tensor_utils
from alphagenome.protos import dna_model_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from predictor.errors import CalibrationError
from predictor.scoring import official_calibration

SCORER = "CenterMaskScorer(requested_output=DNASE, width=501, aggregation_type=DIFF_LOG2_SUM)"
RANKS = np.linspace(-0.99999, 0.99999, 101)
TABLE = np.sort(np.random.default_rng(5).normal(0, [[1], [4], [0.1]], (3, 101)), axis=1)
TRACKS = [
    dna_model_pb2.TrackMetadata(
        name=f"CL:000008{number} DNase-seq",
        strand=3,
        ontology_term=dna_model_pb2.OntologyTerm(ontology_type=3, id=80 + number),
    )
    for number in range(3)
]
_FIELD = descriptor_pb2.FieldDescriptorProto
_SDK = "google.gdm.gdmscience.alphagenome.v1main"

# Type, repeated, and name of the message, of the fields table, probabilities and tracks.
LAYOUTS = {
    "packed doubles, tracks in one message": (
        (_FIELD.TYPE_DOUBLE, True, None),
        (_FIELD.TYPE_DOUBLE, True, None),
        (_FIELD.TYPE_MESSAGE, False, "TracksMetadata"),
    ),
    "packed floats, a message a track": (
        (_FIELD.TYPE_FLOAT, True, None),
        (_FIELD.TYPE_FLOAT, True, None),
        (_FIELD.TYPE_MESSAGE, True, "TrackMetadata"),
    ),
    "tensors": (
        (_FIELD.TYPE_MESSAGE, False, "Tensor"),
        (_FIELD.TYPE_MESSAGE, False, "Tensor"),
        (_FIELD.TYPE_MESSAGE, True, "TrackMetadata"),
    ),
    "a tensor and floats": (
        (_FIELD.TYPE_MESSAGE, False, "Tensor"),
        (_FIELD.TYPE_FLOAT, True, None),
        (_FIELD.TYPE_MESSAGE, False, "TracksMetadata"),
    ),
    "a message a row": (
        (_FIELD.TYPE_MESSAGE, True, "Row"),
        (_FIELD.TYPE_DOUBLE, True, None),
        (_FIELD.TYPE_MESSAGE, True, "TrackMetadata"),
    ),
}


def schema(layout, numbers):
    """A message of that layout, made as protoc would make it."""
    package = f"allelens.test{abs(hash((layout, numbers))):x}"
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{package}.proto",
        package=package,
        syntax="proto3",
        dependency=["alphagenome/protos/dna_model.proto", "alphagenome/protos/tensor.proto"],
    )
    row = file.message_type.add(name="Row")
    row.field.add(name="values", number=1, type=_FIELD.TYPE_DOUBLE, label=_FIELD.LABEL_REPEATED)
    scorer = file.message_type.add(name="Scorer")
    for name, number, (kind, repeated, message) in zip(
        ("table", "ranks", "tracks"), numbers, layout, strict=True
    ):
        field = scorer.field.add(
            name=name,
            number=number,
            type=kind,
            label=_FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL,
        )
        if message:
            own = message == "Row"
            field.type_name = f".{package}.Row" if own else f".{_SDK}.{message}"
    whole = file.message_type.add(name="Table")
    entry = whole.nested_type.add(name="ScorersEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=_FIELD.TYPE_STRING, label=_FIELD.LABEL_OPTIONAL)
    entry.field.add(
        name="value",
        number=2,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{package}.Scorer",
        label=_FIELD.LABEL_OPTIONAL,
    )
    whole.field.add(
        name="scorers",
        number=1,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".{package}.Table.ScorersEntry",
        label=_FIELD.LABEL_REPEATED,
    )
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Table"))


def write(path, layout, numbers=(1, 2, 3), table=TABLE, ranks=RANKS, tracks=TRACKS):
    message = schema(layout, numbers)()
    value = message.scorers[SCORER]
    for name, array, (_, repeated, kind) in zip(
        ("table", "ranks"), (table, ranks), layout[:2], strict=True
    ):
        field = getattr(value, name)
        if kind == "Tensor":
            field.CopyFrom(tensor_utils.pack_tensor(array.astype(np.float32))[0])
        elif kind == "Row":
            for row in array:
                field.add().values.extend(row)
        else:
            assert repeated
            field.extend(array.ravel())
    if layout[2][1]:
        value.tracks.extend(tracks)
    else:
        value.tracks.metadata.extend(tracks)
    path.write_bytes(message.SerializeToString())
    return path


@pytest.mark.parametrize("numbers", [(1, 2, 3), (3, 1, 2)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_the_table_is_read_whatever_its_layout(tmp_path, layout, numbers):
    calibration = official_calibration.read(write(tmp_path / "scores.pb", layout, numbers))
    (found,) = calibration.scorers.values()
    assert list(calibration.scorers) == [SCORER]
    np.testing.assert_allclose(found.breakpoints, TABLE, rtol=1e-6)
    np.testing.assert_allclose(found.probabilities, RANKS, rtol=1e-6)
    assert found.tracks["ontology_curie"].tolist() == ["CL:0000080", "CL:0000081", "CL:0000082"]
    assert found.tracks["strand"].tolist() == ["."] * 3


def test_what_cannot_be_told_apart_is_refused(tmp_path):
    layout = LAYOUTS["packed doubles, tracks in one message"]
    path = write(tmp_path / "one.pb", layout, table=RANKS[None] / 2, tracks=TRACKS[:1])
    with pytest.raises(CalibrationError, match="can be read in 2 ways"):
        official_calibration.read(path)


@pytest.mark.parametrize("change", ["descending", "too few tracks"])
def test_a_table_that_does_not_fit_is_refused(tmp_path, change):
    changes = {
        "descending": {"table": TABLE[:, ::-1]},
        "too few tracks": {"tracks": TRACKS[:2]},
    }[change]
    path = write(tmp_path / "scores.pb", LAYOUTS["tensors"], **changes)
    with pytest.raises(CalibrationError, match=r"scores.pb is not the official table.*0 ways"):
        official_calibration.read(path)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x0a\x03abc"])
def test_other_files_are_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "scores.pb"
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match=r"scores.pb (is not the official|holds no scorer)"):
        official_calibration.read(path)
