"""The teacher reads: states, trails, seats, notices and classes side by side, in a run without a browser."""

import time

import numpy as np
import pytest

from core.classroom import seats
from core.lab.choice import Choice
from core.lab.final_evaluation import FinalTest, Outcome
from core.lab.lab import Lab
from core.plan import RoundPlan
from pages.components.frame.running_server import server
from pages.components.frame.translation import escape_markdown
from pages.components.round.read_only_trail import trail_html
from tests.support.app_tests import html, ran, text
from tests.support.class_tests import board_page, class_page, desk_page, new_class, student

pytestmark = pytest.mark.usefixtures("page_server")
NASTY = "<img src=x onerror=h()> [a](b) `c` $x$"


def final_test() -> FinalTest:
    """A final test that is over, made up: it reached 0.24 and 0.5 of 150 images."""
    final = FinalTest(1.7e9, RoundPlan(trials=1, values=((0.001, 1e-6),)))
    labels = final.labels()
    right = np.arange(len(labels)) < np.array([[36], [75]])
    final.outcome = Outcome(np.array([0.5, 0.5]), np.where(right, labels, (labels + 1) % 10).astype(np.uint8))
    return final


def test_one_click_opens_a_students_trail_and_another_closes_it() -> None:
    classroom, secret = new_class()
    lab, other = student(classroom, 0.5, 0.7), student(classroom, 0.6)
    lab.note(1, "the edge was best")
    other.note(1, "somebody else's reason")
    lab.choose(Choice(0.001, 1e-6, 1, 1))
    desk = desk_page(secret, "students")
    assert "has chosen" in html(desk) and "best 0.70" in html(desk) and "the edge was best" not in html(desk)
    ran(desk.button(key="trail_of_1").click().run())
    shown = html(desk)
    assert "the edge was best" in shown and "somebody else" not in shown and "Chosen: learning rate 0.001" in shown
    ran(desk.button(key="trail_of_1").click().run())
    assert "the edge was best" not in html(desk)


def test_a_trail_that_is_looked_at_is_not_changed_and_has_no_fields() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    before = lab.coming, lab.rounds, lab.chosen
    desk = desk_page(secret, "students")
    fields = len(desk.text_input) + len(desk.text_area)
    ran(desk.button(key="trail_of_1").click().run())
    assert len(desk.text_input) + len(desk.text_area) == fields
    assert (lab.coming, lab.rounds, lab.chosen) == before


def test_what_a_student_writes_is_text_in_the_trail_and_on_the_desk() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    lab.note(1, NASTY)
    classroom.set_nickname(1, "<b>*x*</b>")
    desk = desk_page(secret, "students")
    ran(desk.button(key="trail_of_1").click().run())
    assert "<img" not in html(desk) and "&lt;img src=x" in html(desk)
    assert escape_markdown("*x* [a](b) `c` $y$ :red[z]") == r"\*x\* \[a\]\(b\) \`c\` \$y\$ \:red\[z\]"


def test_a_test_accuracy_is_in_a_trail_only_once_results_may_be_seen() -> None:
    classroom, _ = new_class()
    lab = student(classroom, 0.5)
    lab.chosen = Choice(0.001, 1e-6, 1, 0)
    lab.final = final_test()
    assert "0.370" not in trail_html(lab, False) and "The test set has been opened" in trail_html(lab, False)
    assert "0.370" in trail_html(lab, True)


def test_a_lab_without_a_round_has_an_empty_trail() -> None:
    assert "no round yet" in trail_html(Lab("x"), True)


def test_seats_are_removed_readmitted_merged_and_separated_at_the_desk() -> None:
    classroom, secret = new_class()
    labs = [student(classroom, 0.5), student(classroom, 0.6), student(classroom, 0.7)]
    desk = desk_page(secret, "students")
    desk.multiselect(key="seats_chosen").set_value([1]).run()
    ran(desk.button(key="remove_chosen").click().run())
    assert list(classroom.members) == [2, 3]
    ran(desk.button(key="readmit_1").click().run())
    assert list(classroom.members) == [1, 2, 3] and labs[0].classroom is classroom
    desk.multiselect(key="merge_chosen").set_value([1, 3]).run()
    ran(desk.button(key="merge").click().run())
    assert seats.merged_seats(classroom) == {1: [1, 3], 2: [2]}
    assert "devices: 2" in html(desk_page(secret, "students"))
    page = class_page(lab=labs[2].token, lang="en")
    assert f"<bdi>{labs[0].pseudonym}</bdi>" in html(page)  # a pair has one name
    ran(desk_page(secret, "students").button(key="separate_1").click().run())
    assert seats.merged_seats(classroom) == {1: [1], 2: [2], 3: [3]}


