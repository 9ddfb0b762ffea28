"""A real server in a process of its own, and a real Chromium to look at it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
from playwright.sync_api import Browser, Error, FloatRect, Locator, Page, Playwright, expect, sync_playwright

from tests.waiting import LIMIT

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PATIENCE = 1000 * LIMIT  # milliseconds
expect.set_options(timeout=PATIENCE)
ACTS = ("click", "hover", "fill", "press", "set_input_files", "wait_for", "inner_text", "get_attribute", "bounding_box",
        "evaluate")  # fmt: skip
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass
class Server:
    """A running app."""

    process: subprocess.Popen[bytes]
    url: str

    def workers(self) -> list[psutil.Process]:
        """Its worker processes; one that has just died is none."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "core.engine" in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
        self.process.wait(LIMIT)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts a server on a free port, streamlit or something like it, and waits until it answers."""
    started: list[Server] = []

    def start(program: str = "streamlit", **environment: str) -> Server:
        port = free_port()
        log = (tmp_path_factory.mktemp("server") / "log").open("wb")
        command = [sys.executable, "-m", program, "run", "app.py", "--server.port", str(port),
                   "--server.address", "127.0.0.1"]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"LANG": "C.UTF-8"} | environment
        )
        log.close()
        server = Server(process, f"http://127.0.0.1:{port}/")
        started.append(server)
        deadline = time.monotonic() + LIMIT
        while True:
            with suppress(OSError), urlopen(f"{server.url}_stcore/health", timeout=1):
                return server
            assert process.poll() is None and time.monotonic() < deadline, "the server does not answer"

    yield start
    for server in started:
        if server.process.poll() is None:
            server.end()


@pytest.fixture(scope="session")
def server(start_server: Callable[[], Server]) -> Server:
    """One server for all tests that leave it running."""
    return start_server()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own, which is fetched when it is not there."""
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        for name in ACTS:
            patch.setattr(Locator, name, patient(getattr(Locator, name)))
        launched = launch(playwright)
        yield launched
        launched.close()


def patient(act: Callable[..., Any]) -> Callable[..., Any]:
    """What is done with a locator's one element, also where it is there twice for a moment.

    That is how a page is drawn anew when something comes or goes above it, and Playwright gives up on it at once.
    """

    @wraps(act)
    def acted(element: Locator, *how: object, **more: object) -> Any:
        deadline = time.monotonic() + LIMIT
        while True:
            try:
                return act(element, *how, **more)
            except Error as fault:
                if "strict mode violation" not in str(fault) or time.monotonic() > deadline:
                    raise

    return acted


def launch(playwright: Playwright) -> Browser:
    """The first there is of NAMES, else Playwright's own; one without windows needs the least time."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if named:
        return playwright.chromium.launch(executable_path=named, args=FLAGS)
    try:
        return playwright.chromium.launch(args=FLAGS)
    except Error:
        subprocess.run([sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"], check=True)
        return playwright.chromium.launch(args=FLAGS)


def place_of(element: Locator) -> FloatRect:
    """Where an element is; a chart that is drawn anew has none for a moment."""
    deadline = time.monotonic() + LIMIT
    while (found := element.bounding_box()) is None:
        assert time.monotonic() < deadline, f"{element} has no place"
    return found


def one(element: Locator, state: str) -> None:
    """Wait until an element is there once and is "visible", "enabled" or "disabled".

    While a page is drawn anew it may be there twice for a moment, which no expectation of a single one waits out.
    """
    expect(element.and_(element.page.locator(f":{state}"))).to_have_count(1)
    expect(element).to_have_count(1)


class Student:
    """Somebody in front of a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def go(self, url: str) -> "Student":
        """Open an address and wait until the page is drawn."""
        self.page.goto(url)
        return self.settled()

    def settled(self) -> "Student":
        """Wait until the script has run and the chart stands there."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        self.page.wait_for_selector("[data-test-script-state=notRunning]")
        self.chart.locator("svg, canvas").first.wait_for()
        return self

    @property
    def chart(self) -> Locator:
        return self.page.locator(".st-key-live_chart")

    @property
    def primary(self) -> Locator:
        return self.page.locator("button[kind=primary]")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=False).first.click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait for a text; where it does not come, what stands there instead is told."""
        try:
            self.page.get_by_text(text).first.wait_for()
        except Error as late:
            raise AssertionError(f"{text!r} is not on the page, but {self.page.inner_text('body')}") from late

    def set_number(self, label: str, value: float, nth: int = 0) -> None:
        """Type into a number field and leave it."""
        field = self.page.get_by_label(label, exact=True).nth(nth)
        field.fill(str(value))
        field.press("Tab")
        self.page.wait_for_selector("[data-test-script-state=notRunning]")

    def points(self) -> int:
        """How many trials stand on the map and the two strips together."""
        return int(self.chart.locator(".mark-symbol path").count())

    def exponents(self, nth: int = 0) -> tuple[float, float]:
        """What a slider's ends show."""
        low, high = self.ends(nth).all_text_contents()
        return float(low), float(high)

    def ends(self, nth: int = 0) -> Locator:
        """The two figures over a slider's ends."""
        return self.page.locator(".stSlider").nth(nth).get_by_test_id("stSliderThumbValue")


@pytest.fixture
def student(browser: Browser, server: Server) -> Iterator[Student]:
    """A student with the page open, whose browser met no fault."""
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    someone = Student(context.new_page()).go(server.url)
    yield someone
    context.close()
    assert someone.faults == []
