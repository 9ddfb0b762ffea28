"""Giving up early in a browser: rungs, a trial given up by hand, and the replay of a round."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.student import Student, bounding_box, expect_one, wait_until_true

pytestmark = pytest.mark.long


def rungs(student: Student) -> Locator:
    """What the button about rungs opens."""
    student.press("More settings")
    return student.page.get_by_test_id("stPopoverBody")


def test_rungs_set_in_a_popover_apply_to_the_round(student: Student) -> None:
    opened = rungs(student)
    opened.get_by_text("Stop weak trials early").click()
    student.sees("Give up early: 2, 4, 8")
    field = opened.get_by_label("rungs (epochs)", exact=True)
    field.fill("five")
    field.press("Enter")
    expect_one(opened.get_by_text("Rungs are typed as numbers of epochs"), "visible")
    expect(field).to_have_count(1)  # it has been replaced
    field.fill("4, 10")
    field.press("Enter")
    student.sees("20 trials → 10 after epoch 4 → 5 after epoch 10: 190 of 400 epochs")
    student.page.keyboard.press("Escape")
    student.press("Start round 1")
    student.sees("Round 1: 190 of 400 epochs")
    # fifteen discs with a hole, on the map and on either strip
    holes = student.chart.locator(".mark-symbol path[fill='#ffffff']")
    expect(holes).to_have_count(45)
    hole = bounding_box(holes.first)
    student.page.mouse.click(hole["x"] + hole["width"] / 2, hole["y"] + hole["height"] / 2)
    student.sees(re.compile(", given up after epoch 10$"))  # a click through the hole meets the trial
    student.press("Train them to the end")
    student.sees(re.compile("The best trial that was given up .* would have reached"))


def test_the_trial_that_was_clicked_is_ringed_and_given_up(student: Student) -> None:
    student.set_number("epochs", 200)
    student.press("Start round 1")
    wait_until_true(student.page, "document.querySelectorAll('.st-key-map_chart .mark-symbol path').length >= 60")
    button = student.page.locator(".st-key-give_up_one button:visible").first
    expect_one(button, "disabled")
    place = button.bounding_box()
    panel = bounding_box(student.page.get_by_text(re.compile("^Best-4\\s+0\\.")))
    student.page.mouse.click(panel["x"] + 60, panel["y"] + 50)
    expect_one(button, "enabled")
    rings = student.chart.locator(".mark-symbol path[stroke='#2563a8']")
    expect(rings).to_have_count(1)
    button.click()
    student.sees("1 of 20 trials were given up early (hollow circles on the map")
    expect_one(button, "disabled")
    assert button.bounding_box() == place  # nothing has jumped
    student.press("Stop")
    student.sees("Round 1 was stopped")
    expect(button).to_have_count(0)
