"""A browser, and a page that fails its test on any script error or outside request."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium.executable() is None:
        reason = f"no browser on this machine (looked for {', '.join(chromium.NAMES)})"
        if chromium.required():
            pytest.fail(f"A browser is required here, but there is {reason}.")
        pytest.skip(reason)
    with chromium.launched() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, running_app) -> Iterator[Page]:
    context = browser.new_context(
        base_url=running_app.url,
        viewport={"width": 1440, "height": 900},
        reduced_motion="reduce",
    )
    context.add_cookies(
        [
            {"name": name, "value": value, "url": running_app.url}
            for name, value in running_app.cookies.items()
        ]
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    troubles: list[str] = []
    home = urlsplit(running_app.url).netloc

    def note_request(request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != home:
            troubles.append(f"outside request: {request.url}")

    page.on("pageerror", lambda error: troubles.append(f"script error: {error}"))
    page.on("request", note_request)
    yield page
    context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures go: `ALLELENS_SCREENSHOTS` (docs, by `make screenshots`) or test-results."""
    root = Path(__file__).parent.parent.parent
    folder = root / os.environ.get("ALLELENS_SCREENSHOTS", "test-results/screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
