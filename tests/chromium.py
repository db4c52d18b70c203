"""A real Chromium for the browser tests and benchmarks: the system's own, never downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def executable() -> str | None:
    """Path of the browser: `ALLELENS_CHROMIUM`, or the first known name on the PATH."""
    named = os.environ.get("ALLELENS_CHROMIUM")
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def required() -> bool:
    """Whether a missing browser is an error rather than a skip."""
    return os.environ.get("ALLELENS_REQUIRE_BROWSER") == "1"


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser that is closed at the end."""
    path = executable()
    if path is None:
        raise RuntimeError(f"No browser found; looked for {', '.join(NAMES)} on the PATH.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
