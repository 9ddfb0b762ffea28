"""A lesson's link in a browser: it stays in the address on all pages, and closed pages stay closed."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Server
from tests.browser.student import TIMEOUT_MS, Student, expect_one, navigate, wait_until_true
from tests.support.waiting import until

pytestmark = pytest.mark.long

LESSON = "trials.3~epochs.2~budget.10~pages.final_test~hide.seed"


def open_page(browser: Browser, url: str, width: int = 1366) -> Page:
    """A page of its own browser, ready."""
    page = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US").new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(url)
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_selector(".st-key-header")
    return page


def query_of(page: Page) -> dict[str, str]:
    """The parameters in a page's address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_lab_lesson_and_language_stay_in_the_address_on_all_pages(browser: Browser, server: Server) -> None:
    page = open_page(browser, f"{server.url}?lesson={LESSON}&lang=ko")
    page.wait_for_url(re.compile("lab="))
    before = query_of(page)
    assert before["lesson"] == LESSON and before["lang"] == "ko"
    for name in ("최종 시험", "용어집", "소개", "수업 링크", "좁히기"):
        old = page.url
        navigate(page, name)
        page.wait_for_url(lambda url, old=old: url != old and "lab=" in url and "lang=" in url and "lesson=" in url)
        assert query_of(page) == before
    page.context.close()


def test_the_width_of_the_screen_is_sent_once(browser: Browser, server: Server) -> None:
    page = browser.new_context(viewport={"width": 1366, "height": 900}, locale="en-US").new_page()
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    student = Student(page).go(server.url)
    until(lambda: page.evaluate("1") and len(sent) > 1, 0.05)  # the page was asked for, and its width reported
    student.settled()
    before = len(sent)
    for name, path, drawn in (
        ("Grid or random", "strategies", ".stVegaLiteChart svg"), ("Glossary", "glossary", ".st-key-header"),
    ):  # fmt: skip
        navigate(page, name)
        page.wait_for_url(f"**/{path}?*")
        page.locator(drawn).first.wait_for()
        page.wait_for_selector("[data-test-script-state=notRunning]")
    assert len(sent) == before + 2  # nothing but the two clicks
    assert student.faults == []
    page.context.close()


def test_a_page_opened_in_a_tab_of_its_own_is_one_of_the_same_lab(browser: Browser, server: Server) -> None:
    page = open_page(browser, f"{server.url}?lesson={LESSON}")
    page.wait_for_url(re.compile("lab="))
    wait_until_true(page, "'leaving' in window")
    with page.context.expect_page() as waiting:
        navigate(page, "Final test", "middle")
    waiting.value.locator(".st-key-header").wait_for()
    assert urlsplit(waiting.value.url).path == "/final_test" and query_of(waiting.value) == query_of(page)
    page.context.close()


def test_a_lessons_navigation_names_its_open_pages_alone(browser: Browser, server: Server) -> None:
    page = open_page(browser, f"{server.url}?lesson={LESSON}")
    expect(page.get_by_test_id("stTopNavLink")).to_have_text([re.compile("Narrow"), re.compile("Final test")])
    expect(page.get_by_test_id("stTopNavSection")).to_have_text([re.compile("Class"), re.compile("Help")])
    page.context.close()


@pytest.mark.parametrize("fresh", [False, True], ids=["known", "first page of a server"])
def test_a_closed_page_links_back_to_the_rounds(
    browser: Browser, server: Server, start_server: Callable[[], Server], fresh: bool
) -> None:
    there = start_server() if fresh else server
    page = open_page(browser, f"{there.url}bayesian?lesson={LESSON}")
    expect_one(page.get_by_text("not part of your lesson"), "visible")
    expect(page.get_by_text("Gaussian process")).to_have_count(0)
    page.get_by_role("link", name="Back to the rounds").click()
    expect_one(page.get_by_text("10 of 10 epochs left"), "visible")
    page.context.close()


def test_a_lab_keeps_its_lesson_whatever_the_address_says(browser: Browser, server: Server) -> None:
    page = open_page(browser, f"{server.url}?lesson={LESSON}")
    page.wait_for_url(re.compile("lab="))
    other = open_page(browser, f"{server.url}bayesian?lab={query_of(page)['lab']}&lesson=budget.7")
    expect_one(other.get_by_text("not part of your lesson"), "visible")
    other.wait_for_url(re.compile(re.escape(LESSON)))
    for each in (page, other):
        each.context.close()


def test_the_link_that_a_teacher_builds_opens_the_lesson_for_somebody_else(browser: Browser, server: Server) -> None:
    page = open_page(browser, f"{server.url}lesson_link")
    page.get_by_label("trials", exact=True).fill("7")
    page.get_by_label("trials", exact=True).press("Tab")
    link = page.locator("[data-testid=stCode]").last
    expect(link).to_contain_text(["trials.7"])
    student = open_page(browser, link.inner_text().replace("\n", ""))
    expect(student.get_by_label("trials", exact=True)).to_have_value("7")
    assert query_of(student)["lab"] != query_of(page)["lab"]
    for each in (page, student):
        each.context.close()


@pytest.mark.parametrize("width", [390, 820, 1366])
def test_the_teachers_form_is_no_wider_than_the_screen(browser: Browser, server: Server, width: int) -> None:
    page = open_page(browser, f"{server.url}lesson_link?lesson={LESSON}", width)
    expect_one(page.get_by_text("Show this on the projector"), "visible")
    main = "document.querySelector('[data-testid=stMain]')"
    wait_until_true(page, f"{main}.scrollWidth <= {main}.clientWidth")
    page.context.close()
