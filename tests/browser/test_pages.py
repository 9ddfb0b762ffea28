"""Every page in a real browser, in both languages: it is drawn whole, in its language, without a fault."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pages.components.layout import FIRST
from tests.browser.conftest import PATIENCE, ROOT, Server, Student

PAGES = sorted(path.stem for path in Path(ROOT, "pages").glob("[!_]*.py"))
STARTS = {"en": ("en-US", "Round 1: 400 epochs"), "ko": ("ko-KR", "라운드 1: 400에폭")}


@pytest.mark.parametrize("lang", STARTS)
def test_every_page_is_drawn_after_a_round(browser: Browser, server: Server, lang: str) -> None:
    locale, over = STARTS[lang]
    context = browser.new_context(viewport={"width": 1366, "height": 1000}, locale=locale)
    student = Student(context.new_page()).go(server.url)
    student.primary.click()
    student.sees(over)
    address = student.page.url.split("?")[1]
    sentences = set()
    for page in PAGES:
        student.page.goto(f"{server.url}{'' if page == FIRST else page}?{address}")
        student.page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        student.page.wait_for_selector("[data-test-script-state=notRunning]")
        heading = student.page.locator(".st-key-header h4")
        heading.wait_for(timeout=PATIENCE)
        sentences.add(heading.inner_text())
        hangul = re.search("[가-힣]", heading.inner_text())
        assert bool(hangul) == (lang == "ko"), page
        expect(student.page.get_by_test_id("stException")).to_have_count(0)
        expect(student.page.locator("html")).to_have_attribute("lang", lang)
    assert len(sentences) == len(PAGES)  # each says something of its own
    assert student.faults == []
    context.close()
