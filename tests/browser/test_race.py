"""A race in a browser: started, watched to its end, and found again after a reload; in every language."""

import json
import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Server
from tests.browser.student import TIMEOUT_MS, Student, expect_one, navigate, wait_until_true
from tests.support.languages import TRANSLATIONS, round_over, shown

pytestmark = pytest.mark.long

CHART = "document.querySelector('[data-testid=stVegaLiteChart]')"  # the first one of the page
LINE_PATHS = f"[...({CHART}?.querySelectorAll('.mark-line path') ?? [])].map(path => path.getAttribute('d'))"


@pytest.mark.parametrize(("lang", "width"), [("en", 1366), *((lang, 390) for lang in TRANSLATIONS)])
def test_a_race_is_begun_watched_and_finished(browser: Browser, server: Server, lang: str, width: int) -> None:
    names = ("Race", "Start the race", "The race is over.", "The winners on fresh seeds")
    name, start, over, winners = (shown(one, lang) for one in names)
    context = browser.new_context(viewport={"width": width, "height": 1300}, locale=lang)
    someone = Student(context.new_page()).go(server.url)
    someone.set_number(shown("trials", lang), 30)
    someone.primary.click()
    someone.sees(round_over(lang, 600))
    page = someone.page
    if width == 390:
        page.get_by_test_id("stExpandSidebarButton").click()
    navigate(page, name)
    if width == 390:
        page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    expect(someone.primary).to_have_text([re.compile(start)])
    wait_until_true(page, f"{LINE_PATHS}.length === 1")  # the student's own
    page.evaluate(f"{CHART}.querySelector('svg').dataset.first = 'yes'")
    someone.primary.click()
    wait_until_true(page, f"{LINE_PATHS}.length === 4")
    before = page.evaluate(LINE_PATHS)
    wait_until_true(page, f"{LINE_PATHS}.join() !== {json.dumps(','.join(before))}")
    assert page.evaluate(LINE_PATHS)[0] == before[0]  # the student's own stays
    page.get_by_text(over).wait_for(timeout=4 * TIMEOUT_MS)
    someone.sees(winners)
    assert page.evaluate(f"{CHART}.querySelector('svg').dataset.first") == "yes"  # never mounted again
    assert page.evaluate(f"{LINE_PATHS}.length") == 4
    main = "document.querySelector('[data-testid=stMain]')"
    wait_until_true(page, f"{main}.scrollWidth <= {main}.clientWidth")
    page.reload()
    expect_one(page.get_by_text(winners), "visible")
    assert someone.faults == []
    context.close()
