"""Fixtures for tests in Chromium against a Streamlit server in its own process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import running_chromium
from tests.browser.classroom import Classroom
from tests.browser.student import Student
from tests.support.waiting import LIMIT

ROOT = Path(__file__).parents[2]


@dataclass
class Server:
    """A running app."""

    process: subprocess.Popen[bytes]
    url: str
    log_file: Path

    def log(self) -> str:
        """What it has said so far."""
        return self.log_file.read_text(encoding="utf-8")

    def workers(self) -> list[psutil.Process]:
        """Its living worker processes."""
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
        log_file = tmp_path_factory.mktemp("server") / "log"
        log = log_file.open("wb")
        command = [sys.executable, "-m", program, "run", "app.py", "--server.port", str(port),
                   "--server.address", "127.0.0.1"]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"LANG": "C.UTF-8"} | environment
        )
        log.close()
        server = Server(process, f"http://127.0.0.1:{port}/", log_file)
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
    """One browser for all tests of a process; each test opens contexts of its own in it."""
    with running_chromium() as chromium:
        yield chromium


@pytest.fixture
def student(browser: Browser, server: Server) -> Iterator[Student]:
    """A student with the page open; at the end, the page must have raised no JavaScript error."""
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US", reduced_motion="reduce")
    someone = Student(context.new_page()).go(server.url)
    yield someone
    context.close()
    assert someone.faults == []


@pytest.fixture
def classroom(browser: Browser, server: Server) -> Iterator[Classroom]:
    made = Classroom(browser, server.url)
    yield made
    for context in made.contexts:
        context.close()
    assert made.faults == []
