"""A lesson's link in a real browser: it survives the way through the pages, and its closed pages stay closed."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PATIENCE, Server, Student, one
from tests.waiting import until

LESSON = "trials.3~epochs.2~budget.10~pages.final_test~hide.seed"


def opened(browser: Browser, url: str, width: int = 1366) -> Page:
    """A page of its own browser, ready."""
    page = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US").new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
    page.wait_for_selector(".st-key-header")
    return page


def asked(page: Page) -> dict[str, str]:
    """What the address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_lab_lesson_and_language_survive_the_way_through_the_pages(browser: Browser, server: Server) -> None:
    page = opened(browser, f"{server.url}?lesson={LESSON}&lang=ko")
    page.wait_for_url(re.compile("lab="))
    before = asked(page)
    assert before["lesson"] == LESSON and before["lang"] == "ko"
    for name in ("최종 시험", "용어집", "소개", "수업 링크", "좁히기"):
        old = page.url
        page.get_by_role("link", name=name).first.click()
        page.wait_for_url(lambda url, old=old: url != old and "lab=" in url and "lang=" in url and "lesson=" in url)
        assert asked(page) == before
    page.context.close()


def test_a_page_knows_the_width_that_was_told_on_another_one(browser: Browser, server: Server) -> None:
    page = browser.new_context(viewport={"width": 1366, "height": 900}, locale="en-US").new_page()
    sent: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    student = Student(page).go(server.url)
    until(lambda: page.evaluate("1") and len(sent) > 1, 0.05)  # the page was asked for, and its width told
    student.settled()
    before = len(sent)
    for name, chart in (("Grid or random", ".stVegaLiteChart svg"), ("Glossary", ".st-key-header")):
        page.get_by_role("link", name=name, exact=True).click()
        page.locator("[aria-current=page]", has_text=name).wait_for()
        page.locator(chart).first.wait_for()
        page.wait_for_selector("[data-test-script-state=notRunning]")
    assert len(sent) == before + 2  # nothing but the two clicks
    assert student.faults == []
    page.context.close()


def test_a_page_opened_in_a_tab_of_its_own_is_one_of_the_same_lab(browser: Browser, server: Server) -> None:
    page = opened(browser, f"{server.url}?lesson={LESSON}")
    page.wait_for_url(re.compile("lab="))
    page.wait_for_function("'leaving' in window")
    with page.context.expect_page() as waiting:
        page.get_by_role("link", name="Final test", exact=True).click(button="middle")
    waiting.value.locator(".st-key-header").wait_for()
    assert urlsplit(waiting.value.url).path == "/final_test" and asked(waiting.value) == asked(page)
    page.context.close()


def test_a_lessons_navigation_names_its_open_pages_alone(browser: Browser, server: Server) -> None:
    page = opened(browser, f"{server.url}?lesson={LESSON}")
    names = page.get_by_test_id("stTopNavLink").or_(page.get_by_test_id("stSidebarNavLink"))
    expect(names).to_have_text([re.compile(name) for name in ("Narrow", "Final test", "Class", "Glossary", "About")])
    page.context.close()


@pytest.mark.parametrize("fresh", [False, True], ids=["known", "first page of a server"])
def test_the_address_of_a_closed_page_leads_back(
    browser: Browser, server: Server, start_server: Callable[[], Server], fresh: bool
) -> None:
    there = start_server() if fresh else server
    page = opened(browser, f"{there.url}bayesian?lesson={LESSON}")
    one(page.get_by_text("not part of your lesson"), "visible")
    expect(page.get_by_text("Gaussian process")).to_have_count(0)
    page.get_by_role("link", name="Back to the rounds").click()
    one(page.get_by_text("10 of 10 epochs left"), "visible")
    page.context.close()


def test_a_lab_of_another_lesson_is_framed_by_its_own_whatever_the_address_says(
    browser: Browser, server: Server
) -> None:
    page = opened(browser, f"{server.url}?lesson={LESSON}")
    page.wait_for_url(re.compile("lab="))
    other = opened(browser, f"{server.url}bayesian?lab={asked(page)['lab']}&lesson=budget.7")
    one(other.get_by_text("not part of your lesson"), "visible")
    other.wait_for_url(re.compile(re.escape(LESSON)))
    for each in (page, other):
        each.context.close()


def test_the_link_that_a_teacher_builds_opens_the_lesson_for_somebody_else(browser: Browser, server: Server) -> None:
    page = opened(browser, f"{server.url}lesson_link")
    page.get_by_label("trials", exact=True).fill("7")
    page.get_by_label("trials", exact=True).press("Tab")
    link = page.locator("[data-testid=stCode]").last
    expect(link).to_contain_text(["trials.7"])
    student = opened(browser, link.inner_text().replace("\n", ""))
    expect(student.get_by_label("trials", exact=True)).to_have_value("7")
    assert asked(student)["lab"] != asked(page)["lab"]
    for each in (page, student):
        each.context.close()


@pytest.mark.parametrize("width", [390, 820, 1366])
def test_the_teachers_form_is_no_wider_than_the_screen(browser: Browser, server: Server, width: int) -> None:
    page = opened(browser, f"{server.url}lesson_link?lesson={LESSON}", width)
    one(page.get_by_text("To be scanned"), "visible")
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth")
    page.context.close()
