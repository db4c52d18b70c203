"""Settings: the key of the hosted service is entered, replaced and deleted, and shown to nobody."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.predictor.serving import running_service

# Its app is always of the embedded mode.
pytestmark = [pytest.mark.browser, pytest.mark.once]
KEY, OTHER = "a-key-that-nobody-may-read", "another-key-that-nobody-may-read"


@pytest.fixture(scope="module")
def running_app(start_app_once, tmp_path_factory, installed):
    """An app whose hosted service is one of ours, which accepts two keys."""
    folder = tmp_path_factory.mktemp("hosted")
    keys = folder / "keys"
    keys.write_text(f"ada {KEY}\ngrace {OTHER}\n")
    service = running_service.start_framing(folder / "story", installed, "--api-keys", str(keys))
    address = {"ALPHAGENOME_ADDRESS": f"http://{service.address}", "ALPHAGENOME_API_KEY": ""}
    # The one person of the embedded mode is its operator.
    yield start_app_once(settings=address, profile="embedded")
    service.stop()


def enter(page: Page, key: str) -> None:
    page.get_by_test_id("hosted-key").fill(key)
    page.get_by_test_id("set-key").click()


def test_a_key_is_entered_replaced_and_deleted_and_never_shown(
    page: Page, running_app, screenshots: Path
):
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("response", lambda answer: said.append(answer.url))
    page.goto("/")
    page.get_by_test_id("nav-settings").click()
    state = page.get_by_test_id("key-state")
    expect(state).to_have_text("No key is set.")

    # Nothing is sent before the terms are accepted.
    enter(page, KEY)
    expect(page.get_by_test_id("notice-error")).to_contain_text("accept them first")
    page.get_by_test_id("accept-terms").check()
    enter(page, "wrong")
    expect(page.get_by_test_id("notice-error")).to_contain_text("does not accept the key")
    expect(state).to_have_text("No key is set.")
    page.screenshot(path=screenshots / "settings-refused-1440.png", full_page=True)

    enter(page, KEY)
    expect(state).to_contain_text("A key is set, by local, just now.")
    expect(page.get_by_test_id("accepted")).to_contain_text("local accepted the terms just now.")
    expect(page.get_by_test_id("hosted-key")).to_have_value("")
    expect(page.get_by_test_id("accept-terms")).to_have_count(0)
    page.screenshot(path=screenshots / "settings-1440.png", full_page=True)

    page.reload()
    enter(page, OTHER)
    expect(page.get_by_test_id("notice-remark")).to_contain_text("The service accepts the key")
    account = page.evaluate("() => fetch('/api/hosted-account/').then((answer) => answer.json())")
    shown = page.content() + json.dumps(account) + "\n".join(said)
    kept = [path.read_text(errors="replace") for path in running_app.data.rglob("*.log")]
    for key in (KEY, OTHER):
        assert not any(key in text for text in [shown, *kept])

    page.get_by_test_id("forget-key").click()
    page.get_by_test_id("forget-key-surely").click()
    expect(state).to_have_text("No key is set.")
    expect(page.get_by_test_id("accept-terms")).not_to_be_checked()


def test_on_a_phone_nothing_is_wider_than_the_page(page: Page, screenshots: Path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/settings")
    expect(page.get_by_test_id("key-state")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "settings-390.png", full_page=True)
