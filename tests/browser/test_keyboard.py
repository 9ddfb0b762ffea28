"""The whole lesson with nothing but a keyboard: Tab, Shift+Tab, Enter, Space and what is typed."""

import re

from playwright.sync_api import ElementHandle, FloatRect, Page, expect

from tests.browser.conftest import Student, one

FARTHEST = 120  # presses of Tab from one end of a page to the other

FOCUSED = "document.activeElement"
NAMED = "one => one.labels && one.labels.length ? one.labels[0] : one"
NAME = f"one => one.getAttribute('aria-label') || ({NAMED})(one).textContent.trim()"
LONGEST = 80  # characters of a name: what scrolls can be focused too, and holds many names
AROUND = 8  # pixels


class Hands:
    """Somebody who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str, back: bool = False) -> None:
        """Press Tab until what is focused is called so. It is seen to be focused."""
        for _ in range(FARTHEST):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            called = self.page.evaluate(f"({NAME})({FOCUSED})")
            if re.search(name, called) and len(called) < LONGEST:
                assert self.is_seen(), f"nobody sees that {name} is focused"
                return
        raise AssertionError(f"no way leads to {name}")

    def is_seen(self) -> bool:
        """Whether the screen looks different where the focus is from how it would look if the focus were elsewhere."""
        focused = self.page.evaluate_handle(FOCUSED).as_element()
        shown = self.page.evaluate_handle(f"({NAMED})({FOCUSED})").as_element()
        assert focused is not None and shown is not None
        with_it = self.picture(shown)
        focused.evaluate("one => one.blur()")
        without = self.picture(shown)
        focused.focus()
        return with_it != without

    def picture(self, shown: ElementHandle) -> bytes:
        """An element and a little around it."""
        box = shown.bounding_box()
        assert box is not None
        left, top = max(box["x"] - AROUND, 0), max(box["y"] - AROUND, 0)
        clip: FloatRect = {
            "x": left, "y": top, "width": box["width"] + 2 * AROUND, "height": box["height"] + 2 * AROUND
        }  # fmt: skip
        return self.page.screenshot(clip=clip, animations="disabled", caret="hide")

    def press(self, name: str, key: str = "Enter", back: bool = False) -> None:
        self.go_to(name, back)
        self.page.keyboard.press(key)

    def type(self, name: str, text: str) -> None:
        self.go_to(name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")


def test_from_the_first_round_to_the_open_test_set(student: Student) -> None:
    hands = Hands(student.page)
    hands.type("^epochs$", "4")
    hands.press("^.*Start round 1$")
    student.sees("Round 1: 80 epochs")
    student.settled()
    hands.press("Use the Best-5's box", back=True)
    hands.press("Start round 2 in these ranges", back=True)
    student.sees("Round 2: 80 epochs")
    student.settled()
    hands.press("Choose this value")
    hands.press("Go to the final test")
    student.sees("once and for all")
    hands.press("I have finished tuning", "Space")
    one(student.primary, "enabled")
    hands.press("Open the test set")
    student.page.get_by_test_id("stMetric").first.wait_for()


def test_folded_settings_open_and_close(student: Student) -> None:
    hands = Hands(student.page)
    hands.press("More settings")
    field = student.page.get_by_label("hidden layers", exact=True)
    field.wait_for()
    hands.type("^hidden layers$", "2")
    expect(field).to_have_value("2")
    student.page.keyboard.press("Escape")
    expect(field).to_be_hidden()


def test_all_pages_can_be_reached(student: Student) -> None:
    hands = Hands(student.page)
    for name in ("Grid or random", "Class", "Glossary", "Narrow"):
        hands.press(f"{name}$")
        student.page.wait_for_selector("[data-test-script-state=notRunning]")
        expect(student.page.locator("[data-testid=stTopNavLink][aria-current=page]")).to_contain_text([name])
