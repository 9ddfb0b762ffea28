"""A finger on the map: it draws a box in any direction while the switch is on, and else scrolls and picks."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from tests.browser.conftest import Server
from tests.browser.student import Student, bounding_box, train_round, wait_until_true

pytestmark = pytest.mark.long

DIRECTIONS = [(1, 0.6), (-1, 0.6), (1, -0.6), (-1, -0.6), (0.6, 1), (-0.6, 1), (0.6, -1), (-0.6, -1)]
REACH = 90  # pixels
BRUSH = "document.querySelector('.st-key-map_chart .brush_brush, .st-key-map_chart [class*=brush_brush]')"
IN_SIGHT = """one => {
  const box = one.getBoundingClientRect();
  return box.width > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight;
}"""
SCROLLED = "document.querySelector('[data-testid=stMain]').scrollTop"


@pytest.fixture
def phone(browser: Browser, server: Server) -> Iterator[Student]:
    """A student with a phone, after a round."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, locale="en-US", reduced_motion="reduce"
    )
    student = Student(context.new_page()).go(server.url)
    student.set_number("epochs", 4)
    train_round(student, "Round 1: 80 epochs")
    student.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    yield student
    context.close()
    assert student.faults == []


def middle(student: Student) -> tuple[float, float]:
    """The middle of the map, in pixels of the screen."""
    box = bounding_box(student.chart.locator("svg.marks"))
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(line: CDPSession, start: tuple[float, float], by: tuple[float, float], end: str = "touchEnd") -> None:
    """A finger that is put down, moved and lifted, or taken away."""
    line.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": start[0], "y": start[1]}]})
    for step in range(1, 9):
        place = {"x": start[0] + by[0] * step / 8, "y": start[1] + by[1] * step / 8}
        line.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    line.send("Input.dispatchTouchEvent", {"type": end, "touchPoints": []})


def test_a_box_is_drawn_in_any_direction(phone: Student) -> None:
    phone.page.get_by_role("switch", name="Draw a box").check()
    line = phone.page.context.new_cdp_session(phone.page)
    for across, down in DIRECTIONS:
        drag(line, middle(phone), (REACH * across, REACH * down))
        expect(phone.primary).to_have_text([re.compile("Start round 2 in these ranges")])
        assert phone.page.evaluate(SCROLLED) == 0
        phone.press("Undo")
        expect(phone.primary).to_have_text([re.compile("Start round 2(?! in)")])


def test_a_drag_that_is_cancelled_sets_nothing_and_leaves_nothing(phone: Student) -> None:
    phone.page.get_by_role("switch", name="Draw a box").check()
    line = phone.page.context.new_cdp_session(phone.page)
    drag(line, middle(phone), (REACH, REACH), "touchCancel")
    phone.page.wait_for_selector("[data-test-script-state=notRunning]")
    wait_until_true(phone.page, f"!{BRUSH} || {BRUSH}.getBoundingClientRect().width === 0")
    expect(phone.primary).to_have_text([re.compile("Start round 2(?! in)")])
    drag(line, middle(phone), (REACH, REACH))  # and the next one counts
    expect(phone.primary).to_have_text([re.compile("Start round 2 in these ranges")])


def test_without_the_switch_a_finger_scrolls_the_page_and_draws_nothing(phone: Student) -> None:
    line = phone.page.context.new_cdp_session(phone.page)
    drag(line, middle(phone), (20, -200))
    wait_until_true(phone.page, f"{SCROLLED} > 50")
    expect(phone.primary).to_have_text([re.compile("Start round 2(?! in)")])
    wait_until_true(phone.page, f"!{BRUSH} || {BRUSH}.getBoundingClientRect().width === 0")


def test_a_finger_that_scrolls_over_a_slider_does_not_move_it(phone: Student) -> None:
    before = phone.exponents()
    slider = phone.page.locator(".stSlider").first
    slider.scroll_into_view_if_needed()
    box, scrolled = bounding_box(slider), phone.page.evaluate(SCROLLED)
    line = phone.page.context.new_cdp_session(phone.page)
    drag(line, (box["x"] + 8, box["y"] + box["height"] - 20), (0, -120))
    wait_until_true(phone.page, f"{SCROLLED} !== {scrolled}")
    assert phone.exponents() == before


def test_a_tap_picks_a_trial_and_shows_its_numbers(phone: Student) -> None:
    point = bounding_box(phone.chart.locator(".mark-symbol path").first)
    phone.page.touchscreen.tap(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    phone.sees(re.compile(r"^clicked: \(val acc:0\.\d\d\) \| lr:"))
    phone.sees(re.compile(r"^Best-\d+ of round 1$"))
    tooltip = phone.page.locator("#vg-tooltip-element")
    expect(tooltip).to_contain_text("validation accuracy")
    assert tooltip.evaluate(IN_SIGHT)


def test_a_tap_on_another_chart_picks_that_trial_and_a_tap_on_the_first_one_picks_it_again(phone: Student) -> None:
    first = phone.chart.locator(".mark-symbol path").first
    panel = phone.curves.locator(".panel_marks path, [class*=panel] path").nth(3)
    for element, rank in ((first, 1), (panel, 4), (first, 1)):
        element.scroll_into_view_if_needed()
        box = bounding_box(element)
        phone.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        phone.sees(re.compile(rf"^Best-{rank} of round 1$"))
