"""The pages work with the server's security headers, and no request to another site carries the lab's token."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Request, Route, expect

from tests.browser.conftest import Server
from tests.browser.student import Student, navigate

pytestmark = pytest.mark.long

IGNORED_MESSAGE = "Executing inline script"  # Streamlit's page has one, a flag for search engines
OTHER_SITE = "https://outside.example/"
ADD_OUTGOING_LINK = """url => {
  const link = document.createElement('a');
  link.href = url; link.target = '_blank'; link.id = 'out'; link.textContent = 'out';
  link.style = 'position: fixed; z-index: 1000000; top: 0; left: 0; background: white';
  document.body.append(link);
}"""


def is_policy_violation(message: ConsoleMessage) -> bool:
    """Whether the browser reports that the content security policy blocked something."""
    return "Content Security Policy" in message.text and IGNORED_MESSAGE not in message.text


def test_all_pages_work_under_the_content_security_policy(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if is_policy_violation(message) else None)
    student = Student(page).go(server.url)
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    expect(student.marks()).to_have_count(60)
    page.get_by_text("Export", exact=True).click()
    for button in ("Journal as a table (CSV)", re.compile("SVG"), re.compile("^Download as PNG")):
        page.locator(".st-key-map_chart").hover()
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).first.click()
        assert waiting.value.path().stat().st_size > 1000
    file = {"name": "x.json", "mimeType": "application/json", "buffer": b"{}"}
    page.locator("input[type=file]").set_input_files(file)
    student.sees("This is no journal")
    for name in ("Validation", "Grid or random", "Bayesian search", "Which one matters", "Final test", "Glossary"):
        navigate(page, name)
        page.wait_for_url(re.compile("lab="))
        page.wait_for_selector("[data-test-script-state=notRunning]")
    page.goto(f"{server.url}lesson_link")
    student.sees("Show this on the projector")
    page.get_by_test_id("stImage").locator("img").evaluate("picture => picture.decode()")  # fails if it was kept out
    assert said == [] and student.faults == []
    context.close()


def test_no_request_goes_to_another_site(browser: Browser, server: Server) -> None:
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


def test_links_to_other_sites_send_no_referrer(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    page = context.new_page()
    left: list[Request] = []

    def arrived(route: Route) -> None:
        left.append(route.request)
        route.fulfill(body="outside", content_type="text/html")

    context.route(f"{OTHER_SITE}**", arrived)
    Student(page).go(server.url)
    assert "lab=" in page.url
    page.evaluate(ADD_OUTGOING_LINK, OTHER_SITE)
    with context.expect_page() as waiting:
        page.locator("#out").click()
    waiting.value.wait_for_load_state()
    assert waiting.value.evaluate("document.referrer") == ""
    assert left and all("referer" not in request.all_headers() for request in left)
    context.close()
