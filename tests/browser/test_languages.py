"""Every page in every language, on a desktop and on a phone: no text is cut off, and none stands over another."""

import time

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.accessibility import ANIMATIONS_ENDED
from tests.browser.conftest import Server
from tests.browser.look import SIZES, views
from tests.browser.student import wait_until_true
from tests.support.languages import LANGUAGES

pytestmark = pytest.mark.long

PATIENCE, POLL = 15.0, 200  # seconds that a page may take to fit; milliseconds between two looks

CUT = """() => {
  const found = [], range = document.createRange();
  const shown = one => getComputedStyle(one).visibility === 'visible' && one.checkVisibility({opacityProperty: true});
  const texts = document.createTreeWalker(document.querySelector('.stApp'), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode, parent = node.parentElement;
    if (!node.data.trim() || parent.closest('svg, style, [translate=no]') || !shown(parent)) continue;
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    for (let around = parent; around && box.width > 1; around = around.parentElement) {
      const { overflowX, clipPath } = getComputedStyle(around), frame = around.getBoundingClientRect();
      // only read aloud, or to be scrolled
      if (clipPath !== 'none' || frame.width <= 1 || ['auto', 'scroll'].includes(overflowX)) break;
      if (overflowX === 'visible') continue;
      if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push('cut: ' + node.data);
    }
  }
  for (const chart of document.querySelectorAll('[data-testid=stVegaLiteChart] svg.marks')) {
    const frame = chart.getBoundingClientRect();
    const words = [...chart.querySelectorAll('text')].filter(one => one.textContent.trim() && shown(one)
      && one.getAttribute('fill') !== 'transparent' && one.getBoundingClientRect().width);
    const boxes = words.map(one => {
      const { left, top, right, bottom, width, height } = one.getBoundingClientRect();
      const across = height > width ? 0.22 * width : 0, along = height > width ? 0 : 0.22 * height;  // no ink
      return { left: left + across, right: right - across, top: top + along, bottom: bottom - along };
    });
    words.forEach((one, place) => {
      const box = boxes[place];
      if (one.textContent.endsWith('…')) found.push('shortened: ' + one.textContent);
      if (box.left < frame.left - 2 || box.right > frame.right + 2) found.push('beyond its chart: ' + one.textContent);
      words.slice(0, place).forEach((other, before) => {
        const wide = Math.min(box.right, boxes[before].right) - Math.max(box.left, boxes[before].left);
        const high = Math.min(box.bottom, boxes[before].bottom) - Math.max(box.top, boxes[before].top);
        if (wide > 2 && high > 2 && one.textContent !== other.textContent) {
          found.push(`over each other: ${one.textContent} and ${other.textContent}`);
        }
      });
    });
  }
  const main = document.querySelector('[data-testid=stMain]');
  if (main.scrollWidth > main.clientWidth) found.push('wider than the screen');
  return found;
}"""


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("screen", SIZES)
def test_no_text_is_cut_off_or_stands_over_another(browser: Browser, server: Server, lang: str, screen: str) -> None:
    found = {name: cut(page) for name, page in views(browser, server.url, lang, *SIZES[screen])}
    assert {name: texts for name, texts in found.items() if texts} == {}


def cut(page: Page) -> list[str]:
    """The texts of a page that cannot be read as a whole, still so when it has had time to fit itself to the screen."""
    wait_until_true(page, ANIMATIONS_ENDED)
    end = time.monotonic() + PATIENCE
    while (found := [str(one) for one in page.evaluate(CUT)]) and time.monotonic() < end:
        page.wait_for_timeout(POLL)
    return found
