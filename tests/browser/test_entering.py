"""Typing, input methods, and two tabs of one lab in a browser."""

import gzip
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect

from core import hangul_keys, kana_keys
from tests.browser.classroom import Classroom, press
from tests.browser.conftest import Server
from tests.browser.student import Student, bounding_box, train_round
from tests.support.languages import shown
from tests.support.waiting import until

LETTERS = {key: letter for letter, key in hangul_keys.KEYS.items()}
KANA = {key: kana for kana, key in kana_keys.KEYS.items()}


def compose(page: Page, steps: list[str]) -> None:
    """Type a syllable as an input method does: letter by letter in place, then put in."""
    keys: CDPSession = page.context.new_cdp_session(page)
    for step in steps:
        keys.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
    keys.send("Input.insertText", {"text": steps[-1]})


def note(student: Student) -> Locator:
    return student.page.get_by_label(re.compile("Your note on round"))


def test_numbers_are_taken_however_they_are_typed_or_refused_beside_their_field(student: Student) -> None:
    """Everything that somebody types into a field is either taken or still there, with a sentence near it."""
    page = student.page
    student.set_number("epochs", 4)
    student.set_number("from 10^", "0.001")  # type: ignore[arg-type]
    expect(student.ends()).to_have_text(["-3.0", "-2.0"])
    field = page.get_by_label("from 10^", exact=True).first
    expect(field).to_have_value("-3")
    field.fill("-12")
    student.primary.click()  # at once, with the field still in hand
    sentence = page.get_by_text("Type an exponent from -8 to 1").last
    sentence.wait_for()
    expect(field).to_have_value("-12")
    until(lambda: 0 < bounding_box(sentence)["y"] - bounding_box(field)["y"] < 120)  # once the page is drawn
    expect(student.primary).to_have_text([re.compile("Start round 1")])
    field.fill("0.1")
    field.press("Enter")
    page.get_by_role("button", name="10⁻¹ = 0.1").click()
    expect(field).to_have_value("-1")
    student.press("Undo")
    expect(student.ends()).to_have_text(["-3.0", "-2.0"])
    field.fill("10⁻⁴")
    student.primary.click()
    student.sees("Round 1: 80 epochs")
    expect(student.ends()).to_have_text(["-4.0", "-2.0"])


@pytest.mark.long
def test_a_choice_that_is_refused_is_said_beside_its_fields(student: Student) -> None:
    train_round(student)
    rate = student.page.get_by_label("learning rate", exact=True).last
    rate.fill("much")
    student.press("Choose this value")
    sentence = student.page.get_by_text("The learning rate is a value from")
    sentence.wait_for()
    until(lambda: 0 < bounding_box(sentence)["y"] - bounding_box(rate)["y"] < 160)
    rate.fill("10^-3")
    student.press("Choose this value")
    student.sees("Chosen: learning rate 0.001")


@pytest.mark.long
def test_a_note_put_together_by_an_input_method_keeps_its_first_letter_also_when_start_follows_at_once(
    student: Student,
) -> None:
    train_round(student)
    note(student).click()
    compose(student.page, ["ㅎ", "하", "한"])
    compose(student.page, ["ㄱ", "그", "글"])
    student.primary.click()
    student.sees("Round 2: 400 epochs")
    expect(note(student)).to_have_value("")
    with student.page.expect_download() as saved:
        student.page.get_by_text("Export", exact=True).click()
        student.press("Journal to open again")
    journal = json.loads(gzip.decompress(Path(saved.value.path()).read_bytes()))
    assert [one["note"] for one in journal["rounds"]] == ["한글", ""]


@pytest.mark.long
def test_start_in_a_tab_that_shows_older_ranges_trains_nothing_and_shows_the_newest(
    student: Student, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    other = Student(context.new_page()).go(student.page.url)
    other.set_number("from 10^", -4)
    expect(other.ends()).to_have_text(["-4.0", "-2.0"])
    expect(student.ends()).to_have_text(["-6.0", "-2.0"])
    student.primary.click()
    student.sees("in another tab or on another device")
    expect(student.ends()).to_have_text(["-4.0", "-2.0"])
    student.primary.click()
    student.sees("Round 1: 400 epochs")
    assert other.faults == []
    context.close()


@pytest.mark.long
def test_a_code_typed_in_hangul_mode_joins_its_class(classroom: Classroom) -> None:
    _teacher, code = classroom.create_class()
    page = classroom.open_page("class_board")
    page.get_by_role("textbox", name="code of the class").click()
    for key in code.lower():
        compose(page, [LETTERS[key]]) if key in LETTERS else page.keyboard.type(key)
    press(page, "Join")
    page.get_by_text("You are").wait_for()


@pytest.mark.long
def test_a_code_typed_in_kana_mode_joins_its_class(classroom: Classroom) -> None:
    _teacher, code = classroom.create_class()
    page = classroom.open_page("class_board", locale="ja")
    page.get_by_role("textbox", name=shown("code of the class", "ja")).click()
    for key in code.lower():
        compose(page, [KANA[key]])
    press(page, shown("Join", "ja"))
    page.get_by_text("You are").wait_for()  # the class is in English


@pytest.mark.long
def test_numbers_typed_in_kana_mode_are_taken(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="ja")
    someone = Student(context.new_page()).go(server.url)
    field = someone.page.get_by_label(shown("from 10^", "ja"), exact=True).first
    for typed, taken in (("ー３", -3), ("１えー４", -4), ("０。００００１", -5), ("ほあ", -3)):
        field.click()
        field.fill("")
        compose(someone.page, [typed])
        field.press("Tab")
        expect(field).to_have_value(str(taken))
    expect(someone.ends()).to_have_text(["-3.0", "-2.0"])
    assert someone.faults == []
    context.close()


@pytest.mark.long
def test_a_new_lab_leads_back_to_the_one_before(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="ko-KR")
    someone = Student(context.new_page()).go(server.url)
    before = someone.page.url
    someone.primary.click()
    someone.sees("라운드 1: 400에폭")
    someone.page.locator(".st-key-header").get_by_test_id("stPopover").first.click()
    someone.page.locator(".st-key-new_lab button").click()
    someone.page.locator(".st-key-way_back button").click()
    someone.sees("라운드 1: 400에폭")
    assert lab_in(someone.page.url) == lab_in(before) and someone.faults == []
    context.close()


def lab_in(address: str) -> str:
    found = re.search("lab=([^&]+)", address)
    assert found is not None
    return found[1]


@pytest.mark.long
def test_a_desks_table_has_the_desks_language(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    student = classroom.join(code)
    student.get_by_text("On to the rounds").click()
    train_round(Student(student).settled())
    teacher.get_by_role("radio", name="한국어").or_(teacher.get_by_role("button", name="한국어")).first.click()
    teacher.get_by_role("button", name=re.compile("[가-힣].*CSV|CSV.*[가-힣]")).wait_for()
    with teacher.expect_download() as saved:
        teacher.get_by_role("button", name=re.compile("CSV")).click()
    assert re.search("[가-힣]", Path(saved.value.path()).read_text("utf-8-sig"))
