"""Further hyperparameters in a browser: added in the settings, narrowed by brushes, chosen, tested."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.student import Student, bounding_box, expect_one, wait_until_true

pytestmark = pytest.mark.long


def search_also(student: Student, *names: str) -> None:
    """Add hyperparameters in the settings of the next round, or take them away."""
    student.page.get_by_role("button", name="More settings").first.click()
    for name in names:
        before = student.page.locator(".stSlider").count()
        pill = student.page.locator(".st-key-fold_more_settings").get_by_role("button", name=name, exact=True)
        pill.first.click()
        wait_until_true(student.page, f"document.querySelectorAll('.stSlider').length != {before}")
    student.page.keyboard.press("Escape")
    student.settled()


def drag(student: Student, view: str, start: float, end: float) -> None:
    """Drag along a strip of the map's chart. start, end: shares of its width"""
    box = bounding_box(student.chart.get_by_text(view, exact=True))
    mouse, height = student.page.mouse, box["y"] + 60
    left = box["x"] + 70
    mouse.move(left + start, height)
    mouse.down()
    mouse.move(left + (start + end) / 2, height + 3, steps=4)
    mouse.move(left + end, height + 3, steps=4)
    mouse.up()


def test_a_lab_with_further_axes_goes_from_the_settings_to_the_final_test(student: Student) -> None:
    search_also(student, "momentum", "dropout ratio")
    expect(student.page.locator(".stSlider")).to_have_count(4)
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    student.sees(re.compile(r"Best-1 \(val acc:[\d.]+\) \| lr:.*, weight decay:.*, momentum:.*, dropout:"))
    student.settled()
    expect(student.marks()).to_have_count(100)  # the map and four strips
    before = student.exponents(2)
    drag(student, "accuracy by momentum", 60, 180)
    expect(student.primary).to_have_text([re.compile("Start round 2 in these ranges")])
    assert student.exponents(2) != before
    assert student.exponents(0) == (-6.0, -2.0) and student.exponents(1) == (-8.0, -4.0)
    student.page.get_by_role("combobox", name="upward axis of the map").click()
    student.page.get_by_role("option", name="momentum").click()
    wait_until_true(
        student.page, "document.querySelector('.st-key-map_chart').textContent.includes('accuracy by weight decay')"
    )
    student.page.get_by_role("button", name="Choose this value").click()
    student.sees(re.compile("Chosen: learning rate .*, weight decay .*, momentum .*, dropout ratio"))
    student.press("Train this value")
    student.sees(re.compile("Your guess .*validation accuracy"))
    student.page.get_by_role("button", name="Go to the final test").or_(
        student.page.get_by_role("link", name="Go to the final test")
    ).first.click()
    student.sees("once and for all")
    student.page.get_by_text("I have finished tuning").click()
    expect_one(student.primary, "enabled")
    student.primary.click()
    student.page.get_by_test_id("stMetric").first.wait_for()
