"""The engine `hosted`: the official client, against our own service on a real port."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Junction, Variant
from alphagenome.models import dna_client, variant_scorers
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.v1 import dna_client as client_module

from predictor import errors
from predictor.cli import main
from predictor.engines import hosted_connection, registry, waiting
from predictor.engines.hosted import HostedModel
from predictor.engines.patience import Patience
from predictor.tracks.catalogue import catalogue

SECRET = "a-key-that-nobody-may-read"
INTERVAL = Interval("demo1", 100_000, 116_384)
SHORT = Patience(first=0.01, factor=1.0, total=0.05)


@pytest.fixture
def at(tmp_path, installed, monkeypatch):
    """Points the engine at a service, in a data folder whose hg38 is the demo genome."""
    for official, demo in {"hg38": "demoH1", "mm10": "demoM1"}.items():
        place = tmp_path / "genomes" / official
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(installed / "genomes" / demo)

    def point(service) -> None:
        monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
        monkeypatch.setenv("ALPHAGENOME_API_KEY", SECRET)
        monkeypatch.setenv("ALPHAGENOME_ADDRESS", f"http://{service.address}")

    return point


def impatient(**patience) -> HostedModel:
    """The connected service with short pauses."""
    card = registry.engine_card("hosted")
    return HostedModel(
        hosted_connection.open_client(SECRET),
        key=SECRET,
        catalogue=catalogue("hosted"),
        weights_digest=card["digest"],
        windows=(16_384, 131_072),
        patience=Patience(**patience) if patience else SHORT,
    )


@pytest.fixture
def no_pauses(monkeypatch):
    """The client's own pauses between its tries, which are none of ours, take no time."""
    monkeypatch.setattr(client_module, "time", SimpleNamespace(sleep=lambda _: None))


class Heard:
    """A listener that may call the work off."""

    def __init__(self, *, wanted: bool = True):
        self.messages: list[str] = []
        self._wanted = wanted

    def waits(self, message: str) -> None:
        self.messages.append(message)

    def check(self) -> None:
        if not self._wanted:
            raise KeyboardInterrupt


def test_the_terms_are_accepted_once_by_a_person_whose_name_is_kept(at, framing, capsys):
    at(framing)
    assert main(["connect-hosted"]) == 2
    shown = capsys.readouterr()
    assert "deepmind.google.com/science/alphagenome/terms" in shown.out
    assert "Nobody has accepted them yet" in shown.err
    assert not registry.describe_engine("hosted").installed

    assert main(["connect-hosted", "--accept-terms", "Ada Lovelace"]) == 0
    found = registry.describe_engine("hosted")
    assert found.installed, found.problem
    assert OutputType.DNASE in found.output_types[Organism.HOMO_SAPIENS]
    card = registry.engine_card("hosted")
    assert card["accepted_by"] == "Ada Lovelace"
    assert card["accepted"] > "2026"
    assert found.weights_digest == card["digest"]
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert "service" in next(line for line in listed.splitlines() if line.startswith("hosted"))
    kept = "".join(path.read_text() for path in hosted_connection.folder().iterdir())
    assert SECRET not in kept + listed


def test_another_address_needs_another_connection(at, framing, monkeypatch):
    at(framing)
    hosted_connection.connect(person="Ada")
    monkeypatch.setenv("ALPHAGENOME_ADDRESS", "https.example.org:443")
    assert "not at https.example.org:443" in registry.describe_engine("hosted").problem


def test_plain_text_never_leaves_this_machine(at, framing, monkeypatch):
    at(framing)
    monkeypatch.setenv("ALPHAGENOME_ADDRESS", "http://10.0.0.7:50051")
    with pytest.raises(errors.HostedServiceError, match="only this machine itself"):
        hosted_connection.open_client(SECRET)


