"""The first look at the page of rounds: what is in sight without scrolling, and that nothing jumps."""

import json
import re
import time
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pages.components.round.epoch_replay import SECONDS
from tests.browser.conftest import Server
from tests.browser.student import Student, wait_until_true
from tests.support.languages import TRANSLATIONS, round_over

DESKTOP, TABLET, PHONE = (1366, 768), (1024, 768), (390, 844)  # pixels
BOXES = """selectors => selectors.map(selector => {
  const box = document.querySelector(selector)?.getBoundingClientRect();
  return box ? [box.left, box.top, box.right, box.bottom].map(Math.round) : null;
})"""
SLIDERS = [".st-key-learning_rate_row .stSlider", ".st-key-weight_decay_row .stSlider"]
START, BEST, FINDING = ".st-key-start_row button", ".aside ol", ".aside ul li"
SHOWN = [".marks-legend", ".aside section:last-child"]  # all that a round shows beside its map
BESIDE_EACH_OTHER = [".st-key-map_chart svg.marks", *SLIDERS, ".st-key-counts_row", START, BEST, FINDING, *SHOWN]
WHEN_NARROW = [".st-key-map_chart svg.marks", START, ".progress-line"]
MOVING = [".st-key-map_chart", *SLIDERS, START, ".progress-line"]


