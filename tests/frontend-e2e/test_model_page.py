"""About this model: the page shows the report that is shipped with the weights, and no other.

Numbers on the page are compared with the report that the server hands out.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

# The page reads a report that is shipped with the weights.
pytestmark = [pytest.mark.browser, pytest.mark.once]


def report_of(page: Page) -> dict:
    return page.evaluate(
        "() => fetch('/api/engines/demo/report/').then((answer) => answer.json())"
    )["report"]


def test_the_start_page_leads_to_the_figures_of_the_model_that_answers(
    page: Page, screenshots: Path
):
    page.goto("/")
    page.get_by_test_id("who-answers").get_by_role("link").click()
    page.wait_for_url(re.compile("/models/demo$"))
    expect(page.get_by_test_id("verdict")).to_contain_text("targets are met")

    report = report_of(page)
    shown = page.get_by_test_id("stratum")
    expect(shown).to_have_count(11)
    for index, row in enumerate(report["strata"]):
        expect(shown.nth(index)).to_contain_text(row["stratum"])
        expect(shown.nth(index)).to_contain_text("met" if row["passed"] else "missed")
        if row["pearson"] is not None:
            expect(shown.nth(index)).to_contain_text(f"{row['sign_accuracy']:.2f}")
    places = {name.split(": ")[0] for name in report["summary"]["missed"]}
    expect(page.get_by_test_id("missed").get_by_role("listitem")).to_have_count(len(places))
    expect(page.get_by_test_id("card")).to_contain_text(report["card"]["command"])
    expect(page.get_by_test_id("limits")).to_contain_text("No real cell types")
    page.screenshot(path=screenshots / "model-1440.png", full_page=True)


def test_a_show_case_locus_opens_with_truth_beside_prediction(page: Page, screenshots: Path):
    page.goto("/models/demo")
    locus = page.get_by_test_id("locus-d-tal1")
    locus.locator("summary").click()

    row = next(r for r in report_of(page)["showcase"]["rows"] if r["locus"] == "d-tal1")
    pair = locus.get_by_role("img").first
    label = pair.get_attribute("aria-label")
    truth, predicted = (float(x.replace("−", "-")) for x in re.findall(r"[+−]?[\d.]+", label))
    assert truth == pytest.approx(row["truth"]["T"], abs=0.006)
    assert predicted == pytest.approx(row["predicted"]["T"], abs=0.006)
    expect(locus.get_by_test_id("background")).to_contain_text("rank test")
    locus.screenshot(path=screenshots / "model-d-tal1-1440.png")


def test_on_a_phone_nothing_is_wider_than_the_page(page: Page, screenshots: Path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/models/demo")
    expect(page.get_by_test_id("stratum")).to_have_count(11)
    page.get_by_test_id("locus-d-tal1").locator("summary").click()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "model-390.png", full_page=True)


def test_a_model_without_a_known_truth_says_so(page: Page):
    page.goto("/models/alphagenome")
    expect(page.get_by_test_id("no-report")).to_contain_text("no figures of its own")
    expect(page.get_by_test_id("page-model")).to_contain_text("install-weights alphagenome")
    page.goto("/models/nobody")
    expect(page.get_by_test_id("notice-error").first).to_contain_text("no engine")
