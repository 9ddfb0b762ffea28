"""Somebody who uses a page with the keyboard alone."""

import re

from playwright.sync_api import ElementHandle, FloatRect, Page

MAX_TABS = 120  # presses of Tab from one end of a page to the other

ACTIVE_ELEMENT = "document.activeElement"
LABEL_OR_SELF = "one => one.labels && one.labels.length ? one.labels[0] : one"
NAME = f"one => one.getAttribute('aria-label') || ({LABEL_OR_SELF})(one).textContent.trim()"
MAX_NAME_LENGTH = 80  # characters of a name: what scrolls can be focused too, and holds many names
MARGIN = 8  # pixels


class KeyboardUser:
    """Somebody who uses the keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str, back: bool = False) -> None:
        """Press Tab until an element of that name has the focus, and check that the focus is visible."""
        for _ in range(MAX_TABS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            called = self.page.evaluate(f"({NAME})({ACTIVE_ELEMENT})")
            if re.search(name, called) and len(called) < MAX_NAME_LENGTH:
                assert self.focus_is_visible(), f"the focus on {name} is not visible"
                return
        raise AssertionError(f"Tab does not reach {name}")

    def focus_is_visible(self) -> bool:
        """Whether the focused element looks different without the focus."""
        focused = self.page.evaluate_handle(ACTIVE_ELEMENT).as_element()
        shown = self.page.evaluate_handle(f"({LABEL_OR_SELF})({ACTIVE_ELEMENT})").as_element()
        assert focused is not None and shown is not None
        with_it = self.screenshot(shown)
        focused.evaluate("one => one.blur()")
        without = self.screenshot(shown)
        focused.focus()
        return with_it != without

    def screenshot(self, shown: ElementHandle) -> bytes:
        """An element and a little around it."""
        box = shown.bounding_box()
        assert box is not None
        left, top = max(box["x"] - MARGIN, 0), max(box["y"] - MARGIN, 0)
        clip: FloatRect = {
            "x": left, "y": top, "width": box["width"] + 2 * MARGIN, "height": box["height"] + 2 * MARGIN
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
