"""Every page in a browser, in English with the light theme and translated with the dark one, without an error."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pages.components.frame.layout import FIRST
from tests.browser.accessibility import accessibility_violations
from tests.browser.conftest import ROOT, Server
from tests.browser.student import TIMEOUT_MS, Student
from tests.support.languages import LANGUAGES, TRANSLATIONS, is_in, round_over

PAGES = sorted({path.stem for path in Path(ROOT, "pages").glob("[!_]*.py")} - {"navigation"})


@pytest.mark.parametrize(
    "lang, with_axe",
    [("en", False), *(pytest.param(lang, True, marks=pytest.mark.long) for lang in LANGUAGES)],
)
def test_every_page_is_drawn_after_a_round(browser: Browser, server: Server, lang: str, with_axe: bool) -> None:
    scheme = "light" if lang == "en" else "dark"
    context = browser.new_context(viewport={"width": 1366, "height": 1000}, locale=lang, color_scheme=scheme)
    student = Student(context.new_page()).go(server.url)
    student.primary.click()
    student.sees(round_over(lang, 400))
    address = student.page.url.split("?")[1]
    sentences = set()
    for page in PAGES:
        student.page.goto(f"{server.url}{'' if page == FIRST else page}?{address}")
        student.page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        student.page.wait_for_selector("[data-test-script-state=notRunning]")
        heading = student.page.locator(".st-key-header h4")
        heading.wait_for(timeout=TIMEOUT_MS)
        sentences.add(heading.inner_text())
        assert [one for one in TRANSLATIONS if is_in(one, heading.inner_text())] == [lang] * (lang != "en"), page
        expect(student.page.get_by_test_id("stException")).to_have_count(0)
        expect(student.page.locator("html")).to_have_attribute("lang", lang)
        assert not with_axe or accessibility_violations(student.page) == [], page
    assert len(sentences) == len(PAGES) - 1  # narrow and final_test say what comes next, the others what they show
    assert student.faults == []
    context.close()
