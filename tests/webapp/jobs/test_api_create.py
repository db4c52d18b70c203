"""What a person may ask for, and the one sentence where it is not possible."""

import pytest
from alphagenome.data.genome import Interval

from webapp.jobs.models import Job
from webapp.jobs.submission import open_reference

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of, user, installed):
    return client_of(user)


@pytest.fixture
def base(installed):
    """The base of the demo genome at a 1-based position."""

    def base(position: int, chromosome: str = "demo1") -> str:
        reference = open_reference("demoH1")
        return reference.sequence(Interval(chromosome, position - 1, position))

    return base


def other(base: str) -> str:
    return "A" if base != "A" else "C"


def ask(client, **values):
    request = {"engine": "demo", "organism": "human", "output_types": ["DNASE"], **values}
    return client.post("/api/jobs/", request)


def refused(answer):
    """Code and field of a refusal; nothing may have been stored."""
    assert answer.status_code in {400, 409}, answer.json()
    assert Job.objects.count() == 0
    values = answer.json()
    assert values["message"].endswith((".", "?"))
    return values["code"], values["field"]


def test_a_variant_gets_a_window_with_the_variant_in_its_middle(client, base):
    text = f"demo1:50000:{base(50000)}>{other(base(50000))}"
    answer = ask(client, variants=[text], output_types=["RNA_SEQ", "DNASE"])
    assert answer.status_code == 201
    job = answer.json()
    assert job["state"] == "queued"
    assert (job["assembly"], job["window"], job["queue_position"]) == ("demoH1", 16384, 0)
    (chunk,) = job["chunks"]
    interval = chunk["interval"]
    assert interval["end"] - interval["start"] == 16384
    assert abs((interval["start"] + interval["end"]) / 2 - 49999.5) <= 1
    assert chunk["variants"][0]["text"] == text
    assert [part["output_type"] for part in chunk["parts"]] == ["DNASE", "RNA_SEQ"]
    assert chunk["parts"][0]["tracks"] == [f"DNASE/{i}" for i in range(4)]


def test_several_variants_are_predicted_one_by_one_or_on_one_haplotype(client, base):
    texts = [f"demo1:{p}:{base(p)}>{other(base(p))}" for p in (50010, 50000)]
    one_by_one = ask(client, variants=texts).json()
    assert [len(chunk["variants"]) for chunk in one_by_one["chunks"]] == [1, 1]
    combined = ask(client, variants=texts, combine=True).json()
    (chunk,) = combined["chunks"]
    assert [variant["position"] for variant in chunk["variants"]] == [50000, 50010]


def test_an_interval_without_variants_is_predicted_for_the_reference(client):
    job = ask(client, interval={"chromosome": "demo1", "start": -1000, "end": 3096}).json()
    (chunk,) = job["chunks"]
    assert (chunk["variants"], chunk["edits"], job["window"]) == ([], [], 4096)


def test_the_usual_spellings_of_a_variant_are_the_same_request(client, base):
    ref, alt = base(50000), other(base(50000))
    spellings = [
        f"demo1:50,000:{ref}>{alt}",
        f"demo1-50000-{ref}-{alt}",
        f"demo1 50000 {ref} {alt}",
    ]
    keys = {ask(client, variants=[s]).json()["chunks"][0]["parts"][0]["key"] for s in spellings}
    assert len(keys) == 1


def test_cell_types_choose_the_tracks(client):
    job = ask(
        client,
        interval={"chromosome": "demo1", "start": 0, "end": 4096},
        ontology_curies=["DEMO:0000002"],
        output_types=["DNASE", "SPLICE_JUNCTIONS"],
    ).json()
    dnase, junctions = job["chunks"][0]["parts"]
    assert len(dnase["tracks"]) == 1
    first, second = (int(track.split("/")[1]) for track in junctions["tracks"])
    assert second == first + 4