def test_a_key_that_is_not_accepted_is_told_without_the_key(at, start_framing, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("ada right\n")
    at(start_framing("--api-keys", str(keys)))
    with pytest.raises(errors.HostedServiceError, match="does not accept the key") as caught:
        hosted_connection.connect(person="Ada")
    assert SECRET not in caught.value.message
    assert not registry.describe_engine("hosted").installed


@pytest.mark.slow
def test_it_predicts_as_the_engine_behind_the_service(at, service, engine, installed):
    at(service)
    hosted_connection.connect(person="Ada")
    hosted = registry.open_engine("hosted")
    assert isinstance(hosted, DnaModel)
    base = engine_base(installed)
    variant = Variant("demo1", 108_001, base, base + "ACG")
    asked = {"requested_outputs": [OutputType.SPLICE_JUNCTIONS, OutputType.DNASE]}
    found = list(hosted.iter_alleles(INTERVAL, [variant], ontology_terms=None, **asked))
    expected = list(engine.iter_alleles(INTERVAL, [variant], ontology_terms=None, **asked))
    assert [kind for kind, _, _ in found] == asked["requested_outputs"]
    for (_, *alleles), (_, *others) in zip(found, expected, strict=True):
        for one, other in zip(alleles, others, strict=True):
            # ALT is aligned to REF here as there, so that the inserted bases are folded.
            np.testing.assert_allclose(one.values, other.values, rtol=2**-7, atol=1e-6)
    junctions = found[0][1].junctions
    assert all(isinstance(junction, Junction) for junction in junctions)
    np.testing.assert_array_equal(
        hosted.predict_interval(
            INTERVAL, requested_outputs=[OutputType.DNASE], ontology_terms=None
        ).dnase.values,
        found[1][1].values,
    )


def engine_base(installed) -> str:
    from predictor.genome.reference import Reference

    genome = Reference(installed / "genomes" / "demoH1" / "genome.fa")
    return genome.sequence(Interval("demo1", 108_000, 108_001))


def test_bad_input_is_refused_before_anything_is_sent(at, start_framing, installed):
    service = start_framing()
    at(service)
    hosted_connection.connect(person="Ada")
    hosted = registry.open_engine("hosted")
    service.stop()
    asked = {"requested_outputs": [OutputType.DNASE], "ontology_terms": None}
    wrong = Variant("demo1", 108_001, "NNN", "A")
    with pytest.raises(errors.ReferenceMismatchError):
        hosted.iter_alleles(INTERVAL, [wrong], **asked)
    with pytest.raises(errors.UnsupportedWindowError):
        hosted.iter_alleles(Interval("demo1", 0, 100), [], **asked)
    with pytest.raises(errors.VariantOutsideIntervalError):
        hosted.iter_alleles(INTERVAL, [Variant("demo1", 5, "A", "C")], **asked)
    right = Variant("demo1", 108_001, engine_base(installed), "ACG")
    with pytest.raises(errors.NotSupportedError, match="one variant at a time, not 2"):
        hosted.iter_alleles(INTERVAL, [right, right], **asked)
    with pytest.raises(errors.UnknownOntologyTermError):
        hosted.predict_interval(
            INTERVAL, requested_outputs=[OutputType.DNASE], ontology_terms=["CL:1234567"]
        )


def test_a_used_up_quota_is_waited_for_and_told(at, start_framing, no_pauses):
    # Five tries of the client, and one of its second round.
    at(start_framing("--refuse", "6"))
    hosted_connection.connect(person="Ada")
    heard = Heard()
    with waiting.listening(heard):
        found = impatient().predict_interval(
            INTERVAL, requested_outputs=[OutputType.DNASE], ontology_terms=None
        )
    assert found.dnase.values.shape == (16_384, 3)
    assert heard.messages[0].startswith("Waiting for the hosted service: its quota is used up.")
    assert heard.messages == [heard.messages[0], ""]
    assert SECRET not in heard.messages[0]
    assert "The quota of ... is used up" in heard.messages[0]


def test_patience_ends_with_an_error_that_means_later(at, start_framing, no_pauses):
    at(start_framing("--refuse", "1000"))
    hosted_connection.connect(person="Ada")
    with pytest.raises(errors.ServiceBusyError, match="its quota is used up"):
        impatient().score_variant(
            INTERVAL,
            Variant("demo1", 108_001, "A", "C"),
            [variant_scorers.RECOMMENDED_VARIANT_SCORERS["ATAC"]],
        )


def test_work_that_nobody_wants_any_more_stops_waiting(at, start_framing, no_pauses):
    at(start_framing("--refuse", "1000"))
    hosted_connection.connect(person="Ada")
    hosted = impatient(first=1_000.0, longest=1_000.0, total=10_000.0)
    with waiting.listening(Heard(wanted=False)), pytest.raises(KeyboardInterrupt):
        hosted.predict_interval(INTERVAL, requested_outputs=[OutputType.DNASE], ontology_terms=None)


def test_substitutions_come_in_the_order_of_the_genome_with_their_scorer(at, framing):
    at(framing)
    hosted_connection.connect(person="Ada")
    scorers = [variant_scorers.RECOMMENDED_VARIANT_SCORERS[name] for name in ("ATAC", "RNA_SEQ")]
    found = impatient().score_ism_variants(INTERVAL, Interval("demo1", 108_000, 108_012), scorers)
    places = [scores[0].uns["variant"].position for scores in found]
    assert places == sorted(places)
    assert len(found) == 36
    assert [one.uns["variant_scorer"] for one in found[7]] == scorers


def test_changed_tracks_are_noticed(at, framing):
    at(framing)
    hosted_connection.connect(person="Ada")
    file = hosted_connection.folder() / "tracks.json"
    tracks = json.loads(file.read_text())
    tracks["HOMO_SAPIENS"]["DNASE"][0]["name"] = "another"
    file.write_text(json.dumps(tracks))
    asked = {"requested_outputs": [OutputType.DNASE], "ontology_terms": None}
    with pytest.raises(errors.HostedServiceError, match="other tracks of DNASE"):
        list(impatient().iter_alleles(INTERVAL, [], **asked))


def test_the_official_service_is_the_default(monkeypatch):
    monkeypatch.delenv("ALPHAGENOME_ADDRESS", raising=False)
    assert hosted_connection.address() in dna_client.create.__code__.co_consts
