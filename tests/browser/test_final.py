"""The end of a lesson in a browser: a value is chosen, the test set opened, the journal downloaded."""

import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, expect

from tests.browser.conftest import Server
from tests.browser.connection import Connection
from tests.browser.student import Student, bounding_box, expect_one, go_to_final_test, train_round, wait_until_true

pytestmark = pytest.mark.long

SIXTY_FRAMES = (
    "new Promise(done => { let n = 0; const f = () => (n += 1) < 60 ? requestAnimationFrame(f) : done(); f(); })"
)


def download(student: Student, name: str) -> Download:
    with student.page.expect_download() as waiting:
        student.press(name)
    return waiting.value


def test_a_click_on_the_map_points_at_a_trial(student: Student) -> None:
    train_round(student)
    point = student.chart.locator(".mark-symbol path").nth(8)  # drawn in the order of their rank
    point.click()
    student.sees("Best-9 of round 1")
    assert student.exponents() == (-6.0, -2.0)  # a click is no box


def test_a_click_on_a_panel_points_at_its_trial(student: Student) -> None:
    train_round(student)
    panel = bounding_box(student.page.get_by_text(re.compile("^Best-3\\s+0\\.")))
    student.page.mouse.click(panel["x"] + 60, panel["y"] + 50)
    student.sees("Best-3 of round 1")


def test_pointing_at_a_trial_does_not_keep_the_browser_busy(student: Student) -> None:
    train_round(student)
    point = student.chart.locator(".mark-symbol path").nth(5)
    point.hover()
    expect(student.chart.locator(".mark-symbol path[stroke='#d97706']")).to_have_count(3)
    student.page.evaluate(
        "window.met = 0; document.addEventListener('pointerover', () => { window.met += 1; }, {capture: true})"
    )
    frames = (
        "new Promise(done => { let n = 0; const f = () => (n += 1) < 60 ? requestAnimationFrame(f) : done(); f(); })"
    )
    student.page.evaluate(frames)  # a second with the pointer at rest
    assert student.page.evaluate("window.met") <= 2


def test_a_reload_in_the_middle_of_the_final_test_loses_nothing(student: Student) -> None:
    go_to_final_test(student)
    student.page.get_by_label("epochs", exact=True).fill("200")
    student.page.get_by_label("epochs", exact=True).press("Tab")
    student.page.get_by_text("I have finished tuning").click()
    expect_one(student.primary, "enabled")
    student.primary.click()
    student.sees("The test set is open")
    student.page.reload()
    student.page.get_by_test_id("stMetric").first.wait_for()
    student.sees(re.compile(", 200 epochs, 5 seeds"))


def test_a_link_to_an_unknown_lab_gives_a_new_lab(student: Student) -> None:
    student.page.goto(student.page.url.split("?")[0] + "?lab=" + "x" * 24)
    student.sees("is not here any more")
    assert "lab=" + "x" * 24 not in student.page.url


def test_the_link_is_explained_and_can_be_copied(student: Student) -> None:
    student.page.locator(".st-key-header .stPopover button").first.click()
    student.sees("Anyone with this link can open your lab")
    shown = student.page.get_by_test_id("stCode").inner_text().strip()
    assert shown.split("lab=")[1] == student.page.url.split("lab=")[1].split("&")[0]
    student.page.get_by_test_id("stCode").hover()
    expect_one(student.page.get_by_test_id("stCode").get_by_role("button"), "visible")


def test_a_downloaded_journal_opens_in_a_new_lab(student: Student, tmp_path: Path) -> None:
    train_round(student)
    student.press("Choose this value")
    student.sees("Chosen: learning rate")
    student.page.get_by_text("Export", exact=True).click()
    table = download(student, "Journal as a table").path().read_text(encoding="utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(table)))) == 20
    journal = tmp_path / "journal.json.gz"
    download(student, "Journal to open again").save_as(journal)
    text = gzip.decompress(journal.read_bytes()).decode()
    assert "lab=" in student.page.url and student.page.url.split("lab=")[1] not in text
    assert len(json.loads(text)["rounds"]) == 1
    before = student.page.url
    student.page.locator("input[type=file]").set_input_files(journal)
    wait_until_true(student.page, f"location.href.includes('lab=') && location.href != {json.dumps(before)}")
    student.sees("Round 1: 400 epochs")
    there = student.page.url
    student.page.evaluate(SIXTY_FRAMES)
    assert student.page.url == there  # it is opened once, though the file still stands in the field


def test_what_a_browser_says_again_of_a_field_that_is_gone_is_not_done_again(student: Student, tmp_path: Path) -> None:
    """Until a run has ended in the browser, it goes on to send the values of fields that the server has removed."""
    line = Connection(student.page)
    student.go(student.page.url)
    train_round(student)
    student.page.get_by_text("Export", exact=True).click()
    journal = tmp_path / "journal.json.gz"
    download(student, "Journal to open again").save_as(journal)
    before = student.page.url
    student.page.locator("input[type=file]").set_input_files(journal)
    wait_until_true(student.page, f"location.href.includes('lab=') && location.href != {json.dumps(before)}")
    there = student.settled().page.url
    line.say_again(b"journal_")
    student.press("Start round 2")
    student.sees("Round 2: 400 epochs")
    assert student.page.url == there


def test_charts_are_saved_as_png_and_svg(student: Student) -> None:
    train_round(student)
    student.page.get_by_text("Export", exact=True).click()
    drawn = download(student, "Charts of this page as SVG").path().read_text(encoding="utf-8")
    assert drawn.startswith("<svg") and drawn.count("mark-symbol") >= 3 and drawn.count("<path") >= 60
    student.chart.hover()
    assert download(student, "Download as PNG").path().read_bytes().startswith(b"\x89PNG")


def test_print_shows_the_trail_and_hides_the_controls(student: Student) -> None:
    train_round(student)
    student.page.emulate_media(media="print")
    expect_one(student.page.locator(".printed table"), "visible")
    expect(student.primary).to_be_hidden()
    assert student.page.locator(".printed td").first.inner_text() == "1"


@pytest.mark.parametrize("page", ["final_test", "validation"])
def test_the_address_of_a_page_opens_it_with_the_whole_navigation(
    browser: Browser, start_server: Callable[[], Server], page: str
) -> None:
    server = start_server()  # on which nobody has been yet
    context = browser.new_context(viewport={"width": 1366, "height": 900}, locale="en-US")
    tab = context.new_page()
    tab.goto(server.url + page)
    tab.locator(".st-key-header").wait_for()
    expect_one(tab.get_by_role("link", name="Narrow", exact=True), "visible")
    expect(tab.get_by_role("link", name="app", exact=True)).to_have_count(0)
    assert page in tab.url
    context.close()