def test_all_nicknames_are_hidden_at_once_also_those_to_come() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    classroom.set_nickname(1, "Kiwi")
    desk = desk_page(secret, "students")
    assert "Kiwi" in desk.button(key="trail_of_1").label
    (switch,) = [one for one in desk.toggle if one.key.startswith("all_nicknames")]
    ran(switch.set_value(True).run())
    assert classroom.nicknames_hidden and desk.button(key="trail_of_1").label == lab.pseudonym
    classroom.set_nickname(1, "Mango")
    assert "Mango" not in html(class_page(lab=lab.token, lang="en")).replace('value="Mango"', "")


def test_a_message_and_a_timer_are_on_every_page_of_the_class_and_on_no_other() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    _, stranger = student(classroom, 0.5), Lab("y")
    desk = desk_page(secret)
    (message,) = [one for one in desk.text_area if one.key.startswith("class_message")]
    message.set_value("Look <b>here</b>").run()
    desk.text_input(key="timer_minutes").set_value("7").run()
    ran(desk.button(key="start_timer").click().run())
    assert classroom.notice.message == "Look <b>here</b>"
    left = classroom.notice.seconds_left(time.time())
    assert left is not None and 400 < left <= 420
    student_page = class_page(lab=lab.token, lang="en")
    for page in (student_page, board_page(classroom, lang="en"), desk_page(secret)):
        assert "Look &lt;b&gt;here&lt;/b&gt;" in html(page)
    for name in ("narrow", "glossary", "about", "final_test", "validation"):
        assert "Look &lt;b&gt;here&lt;/b&gt;" in html(ran(student_page.switch_page(f"{name}.py").run())), name
    other, _ = new_class("another")
    assert "Look" not in html(class_page(lab=student(other, 0.5).token, lang="en")) and not stranger.rounds
    ran(desk.button(key="end_timer").click().run())
    assert classroom.notice.timer_end is None


def test_minutes_that_are_none_are_refused_in_one_sentence() -> None:
    classroom, secret = new_class()
    desk = desk_page(secret)
    desk.text_input(key="timer_minutes").set_value("soon").run()
    ran(desk.button(key="start_timer").click().run())
    assert "1 to 180 minutes" in text(desk) + " ".join(one.value for one in desk.warning)
    assert classroom.notice.timer_end is None


def test_final_tests_are_counted_on_the_board_before_their_results_are_shown() -> None:
    classroom, secret = new_class()
    lab = student(classroom, 0.5)
    assert "final tests done" not in html(board_page(classroom, lang="en"))
    lab.chosen = Choice(0.001, 1e-6, 1, 0)
    lab.final = final_test()
    server().labs.classes._boards.clear()
    assert "final tests done: 1" in html(board_page(classroom, lang="en"))


def test_classes_of_one_teacher_stand_side_by_side() -> None:
    classroom, secret = new_class("Morning")
    other, other_secret = new_class("Afternoon")
    student(classroom, 0.5), student(other, 0.75)
    stranger, _ = new_class("Stranger's")
    desk = desk_page(secret, "classes")
    assert "Morning" in html(desk) and "Afternoon" not in html(desk)
    desk.text_input(key="other_link").set_value(f"https://lab/class_board?teach={other_secret}").run()
    ran(desk.button(key="add_class").click().run())
    assert "Afternoon" in html(desk) and "best accuracy: 0.75" in html(desk) and "Stranger" not in html(desk)
    desk.text_input(key="other_link").set_value(stranger.code).run()
    ran(desk.button(key="add_class").click().run())
    assert "leads to no class" in desk.warning[0].value
    ran(desk.button(key=f"desk_{other.code}").click().run())
    assert desk.query_params["class"] in (other.code, [other.code])
