"""A real browser before the proxy of two servers: its page comes back by itself, and goes to where its lab is."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from pages.components.web.lab_home import SERVER_COOKIE, cookie_of
from tests.browser.student import Student
from tests.support.databases import Missing, Postgres
from tests.support.server_processes import SECRET, Caddy, ServerProcess

pytestmark = pytest.mark.long
BACK = 20.0  # seconds: twelve until the lab can be had, and what a browser takes to connect again
SLOW = 3.0  # times that a machine may be slower


@pytest.fixture
def servers(tmp_path: Path, postgres: Postgres) -> Iterator[list[ServerProcess]]:
    url = postgres.fresh()
    started = [ServerProcess(tmp_path, url) for _ in range(2)]
    yield [server.ready() for server in started]
    for server in started:
        server.kill()


@pytest.fixture
def caddy(tmp_path: Path, servers: list[ServerProcess]) -> Iterator[Caddy]:
    try:
        proxy = Caddy(tmp_path, servers)
    except Missing as reason:
        pytest.skip(str(reason))
    yield proxy
    proxy.close()


def home_of(student: Student, servers: list[ServerProcess]) -> ServerProcess:
    """The server that the proxy gives a browser."""
    values = {cookie.get("name"): cookie.get("value") for cookie in student.page.context.cookies()}
    return next(one for one in servers if cookie_of(one.address, SECRET) == values[SERVER_COOKIE])


def lab_of(student: Student) -> str:
    found = re.search(r"lab=([\w-]+)", student.page.url)
    assert found
    return found[1]


def test_a_page_comes_back_by_itself_after_its_server_is_killed(
    browser: Browser, caddy: Caddy, servers: list[ServerProcess]
) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    student = Student(context.new_page()).go(f"http://127.0.0.1:{caddy.port}/")
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    home_of(student, servers).kill()
    killed = time.monotonic()
    student.sees("Your lab is being fetched")  # the page asks its new server by itself: a press would be lost
    student.settled()
    student.sees("Round 1: 400 epochs")
    assert time.monotonic() - killed < BACK * SLOW
    student.press("Start round 2")
    student.sees("Round 2: 400 epochs")
    assert student.faults == []
    context.close()


def test_a_link_of_a_lab_that_is_followed_within_a_page_leads_the_browser_to_its_server(
    browser: Browser, caddy: Caddy, servers: list[ServerProcess]
) -> None:
    contexts = [browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US") for _ in range(2)]
    students = [Student(context.new_page()) for context in contexts]
    for server, student in zip(servers, students, strict=True):
        cookie = {
            "name": SERVER_COOKIE,
            "value": cookie_of(server.address, SECRET),
            "url": f"http://127.0.0.1:{caddy.port}",
        }
        student.page.context.add_cookies([cookie])  # type: ignore[list-item]
        student.go(f"http://127.0.0.1:{caddy.port}/")
    first, second = students
    first.press("Start round 1")
    first.sees("Round 1: 400 epochs")
    link = f"http://127.0.0.1:{caddy.port}/?lab={lab_of(first)}"
    second.page.evaluate("link => history.pushState({}, '', link)", link)
    second.page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")  # as the browser's way back does
    second.sees("Round 1: 400 epochs")
    assert home_of(second, servers) is servers[0]
    assert first.faults == second.faults == []
    for context in contexts:
        context.close()