def test_the_same_idempotency_key_gives_the_same_job(client):
    values = {
        "interval": {"chromosome": "demo1", "start": 0, "end": 4096},
        "idempotency_key": "click-1",
    }
    first, again = ask(client, **values), ask(client, **values)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]


def test_a_wrong_reference_base_shows_both_and_offers_the_swap(client, base):
    ref = base(50000)
    answer = ask(client, variants=[f"demo1:50000:{other(ref)}>{ref}"])
    assert refused(answer) == ("reference_mismatch", "variants[0]")
    details = answer.json()["details"]
    assert (details["found"], details["expected"]) == (ref, other(ref))
    assert details["swap"] == f"demo1:50000:{ref}>{other(ref)}"


def test_each_kind_of_bad_input_is_one_sentence_about_its_field(client, base):
    ref = base(50000)
    good = f"demo1:50000:{ref}>{other(ref)}"
    window = {"chromosome": "demo1", "start": 0, "end": 4096}
    cases = [
        ({"variants": [good, "chrX:5:A>C"]}, "unknown_chromosome", "variants[1]"),
        ({"variants": ["demo1:999999999:A>C"]}, "position_outside_chromosome", "variants[0]"),
        ({"variants": [f"demo1:50000:{ref}>B"]}, "invalid_allele", "variants[0]"),
        ({"variants": ["what"]}, "invalid_variant", "variants[0]"),
        ({"variants": [f"demo1:50000:{ref}>{ref}"]}, "same_alleles", "variants[0]"),
        (
            {"variants": [f"demo1:50000:{ref}>{'ACGT' * 1100}"], "window": 4096},
            "insertion_too_long",
            "variants[0]",
        ),
        ({"variants": [good, good], "combine": True}, "overlapping_variants", "variants"),
        ({"variants": [good], "window": 5000}, "unsupported_window", "window"),
        ({"interval": {**window, "end": 5000}}, "unsupported_window", "interval"),
        ({"interval": {**window, "chromosome": "demo9"}}, "unknown_chromosome", "interval"),
        (
            {"interval": {**window, "start": 10_000_000, "end": 10_004_096}},
            "position_outside_chromosome",
            "interval",
        ),
        ({"interval": window, "variants": [good]}, "variant_outside_interval", "variants[0]"),
        ({}, "nothing_to_predict", "variants"),
        (
            {"interval": window, "ontology_curies": ["DEMO:0000001", "UBERON:9999999"]},
            "unknown_ontology_term",
            "ontology_curies[1]",
        ),
        ({"interval": window, "output_types": ["DNA"]}, "unknown_output_type", "output_types[0]"),
        ({"interval": window, "output_types": []}, "nothing_to_predict", "output_types"),
        (
            {
                "interval": window,
                "output_types": ["DNASE", "ATAC"],
                "ontology_curies": ["DEMO:0000004"],
            },
            "output_not_available",
            "output_types[1]",
        ),
        ({"interval": window, "engine": "nothing"}, "unknown_engine", "engine"),
        ({"interval": window, "organism": "yeast"}, "unsupported_organism", "organism"),
        ({"interval": {**window, "end": -5}}, "invalid", "interval"),
        ({"interval": window, "window": "wide"}, "invalid", "window"),
    ]
    for values, code, field in cases:
        assert refused(ask(client, **values)) == (code, field), values


def test_an_engine_that_is_not_installed_names_its_command(client):
    answer = ask(
        client, engine="alphagenome", interval={"chromosome": "chr1", "start": 0, "end": 16384}
    )
    assert answer.status_code == 409
    assert "install-weights alphagenome" in answer.json()["message"]


def test_too_many_variants_are_refused(client, settings):
    settings.JOB_MAX_VARIANTS = 2
    assert refused(ask(client, variants=["a", "b", "c"])) == ("too_many_variants", "variants")


def test_a_body_that_is_not_json_is_refused_in_the_one_shape(client):
    answer = client.post("/api/jobs/", data="{", content_type="application/json")
    assert refused(answer) == ("parse_error", None)
