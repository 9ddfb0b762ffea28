"""Every page in a real browser, English and light, Korean and dark: drawn whole, in its language, without a fault.

So that everybody can use it, axe checks what a program can check of WCAG 2 at the levels A and AA: contrast, names,
roles, order. What is inside a chart is left out: a chart has one text for the whole of it, axe reads no colours there,
and of a map's hundreds of cells it would make several seconds.
"""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pages.components.layout import FIRST
from tests.browser.conftest import PATIENCE, ROOT, Server, Student

PAGES = sorted(path.stem for path in Path(ROOT, "pages").glob("[!_]*.py"))
STARTS = {"en": ("en-US", "light", "Round 1: 400 epochs"), "ko": ("ko-KR", "dark", "라운드 1: 400에폭")}
SETTLED = (
    "!document.querySelector('[data-stale=true]') && !document.getAnimations().some(one => one.pending || "
    "one.playState === 'running')"
)
WORDED = """() => {
  const within = root => [...root.querySelectorAll('*')].flatMap(one =>
    [...(one.localName === 'button' ? [one] : []), ...(one.shadowRoot ? within(one.shadowRoot) : [])]);
  const roots = one => [one, ...(one.shadowRoot ? [one.shadowRoot] : [])];
  return [...document.querySelectorAll('.stBidiComponent')].flatMap(roots).flatMap(within)
    .every(button => button.textContent);
}"""  # a component's button has its words from its script
CHARTS = {"exclude": [["svg > *"]]}
RULES = {"runOnly": ["wcag2a", "wcag2aa"], "rules": {"svg-img-alt": {"enabled": False}}}


@pytest.mark.parametrize("lang", STARTS)
def test_every_page_is_drawn_after_a_round(browser: Browser, server: Server, lang: str) -> None:
    locale, scheme, over = STARTS[lang]
    context = browser.new_context(viewport={"width": 1366, "height": 1000}, locale=locale, color_scheme=scheme)
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
        assert barriers(student.page) == [], page
    assert len(sentences) == len(PAGES)  # each says something of its own
    assert student.faults == []
    context.close()


def barriers(page: Page) -> list[str]:
    """What keeps somebody from using a page: the rule, where, and why. What comes a moment later is there before."""
    page.wait_for_function(SETTLED)
    page.wait_for_function(WORDED)
    return [
        f"{found['id']} at {node['target']}: {node['failureSummary']}"
        for found in Axe().run(page, CHARTS, RULES).response["violations"]
        for node in found["nodes"]
    ]