def at(browser: Browser, server: Server, size: tuple[int, int], **more: Any) -> Student:
    """A student whose screen has a size."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **{"locale": "en-US", **more})
    student = Student(context.new_page()).go(server.url)
    wait_until_true(student.page, fits(size[0]))
    return student


def fits(width: int) -> str:
    """That the map has been drawn for the width of the screen."""
    edge = "document.querySelector('.st-key-map_chart svg.marks')?.getBoundingClientRect().right"
    return f"{edge} <= {width} && {edge} > 0.5 * {width}"


def boxes(page: Page, selectors: list[str]) -> dict[str, list[int]]:
    """Left, top, right and bottom of elements, all of the same moment, in pixels of the screen."""
    return dict(zip(selectors, page.evaluate(BOXES, selectors), strict=True))


def outside(page: Page, selectors: list[str], size: tuple[int, int]) -> dict[str, list[int]]:
    """The elements that are not wholly on the screen."""
    width, height = size
    found = boxes(page, selectors)
    return {
        name: box
        for name, box in found.items()
        if box is None or box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height
    }


def narrow_down(student: Student) -> None:
    """Set the next ranges by a button: the suggestion where there is one, else those around the best trials."""
    before = student.page.locator(f"{START}:visible").first.inner_text()
    student.page.locator(".st-key-move button:enabled:visible, .st-key-box button:enabled:visible").last.click()
    expect(student.page.locator(f"{START}:visible").first).not_to_have_text(before)


@pytest.mark.parametrize("lang", ["en", *(pytest.param(one, marks=pytest.mark.long) for one in TRANSLATIONS)])
@pytest.mark.parametrize(
    ("size", "needed"),
    [
        (DESKTOP, BESIDE_EACH_OTHER),
        pytest.param(TABLET, BESIDE_EACH_OTHER, marks=pytest.mark.long),
        pytest.param(PHONE, WHEN_NARROW, marks=pytest.mark.long),
    ],
)
def test_the_map_what_sets_the_next_round_and_what_this_one_shows_are_in_sight_together(
    browser: Browser, server: Server, size: tuple[int, int], needed: list[str], lang: str
) -> None:
    student = at(browser, server, size, locale=lang)
    header, steps = boxes(student.page, ["[data-testid=stHeader]", ".steps li"]).values()
    assert steps[1] >= header[3]  # the first line is clear of the navigation
    for number in (1, 2, 3):
        if number > 1:
            narrow_down(student)
        student.page.locator(f"{START}:visible").first.click()
        student.sees(round_over(lang, 400, number))
        student.settled()
        wait_until_true(student.page, "document.querySelector('.aside ul li') !== null")
        assert outside(student.page, needed, size) == {}, f"round {number}"
    assert student.faults == []
    student.page.context.close()


@pytest.mark.long
@pytest.mark.parametrize("size", [DESKTOP, TABLET, PHONE])
def test_nothing_jumps_when_a_round_starts_runs_and_ends(
    browser: Browser, server: Server, size: tuple[int, int]
) -> None:
    student = at(browser, server, size)
    student.set_number("epochs", 100)
    student.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")  # a start leads to the map
    before = {name: box[:2] for name, box in boxes(student.page, MOVING).items()}
    student.primary.click()
    student.sees(re.compile(r"\d+ of 2000 epochs · "))
    running = {name: box[:2] for name, box in boxes(student.page, MOVING).items()}
    student.sees("Round 1: 2000 epochs")
    student.settled()
    after = {name: box[:2] for name, box in boxes(student.page, MOVING).items()}
    for now in (running, after):  # a pixel is what a line's rounded height may change
        assert {name: box for name, box in now.items() if max(map(abs, np.subtract(box, before[name]))) > 1} == {}
    student.page.context.close()


@pytest.mark.long
def test_on_a_phone_the_start_button_stays_while_the_page_is_scrolled(browser: Browser, server: Server) -> None:
    student = at(browser, server, PHONE)
    before = boxes(student.page, [START])
    student.page.mouse.move(200, 400)
    student.page.mouse.wheel(0, 1500)
    wait_until_true(student.page, "document.querySelector('[data-testid=stMain]').scrollTop > 500")
    assert boxes(student.page, [START]) == before and outside(student.page, [START], PHONE) == {}
    student.page.context.close()


PLACES = """() => [...document.querySelectorAll('.st-key-map_chart .mark-symbol path')]
  .map(one => one.getAttribute('transform'))"""
COUNT_MESSAGES = """() => {
  const send = WebSocket.prototype.send;
  window.messagesSent = 0;
  WebSocket.prototype.send = function (...message) { window.messagesSent += 1; return send.apply(this, message); };
}"""
RECORD_BUTTONS = """() => {
  window.buttonsSeen = new Set();
  setInterval(() => {  // the bar may be made anew
    for (const { shadowRoot } of document.querySelectorAll('.st-key-replay_bar *')) {
      shadowRoot?.querySelectorAll('button').forEach(one => buttonsSeen.add(one.ariaLabel));
    }
  }, 20);
}"""
HEADINGS = """() => [...document.querySelectorAll('.st-key-curves_chart text')].map(one => one.textContent)
  .filter(text => /^Best-\\d+\\s/.test(text))"""


def test_a_replay_moves_the_map_and_the_curves_together_without_the_server(student: Student) -> None:
    page = student.page
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    student.settled()
    slider = page.get_by_role("slider", name="Epoch of the replay")
    expect(slider).to_be_enabled()
    at_the_end = page.evaluate(PLACES), page.evaluate(HEADINGS)
    page.evaluate(COUNT_MESSAGES)
    page.evaluate(RECORD_BUTTONS)
    slider.fill("1")
    wait_until_true(page, f"JSON.stringify(({PLACES})()) !== JSON.stringify({json.dumps(at_the_end[0])})")
    wait_until_true(page, f"JSON.stringify(({HEADINGS})()) !== JSON.stringify({json.dumps(at_the_end[1])})")
    assert page.get_by_text("epoch 1 of 20").count() == 1
    assert len(page.evaluate(PLACES)) == len(at_the_end[0])
    page.get_by_role("combobox", name="Speed of the replay").select_option("4")
    page.get_by_role("button", name="Replay the round").click()
    wait_until_true(page, "buttonsSeen.has('Pause the replay')")
    page.get_by_text("epoch 20 of 20").wait_for()
    wait_until_true(page, f"JSON.stringify(({PLACES})()) === JSON.stringify({json.dumps(at_the_end[0])})")
    assert page.evaluate(HEADINGS) == at_the_end[1]
    assert page.evaluate("messagesSent") == 0


@pytest.mark.long
def test_a_round_that_was_over_in_a_moment_is_replayed_by_itself(student: Student) -> None:
    page = student.page
    page.emulate_media(reduced_motion="no-preference")
    student.set_number("trials", 2)  # over in a moment also on a busy machine
    student.settled()
    page.evaluate(RECORD_BUTTONS)
    student.press("Start round 1")
    student.sees("Round 1: 40 epochs")
    wait_until_true(page, "buttonsSeen.has('Pause the replay')")
    page.get_by_role("button", name="Replay the round").wait_for()  # once
    page.get_by_role("link", name="Final test").first.click()
    page.get_by_role("slider", name="Epoch of the replay").wait_for(state="detached")
    page.get_by_role("link", name="Narrow").first.click()
    expect(page.get_by_role("slider", name="Epoch of the replay")).to_be_enabled()
    assert page.get_by_role("button", name="Pause the replay").count() == 0


@pytest.mark.long
def test_a_replay_is_paused_and_its_speed_changed(student: Student) -> None:
    page = student.page
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    slider = page.get_by_role("slider", name="Epoch of the replay")
    speed = page.get_by_role("combobox", name="Speed of the replay")
    expect(slider).to_be_enabled()
    slider.fill("1")
    speed.select_option("0.5")
    page.get_by_role("button", name="Replay the round").click()
    page.get_by_role("button", name="Pause the replay").click()
    page.get_by_role("button", name="Replay the round").wait_for()
    assert page.get_by_text("epoch 20 of 20").count() == 0
    slider.fill("1")
    speed.select_option("4")
    began = time.monotonic()
    page.get_by_role("button", name="Replay the round").click()
    page.get_by_text("epoch 20 of 20").wait_for()
    assert time.monotonic() - began > SECONDS / 4 * 0.9


@pytest.mark.long
def test_repeats_are_shown_below_their_button_and_scrolled_to(browser: Browser, server: Server) -> None:
    student = at(browser, server, DESKTOP, reduced_motion="reduce")
    student.set_number("epochs", 4)
    student.primary.click()
    student.page.get_by_text("Round 1: 80 epochs").wait_for()
    student.settled()
    student.page.locator(".st-key-again_one button:visible").click()
    chart = ".st-key-result_repeats svg.marks"
    student.page.locator(chart).wait_for()
    wait_until_true(student.page, f"document.querySelector('{chart}').getBoundingClientRect().bottom <= innerHeight")
    assert outside(student.page, [chart], DESKTOP) == {}
    student.page.context.close()


@pytest.mark.long
def test_an_error_is_in_sight_wherever_the_page_is_scrolled_to(browser: Browser, server: Server) -> None:
    student = at(browser, server, PHONE, reduced_motion="reduce")
    elsewhere = student.page.context.new_page()
    elsewhere.goto(student.page.url)
    Student(elsewhere).settled().set_number("trials", 21)
    student.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 500)")
    student.primary.click()
    alert = ".st-key-fault [data-testid=stAlert]"
    student.page.locator(alert).wait_for()
    assert student.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") > 100
    assert outside(student.page, [alert], PHONE) == {}
    student.page.context.close()
