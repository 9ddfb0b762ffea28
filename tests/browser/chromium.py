"""Starts Chromium for the browser tests and the screenshots."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Locator, Playwright, sync_playwright

from tests.support.waiting import LIMIT

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CHROMIUM_NAMES = (  # the headless shell starts fastest
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"
)  # fmt: skip
LOCATOR_METHODS = (  # those that need exactly one element
    "click", "hover", "fill", "press", "set_input_files", "wait_for", "inner_text", "get_attribute", "bounding_box",
    "evaluate",
)  # fmt: skip


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser until the end of the block; meanwhile LOCATOR_METHODS retry while several elements match."""
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        for name in LOCATOR_METHODS:
            patch.setattr(Locator, name, retry_when_ambiguous(getattr(Locator, name)))
        launched = launch(playwright)
        yield launched
        launched.close()


def launch(playwright: Playwright) -> Browser:
    """CHROMIUM, else the first of CHROMIUM_NAMES that is installed, else Playwright's own."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if named:
        return playwright.chromium.launch(executable_path=named, args=CHROMIUM_FLAGS)
    try:
        return playwright.chromium.launch(args=CHROMIUM_FLAGS)
    except Error:
        subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=True)
        return playwright.chromium.launch(args=CHROMIUM_FLAGS)


def retry_when_ambiguous(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of Locator that tries again while several elements match.

    While Streamlit redraws a page, an element may be in it twice. Playwright raises an error at once.
    """

    @wraps(method)
    def retried(element: Locator, *how: object, **more: object) -> Any:
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                return method(element, *how, **more)
            except Error as fault:
                if "strict mode violation" not in str(fault) or time.monotonic() > deadline:
                    raise

    return retried
