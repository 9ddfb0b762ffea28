"""What comes over a slow network: little, kept by the browser, with words in the visitor's language meanwhile."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from pages.components.web.loading import LOADING
from tests.browser.conftest import Server
from tests.browser.student import TIMEOUT_MS, Student
from tests.support.languages import LANGUAGES, shown

pytestmark = pytest.mark.long

MOST = 1.9e6  # bytes of a first load
SCRIPTS = re.compile(r"/static/js/index\.")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_line_of_text_stands_on_the_page_until_the_app_is_there(browser: Browser, server: Server, lang: str) -> None:
    context = browser.new_context(locale=lang)
    page = context.new_page()
    held: list[Any] = []
    page.route(SCRIPTS, lambda route: held.append(route))  # Playwright takes no built-in function
    page.goto(server.url, wait_until="commit")
    line = page.locator("#loading")
    expect(line).to_have_text(shown(LOADING, lang))
    expect(page.locator("html")).to_have_attribute("lang", lang)
    assert held
    page.unroute(SCRIPTS)  # what is held goes on
    page.locator(".st-key-header").wait_for(timeout=TIMEOUT_MS)
    expect(line).to_have_count(0)
    context.close()


def test_a_first_load_is_small_and_the_next_one_asks_for_no_script_again(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-US")
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    Student(page).go(server.url)
    assert 100_000 < sum(sizes) < MOST
    sizes.clear()
    page.reload()
    Student(page).settled()
    assert sum(sizes) < 30_000
    context.close()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lost_connection_is_told_in_the_pages_language(
    browser: Browser, start_server: Callable[..., Server], lang: str
) -> None:
    server = start_server()
    context = browser.new_context(locale=lang)
    student = Student(context.new_page()).go(server.url)
    server.end()
    expect(student.page.get_by_role("dialog")).to_contain_text(shown("No connection", lang))
    assert student.page.get_by_text("Streamlit server").count() == 0
    context.close()
