"""The start and end of a real server: all is there for the first visitor, and all is saved after the last."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest
import streamlit

from core.engine.processes import cores
from core.store.store import Store
from pages.components.web.headers import HEADERS
from tests.benchmarks.websocket_client import Tab, tab
from tests.support.cluster import free_port
from tests.support.databases import Postgres
from tests.support.hosting_files import ROOT, caddy_headers
from tests.support.languages import LANGUAGES, shown
from tests.support.waiting import LIMIT, run, until
from tests.test_architecture import imports_of

SOON = 10.0  # seconds that a server may take to end; a service manager kills it after 15
FAULTS = """
import streamlit as st
from pages.components.frame.layout import header
from pages.components.frame.session import lab

def fail():
    raise RuntimeError("a detail for the log")

def part():
    if st.session_state.get("drawn"):
        fail()
    st.session_state["drawn"] = True

if __name__ == "__main__":
    header(lab(), "A page with faults")
    st.button("in a callback", on_click=fail)
    if st.button("in the page"):
        fail()
    st.fragment(part, run_every=LONG)()
""".replace("LONG", str(2 * LIMIT))
FAULT = {
    lang: shown("This page met an unexpected fault. Your work is kept: reload the page to go on.", lang)
    for lang in LANGUAGES
}


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[bytes]
    folder: Path  # of its database and its log

    @property
    def port(self) -> int:
        """Where it listens; 0 until it has said so."""
        found = re.search(r"URL: \S+:(\d+)", self.log)
        return int(found[1]) if found else 0

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def ask(self, path: str, method: str = "GET") -> tuple[int, Message, bytes]:
        """Status, headers and body of an answer."""
        try:
            answer = urlopen(Request(f"http://127.0.0.1:{self.port}/{path}", method=method), timeout=LIMIT)
        except HTTPError as refusal:
            answer = refusal
        with answer:
            return answer.status, answer.headers, answer.read()

    def health(self) -> tuple[int, dict[str, bool]]:
        """What the server says about itself."""
        status, _, body = self.ask("healthz")
        return status, json.loads(body)

    def workers(self) -> list[psutil.Process]:
        """Its worker processes; one that has just ended is none."""
        found = []
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess):
                    found += [child] if "core.engine" in child.cmdline() else []
        return found


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a server; when it is handed out it listens, but has let nobody in yet."""
    started: list[Running] = []

    def begin(app: Path = ROOT, url: str = f"sqlite:///{tmp_path / 'labs.sqlite'}") -> Running:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0",
                   "--server.address", "127.0.0.1"]  # fmt: skip
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=app, env=os.environ | {"DATABASE_URL": url}, stdout=log, stderr=subprocess.STDOUT
            )
        started.append(Running(process, tmp_path))
        until(lambda: started[-1].port or process.poll() is not None)
        return started[-1]

    yield begin
    for server in started:
        server.process.kill()
        server.process.wait()


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A copy of the app whose page About has faults."""
    app = tmp_path / "app"
    for name in ("core", "pages", ".streamlit"):
        shutil.copytree(ROOT / name, app / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", app)
    (app / "pages/about.py").write_text(FAULTS, encoding="utf-8")
    return app


def lives(process: psutil.Process) -> bool:
    """Whether a process has not ended."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


# ---------------------------------------------------------------------------------------------------- the beginning


def test_the_first_visitors_see_the_page_they_asked_for_with_the_app_around_it(start: Start) -> None:
    """All at once, each on another page, while the server still starts."""
    server = start()

    async def visit(page: str) -> Tab:
        async with tab(server.port, page=page) as visitor:
            return visitor

    async def visits() -> list[Tab]:
        return await asyncio.gather(*map(visit, ["race", "class_board", "importance"]))

    visitors = run(visits())
    for visitor, there in zip(visitors, ["Start the race", "Join", "On to the rounds"], strict=True):
        assert there in visitor._widgets
        assert {"", "race", "class_board", "importance"} <= set(visitor.pages)
        assert visitor.alarms == []


@pytest.mark.long
def test_workers_are_there_before_anybody_is_let_in(start: Start) -> None:
    server = start()
    assert server.ask("_stcore/health")[0] == 200
    assert len(server.workers()) == len(cores())


def test_what_pages_import_is_there_before_any_page_is_drawn() -> None:
    """Else two visitors of a server that has just been started import at once, each for another page."""
    show = (
        "import app, sys; from pages.components.frame.startup import import_pages; import_pages(); print(*sys.modules)"
    )
    reported = subprocess.run([sys.executable, "-c", show], cwd=ROOT, capture_output=True, text=True, check=True)
    there = set(reported.stdout.split())
    for file in (ROOT / "pages").rglob("*.py"):
        wanted = {module.split(".")[0] for module in imports_of(file)}
        assert wanted <= there
    components = ROOT / "pages/components"
    assert {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in components.rglob("[a-z]*.py")} <= there


