"""Giving up early in a real browser: rungs, a trial given up by hand, and what a replay says."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Student, one, place_of


def rungs(student: Student) -> Locator:
    """What the button about rungs opens."""
    student.press("Give up early")
    return student.page.get_by_test_id("stPopoverBody")


def test_rungs_are_set_in_a_popover_that_stays_open_and_are_kept_to(student: Student) -> None:
    opened = rungs(student)
    opened.get_by_text("Give up trials that are behind").click()
    student.sees("Give up early: 2, 4, 8")
    field = opened.get_by_label("rungs (epochs)")
    field.fill("five")
    field.press("Enter")
    one(opened.get_by_text("Rungs are typed as numbers of epochs"), "visible")
    expect(field).to_have_count(1)  # another one has taken its place
    field.fill("4, 10")
    field.press("Enter")
    student.sees("20 trials → 10 after epoch 4 → 5 after epoch 10: 190 of 400 epochs")
    student.page.keyboard.press("Escape")
    student.press("Start round 1")
    student.sees("Round 1: 190 of 400 epochs")
    # fifteen discs with a hole, on the map and on either strip
    holes = student.chart.locator(".mark-symbol path[fill='#ffffff']")
    expect(holes).to_have_count(45)
    hole = place_of(holes.first)
    student.page.mouse.click(hole["x"] + hole["width"] / 2, hole["y"] + hole["height"] / 2)
    student.sees(re.compile(", given up after epoch 10$"))  # a click through the hole meets the trial
    student.press("Finish them after all")
    student.sees(re.compile("The best trial that was given up .* would have reached"))


def test_the_trial_that_was_clicked_is_ringed_and_given_up(student: Student) -> None:
    student.set_number("epochs", 200)
    student.press("Start round 1")
    student.page.wait_for_function("document.querySelectorAll('.st-key-live_chart .mark-symbol path').length >= 60")
    button = student.page.locator(".st-key-give_up_one button:visible").first
    one(button, "disabled")
    place = button.bounding_box()
    panel = place_of(student.page.get_by_text(re.compile("^Best-4\\s+0\\.")))
    student.page.mouse.click(panel["x"] + 60, panel["y"] + 50)
    one(button, "enabled")
    rings = student.chart.locator(".mark-symbol path[stroke='#31333f']")
    expect(rings).to_have_count(1)
    button.click()
    student.sees("1 of 20 trials were given up early (hollow circles on the map")
    one(button, "disabled")
    assert button.bounding_box() == place  # nothing has jumped
    student.press("Stop")
    student.sees("Round 1 was stopped")
    expect(button).to_have_count(0)
