"""One quick test of each property of the pages that a change is most likely to break.

They run by default; the other tests in a browser are long ones.
"""

import re

from playwright.sync_api import Browser, expect

from tests.browser.classroom import Classroom
from tests.browser.conftest import Server
from tests.browser.keyboard import KeyboardUser
from tests.browser.student import Student, drag_a_box, expect_one, open_test_set


def test_a_round_from_start_to_end(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    expect(student.marks()).to_have_count(60)  # twenty on the map and on either strip
    student.sees(re.compile(r"^Best-1 \(val acc:\d\.\d\d\) \| lr:[\d.e-]+, weight decay:[\d.e-]+$"))
    expect(student.primary).to_have_text([re.compile("Start round 2")])


def test_a_box_dragged_on_the_map_becomes_the_next_ranges(student: Student) -> None:
    student.press("Start round 1")
    student.sees("Round 1: 400 epochs")
    drag_a_box(student)
    expect(student.primary).to_have_text([re.compile("Start round 2 in these ranges")])
    low, high = student.exponents()
    assert -6 < low < high
    student.primary.click()
    student.sees("Round 2: 400 epochs")
    assert student.page.get_by_text("round 2", exact=True).count() >= 1
    student.press("Undo")
    expect(student.ends()).to_have_text(["-6.0", "-2.0"])


def test_students_see_the_board_when_the_teacher_shows_it(classroom: Classroom) -> None:
    teacher, code = classroom.create_class()
    student = classroom.join(code)
    expect_one(student.get_by_text("Your teacher has the board"), "visible")
    teacher.get_by_text("board on the students' screens").click()
    expect_one(student.get_by_text("students: 1"), "visible")  # without a click of the student's
    expect(student.get_by_test_id("stVegaLiteChart")).to_have_count(2)


def test_the_test_set_opens_once_and_closes_the_lab_for_tuning(student: Student, browser: Browser) -> None:
    student.set_number("epochs", 4)
    open_test_set(student, "Round 1: 80 epochs")
    student.sees("test accuracy")
    student.sees("Misclassified digits")
    student.page.get_by_role("button", name="Show it").click()
    student.sees(re.compile("The best of 20 trials by the 150 opened test images"))
    context = browser.new_context(viewport={"width": 1366, "height": 1300}, locale="en-US")
    other = Student(context.new_page()).go(student.page.url.replace("final_test", ""))
    expect_one(other.page.get_by_role("button", name="Start round 2"), "disabled")
    other.sees("closed for tuning")
    context.close()


def test_a_reload_finds_the_round_running(student: Student) -> None:
    student.set_number("epochs", 200)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    address = student.page.url
    assert "lab=" in address
    student.page.reload()
    student.settled()
    assert student.page.url == address
    student.sees(re.compile(r"\d+ of 4000 epochs · "))
    student.press("Stop")
    student.sees(re.compile(r"Round 1 was stopped at \d+ of 4000 epochs"))


def test_the_keyboard_alone_leads_from_the_first_round_to_the_open_test_set(student: Student) -> None:
    keyboard = KeyboardUser(student.page)
    keyboard.type("^epochs$", "4")
    keyboard.press("^.*Start round 1")
    student.sees("Round 1: 80 epochs")
    student.settled()
    keyboard.press("Apply the suggestion", back=True)
    keyboard.press("Start round 2 in these ranges", back=True)
    student.sees("Round 2: 80 epochs")
    student.settled()
    keyboard.press("Choose this value")
    keyboard.press("Go to the final test")
    student.sees("once and for all")
    keyboard.press("I have finished tuning", "Space")
    expect_one(student.primary, "enabled")
    keyboard.press("Open the test set")
    student.page.get_by_test_id("stMetric").first.wait_for()


def test_a_round_ends_although_all_workers_are_killed(student: Student, server: Server) -> None:
    student.set_number("epochs", 100)
    student.press("Start round 1")
    student.sees(re.compile(r"\d+ of 2000 epochs · "))
    for worker in server.workers():
        worker.kill()
    student.sees("Round 1: 2000 epochs")