@pytest.mark.parametrize("engine", ["scheduler:8786", "tcp://scheduler", "http://scheduler:8786"])
def test_an_engine_that_is_no_address_ends_the_start_with_one_sentence(
    start: Start, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENGINE", engine)
    server = start()
    assert server.process.wait(LIMIT) == os.EX_CONFIG
    assert server.log.splitlines()[-1] == (
        f"The server does not start. ENGINE is {engine}; it is empty, or tcp:// or tls:// with a host and a port."
    )
    assert "Traceback" not in server.log


@pytest.mark.long
def test_settings_in_streamlits_secrets_can_end_the_start_as_those_of_the_environment(
    start: Start, faulty: Path
) -> None:
    (faulty / ".streamlit/secrets.toml").write_text('ENGINE = "http://scheduler:8786"', encoding="utf-8")
    server = start(faulty)
    assert server.process.wait(LIMIT) == os.EX_CONFIG
    assert "The server does not start. ENGINE is http://scheduler:8786" in server.log


@pytest.mark.long
def test_a_server_without_hosts_says_so_at_healthz(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", f"tcp://127.0.0.1:{free_port()}")
    server = start()
    until(lambda: server.health() == (503, {"database": True, "workers": False}))


@pytest.mark.long
def test_a_server_that_cannot_start_says_why_and_leaves_no_worker(start: Start, faulty: Path) -> None:
    (faulty / "pages/about.py").write_text("import nothing_of_that_name", encoding="utf-8")
    server = start(faulty)
    workers: list[psutil.Process] = []
    until(lambda: workers.extend(server.workers()) or server.process.poll() is not None)
    assert server.process.returncode and "No module named 'nothing_of_that_name'" in server.log
    until(lambda: not any(map(lives, workers)))


# ---------------------------------------------------------------------------------------------------- the end


@pytest.mark.parametrize("order", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_terminated_server_saves_the_last_work_and_leaves_no_worker(start: Start, order: signal.Signals) -> None:
    server = start()

    async def work() -> str:
        async with tab(server.port) as student:
            await student.set_number("trials", 50)
            await student.click("Start round 1")
            server.process.send_signal(order)
            return student.lab

    workers = [] if server.ask("_stcore/health")[0] != 200 else server.workers()
    token = run(work())
    server.process.wait(SOON)
    assert workers and not any(map(lives, workers))
    with closing(Store(f"sqlite:///{server.folder / 'labs.sqlite'}")) as store:
        record = store.load(token)
    assert record is not None and [round_.number for round_ in record.rounds] == [1]
    assert "Traceback" not in server.log


@pytest.mark.long
def test_a_browser_that_has_stopped_taking_an_answer_does_not_hold_up_the_end(start: Start) -> None:
    server = start()
    largest = max((Path(streamlit.__file__).parent / "static").rglob("*.js"), key=lambda file: file.stat().st_size)

    async def work() -> str:
        async with tab(server.port) as student:
            return student.lab

    token = run(work())
    with socket.create_connection(("127.0.0.1", server.port)) as stalled:
        stalled.sendall(f"GET /static/js/{largest.name} HTTP/1.1\r\nHost: lab\r\n\r\n".encode())
        assert stalled.recv(16) == b"HTTP/1.1 200 OK\r"  # and nothing more: megabytes wait
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(SOON)
    with closing(Store(f"sqlite:///{server.folder / 'labs.sqlite'}")) as store:
        assert store.load(token) is not None


# ---------------------------------------------------------------------------------------------------- health


@pytest.mark.long
def test_healthz_answers_200_to_get_and_head(start: Start) -> None:
    server = start()
    assert server.health() == (200, {"database": True, "workers": True})
    status, _, body = server.ask("healthz", "HEAD")
    assert (status, body) == (200, b"")


@pytest.mark.long
def test_a_file_that_is_no_database_is_reported_until_it_is_gone_and_visitors_are_let_in(
    start: Start, tmp_path: Path
) -> None:
    file = tmp_path / "labs.sqlite"
    file.write_bytes(b"no database" * 1000)
    server = start()
    assert server.health() == (503, {"database": False, "workers": True})
    file.unlink()
    until(lambda: server.health()[0] == 200)


@pytest.mark.long
def test_a_database_that_is_away_is_reported_until_it_is_back(start: Start, postgres: Postgres) -> None:
    server = start(url=postgres.fresh())
    until(lambda: server.health()[0] == 200)
    postgres.stop()
    assert server.health() == (503, {"database": False, "workers": True})
    postgres.start()
    until(lambda: server.health()[0] == 200)


@pytest.mark.long
def test_a_worker_that_ends_while_idle_is_reported_and_replaced(start: Start) -> None:
    server = start()
    until(lambda: server.health()[0] == 200)
    before = server.workers()
    before[0].kill()
    until(lambda: not lives(before[0]) and before[0] not in server.workers() and len(server.workers()) == len(before))
    until(lambda: server.health()[0] == 200)


# ---------------------------------------------------------------------------------------------------- headers


@pytest.mark.long
def test_every_answer_has_the_headers_once_and_the_proxy_adds_none_of_them_again(start: Start) -> None:
    server = start()
    for path in ("", "race", "healthz", "_stcore/health", "media/nothing"):
        _, headers, _ = server.ask(path)
        assert {name: headers.get_all(name) for name in HEADERS} == {name: [text] for name, text in HEADERS.items()}
    assert not {*HEADERS} & {*caddy_headers()}


# ---------------------------------------------------------------------------------------------------- faults


def test_a_fault_is_a_sentence_on_the_page_and_a_traceback_in_the_log(start: Start, faulty: Path) -> None:
    server = start(faulty)

    async def reported(lang: str, where: str) -> list[str]:
        """What alarms a visitor after a fault."""
        async with tab(server.port, page="about", lang=lang) as visitor:
            assert visitor.alarms == []
            await (visitor.click(where) if where else visitor.tick())
            return visitor.alarms

    places = ["in the page", "in a callback", ""]  # the last: in a part that is drawn by itself
    for lang, sentence in FAULT.items():
        assert [run(reported(lang, where)) for where in places] == [[sentence]] * len(places)
    assert server.log.count("RuntimeError: a detail for the log") == len(FAULT) * len(places)
