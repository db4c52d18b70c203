"""The search box: genes, places as typed (1-based), variants in their usual spellings."""

import pytest

from .conftest import bases

pytestmark = pytest.mark.django_db

REF = bases("demo1")[20_000]
OTHER = "ACGT"[("ACGT".index(REF) + 1) % 4]
THIRD = "ACGT"[("ACGT".index(REF) + 2) % 4]


def _search(client, text, **options):
    answer = client.get("/api/genomes/demoH1/search/", {"q": text, **options})
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("demo1:10,000-42,768", 9_999, 42_768),
        ("demo1:10000-42768", 9_999, 42_768),
        ("  demo1 : 10,000 – 42,768 ", 9_999, 42_768),
        ("demo1:10000..42768", 9_999, 42_768),
        ("demo1 10000 42768", 9_999, 42_768),
        ("DEMO1:1-1", 0, 1),
        ("demo1:59,000-99,999", 58_999, 60_000),
        ("demo1", 0, 60_000),
        ("demo1:10000", 9_499, 10_499),
        ("demo1:3", 0, 1_000),
        ("demo1:60,000", 59_000, 60_000),
    ],
)
def test_places_are_one_based_and_inclusive_as_typed(client, text, start, end):
    hit = _search(client, text)[0]
    assert hit["kind"] == "interval"
    assert hit["interval"] == {
        "chromosome": "demo1",
        "start": start,
        "end": end,
        "strand": ".",
    }
    assert hit["label"] == f"demo1:{start + 1:,}-{end:,}"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("D-TAL", ["D-TAL1", "D-TAL2"]),
        ("d-tal1", ["D-TAL1"]),
        ("DG0003", ["D-SMN2"]),
        ("dg0002.1", ["D-TAL2"]),
        ("D-", ["D-SMN2", "D-TAL1", "D-TAL2"]),
    ],
)
def test_genes_are_found_by_the_beginning_of_name_or_id(client, text, labels):
    found = _search(client, text)
    assert [hit["label"] for hit in found] == labels
    assert {hit["kind"] for hit in found} == {"gene"}


def test_a_gene_says_what_and_where_it_is(client):
    (hit,) = _search(client, "D-TAL1")
    assert hit["sentence"] == "protein-coding gene, demo1:10,001-14,000 (−)"
    assert (hit["interval"]["start"], hit["interval"]["end"]) == (10_000, 14_000)
    assert len(_search(client, "D-", limit=1)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "demo1:20001:{r}>{a}",
        "demo1:20,001:{r}>{a}",
        "demo1:20,001 {r}>{a}",
        "demo1-20001-{r}-{a}",
        "demo1_20001_{r}_{a}",
        "demo1 20001 {r} {a}",
        "demo1:g.20001{r}>{a}",
    ],
)
def test_variants_are_read_in_their_usual_spellings(client, text):
    (hit,) = _search(client, text.format(r=REF, a=OTHER))
    assert hit["kind"] == "variant"
    assert hit["variant"] == {
        "text": f"demo1:20001:{REF}>{OTHER}",
        "chromosome": "demo1",
        "position": 20_001,
        "reference_bases": REF,
        "alternate_bases": OTHER,
    }
    assert hit["interval"]["start"] <= 20_000 < hit["interval"]["end"]


@pytest.mark.parametrize(
    ("start", "alternate", "sentence"),
    [
        (13_600, "GGG", "insertion of 3 bp, in an exon of D-TAL1 (−)"),
        (12_000, "GGGG", "insertion of 4 bp, in an intron of D-TAL1 (−)"),
        (16_500, "T", "single-base change, 2.5 kb upstream of D-TAL1 (−)"),
        (9_000, "T", "single-base change, 999 bp downstream of D-TAL1 (−)"),
        (29_500, "T", "single-base change, 499 bp upstream of D-TAL2 (+)"),
    ],
)
def test_a_variant_says_what_it_is_and_which_gene_is_near(client, start, alternate, sentence):
    reference = bases("demo1")[start]
    if len(alternate) == 1:
        alternate = "ACGT"[("ACGT".index(reference) + 1) % 4]
    else:
        alternate = reference + alternate
    (hit,) = _search(client, f"demo1:{start + 1}:{reference}>{alternate}")
    assert hit["sentence"] == sentence


def test_a_wrong_reference_base_is_shown_beside_the_true_one_and_the_swap_is_offered(client):
    (hit,) = _search(client, f"demo1:20001:{OTHER}>{REF}")
    assert hit["kind"] == "problem"
    assert hit["problem"]["code"] == "reference_mismatch"
    assert f"has {REF} at this position, not {OTHER}" in hit["problem"]["message"]
    assert hit["problem"]["swap"] == f"demo1:20001:{REF}>{OTHER}"
    (swapped,) = _search(client, hit["problem"]["swap"])
    assert swapped["kind"] == "variant"
    (other,) = _search(client, f"demo1:20001:{OTHER}>{THIRD}")
    assert other["problem"]["swap"] is None


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("BRCA1", "nothing_found", "no gene, chromosome or place"),
        ("BRCA1", "nothing_found", "such as demo1:10,000-42,768, or a variant"),
        ("chr7:100-200", "unknown_chromosome", 'no chromosome "chr7"; it has demo1, demoS'),
        ("chr7:5:A>C", "unknown_chromosome", 'no chromosome "chr7"'),
        ("demo1:70,000", "position_outside_chromosome", "has 60,000 bp; position 70,000"),
        ("demo1:70,000:A>C", "position_outside_chromosome", "reaches beyond demo1"),
        ("demo1:500-400", "invalid_interval", "ends before it begins"),
        ("demo1:1,00-2,000", "invalid_interval", "1,00 is not a position"),
        ("demo1:0-10", "invalid_interval", "positions start at 1"),
        ("demo1:20001:A>X", "invalid_allele", "only the letters A, C, G, T and N"),
        ("demo1:20001:{r}>{r}", "same_alleles", "the same bases"),
        ("rs12740374", "invalid_variant", "is an rsID"),
    ],
)
def test_what_cannot_be_shown_says_why(client, text, code, sentence):
    (hit,) = _search(client, text.format(r=REF))
    assert hit["kind"] == "problem"
    assert hit["problem"]["code"] == code
    assert sentence in hit["problem"]["message"]
    assert hit["interval"] is None
    assert hit["variant"] is None


def test_an_empty_box_finds_nothing_and_is_no_problem(client):
    assert _search(client, "   ") == []
    assert client.get("/api/genomes/demoH1/search/").json() == {"results": []}
    assert client.get("/api/genomes/demoH1/search/", {"q": "x", "limit": "y"}).status_code == 400
    assert client.get("/api/genomes/hg99/search/", {"q": "x"}).status_code == 404
