"""The teacher reads and speaks: trails, seats, a message and a timer on all pages, the questions, several classes."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.classroom.class_questions import QUESTIONS
from tests.browser.accessibility import accessibility_violations
from tests.browser.classroom import Classroom, displayed_name, go_to, press, settled, train_and_return
from tests.browser.student import Student, expect_one
from tests.support.waiting import until

pytestmark = pytest.mark.long
CLOCK = re.compile(r"^[45]:\d\d$")


def show(desk: Page, view: str) -> None:
    """Another view of the desk."""
    desk.get_by_role("radio", name=view, exact=True).click()
    settled(desk)


def test_a_teacher_reads_a_trail_speaks_to_all_pages_and_merges_a_pair(classroom: Classroom) -> None:
    desk, code = classroom.create_class()
    first, second = classroom.join(code), classroom.join(code)
    names = [displayed_name(page) for page in (first, second)]
    train_and_return(first)
    go_to(first, "Narrow")
    reason = first.get_by_role("textbox", name=re.compile("why these ranges"))
    reason.fill("the best were at the <b>edge</b>")
    reason.press("Tab")
    Student(first).press("Choose this value")

    show(desk, "Students")
    expect_one(desk.get_by_text("has chosen", exact=True), "visible")
    trail = desk.get_by_role("button", name=names[0])
    trail.focus()
    desk.keyboard.press("Enter")
    expect_one(desk.get_by_text("the best were at the <b>edge</b>"), "visible")
    assert accessibility_violations(desk) == []

    desk.get_by_role("button", name="Message and timer").click()
    desk.get_by_role("textbox", name="message on all pages").fill("Look at the board, please.")
    desk.keyboard.press("Tab")
    projector = classroom.open_page(f"class_board?class={code}", 1920, 1080)  # not yet shown to others
    for page in (first, second, desk):
        expect_one(page.locator(".teacher-message", has_text="Look at the board, please."), "visible")
    legend = first.locator(".marks-legend")
    assert legend.evaluate("one => getComputedStyle(one).display") == "flex"  # the page has kept its style sheet
    expect(projector.locator(".teacher-message")).to_have_count(0)
    desk.get_by_role("textbox", name="minutes").fill("5")
    desk.get_by_role("button", name="Start the timer").click()
    for page in (first, second, desk):
        expect_one(page.locator(".class-timer", has_text=CLOCK), "visible")
    shown = first.locator(".class-timer").inner_text()
    until(lambda: first.locator(".class-timer").inner_text() != shown)  # it counts by itself
    first.mouse.wheel(0, 4000)
    expect_one(first.locator(".teacher-message"), "visible")
    box = first.locator(".teacher-message").bounding_box()
    assert box is not None and 0 <= box["y"] < 200  # it stays in sight
    desk.keyboard.press("Escape")

    desk.get_by_role("button", name="Merge the devices of a pair").click()
    for name in names:
        desk.get_by_role("combobox", name="devices").click()
        desk.get_by_role("option", name=name).click()
    desk.keyboard.press("Escape")
    press(desk, "Merge")
    expect_one(desk.get_by_text("devices: 2"), "visible")
    second.reload()
    settled(second)
    expect(second.locator(".class-title .who b")).to_have_text([names[0]])


def test_a_student_is_removed_and_comes_back(classroom: Classroom) -> None:
    desk, code = classroom.create_class()
    page = classroom.join(code)
    name = displayed_name(page)
    show(desk, "Students")
    desk.get_by_role("button", name="Remove students").click()
    press(desk, "Remove all students without a round (1)")
    expect_one(desk.get_by_text("Nobody has joined yet."), "visible")
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="Readmit students").click()
    desk.get_by_role("button", name=name).click()
    expect_one(desk.get_by_text("students: 1"), "visible")
    page.reload()
    settled(page)
    assert displayed_name(page) == name


def test_a_student_answers_by_keyboard_and_the_desk_counts(classroom: Classroom) -> None:
    desk, code = classroom.create_class()
    student = classroom.join(code)
    show(desk, "Questions")
    desk.get_by_role("radio", name="asked before the lesson").click()
    expect_one(student.get_by_text("Five questions before the lesson"), "visible")
    settled(student)
    for question in QUESTIONS:
        group = student.get_by_role("radiogroup").filter(has_text=question.options[question.right])
        group.get_by_role("radio").first.focus()
        for _ in range(question.right):
            student.keyboard.press("ArrowDown")
        if not question.right:
            student.keyboard.press("Space")
    press(student, "Hand in")
    expect_one(student.get_by_text("your answers are in"), "visible")
    expect_one(desk.get_by_text("answers before the lesson: 1"), "visible")
    expect(desk.locator(".learning table")).to_have_count(0)  # of one student nothing is shown
    assert accessibility_violations(student) == []


def test_two_classes_of_a_teacher_stand_side_by_side(classroom: Classroom) -> None:
    desk, code = classroom.create_class("Morning")
    show(desk, "Classes")
    desk.get_by_role("button", name="Create another class").click()
    desk.get_by_role("textbox", name="title of the class").fill("Afternoon")
    press(desk, "Create the class")
    expect_one(desk.locator(".class-title", has_text="Afternoon"), "visible")
    show(desk, "Classes")
    expect(desk.locator(".class-card h3")).to_have_text(["Morning", "Afternoon"])
    left, right = (desk.locator(".class-card").nth(place).bounding_box() for place in range(2))
    assert left is not None and right is not None and left["x"] + left["width"] <= right["x"]
    desk.reload()
    settled(desk)
    show(desk, "Classes")
    expect(desk.locator(".class-card h3")).to_have_count(2)  # the tab has kept both
    press(desk, "To its desk")
    expect_one(desk.locator(".class-title", has_text="Morning"), "visible")
    assert code in desk.url
