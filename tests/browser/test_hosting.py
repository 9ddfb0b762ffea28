"""Behind the proxy's headers everything on the pages works, and no request that leaves them tells the key to a lab."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, Route

from tests.browser.conftest import Server, Student
from tests.browser.proxy import Proxy, proxy
from tests.hosting import caddy_headers

HARMLESS = "Executing inline script"  # Streamlit's page has one, a flag for search engines
OUTSIDE = "https://outside.example/"
LEAVE = """url => {
  const link = document.createElement('a');
  link.href = url; link.target = '_blank'; link.id = 'out'; link.textContent = 'out';
  link.style = 'position: fixed; z-index: 1000000; top: 0; left: 0; background: white';
  document.body.append(link);
}"""


@pytest.fixture
def front(server: Server) -> Iterator[Proxy]:
    """A proxy in front of the server, with the headers of the host's."""
    port = urlsplit(server.url).port
    assert port
    with proxy(port, caddy_headers()) as made:
        yield made


def refused(message: ConsoleMessage) -> bool:
    """Whether the browser kept something of the page from working."""
    return "Content Security Policy" in message.text and HARMLESS not in message.text


def test_all_pages_work_behind_the_headers_of_the_proxy(browser: Browser, front: Proxy) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if refused(message) else None)
    student = Student(page).go(f"http://127.0.0.1:{front.port}/")
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    assert student.points() == 60
    page.get_by_text("Take it along").click()
    for button in ("Journal as a table (CSV)", re.compile("SVG"), re.compile("^Download as PNG")):
        page.locator(".st-key-live_chart").hover()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).first.click()
        assert waiting.value.path().stat().st_size > 1000
    file = {"name": "x.json", "mimeType": "application/json", "buffer": b"{}"}
    page.locator("input[type=file]").set_input_files(file)
    student.sees("This is no journal")
    for name in ("Validation", "Grid or random", "Bayesian search", "Which one matters", "Final test", "Glossary"):
        page.get_by_role("link", name=name).first.click()
        page.wait_for_url(re.compile("lab="))
        page.wait_for_selector("[data-test-script-state=notRunning]")
    page.goto(f"http://127.0.0.1:{front.port}/lesson_link")
    student.sees("To be scanned")
    page.get_by_test_id("stImage").locator("img").evaluate("picture => picture.decode()")  # fails if it was kept out
    assert said == [] and student.faults == []
    context.close()


def test_no_other_site_is_asked_for_anything(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    student = Student(page).go(server.url)
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    home = urlsplit(server.url).netloc
    assert [url for url in asked if urlsplit(url.removeprefix("blob:")).netloc not in ("", home)] == []
    context.close()


@pytest.mark.parametrize("behind", [False, True], ids=["alone", "behind the proxy"])
def test_what_leaves_the_page_does_not_tell_the_key(
    browser: Browser, server: Server, front: Proxy, behind: bool
) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    page = context.new_page()
    left: list[Request] = []

    def arrived(route: Route) -> None:
        left.append(route.request)
        route.fulfill(body="outside", content_type="text/html")

    context.route(f"{OUTSIDE}**", arrived)
    Student(page).go(f"http://127.0.0.1:{front.port}/" if behind else server.url)
    assert "lab=" in page.url
    page.wait_for_selector("meta[name=referrer][content=no-referrer]", state="attached")
    page.evaluate(LEAVE, OUTSIDE)
    with context.expect_page() as waiting:
        page.locator("#out").click()
    waiting.value.wait_for_load_state()
    assert waiting.value.evaluate("document.referrer") == ""
    assert left and all("referer" not in request.all_headers() for request in left)
    context.close()
