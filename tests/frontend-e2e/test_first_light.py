"""A biologist's first minutes: click an example, watch it arrive, type a variant, reload.

Numbers are read from the page's own data (`window.allelens`), not asked from the server again.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.running_app import some_variants

pytestmark = pytest.mark.browser

T_CELL = "DEMO:0000001"
HEPATOCYTE = "DEMO:0000002"
ARRIVED = (
    "() => window.allelens?.state === 'finished' && window.allelens.timings.lastTrack !== null"
)


def open_example(page: Page, slug: str) -> None:
    page.goto("/")
    page.get_by_test_id(f"example-{slug}").click()
    page.wait_for_url(re.compile("/view"))


def tracks(page: Page) -> dict[str, dict]:
    return {track["id"]: track for track in page.evaluate("() => window.allelens.tracks")}


def track_ids(page: Page, output_type: str, curie: str) -> list[str]:
    catalogue = page.evaluate(
        "() => fetch('/api/engines/demo/tracks/?organism=human').then((answer) => answer.json())"
    )
    return [
        track["id"]
        for track in catalogue["tracks"]
        if track["output_type"] == output_type and track["ontology_curie"] == curie
    ]


def test_the_tal1_insertion_opens_chromatin_in_t_cells_and_not_in_hepatocytes(
    page: Page, screenshots: Path
):
    page.goto("/")
    expect(page.get_by_test_id("example-d-tal1")).to_be_visible()
    expect(page.get_by_test_id("who-answers").last).to_contain_text("invented")
    expect(page.locator(".locus-intron").first).to_be_attached()
    page.screenshot(path=screenshots / "start-1440.png")

    page.get_by_test_id("example-d-tal1").click()
    expect(page.get_by_test_id("job-progress")).to_be_visible()
    page.wait_for_function(ARRIVED)

    shown = tracks(page)
    drawn = {track["output_type"] for track in shown.values() if track["drawn"]}
    assert {"RNA_SEQ", "DNASE", "CHIP_HISTONE", "SPLICE_JUNCTIONS", "CONTACT_MAPS"} <= drawn
    (t_cell,) = track_ids(page, "DNASE", T_CELL)
    (hepatocyte,) = track_ids(page, "DNASE", HEPATOCYTE)
    gain = shown[t_cell]["alternate"] - shown[t_cell]["reference"]
    other = shown[hepatocyte]["alternate"] - shown[hepatocyte]["reference"]
    assert gain > 0.5, shown[t_cell]
    assert abs(other) < gain / 5, shown[hepatocyte]
    page.screenshot(path=screenshots / "view-1440.png")


def test_the_page_shows_the_story_without_a_gap(page: Page):
    open_example(page, "d-sort1")
    page.wait_for_function(ARRIVED)

    record = page.evaluate("() => window.allelens")
    applied = record["events"]
    assert applied == list(range(applied[0], applied[-1] + 1))
    assert applied[-1] == record["last_seq"]


def test_a_typed_variant_is_predicted(page: Page, running_app):
    page.goto("/")
    page.get_by_test_id("search-input").fill(some_variants(running_app, 1, start=120_000)[0])
    page.get_by_test_id("search-variant").first.click()
    page.wait_for_url(re.compile("/view"))
    page.wait_for_function(ARRIVED)

    assert tracks(page)
    assert all(track["drawn"] for track in tracks(page).values())


def test_reloading_in_the_middle_of_a_job_continues_it(page: Page, running_app):
    variants = ",".join(some_variants(running_app, 16, start=150_000))
    page.goto(f"/view?variants={variants}")
    page.wait_for_function("() => window.allelens?.events.length > 3")
    job = page.evaluate("() => window.allelens?.job")

    page.reload()
    page.wait_for_function("() => window.allelens?.job != null")
    assert page.evaluate("() => window.allelens?.state") == "running"
    page.wait_for_function(ARRIVED)

    assert page.evaluate("() => window.allelens?.job") == job
    story = page.evaluate(
        "(job) => fetch(`/api/jobs/${job}/events/?after=0`).then((answer) => answer.json())", job
    )
    assert [event["seq"] for event in story["events"]] == list(range(1, story["last_seq"] + 1))
    assert [event["type"] for event in story["events"]].count("job.finished") == 1


def test_a_reference_that_does_not_match_shows_both_bases_and_offers_the_swap(page: Page):
    page.goto("/")
    example = page.evaluate("() => fetch('/api/examples/').then((answer) => answer.json())")
    text = next(one for one in example if one["slug"] == "d-smn2")["variants"][0]
    chromosome, position, alleles = text.split(":")
    reference, alternate = alleles.split(">")

    page.get_by_test_id("search-input").fill(f"{chromosome}:{position}:{alternate}>{reference}")
    problem = page.get_by_test_id("search-problem").first
    expect(problem).to_contain_text(reference)
    expect(problem).to_contain_text(alternate)
    expect(problem).to_contain_text(f"Use {text}")
    problem.click()

    page.wait_for_url(re.compile("/view"))
    page.wait_for_function(ARRIVED)


def test_the_address_restores_the_view(page: Page):
    open_example(page, "d-tal1")
    page.wait_for_function(ARRIVED)
    before = tracks(page)
    address = page.url

    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(ARRIVED)

    assert tracks(page).keys() == before.keys()
    assert {name: track["alternate"] for name, track in tracks(page).items()} == {
        name: track["alternate"] for name, track in before.items()
    }


@pytest.mark.once
def test_the_answer_comes_first_on_a_phone(page: Page, screenshots: Path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.get_by_test_id("example-d-tal1").wait_for()
    expect(page.get_by_test_id("who-answers").last).to_contain_text("invented")
    page.screenshot(path=screenshots / "start-390.png")
    page.get_by_test_id("example-d-tal1").click()
    page.wait_for_function(ARRIVED)

    changes = page.get_by_test_id("changes").bounding_box()
    canvas = page.get_by_test_id("genome-pane").bounding_box()
    assert changes is not None
    assert canvas is not None
    assert changes["y"] < canvas["y"]
    width = page.evaluate("() => document.documentElement.scrollWidth")
    assert width <= 390
    page.screenshot(path=screenshots / "view-390.png")


def test_a_linked_variant_with_the_alleles_swapped_offers_the_right_one(page: Page):
    page.goto("/view?variants=demoS:16385:A>C")

    expect(page.get_by_test_id("notice-error")).to_contain_text("demoH1")
    page.get_by_test_id("offer-swap").click()
    page.wait_for_function(ARRIVED)
    assert "C>A" in page.url.replace("%3E", ">")


@pytest.mark.once
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("chr17:5000:A>G", "chr17"),
        ("demo1:999,999,999 A>G", "393,216"),
        ("demoS:16385:C>AXG", "AXG"),
    ],
)
def test_bad_input_gets_one_sentence_that_names_it(page: Page, typed: str, words: str):
    page.goto("/")
    page.get_by_test_id("search-input").fill(typed)
    expect(page.get_by_test_id("search-problem").first).to_contain_text(words)


def test_a_region_without_a_variant_is_predicted_as_reference_alone(page: Page):
    page.goto("/view?asked=demo1:100,001-116,384&interval=demo1:100,001-116,384")
    page.wait_for_function(ARRIVED)

    drawn = tracks(page).values()
    assert drawn
    assert all(track["alternate"] is None for track in drawn)
