"""The simulator's truth beside the prediction: whose number is whose, and how large both are."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.running_app import some_variants

pytestmark = pytest.mark.browser

ARRIVED = (
    "() => window.allelens?.state === 'finished' && window.allelens.timings.lastTrack !== null"
)
TRUE = (
    "() => window.allelens?.tracks.filter((track) => track.output_type === 'DNASE')"
    ".every((track) => track.truth?.reference != null)"
)
SAME = (
    "(before) => JSON.stringify(window.allelens.tracks.map((track) => track.reference))"
    " === JSON.stringify(before)"
)
T_CELL, HEPATOCYTE = "DNASE/0", "DNASE/1"


def tracks(page: Page) -> dict[str, dict]:
    return {track["id"]: track for track in page.evaluate("() => window.allelens.tracks")}


def rise(alleles: dict) -> float:
    return alleles["alternate"] - alleles["reference"]


def test_the_tal1_insertion_has_its_truth_beside_the_prediction(page: Page, screenshots: Path):
    page.goto("/")
    page.get_by_test_id("example-d-tal1").click()
    page.wait_for_function(ARRIVED)
    assert all(track["truth"] is None for track in tracks(page).values())
    expect(page.get_by_test_id("truth-name")).to_have_count(0)
    before = page.evaluate("() => window.allelens.tracks.map((track) => track.reference)")

    page.get_by_test_id("show-truth").click()
    page.wait_for_function(TRUE)

    # What was predicted is what it was: the truth is put beside it, never in its place.
    # A row that draws anew has no numbers for a moment.
    page.wait_for_function(SAME, arg=before)
    shown = tracks(page)
    # Truth of the specification: a 0.19 to 0.80-0.85 in T cells, DNASE = 0.05 + 3 a there.
    true = shown[T_CELL]["truth"]
    assert 0.4 < true["reference"] < 0.8
    assert 2.2 < true["alternate"] < 2.8
    assert abs(rise(shown[HEPATOCYTE]["truth"])) < 0.02
    assert rise(shown[T_CELL]) > 0.5
    assert abs(rise(shown[HEPATOCYTE])) < rise(shown[T_CELL]) / 5

    row = page.locator(f'.row-name[data-track="{T_CELL}"]')
    expect(row).to_contain_text("predicted (demo model)")
    expect(row).to_contain_text("truth (simulator)")
    change = page.locator(f'[data-testid="change-row"][data-track="{T_CELL}"]')
    expect(change.locator(".compared")).to_have_text(re.compile(r"predicted.*→.*truth.*→", re.S))
    expect(change).to_contain_text("501 bp")
    expect(page.get_by_test_id("changes-truth")).to_contain_text("T-lymphoblast-like (demo) rises")
    assert "truth=1" in page.url
    page.screenshot(path=screenshots / "truth-1440.png")


def test_the_address_restores_the_truth_and_the_switch_takes_it_away(page: Page, running_app):
    (variant,) = some_variants(running_app, 1, start=210_000)
    page.goto(f"/view?variants={variant}&truth=1")
    page.wait_for_function(ARRIVED)
    page.wait_for_function(TRUE)
    height = page.get_by_test_id("genome-pane").bounding_box()["height"]

    page.get_by_test_id("show-truth").click()
    expect(page.get_by_test_id("truth-name")).to_have_count(0)
    assert page.get_by_test_id("genome-pane").bounding_box()["height"] < height
    expect(page.get_by_test_id("changes-truth")).to_have_count(0)


def test_the_truth_switched_on_later_arrives_part_by_part(page: Page, running_app):
    (variant,) = some_variants(running_app, 1, start=220_000)
    page.goto(f"/view?variants={variant}")
    page.wait_for_function(ARRIVED)

    page.get_by_test_id("show-truth").click()
    page.wait_for_function(TRUE)

    sources = page.evaluate("() => window.allelens.parts.map((part) => part.source)")
    assert sources == ["prediction"] * 11 + ["truth"] * 11


def test_a_region_without_a_variant_shows_the_true_reference_only(page: Page):
    page.goto("/view?asked=demo1:100,001-116,384&interval=demo1:100,001-116,384&truth=1")
    page.wait_for_function(ARRIVED)
    page.wait_for_function("() => window.allelens.parts.every((part) => part.state === 'complete')")

    names = page.get_by_test_id("truth-name")
    expect(names.first).to_have_attribute("data-state", "here")
    assert all(track["alternate"] is None for track in tracks(page).values())


@pytest.mark.once
def test_the_truth_fits_on_a_phone(page: Page, screenshots: Path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/")
    page.get_by_test_id("example-d-tal1").click()
    page.wait_for_function(ARRIVED)
    page.get_by_test_id("show-truth").click()
    page.wait_for_function(TRUE)

    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "truth-390.png")


@pytest.mark.once
def test_a_real_genome_has_no_truth_and_the_switch_says_why(page: Page):
    def real(route) -> None:
        answer = route.fetch()
        genomes = answer.json()
        route.fulfill(json=[{**genome, "invented": False} for genome in genomes])

    page.route("**/api/genomes/", real)
    page.goto("/view?asked=demo1:100,001-104,096&window=4096&truth=1")
    switch = page.get_by_test_id("show-truth")
    expect(switch).to_have_attribute("aria-disabled", "true")
    expect(switch).to_have_attribute("title", re.compile("only the invented genome"))
    # A person can click it all the same.
    switch.click(force=True)
    expect(page.get_by_test_id("truth-name")).to_have_count(0)
