"""The whole lesson with the keyboard alone: Tab, Shift+Tab, Enter, Space and typed text."""

import pytest
from playwright.sync_api import expect

from tests.browser.keyboard import KeyboardUser
from tests.browser.student import Student

pytestmark = pytest.mark.long


def test_folded_settings_open_and_close(student: Student) -> None:
    keyboard = KeyboardUser(student.page)
    keyboard.press("More settings")
    field = student.page.get_by_label("hidden layers", exact=True)
    field.wait_for()
    keyboard.type("^hidden layers$", "2")
    expect(field).to_have_value("2")
    student.page.keyboard.press("Escape")
    expect(field).to_be_hidden()


def test_all_pages_can_be_reached(student: Student) -> None:
    keyboard = KeyboardUser(student.page)
    for name, path in {"Experiments": "strategies", "Class": "class_board", "Help": "glossary"}.items():
        keyboard.press(f"^{name}")
        student.page.get_by_test_id("stTopNavPopover").wait_for()
        student.page.keyboard.press("Enter")  # on the first page of the section
        student.page.wait_for_url(f"**/{path}?*")
        student.page.wait_for_selector("[data-test-script-state=notRunning]")
    keyboard.press("Narrow$")
    expect(student.page.locator("[data-testid=stTopNavLink][aria-current=page]")).to_contain_text(["Narrow"])
