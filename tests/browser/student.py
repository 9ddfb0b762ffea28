"""What a student does in a browser, and how tests wait for a page."""

import re
import time
from typing import Literal

from playwright.sync_api import Error, FloatRect, Locator, Page, expect

from tests.support.waiting import LIMIT, until

TIMEOUT_MS = 1000 * LIMIT
LIST_MS = 5000.0  # that a list which was opened is looked at before it is opened once more
expect.set_options(timeout=TIMEOUT_MS)


class Student:
    """Somebody in front of a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def go(self, url: str) -> "Student":
        """Open an address and wait until the page is drawn."""
        self.page.goto(url)
        return self.settled()

    def settled(self) -> "Student":
        """Wait until the script has run and the chart is drawn."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-connection-state=CONNECTED]")
        self.page.wait_for_selector("[data-test-script-state=notRunning]")
        self.chart.locator("svg, canvas").first.wait_for()
        return self

    @property
    def chart(self) -> Locator:
        """The map with its strips."""
        return self.page.locator(".st-key-map_chart")

    @property
    def curves(self) -> Locator:
        """The curves of the best trials; on a narrow page below the strips."""
        return self.page.locator(".st-key-curves_chart")

    @property
    def primary(self) -> Locator:
        return self.page.locator("button[kind=primary]:visible")  # a button with a tooltip is there twice

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=False).first.click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait for a text; if it does not come, the error shows the text of the page."""
        try:
            self.page.get_by_text(text).first.wait_for()
        except Error as late:
            raise AssertionError(f"{text!r} is not on the page, but {self.page.inner_text('body')}") from late

    def choose(self, box: Locator, option: str) -> None:
        """Choose from a list, which closes when the page is drawn anew: then once more."""
        deadline = time.monotonic() + LIMIT
        while True:
            box.click()
            try:
                self.page.get_by_role("option", name=option).click(timeout=LIST_MS)
                return
            except Error:
                assert time.monotonic() < deadline, f"there is no {option!r} to choose"

    def set_number(self, label: str, value: float, nth: int = 0) -> None:
        """Type into a number field and leave it."""
        field = self.page.get_by_label(label, exact=True).nth(nth)
        field.fill(str(value))
        field.press("Tab")
        self.page.wait_for_selector("[data-test-script-state=notRunning]")

    def marks(self) -> Locator:
        """The points of the trials on the map and the two strips."""
        return self.chart.locator(".mark-symbol path:not([fill=transparent])")  # without rings

    def exponents(self, nth: int = 0) -> tuple[float, float]:
        """What a slider's ends show."""
        low, high = self.ends(nth).all_text_contents()
        return float(low), float(high)

    def ends(self, nth: int = 0) -> Locator:
        """The two figures over a slider's ends."""
        return self.page.locator(".stSlider").nth(nth).get_by_test_id("stSliderThumbValue")


def navigate(page: Page, name: str, button: Literal["left", "middle"] = "left") -> None:
    """Click on a page's name in the navigation, after opening the section that holds it."""
    page.locator("[data-testid=stTopNavLink], [data-testid=stSidebarNavLink]").first.wait_for()
    link = page.get_by_role("link", name=name, exact=True).or_(page.get_by_role("menuitem", name=name, exact=True))
    sections = page.get_by_test_id("stTopNavSection")
    for place in range(sections.count()):
        if link.count():
            break
        sections.nth(place).click()
        expect(sections.nth(place)).to_have_attribute("aria-expanded", "true")
        page.get_by_test_id("stTopNavPopover").wait_for()
    link.first.click(button=button)


def train_round(student: Student, end: str = "Round 1: 400 epochs") -> Student:
    """The first round from start to end. end: what the page then shows"""
    student.press("Start round 1")
    student.sees(end)
    return student.settled()


def go_to_final_test(student: Student, end: str = "Round 1: 400 epochs") -> Student:
    """The first round, its best trial chosen, and the page of the final test."""
    train_round(student, end)
    student.press("Choose this value")
    student.page.get_by_role("button", name="Go to the final test").click()
    student.sees("once and for all")
    return student


def open_test_set(student: Student, end: str = "Round 1: 400 epochs") -> Student:
    """The same, and the test set opened."""
    go_to_final_test(student, end)
    student.page.get_by_text("I have finished tuning").click()
    expect_one(student.primary, "enabled")
    student.primary.click()
    student.page.get_by_test_id("stMetric").first.wait_for()
    return student


def drag_a_box(student: Student) -> None:
    """Drag over the right half of the map, once nothing is drawn."""
    student.settled()
    box = bounding_box(student.chart)
    mouse = student.page.mouse
    mouse.move(box["x"] + 320, box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + 450, box["y"] + 150, steps=6)
    mouse.move(box["x"] + 560, box["y"] + 240, steps=6)
    mouse.up()


def bounding_box(element: Locator) -> FloatRect:
    """Where an element is. Waits for it: a chart that is being redrawn has no box."""
    deadline = time.monotonic() + LIMIT
    while (found := element.bounding_box()) is None:
        assert time.monotonic() < deadline, f"{element} has no bounding box"
    return found


def expect_one(element: Locator, state: str) -> None:
    """Wait until exactly one element matches and is "visible", "enabled" or "disabled".

    While Streamlit redraws a page, an element may be in it twice; Playwright's expect(...).to_be_visible() would raise.
    """
    expect(element.and_(element.page.locator(f":{state}"))).to_have_count(1)
    expect(element).to_have_count(1)


def wait_until_true(page: Page, expression: str) -> None:
    """Wait until a JavaScript expression is true.

    Playwright's wait_for_function evaluates it by the page's own script, which the content security policy forbids.
    """
    until(lambda: page.evaluate(expression))
