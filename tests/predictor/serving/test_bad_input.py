"""The list of bad input (`tests/bad_input.py`) over gRPC, and what only this door can be asked.

Asked with bare messages, since the SDK refuses part of it by itself (spec/scoring.md 1.9) and old
SDKs and other clients do not.
"""

import inspect
import re

import grpc
import pytest
from alphagenome.models.dna_model import ModelVersion
from alphagenome.protos.v1 import dna_model_pb2, dna_model_service_pb2
from alphagenome.protos.v1.dna_model_service_pb2_grpc import DnaModelServiceStub

from predictor import errors
from predictor.serving.status import STATUS, status_of
from tests.bad_input import ATAC, DEFAULTS, OVER_THE_END, ROWS, place

INVALID = grpc.StatusCode.INVALID_ARGUMENT
ASKED = [
    pytest.param(row, method, fields, id=f"{name}-{method}-{number}")
    for name, row in ROWS.items()
    if not isinstance(row.grpc, str)
    for number, (method, fields) in enumerate(row.grpc)
]

# What only this door can be asked. Method, fields of the request, what the sentence must say.
OF_THE_WIRE = {
    "output type": ("PredictInterval", {"requested_outputs": [10]}, "number 10.*11 .CONTACT_MAPS"),
    "organism": ("PredictInterval", {"organism": 7}, "number 7.*9606.*10090"),
    "organism of metadata": ("GetMetadata", {"organism": 7}, "number 7.*9606.*10090"),
    "strand": ("PredictInterval", {"interval": place(strand=9)}, "strand number 9"),
    "backwards": ("PredictInterval", {"interval": place(end=7)}, "ends before it starts"),
    "no interval": ("PredictInterval", {"interval": None}, "has no chromosome"),
    "ontology type": (
        "PredictInterval",
        {"ontology_terms": [dna_model_pb2.OntologyTerm(ontology_type=0, id=3)]},
        "type 0.*CLO, UBERON",
    ),
    "ontology term": (
        "PredictInterval",
        {"ontology_terms": [dna_model_pb2.OntologyTerm(ontology_type=2, id=2_048)]},
        "UBERON:0002048.*NTR:000000",
    ),
    "no scorer": ("ScoreVariant", {"variant_scorers": []}, "names no variant scorer"),
    "empty scorer": (
        "ScoreVariant",
        {"variant_scorers": [dna_model_pb2.VariantScorer()]},
        "unknown variant scorer.*center_mask",
    ),
    "no interval scorer": ("ScoreInterval", {"interval_scorers": []}, "names no interval scorer"),
}


@pytest.fixture
def stub(service):
    return DnaModelServiceStub(service.channel())


def call(stub, method, fields):
    """The running call of a request with the usual fields but for those given."""
    name = "Metadata" if method == "GetMetadata" else method
    kind = getattr(dna_model_service_pb2, f"{name}Request")
    known = {
        name: value for name, value in DEFAULTS.items() if name in kind.DESCRIPTOR.fields_by_name
    }
    request = kind(**(known | fields))
    return getattr(stub, method)(request if name == "Metadata" else iter([request]))


@pytest.fixture
def refused(stub):
    """Asks what must be refused; its status and its sentence."""

    def ask(method, **fields):
        with pytest.raises(grpc.RpcError) as caught:
            list(call(stub, method, fields))
        return caught.value

    return ask


@pytest.mark.parametrize(("row", "method", "fields"), ASKED)
def test_bad_input_is_refused_with_what_was_found_and_expected(refused, row, method, fields):
    error = refused(method, **fields)
    assert error.code() == INVALID, error.details()
    assert re.search(row.found, error.details()), error.details()
    assert re.search(row.expected, error.details()), error.details()
    assert error.details().endswith((".", "?"))
    assert "\n" not in error.details()


def test_an_interval_over_the_end_of_the_chromosome_is_predicted_and_told(stub):
    asked = call(stub, "PredictInterval", {"interval": place(start=-1_000, end=15_384)})
    assert len(list(asked)) > 1
    assert ("allelens-warning", OVER_THE_END) in [tuple(i) for i in asked.trailing_metadata()]


@pytest.mark.parametrize("row", OF_THE_WIRE)
def test_what_only_a_message_can_hold_is_refused_in_words(refused, row):
    method, fields, sentence = OF_THE_WIRE[row]
    error = refused(method, **fields)
    assert error.code() == INVALID, error.details()
    assert re.search(sentence, error.details()), error.details()
    assert error.details().endswith((".", "?"))


def test_an_unknown_model_version_is_refused_with_those_that_exist(refused):
    error = refused("PredictInterval", model_version="FOLD_2")
    assert error.code() == grpc.StatusCode.NOT_FOUND
    assert "no model version FOLD_2; it serves ALL_FOLDS (engine demo)" in error.details()


def test_the_name_of_the_error_is_in_the_trailing_metadata(refused):
    trailing = refused("PredictInterval", interval=place("chr99")).trailing_metadata()
    assert ("allelens-error", "unknown_chromosome") in [tuple(item) for item in trailing]


def test_what_nobody_foresaw_is_an_internal_error_that_tells_nothing_but_a_number(
    start_framing,
):
    service = start_framing()
    # The model appends to this file at the first base, and cannot.
    service.story.unlink()
    service.story.mkdir()
    request = dna_model_service_pb2.ScoreIsmVariantRequest(
        interval=place(),
        ism_interval=place(start=108_000, end=108_001),
        organism=9606,
        variant_scorers=[ATAC],
    )
    with pytest.raises(grpc.RpcError) as caught:
        list(DnaModelServiceStub(service.channel()).ScoreIsmVariant(iter([request])))
    assert caught.value.code() == grpc.StatusCode.INTERNAL
    assert re.search(r"in the log under [0-9a-f]{8}\.", caught.value.details())
    assert str(service.story) not in caught.value.details()


def test_every_kind_of_error_has_a_status():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert errors.QuotaExceededError in kinds
    for kind in kinds:
        assert any(parent in STATUS for parent in kind.__mro__), kind
    assert status_of(errors.WeightsMissingError("x")) == grpc.StatusCode.FAILED_PRECONDITION
    assert status_of(errors.InvalidScorerError("x")) == INVALID


def test_model_versions_are_engines():
    from predictor.serving.versions import ModelVersions

    both = ModelVersions({"fold-1": "one", "alphagenome": "all", "demo": "demo"})
    assert both.find("") == "one"
    assert both.find(ModelVersion.FOLD_1.name) == "one"
    assert both.find(ModelVersion.ALL_FOLDS.name) == "all"
    assert both.find("demo") == "demo"
    with pytest.raises(errors.UnknownModelVersionError, match=r"FOLD_0.*FOLD_1 .engine fold-1"):
        both.find("FOLD_0")
    with pytest.raises(errors.UnknownModelVersionError):
        ModelVersions({"fold-1": "one"}).find("ALL_FOLDS")
