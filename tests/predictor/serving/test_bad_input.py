"""What cannot be answered: each row a code, and one sentence with what was found and expected.

Asked with bare messages, since the SDK refuses part of it by itself (spec/scoring.md 1.9) and old
SDKs and other clients do not.
"""

import inspect
import re

import grpc
import pytest
from alphagenome.data.genome import Interval
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_model import ModelVersion
from alphagenome.models.dna_output import OutputType
from alphagenome.protos.v1 import dna_model_pb2, dna_model_service_pb2
from alphagenome.protos.v1.dna_model_service_pb2_grpc import DnaModelServiceStub

from predictor import errors
from predictor.genome.reference import Reference
from predictor.serving.status import STATUS, status_of

INVALID = grpc.StatusCode.INVALID_ARGUMENT
HUMAN, MOUSE = 9606, 10090
PLACE = Interval("demo1", 100_000, 116_384).to_proto()
DNASE = OutputType.DNASE.to_proto()
ATAC = variant_scorers.RECOMMENDED_VARIANT_SCORERS["ATAC"].to_proto()
POLYADENYLATION = variant_scorers.PolyadenylationScorer().to_proto()
WIDE = interval_scorers.RECOMMENDED_INTERVAL_SCORERS["RNA_SEQ"].to_proto()
MANY = [
    variant_scorers.CenterMaskScorer(
        requested_output=kind, width=width, aggregation_type=variant_scorers.AggregationType.L2_DIFF
    ).to_proto()
    for kind in (OutputType.ATAC, OutputType.DNASE, OutputType.CAGE, OutputType.RNA_SEQ)
    for width in (None, 501, 2_001, 10_001, 100_001, 200_001)
]


def place(chromosome="demo1", start=100_000, end=116_384, strand=3):
    return dna_model_pb2.Interval(chromosome=chromosome, start=start, end=end, strand=strand)


def center(**settings):
    return dna_model_pb2.VariantScorer(center_mask=dna_model_pb2.CenterMaskScorer(**settings))


def variant(position=108_000, reference=None, alternate="ACGT", chromosome="demo1"):
    """A text stands for REF; None for the base that is there."""
    return (chromosome, position, reference, alternate)


