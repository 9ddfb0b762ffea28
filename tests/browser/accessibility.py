"""Checks with axe of what a program can check of WCAG 2 at the levels A and AA: contrast, names, roles, order.

What is inside a chart is left out: a chart has one text for the whole of it, axe reads no colours there, and of a map's
hundreds of cells it would make several seconds.
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.student import wait_until_true

ANIMATIONS_ENDED = (
    "!document.querySelector('[data-stale=true]') && !document.getAnimations().some(one => one.pending || "
    "one.playState === 'running')"
)
BUTTONS_LABELLED = """() => {
  const within = root => [...root.querySelectorAll('*')].flatMap(one =>
    [...(one.localName === 'button' ? [one] : []), ...(one.shadowRoot ? within(one.shadowRoot) : [])]);
  const roots = one => [one, ...(one.shadowRoot ? [one.shadowRoot] : [])];
  return [...document.querySelectorAll('.stBidiComponent')].flatMap(roots).flatMap(within)
    .every(button => button.textContent || button.ariaLabel);
}"""  # a component's button has its words from its script
WITHOUT_CHARTS = {"exclude": [["svg > *"]]}
RULES = {"runOnly": ["wcag2a", "wcag2aa"], "rules": {"svg-img-alt": {"enabled": False}}}


def accessibility_violations(page: Page) -> list[str]:
    """The accessibility rules that a page breaks, with the element and the reason, after all animations have ended."""
    wait_until_true(page, ANIMATIONS_ENDED)
    wait_until_true(page, BUTTONS_LABELLED)
    return [
        f"{found['id']} at {node['target']}: {node['failureSummary']}"
        for found in Axe().run(page, WITHOUT_CHARTS, RULES).response["violations"]
        for node in found["nodes"]
    ]