# Method, fields of the request, status, what the sentence must say.
ROWS = {
    "window": ("PredictInterval", {"interval": place(end=100_100)}, "100 bp.*4,096 or 16,384"),
    "letters": ("PredictSequence", {"sequence": "ACGU" * 4_096}, "'U'.*A, C, G, T and N"),
    "lower case": ("PredictSequence", {"sequence": "acgt" * 4_096}, "'a'.*capital"),
    "sequence length": ("PredictSequence", {"sequence": "ACGT"}, "4 bp.*4,096 or 16,384"),
    "output type": ("PredictInterval", {"requested_outputs": [10]}, "number 10.*11 .CONTACT_MAPS"),
    "organism": ("PredictInterval", {"organism": 7}, "number 7.*9606.*10090"),
    "organism of metadata": ("GetMetadata", {"organism": 7}, "number 7.*9606.*10090"),
    "strand": ("PredictInterval", {"interval": place(strand=9)}, "strand number 9"),
    "backwards": ("PredictInterval", {"interval": place(end=7)}, "ends before it starts"),
    "no interval": ("PredictInterval", {"interval": None}, "has no chromosome"),
    "chromosome": ("PredictInterval", {"interval": place("chr99")}, "chr99.*demo1"),
    "outside": ("PredictInterval", {"interval": place(start=10**9, end=10**9 + 16_384)}, "outside"),
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
    "REF": ("PredictVariant", {"variant": variant(reference="NNN")}, "demoH1 has .* not NNN"),
    "variant outside": ("PredictVariant", {"variant": variant(5)}, "does not start inside"),
    "variant elsewhere": (
        "PredictVariant",
        {"variant": variant(chromosome="demo2", reference="A")},
        "does not start inside",
    ),
    "allele": ("PredictVariant", {"variant": variant(alternate="<DEL>")}, "'<', '>'"),
    "position": ("PredictVariant", {"variant": variant(0, "A")}, "at least 1.*1-based"),
    "scored variant outside": ("ScoreVariant", {"variant": variant(5)}, "does not start inside"),
    "scored REF": ("ScoreVariant", {"variant": variant(reference="NNN")}, "demoH1 has .* not NNN"),
    "scored chromosome": ("ScoreVariant", {"interval": place("chr99")}, "chr99.*demo1"),
    "no scorer": ("ScoreVariant", {"variant_scorers": []}, "names no variant scorer"),
    "empty scorer": (
        "ScoreVariant",
        {"variant_scorers": [dna_model_pb2.VariantScorer()]},
        "unknown variant scorer.*center_mask",
    ),
    "repeated scorer": ("ScoreVariant", {"variant_scorers": [ATAC, ATAC]}, "more than once"),
    "many scorers": ("ScoreVariant", {"variant_scorers": MANY}, "24 variant scorers.*at most 20"),
    "scorer of mouse": (
        "ScoreVariant",
        {
            "organism": MOUSE,
            "interval": place("demoM", 10_000, 26_384),
            "variant_scorers": [POLYADENYLATION],
        },
        "not for mouse, only for human",
    ),
    "scorer output": (
        "ScoreVariant",
        {"variant_scorers": [center(requested_output=11, aggregation_type=1)]},
        "Unsupported requested output.*CONTACT_MAPS.*supported",
    ),
    "scorer width": (
        "ScoreVariant",
        {"variant_scorers": [center(requested_output=1, aggregation_type=1, width=7)]},
        "Unsupported width: 7.*501",
    ),
    "scorer aggregation": (
        "ScoreVariant",
        {"variant_scorers": [center(requested_output=1, aggregation_type=77)]},
        "aggregation number 77.*1 .DIFF_MEAN",
    ),
    "interval scorer": ("ScoreInterval", {"interval_scorers": [WIDE]}, "width=200001.*16,384"),
    "repeated interval scorer": (
        "ScoreInterval",
        {"interval": place(end=100_000 + 2**20), "interval_scorers": [WIDE, WIDE]},
        "more than once",
    ),
    "no interval scorer": ("ScoreInterval", {"interval_scorers": []}, "names no interval scorer"),
    "mutated strand": (
        "ScoreIsmVariant",
        {"ism_interval": place(start=108_000, end=108_004, strand=2)},
        "strand -",
    ),
    "mutated outside": (
        "ScoreIsmVariant",
        {"ism_interval": place(start=116_380, end=116_390)},
        "does not lie wholly inside",
    ),
    "mutated scorers": ("ScoreIsmVariant", {"variant_scorers": [ATAC, ATAC]}, "more than once"),
    "background outside": (
        "ScoreIsmVariant",
        {"interval_variant": variant(5)},
        "does not start inside",
    ),
}
DEFAULTS = {
    "organism": HUMAN,
    "sequence": "ACGT" * 4_096,
    "interval": PLACE,
    "variant": variant(),
    "requested_outputs": [DNASE],
    "variant_scorers": [ATAC],
    "interval_scorers": [WIDE],
    "ism_interval": place(start=108_000, end=108_004),
}


@pytest.fixture(scope="module")
def genome(installed):
    return Reference(installed / "genomes" / "demoH1" / "genome.fa", assembly="demoH1")


@pytest.fixture
def refused(service, genome):
    """Asks what must be refused; its status and its sentence."""
    stub = DnaModelServiceStub(service.channel())

    def message(value):
        if not isinstance(value, tuple):
            return value
        chromosome, position, reference, alternate = value
        if reference is None:
            reference = genome.sequence(Interval("demo1", position - 1, position))
        return dna_model_pb2.Variant(
            chromosome=chromosome,
            position=position,
            reference_bases=reference,
            alternate_bases=alternate,
        )

    def ask(method, **fields):
        name = "Metadata" if method == "GetMetadata" else method
        kind = getattr(dna_model_service_pb2, f"{name}Request")
        known = {
            name: value
            for name, value in DEFAULTS.items()
            if name in kind.DESCRIPTOR.fields_by_name
        }
        given = {name: message(value) for name, value in (known | fields).items()}
        request = kind(**given)
        with pytest.raises(grpc.RpcError) as caught:
            list(getattr(stub, method)(request if name == "Metadata" else iter([request])))
        return caught.value

    return ask


@pytest.mark.parametrize("row", ROWS)
def test_bad_input_is_refused_with_what_was_found_and_expected(refused, row):
    method, fields, sentence = ROWS[row]
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
        interval=PLACE,
        ism_interval=place(start=108_000, end=108_001),
        organism=HUMAN,
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
